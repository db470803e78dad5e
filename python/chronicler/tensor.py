"""Arrays that operations record, so that their derivatives can be computed in reverse.

A `Tensor` holds a NumPy array and is never changed; a `Variable` holds numbers that are. While a
`Recording` is open on this thread, `record` notes each operation; outside one it notes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

import numpy as np

from .arrays import Array, array_of, with_type
from .dtypes import name_of, numpy_dtype
from .operators import Numeric
from .recording import Part, Recording, is_recording, paused, tapes

__all__ = [
    "Array",
    "Part",
    "Recording",
    "Tensor",
    "Variable",
    "array_of",
    "is_recording",
    "paused",
    "record",
    "record_joint",
    "reset_names",
]

Derivative = Callable[[Array], Any]


class Tensor(Numeric):
    """A NumPy array that operations record.

    Parameters
    ----------
    value : array-like
        Numbers; an array is kept as it is, without a copy.
    dtype : str, optional
        Type to convert to. Numbers and lists of Python get `floatx()` or int32.
    """

    __slots__ = ("__weakref__", "_array", "_keras_logits", "_keras_mask")
    _array: Array
    _keras_logits: Any
    _keras_mask: Any

    def __init__(self, value: Any, dtype: Any = None) -> None:
        self._array = array_of(value, dtype)

    def numpy(self) -> Array:
        """Return the NumPy array; it shares the memory."""
        return self._array

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return with_type(self._array, dtype, copy)

    def __repr__(self) -> str:
        return f"<Tensor shape={self.shape}, dtype={self.dtype}, value={self._array}>"

    def __reduce__(self) -> Any:
        return Tensor, (self._array,)

    def __copy__(self) -> Tensor:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        return Tensor(self._array.copy())


_name_counts: dict[str, int] = {}


class Variable(Numeric):
    """Numbers that are assigned to: weights and states.

    Parameters
    ----------
    initializer : array-like, callable or str
        The first value, or what makes it from `shape` and `dtype`.
    shape : tuple of int, optional
        Needed when `initializer` is a callable or a name.
    dtype : str, optional
        The type of the numbers; by default that of the value, or `floatx()`.
    trainable : bool
        Whether an optimizer moves it.
    autocast, aggregation, synchronization, layout
        Accepted as in Keras; they change nothing on one processor.
    name : str, optional
        A name without "/".
    """

    def __init__(
        self,
        initializer: Any,
        shape: Any = None,
        dtype: Any = None,
        trainable: bool = True,
        autocast: bool = True,
        aggregation: str | None = "none",
        synchronization: str | None = "auto",
        name: str | None = None,
        layout: Any = None,
        **kwargs: Any,
    ) -> None:
        if name is not None and (not isinstance(name, str) or "/" in name):
            raise ValueError(f"A variable's name is a text without '/': got {name!r}.")
        self._name = name or _automatic_name()
        self._path = self._name
        self._trainable = bool(trainable)
        self._autocast = bool(autocast)
        self._aggregation = aggregation or "none"
        self._synchronization = synchronization or "none"
        self._regularizer: Any = None
        self._constraint: Any = None
        self._overwrite_with_gradient = False
        self._set_up(_first_value(initializer, shape, dtype, self._name))

    def _set_up(self, array: Array) -> None:
        """Keep the first value; a class with storage of its own overrides it."""
        self._storage = array

    @property
    def _array(self) -> Array:
        """The numbers as they are now. Weights of C++ layers override it with a view."""
        return self._storage

    def _store(self, array: Array) -> None:
        """Put new numbers, of this shape and type, in place of the old ones."""
        self._storage = array

    @property
    def value(self) -> Tensor:
        """The numbers of now, which later assignments leave alone."""
        return record(self._array.copy(), (self,), (_itself,))

    def numpy(self) -> Array:
        """Return a copy of the numbers."""
        return np.array(self._array)

    def assign(self, value: Any) -> Tensor:
        """Set all numbers; the shape must be the same."""
        array = array_of(value, self._array.dtype)
        if array.shape != self.shape:
            raise ValueError(
                "The shape of the target variable and the shape of the target value in "
                f"`variable.assign(value)` must match. variable.shape={self.shape}, "
                f"Received: value.shape={array.shape}. Target variable: {self.path}"
            )
        array = array.copy()
        self._store(array)
        return Tensor(array)

    def assign_add(self, value: Any) -> Tensor:
        """Add `value` to the numbers."""
        return self.assign(self + value)

    def assign_sub(self, value: Any) -> Tensor:
        """Subtract `value` from the numbers."""
        return self.assign(self - value)

    @property
    def trainable(self) -> bool:
        """Whether an optimizer moves it."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self._trainable = bool(value)

    @property
    def name(self) -> str:
        """The name, without that of the layer."""
        return self._name

    @property
    def path(self) -> str:
        """The layer's path and the name."""
        return self._path

    @property
    def aggregation(self) -> str:
        """What the constructor was told."""
        return self._aggregation

    @property
    def synchronization(self) -> str:
        """What the constructor was told."""
        return self._synchronization

    @property
    def overwrite_with_gradient(self) -> bool:
        """Whether the gradient replaces the value; False."""
        return self._overwrite_with_gradient

    @overwrite_with_gradient.setter
    def overwrite_with_gradient(self, value: bool) -> None:
        self._overwrite_with_gradient = bool(value)

    @property
    def regularizer(self) -> Any:
        """A function of the numbers that is added to the loss, or None."""
        return self._regularizer

    @regularizer.setter
    def regularizer(self, value: Any) -> None:
        self._regularizer = _function_or_none("regularizer", value)

    @property
    def constraint(self) -> Any:
        """What is applied to the numbers after each step of the optimizer, or None."""
        return self._constraint

    @constraint.setter
    def constraint(self, value: Any) -> None:
        self._constraint = _function_or_none("constraint", value)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return with_type(self._array, dtype, True if copy is None else copy)

    def __repr__(self) -> str:
        return (
            f"<Variable path={self.path}, shape={self.shape}, dtype={self.dtype}, "
            f"value={self._array}>"
        )


def _function_or_none(what: str, value: Any) -> Any:
    if value is not None and not callable(value):
        raise ValueError(f"A variable's {what} is a callable or None: got {value!r}.")
    return value


def _automatic_name() -> str:
    count = _name_counts.get("variable", 0)
    _name_counts["variable"] = count + 1
    return f"variable_{count}" if count else "variable"


def reset_names() -> None:
    """Let automatic names begin anew."""
    _name_counts.clear()


def _first_value(initializer: Any, shape: Any, dtype: Any, name: str) -> Array:
    if isinstance(initializer, str):
        initializer = import_module("chronicler.initializers").get(initializer)
    if callable(initializer) and not isinstance(initializer, Numeric):
        if shape is None:
            raise ValueError(
                f"Variable {name!r}: a value that an initializer makes needs `shape`. "
                "Give shape=(…)."
            )
        sizes = (shape,) if isinstance(shape, int) else tuple(shape)
        if None in sizes:
            raise ValueError(
                f"Variable {name!r}: its shape is {sizes}, but every size must be known."
            )
        kind = numpy_dtype(dtype)
        return np.array(array_of(initializer(sizes, dtype=name_of(kind)), kind))
    return np.array(array_of(initializer, dtype))


def _itself(gradient: Array) -> Array:
    return gradient


def record(array: Any, inputs: tuple[Any, ...], derivatives: tuple[Derivative, ...]) -> Tensor:
    """Return the tensor of an operation's result, and note the operation if a recording is open.

    Parameters
    ----------
    array : array
        The result.
    inputs : tuple
        The arguments; those that are no tensors or variables of floats have no gradient.
    derivatives : tuple of callables
        For each input: from the gradient of the result to the gradient of this input, which has
        the input's shape (or is a `Part`). Each is called only if it is needed.
    """
    if type(array) is not np.ndarray:
        array = np.asarray(array)
    result = Tensor.__new__(Tensor)
    result._array = array
    open_tapes = tapes.open
    if open_tapes and array.dtype.kind == "f":
        entry = (result, inputs, derivatives)
        for tape in open_tapes:
            tape._entries.append(entry)
    return result


def record_joint(
    arrays: Sequence[Any],
    inputs: tuple[Any, ...],
    derivative: Callable[[list[Array]], Sequence[Any]],
) -> tuple[Tensor, ...]:
    """As `record`, for several results with one derivative.

    `derivative` gets the gradients of all results, zeros where there is none, and returns those
    of all inputs (None where there is none).
    """
    results = tuple(
        Tensor(array if type(array) is np.ndarray else array_of(array)) for array in arrays
    )
    for tape in tapes.open:
        tape._entries.append((results, inputs, derivative))
    return results
