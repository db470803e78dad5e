"""Symbols: values of a functional graph that are not computed yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from . import _core
from .operators import Operators

if TYPE_CHECKING:
    from ._arguments import CallArguments
    from .layer import LayerBase as Layer


class KerasTensor(Operators):
    """A value of a graph that has a shape and a type, but no numbers yet."""

    _is_symbol = True

    def __init__(
        self, shape: Any, dtype: str = "float32", name: str | None = None, sparse: Any = False,
        ragged: Any = False, record_history: bool = True,
    ) -> None:
        """Make a symbol of a shape; `shape` may also be the extension's symbol."""
        if isinstance(shape, (tuple, list)):
            if sparse or ragged:
                raise ValueError("KerasTensor: sparse and ragged tensors are not supported")
            shape = _of_shape(tuple(shape), dtype)
        self._symbol = shape
        self._dtype = dtype
        self._name = name
        self._keras_mask: Any = None

    @classmethod
    def of_shape(cls, shape: Any, dtype: str) -> KerasTensor:
        """Return a symbol of that shape that no graph holds."""
        return cls(tuple(shape), dtype)

    @property
    def shape(self) -> tuple[int | None, ...]:
        """The sizes, the batch first; None where one varies."""
        return self._symbol.shape  # type: ignore[no-any-return]

    @property
    def dtype(self) -> str:
        """The type of the numbers."""
        return self._dtype

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    rank = ndim

    @property
    def name(self) -> str:
        """The name of the layer that makes it."""
        return self._name or self._symbol.layer.name

    @property
    def size(self) -> int | None:
        """The number of elements; None if a size varies."""
        sizes = [size for size in self.shape if size is not None]
        return int(np.prod(sizes)) if len(sizes) == len(self.shape) else None

    def __eq__(self, other: object) -> Any:
        if isinstance(other, KerasTensor) and self._symbol == other._symbol:
            return True
        return Operators.__eq__(self, other)

    __hash__ = object.__hash__

    def __len__(self) -> int:
        extent = self.shape[0]
        if extent is None:
            raise TypeError("a symbol whose batch varies has no length")
        return extent

    def __iter__(self) -> Any:
        raise TypeError("a symbol cannot be iterated over: take parts of it with x[:, i]")

    def __bool__(self) -> bool:
        raise TypeError(
            "a symbol has no value yet, so Python's if, while, and, or cannot look at it; "
            "use chronicler.ops.where, logical_and, ..."
        )

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        raise TypeError(
            f"{self!r} has no numbers yet: it is a value of a graph. NumPy's functions cannot be "
            "used on it; use chronicler.ops or a layer"
        )

    def __repr__(self) -> str:
        return f"<KerasTensor shape={self.shape}, dtype={self.dtype}, name={self.name}>"


def _of_shape(shape: Any, dtype: str) -> Any:
    batch = shape[0] if shape else None
    name = _core.unique_name("KerasTensor")
    return _core.input_symbol(shape[1:], batch, _input_dtype(dtype), name)


def is_symbol(value: Any) -> bool:
    """Return whether the value belongs to a graph."""
    return isinstance(value, KerasTensor)


def _input_dtype(dtype: str) -> str:
    if dtype.startswith(("int", "uint")) or dtype == "bool":
        return "int32"
    return dtype if dtype in ("float64", "string") else "float32"


def call_on_symbols(layer: Layer, arguments: CallArguments) -> Any:
    """Return the symbols that a layer makes of symbols."""
    constants = [value for value in arguments.inputs if not is_symbol(value)]
    if constants:
        raise ValueError(
            f"layer {layer.name!r} is called on symbols and arrays at the same time; give all "
            "inputs as symbols (chronicler.Input)"
        )
    symbols = _core.call_layer(
        layer._handle,
        [value._symbol for value in arguments.inputs],
        [value._symbol for value in arguments.states],
        _mask_symbols(arguments.masks),
        *arguments.flags,
    )
    # The graph holds the extension's layer, which must not lose its object.
    outputs = [_held(KerasTensor(symbol, layer.dtype), layer) for symbol in symbols]
    from .symbols_of_layers import note_call

    note_call(layer, outputs)
    return layer._packed(outputs)


def _held(output: KerasTensor, layer: Layer) -> KerasTensor:
    output._layer = layer  # type: ignore[attr-defined]
    return output


def _mask_symbols(masks: list[Any]) -> list[Any] | None:
    if not any(is_symbol(mask) for mask in masks):
        return None
    return [mask._symbol if is_symbol(mask) else None for mask in masks]


def call_operation(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Return the symbols of a function of `chronicler.ops` called on symbols."""
    from ._operations import operation_call

    return operation_call(name, args, kwargs)
