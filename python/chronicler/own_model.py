"""Models that are classes: layers in `__init__`, arithmetic in `call`.

The first data, or `build`, show `call` symbols in place of numbers: what it does with them is the
model's graph, which then runs like any other. A `call` that looks at numbers or at `training` with
Python's `if`, or computes with weights of its own, runs as it is written, with `chronicler.ops`.
"""

from __future__ import annotations

import inspect
from typing import Any

from . import _core
from ._arguments import UNDECIDED
from ._graph import KerasTensor, is_symbol
from .layer import LayerBase
from .tensor import Tensor, Variable


class Unbuilt:
    """Stands for the graph of a model that has seen no data yet."""

    def __getattr__(self, name: str) -> Any:
        raise ValueError(
            "this model is not built yet: call it on data, or build(input_shape), or fit it first"
        )

    def __bool__(self) -> bool:
        return False


class OwnModel(LayerBase):
    """What a class derived from Model adds: `call`, and the layers that it uses."""

    _core: Any = Unbuilt()
    compile: Any  # Model's

    def _begin(self, name: str | None, trainable: bool) -> None:
        """Begin a model whose graph its `call` will make."""
        self._own_name = name or _core.unique_name(type(self).__name__)
        self._is_own = True
        self._held_layers()
        self._compile_later: dict[str, Any] | None = None
        self._trainable_later = trainable

    @property
    def _calls_itself(self) -> bool:
        return bool(self.__dict__.get("_is_own"))

    def _held_layers(self) -> list[Any]:
        return self.__dict__.setdefault("_tracked", [])  # type: ignore[no-any-return]

    def _own_variables(self) -> list[Any]:
        return self.__dict__.setdefault("_own_weights", [])  # type: ignore[no-any-return]

    def __setattr__(self, name: str, value: Any) -> None:
        if not name.startswith("_") and "_core" not in self.__dict__:
            from .call_structure import layers_in

            held = self._held_layers()
            held += [layer for layer in layers_in(value) if not any(layer is h for h in held)]
            own = self._own_variables()
            if isinstance(value, Variable) and not any(value is each for each in own):
                own.append(value)
        object.__setattr__(self, name, value)

    def add_weight(self, *args: Any, **kwargs: Any) -> Variable:
        """Make a weight of the model's own; see `Layer.add_weight`."""
        keeper = self.__dict__.get("_keeper")
        if keeper is None:
            keeper = self.__dict__["_keeper"] = _call_layer(self)
        variable: Variable = keeper.add_weight(*args, **kwargs)
        self._own_variables().append(variable)
        return variable

    add_variable = add_weight

    def call(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        """Compute the outputs; a class derived from Model defines it."""
        if self._calls_itself:
            raise NotImplementedError(f"{type(self).__name__} does not define call(inputs)")
        return self(inputs, training=bool(training))

    # ---- the graph

    def _make_ready(self, inputs: Any) -> None:
        """Make the graph for inputs like these: arrays or symbols in any structure."""
        if not self._calls_itself or "_core" in self.__dict__:
            return
        made = type(self)
        for name in ("train_step", "test_step", "predict_step", "compute_loss"):
            if getattr(made, name, None) is not None:
                raise NotImplementedError(
                    f"{made.__name__} defines {name}, which nothing calls here: write the loop "
                    "with chronicler.Recording, or the loss as a function for compile"
                )
        if hasattr(made, "build") and made.build is not _model_class().build:
            self.build(_shapes_of(inputs))
        symbols, outputs = self._traced(inputs)
        flat_in, flat_out = _flat(symbols), _flat(outputs)
        self._structure = (symbols, outputs)
        core = _core.functional(
            [value._symbol for value in flat_in], [value._symbol for value in flat_out],
            self._own_name,
        )
        pending = self._compile_later
        self._start(core)
        self._kept = [flat_in, flat_out]
        if not self._trainable_later:
            self.trainable = False
        if pending is not None:
            self.compile(**pending)

    def _start(self, core: Any) -> None:
        raise NotImplementedError

    def _traced(self, inputs: Any) -> tuple[Any, Any]:
        if not self._own_variables():
            for loose in (True, False):
                symbols = _symbols_like(inputs, loose)
                try:
                    return symbols, _checked(self.call(symbols, **self._training_option()), self)
                except Exception:
                    continue
        symbols = _symbols_like(inputs, False)
        keeper = self.__dict__.get("_keeper") or _call_layer(self)
        keeper.hold(self._held_layers())
        return symbols, keeper.on_symbols(symbols)

    def _training_option(self) -> dict[str, Any]:
        return {"training": UNDECIDED} if "training" in _parameters(self.call) else {}


def _model_class() -> Any:
    from .models import Model

    return Model


def _parameters(function: Any) -> Any:
    return inspect.signature(function).parameters


def _checked(outputs: Any, model: Any) -> Any:
    for value in _flat(outputs):
        if not is_symbol(value):
            raise TypeError(f"{type(model).__name__}.call gave {type(value).__name__} of symbols")
    return outputs


def _flat(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [each for part in value.values() for each in _flat(part)]
    if isinstance(value, (list, tuple)):
        return [each for part in value for each in _flat(part)]
    return [value]


def _symbols_like(value: Any, loose: bool, name: str | None = None) -> Any:
    """Return an Input for each array; `loose` leaves the number of steps open."""
    from .layers import Input

    if isinstance(value, dict):
        return {key: _symbols_like(each, loose, str(key)) for key, each in value.items()}
    if isinstance(value, (list, tuple)) and value and not isinstance(value[0], (int, float, str)):
        return type(value)([_symbols_like(each, loose) for each in value])
    shape, kind = _shape_and_type(value)
    sizes = list(shape[1:])
    if loose and (len(sizes) == 2 or (len(sizes) == 1 and kind == "int32")):
        sizes[0] = None
    return Input(tuple(sizes), dtype=kind, name=name)


def _shape_and_type(value: Any) -> tuple[Any, str]:
    if isinstance(value, KerasTensor):
        return value.shape, value.dtype
    from .data import host_array

    array = host_array(value)
    kind = array.dtype.kind
    if kind in "OUS":
        return (None, 1) if array.ndim == 2 else (None,), "string"
    return array.shape, "int32" if kind in "iu" else "bool" if kind == "b" else "float32"


def _shapes_of(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _shapes_of(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_shapes_of(each) for each in value]
    shape = _shape_and_type(value)[0]
    return (None, *shape[1:])


def shape_symbols(shape: Any) -> Any:
    """Return what stands for inputs of a shape, or of several: zeros of one row."""
    import numpy as np

    if isinstance(shape, dict):
        return {key: shape_symbols(each) for key, each in shape.items()}
    if isinstance(shape, (list, tuple)) and shape and isinstance(shape[0], (list, tuple)):
        return [shape_symbols(each) for each in shape]
    return np.zeros([1, *[1 if each is None else each for each in shape[1:]]], np.float32)


def _call_layer(model: Any) -> Any:
    """Return the layer in which a model's `call` runs as it is written."""
    from .own_layer import Layer

    class CallLayer(Layer):
        """The call of a model, as a layer."""

        def __init__(self) -> None:
            super().__init__(name=_core.unique_name(f"{type(model).__name__}Call"))
            self._model = model

        def hold(self, layers: list[Any]) -> None:
            """Take the layers that the model uses."""
            self._layers_here.extend(
                (layer.name, layer) for layer in layers
                if not any(layer is held for _, held in self._layers_here)
            )

        def on_symbols(self, symbols: Any) -> Any:
            """Return the symbols of the outputs, in the structure that call gives."""
            flat = self(symbols)
            return filled(self._shape_of_outputs, iter(_flat(flat)))

        def call(self, inputs: Any, training: Any = None) -> Any:
            """Compute what the model's call does."""
            options = {"training": training} if "training" in _parameters(model.call) else {}
            outputs = model.call(inputs, **options)
            self._shape_of_outputs = outputs
            return _flat(outputs) if not isinstance(outputs, Tensor) else outputs

        def get_config(self) -> dict[str, Any]:
            """Refuse: what call does cannot be written down."""
            raise ValueError(
                f"the call of {type(model).__name__} cannot be made a graph, so no file can hold "
                "the model: save_weights keeps its weights, and the program makes it again"
            )

    return CallLayer()


def filled(structure: Any, rest: Any) -> Any:
    """Return a structure of dictionaries, lists and tuples with other values in it."""
    if isinstance(structure, dict):
        return {name: filled(each, rest) for name, each in structure.items()}
    if isinstance(structure, (list, tuple)):
        return type(structure)([filled(each, rest) for each in structure])
    return next(rest)
