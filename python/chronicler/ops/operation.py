"""What every operation does: it looks for symbols, and turns its arguments into arrays."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from importlib import import_module
from typing import Any, TypeVar

import numpy as np

from ..arrays import Array, array_of
from ..dtypes import common_dtype, numpy_dtype
from ..operators import Numeric
from ..tensor import Tensor, record

Function = TypeVar("Function", bound=Callable[..., Any])

OPERATIONS: dict[str, Callable[..., Any]] = {}
"""The operations by name, as they run on numbers; a graph calls them."""

_PLAIN = {Tensor, np.ndarray, int, float, bool, str, type(None)}


def operation(function: Function) -> Function:
    """Make an operation of a function: called with a symbol it adds a node to the graph."""
    name = function.__name__
    OPERATIONS[name] = function

    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        for value in args:
            if type(value) not in _PLAIN and has_symbol(value):
                return _call_on_symbols(name, args, kwargs)
        if kwargs:
            for value in kwargs.values():
                if type(value) not in _PLAIN and has_symbol(value):
                    return _call_on_symbols(name, args, kwargs)
        return function(*args, **kwargs)

    return call  # type: ignore[return-value]


def has_symbol(value: Any) -> bool:
    """Return whether `value` is a symbol of a graph, or holds one."""
    if getattr(value, "_is_symbol", False):
        return True
    if isinstance(value, (list, tuple)):
        return any(type(part) not in _PLAIN and has_symbol(part) for part in value)
    if isinstance(value, dict):
        return any(has_symbol(part) for part in value.values())
    return False


def _call_on_symbols(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    return import_module("chronicler._graph").call_operation(name, args, kwargs)


def tensor(value: Any) -> Any:
    """Return `value` as a tensor, or the variable that it is; lists may hold tensors."""
    if isinstance(value, Numeric):
        return value
    if isinstance(value, (list, tuple)) and holds_tensor(value):
        from .structure import stack

        return stack([tensor(part) for part in value])
    return Tensor(array_of(value))


def holds_tensor(value: Any) -> bool:
    """Return whether a list holds a tensor or a variable, at any depth."""
    for part in value:
        if isinstance(part, Numeric):
            return True
        if isinstance(part, (list, tuple)) and part and holds_tensor(part):
            return True
    return False


def float_tensor(value: Any) -> Any:
    """Return `value` as a tensor of floats; whole numbers become `floatx()`."""
    value = tensor(value)
    if value._array.dtype.kind == "f":
        return value
    return Tensor(value._array.astype(common_dtype(value._array.dtype, float)))


def operands(x1: Any, x2: Any) -> tuple[Any, Any, Array, Array]:
    """Return two arguments as tensors, and their arrays in the type that both give.

    Python's numbers are weak: they take the type of the other argument.
    """
    weak1: Any = type(x1)
    weak2: Any = type(x2)
    if weak1 is np.float64:
        weak1 = float
    if weak2 is np.float64:
        weak2 = float
    if weak1 is not float and weak1 is not int:
        x1 = tensor(x1)
        a = x1._array
        weak1 = a.dtype
    else:
        a = x1
    if weak2 is not float and weak2 is not int:
        x2 = tensor(x2)
        b = x2._array
        weak2 = b.dtype
    else:
        b = x2
    if weak1 is weak2 and weak1 is not int and weak1 is not float:
        return x1, x2, a, b
    dtype = common_dtype(weak1, weak2)
    if weak1 is not dtype:
        a = np.asarray(a, dtype)
    if weak2 is not dtype:
        b = np.asarray(b, dtype)
    return x1, x2, a, b


def float_operands(x1: Any, x2: Any) -> tuple[Any, Any, Array, Array]:
    """As `operands`, but whole numbers become floats."""
    x1, x2, a, b = operands(x1, x2)
    if a.dtype.kind != "f":
        dtype = common_dtype(a.dtype, float)
        return x1, x2, a.astype(dtype), b.astype(dtype)
    return x1, x2, a, b


def sum_to(gradient: Array, shape: tuple[int, ...]) -> Array:
    """Sum a gradient over the axes along which its argument was broadcast."""
    if gradient.shape == shape:
        return gradient
    extra = gradient.ndim - len(shape)
    axes = tuple(range(extra)) + tuple(
        extra + axis
        for axis, size in enumerate(shape)
        if size == 1 and gradient.shape[extra + axis] != 1
    )
    return np.asarray(gradient.sum(axis=axes)).reshape(shape)


def constant(array: Any) -> Tensor:
    """Return a result that has no derivative."""
    return record(array, (), ())


def positive_axis(axis: int, ndim: int, what: str = "axis") -> int:
    """Return an axis counted from the front."""
    if not -ndim <= axis < ndim:
        raise ValueError(f"{what} {axis} does not exist: the tensor has {ndim} dimensions.")
    return axis % ndim


def axes_of(axis: Any, ndim: int) -> tuple[int, ...]:
    """Return the axes that an argument `axis` means; None means all."""
    if axis is None:
        return tuple(range(ndim))
    if isinstance(axis, (list, tuple)):
        return tuple(positive_axis(int(one), ndim) for one in axis)
    return (positive_axis(int(axis), ndim),)


def shape_of(shape: Any) -> tuple[int, ...]:
    """Return an argument `shape` as a tuple of ints; it may be a number, a list or a tensor."""
    if isinstance(shape, Numeric):
        shape = shape._array
    if isinstance(shape, np.ndarray):
        shape = shape.tolist()
    return tuple(int(size) for size in shape) if isinstance(shape, (list, tuple)) else (int(shape),)


def dtype_or(dtype: Any, default: np.dtype[Any]) -> np.dtype[Any]:
    """Return the type that an argument `dtype` means."""
    return default if dtype is None else numpy_dtype(dtype)
