"""Tensors from sizes and numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..dtypes import common_dtype, numpy_dtype
from ..tensor import Array, Tensor, array_of, record
from .operation import constant, dtype_or, operation, shape_of, tensor


@operation
def zeros(shape: Any, dtype: Any = None) -> Tensor:
    """Return a tensor of zeros."""
    return constant(np.zeros(shape_of(shape), numpy_dtype(dtype)))


@operation
def ones(shape: Any, dtype: Any = None) -> Tensor:
    """Return a tensor of ones."""
    return constant(np.ones(shape_of(shape), numpy_dtype(dtype)))


@operation
def empty(shape: Any, dtype: Any = None) -> Tensor:
    """Return a tensor of zeros."""
    return constant(np.zeros(shape_of(shape), numpy_dtype(dtype)))


@operation
def full(shape: Any, fill_value: Any, dtype: Any = None) -> Tensor:
    """Return a tensor filled with a value."""
    value = array_of(fill_value, numpy_dtype(dtype))
    return constant(np.broadcast_to(value, shape_of(shape)).copy())


@operation
def zeros_like(x: Any, dtype: Any = None) -> Tensor:
    """Return zeros in the shape of x."""
    a = tensor(x)._array
    return constant(np.zeros(a.shape, dtype_or(dtype, a.dtype)))


@operation
def ones_like(x: Any, dtype: Any = None) -> Tensor:
    """Return ones in the shape of x."""
    a = tensor(x)._array
    return constant(np.ones(a.shape, dtype_or(dtype, a.dtype)))


@operation
def empty_like(x: Any, dtype: Any = None) -> Tensor:
    """Return zeros in the shape of x."""
    a = tensor(x)._array
    return constant(np.zeros(a.shape, dtype_or(dtype, a.dtype)))


@operation
def full_like(x: Any, fill_value: Any, dtype: Any = None) -> Tensor:
    """Return a value in the shape of x."""
    a = tensor(x)._array
    value = array_of(fill_value, dtype_or(dtype, a.dtype))
    return constant(np.broadcast_to(value, a.shape).copy())


@operation
def eye(N: Any, M: Any = None, k: int = 0, dtype: Any = None) -> Tensor:
    """Return ones on the diagonal `k`, zeros elsewhere."""
    return constant(np.eye(int(N), None if M is None else int(M), int(k), numpy_dtype(dtype)))


@operation
def identity(n: Any, dtype: Any = None) -> Tensor:
    """Return the square matrix with ones on its diagonal."""
    return constant(np.eye(int(n), dtype=numpy_dtype(dtype)))


@operation
def tri(N: Any, M: Any = None, k: int = 0, dtype: Any = None) -> Tensor:
    """Return ones on and below the diagonal `k`, zeros above."""
    return constant(np.tri(int(N), None if M is None else int(M), int(k), numpy_dtype(dtype)))


def _number(value: Any) -> Any:
    return value._array.item() if hasattr(value, "_array") else value


@operation
def arange(start: Any, stop: Any = None, step: Any = None, dtype: Any = None) -> Tensor:
    """Return numbers from `start` to before `stop`; with one argument, from 0 to before it."""
    given = [value for value in (start, stop, step) if value is not None]
    if dtype is None:
        kinds = [getattr(value, "dtype", None) or type(value) for value in given]
        kind = common_dtype(*(k if k in (int, float) else numpy_dtype(k) for k in kinds))
    else:
        kind = numpy_dtype(dtype)
    numbers = [_number(value) for value in given]
    if stop is None and step is not None:
        numbers = [0, numbers[0], numbers[1]]
    return constant(np.arange(*numbers).astype(kind))


@operation
def linspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: Any = None,
    axis: int = 0,
) -> Any:
    """Return `num` numbers at equal distances from `start` to `stop`."""
    x1, x2 = tensor(start), tensor(stop)
    a, b = x1._array, x2._array
    kind = dtype_or(dtype, common_dtype(a.dtype, b.dtype, float))
    real = kind if kind.kind == "f" else np.dtype(np.float64)
    a, b = a.astype(real), b.astype(real)
    parts = num - 1 if endpoint else num
    step = (b - a) / parts if parts > 0 else np.full(np.shape(b - a), np.nan)
    result = np.linspace(a, b, num, endpoint, axis=axis).astype(kind)
    if retstep:
        return constant(result), constant(np.asarray(step, kind))
    return record(result, (x1, x2), _linspace_derivatives(a, b, num, parts, axis))


def _linspace_derivatives(a: Array, b: Array, num: int, parts: int, axis: int) -> Any:
    from .operation import sum_to

    share = np.arange(num) / max(parts, 1)

    def weighted(weights: Array, shape: tuple[int, ...]) -> Any:
        def derivative(g: Array) -> Array:
            moved = np.moveaxis(g, axis, -1)
            return sum_to((moved * weights.astype(g.dtype)).sum(-1), shape)

        return derivative

    return weighted(1 - share, a.shape), weighted(share, b.shape)


@operation
def logspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    base: float = 10,
    dtype: Any = None,
    axis: int = 0,
) -> Tensor:
    """Return powers of `base` whose exponents are at equal distances."""
    a, b = tensor(start)._array, tensor(stop)._array
    kind = dtype_or(dtype, common_dtype(a.dtype, b.dtype, float))
    return constant(np.logspace(a, b, num, endpoint, base, axis=axis).astype(kind))


@operation
def one_hot(
    x: Any, num_classes: int, axis: int = -1, dtype: Any = None, sparse: bool = False
) -> Tensor:
    """Return a 1 at the place that each number says, among zeros; numbers out of range give 0."""
    _dense_only("one_hot", sparse)
    index = tensor(x)._array.astype(np.int64, copy=False)
    hot = index[..., None] == np.arange(num_classes)
    return constant(np.moveaxis(hot.astype(numpy_dtype(dtype)), -1, axis))


@operation
def multi_hot(
    inputs: Any,
    num_classes: int | None = None,
    axis: int = -1,
    dtype: Any = None,
    sparse: bool = False,
    **kwargs: Any,
) -> Tensor:
    """Return a 1 at each of the places that the numbers along the second axis say."""
    _dense_only("multi_hot", sparse)
    num_classes = kwargs.pop("num_tokens", num_classes)
    if kwargs or num_classes is None:
        raise TypeError(f"multi_hot: num_classes is needed; unknown: {sorted(kwargs)}.")
    index = tensor(inputs)._array.astype(np.int64, copy=False)
    hot = index[..., None] == np.arange(num_classes)
    reduced = hot.any(axis=1 if index.ndim > 1 else 0)
    return constant(np.moveaxis(reduced.astype(numpy_dtype(dtype)), -1, axis))


def _dense_only(what: str, sparse: bool) -> None:
    if sparse:
        raise ValueError(f"{what}: sparse=True: Chronicler has dense tensors only.")


def _window(name: str, compute: Any) -> Any:
    def function(x: Any) -> Tensor:
        return constant(np.asarray(compute(int(_number(x))), numpy_dtype(None)))

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"Return the {name} window of x points."
    return operation(function)


bartlett = _window("bartlett", np.bartlett)
blackman = _window("blackman", np.blackman)
hamming = _window("hamming", np.hamming)
hanning = _window("hanning", np.hanning)


@operation
def kaiser(x: Any, beta: Any) -> Tensor:
    """Return the Kaiser window of x points."""
    return constant(np.asarray(np.kaiser(int(_number(x)), float(_number(beta))), numpy_dtype(None)))
