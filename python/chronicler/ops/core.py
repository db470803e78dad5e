"""Conversions, shapes, and gradients of one's own."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np

from ..arrays import array_of
from ..dtypes import name_of, numpy_dtype, standardize_dtype
from ..operators import Numeric
from ..tensor import Array, Tensor, paused, record_joint
from .operation import has_symbol, operation, tensor


def convert_to_tensor(x: Any, dtype: Any = None, sparse: Any = None, ragged: Any = None) -> Any:
    """Return x as a tensor; an array is not copied."""
    from .elementwise import cast

    if sparse or ragged:
        raise ValueError("convert_to_tensor: Chronicler has dense tensors only.")
    if has_symbol(x):
        return x if dtype is None or x.dtype == standardize_dtype(dtype) else cast(x, dtype)
    x = tensor(x)
    if not isinstance(x, Tensor):
        x = x.value
    return x if dtype is None else cast(x, dtype)


def array(x: Any, dtype: Any = None) -> Any:
    """Return x as a tensor."""
    return convert_to_tensor(x, dtype)


def convert_to_numpy(x: Any) -> Array:
    """Return a NumPy array with the numbers of x."""
    return np.array(array_of(x))


def is_tensor(x: Any) -> bool:
    """Return whether x is a tensor of Chronicler, or a symbol of a graph."""
    return isinstance(x, Tensor) or bool(getattr(x, "_is_symbol", False))


def shape(x: Any) -> tuple[Any, ...]:
    """Return the sizes; a size that a graph does not know is None."""
    return tuple(x.shape) if hasattr(x, "shape") else array_of(x).shape


def dtype(x: Any) -> str:
    """Return the name of the type."""
    return standardize_dtype(x.dtype) if hasattr(x, "dtype") else name_of(array_of(x).dtype)


@operation
def size(x: Any) -> Tensor:
    """Return the number of elements, as int32."""
    return Tensor(np.asarray(tensor(x).size, np.int32))


def ndim(x: Any) -> int:
    """Return the number of dimensions."""
    return len(shape(x))


@operation
def stop_gradient(variable: Any) -> Tensor:
    """Return the same numbers; no gradient goes through."""
    return Tensor(tensor(variable)._array)


@operation
def view(x: Any, dtype: Any = None) -> Tensor:
    """Return the same bytes read as another type."""
    return Tensor(np.ascontiguousarray(tensor(x)._array).view(numpy_dtype(dtype)))


def _call_with_gradient(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    inputs = tuple(arg if has_symbol(arg) else _as_argument(arg) for arg in args)
    with paused():
        outputs, gradient = function(*inputs, **kwargs)
    many = isinstance(outputs, (list, tuple))
    listed = list(outputs) if many else [outputs]
    if any(has_symbol(output) for output in listed):
        return outputs

    def derivative(gradients: list[Array]) -> Any:
        given = gradient(*(Tensor(value) for value in gradients))
        given = list(given) if isinstance(given, (list, tuple)) else [given]
        if len(given) != len(inputs):
            raise ValueError(
                f"custom_gradient: {getattr(function, '__name__', 'the function')} has "
                f"{len(inputs)} arguments, but its gradient function returned {len(given)} "
                "gradients. Return one for each, None where there is none."
            )
        return [_gradient_like(value, part) for value, part in zip(inputs, given)]

    results = record_joint([array_of(output) for output in listed], inputs, derivative)
    return type(outputs)(results) if many else results[0]


def _as_argument(value: Any) -> Any:
    if isinstance(value, (np.ndarray, np.generic, int, float)) and not isinstance(value, bool):
        return tensor(value)
    return value


def _gradient_like(value: Any, gradient: Any) -> Any:
    if gradient is None or not isinstance(value, Numeric):
        return None
    result = array_of(gradient)
    if result.shape != value.shape:
        raise ValueError(
            f"custom_gradient: an argument has the shape {value.shape}, but its gradient "
            f"{result.shape}."
        )
    return result


def custom_gradient(f: Callable[..., Any]) -> Any:
    """Give a function a gradient of its own.

    Parameters
    ----------
    f : callable
        Returns the result (or a tuple of results) and a function that gets the gradient of each
        result and returns those of all arguments.

    Examples
    --------
    >>> @ops.custom_gradient
    ... def log1pexp(x):
    ...     e = ops.exp(x)
    ...     return ops.log(1 + e), lambda upstream: upstream * (1 - 1 / (1 + e))
    """

    @wraps(f)
    def call(*args: Any, **kwargs: Any) -> Any:
        return _call_with_gradient(f, args, kwargs)

    return call
