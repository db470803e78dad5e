"""Sums, extremes and statistics along axes."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..dtypes import common_dtype, numpy_dtype
from ..tensor import Array, Tensor, record
from .operation import axes_of, constant, float_tensor, operation, positive_axis, tensor


def _axis(axis: Any) -> Any:
    return tuple(axis) if isinstance(axis, list) else axis


def _spread(g: Array, a: Array, axis: Any, keepdims: bool) -> Array:
    """Return a reduction's gradient with the reduced axes back, of size 1."""
    if keepdims or axis is None:
        return g.reshape((1,) * a.ndim) if axis is None else g
    return np.expand_dims(g, axes_of(axis, a.ndim))


def _summable(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Return the type of sums: small whole numbers are summed as int32 or uint32."""
    if dtype.kind in "bi" and dtype.itemsize < 4:
        return np.dtype(np.int32)
    if dtype.kind == "u" and dtype.itemsize < 4:
        return np.dtype(np.uint32)
    return dtype


@operation
def sum(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Return the sum along `axis`, by default of everything."""
    x = tensor(x)
    a = x._array
    axis = _axis(axis)

    def derivative(g: Array) -> Array:
        return np.broadcast_to(_spread(g, a, axis, keepdims), a.shape)

    total = np.sum(a, axis=axis, keepdims=keepdims, dtype=_summable(a.dtype))
    return record(total, (x,), (derivative,))


@operation
def mean(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Return the mean along `axis`, by default of everything."""
    x = tensor(x)
    a = x._array
    axis = _axis(axis)
    dtype = common_dtype(a.dtype, float)
    with np.errstate(invalid="ignore", divide="ignore"):
        total = np.sum(a, axis=axis, keepdims=keepdims, dtype=_wide(dtype))
        count = a.size // total.size if total.size else _count(a, axis)
        result = (total / count if count else total * np.nan).astype(dtype)

    def derivative(g: Array) -> Array:
        return np.broadcast_to(_spread(g, a, axis, keepdims) / g.dtype.type(count), a.shape)

    return record(result, (x,), (derivative,))


def _wide(dtype: np.dtype[Any]) -> np.dtype[Any]:
    return np.dtype(np.float32) if dtype == np.float16 else dtype


def _count(a: Array, axis: Any) -> int:
    count = 1
    for one in axes_of(axis, a.ndim):
        count *= a.shape[one]
    return count


@operation
def var(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Return the variance along `axis`: the mean square distance from the mean."""
    x = float_tensor(x)
    a = x._array
    axis = _axis(axis)
    wide = a.astype(_wide(a.dtype), copy=False)
    distance = wide - wide.mean(axis=axis, keepdims=True)
    result = np.mean(distance * distance, axis=axis, keepdims=keepdims).astype(a.dtype)
    count = _count(a, axis)

    def derivative(g: Array) -> Array:
        return np.asarray(_spread(g, a, axis, keepdims) * distance * g.dtype.type(2 / count))

    return record(result, (x,), (derivative,))


@operation
def std(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Return the standard deviation along `axis`, the root of `var`."""
    from .elementwise import sqrt

    return sqrt(var(x, axis, keepdims))


@operation
def moments(
    x: Any, axes: Any, keepdims: bool = False, synchronized: bool = False
) -> tuple[Tensor, Tensor]:
    """Return mean and variance along `axes`."""
    return mean(x, axes, keepdims), var(x, axes, keepdims)


@operation
def prod(x: Any, axis: Any = None, keepdims: bool = False, dtype: Any = None) -> Tensor:
    """Return the product along `axis`, by default of everything."""
    x = tensor(x)
    a = x._array
    axis = _axis(axis)
    kind = numpy_dtype(dtype) if dtype is not None else _summable(a.dtype)
    result = np.prod(a, axis=axis, keepdims=keepdims, dtype=kind)

    def derivative(g: Array) -> Array:
        return np.asarray(_spread(g, a, axis, keepdims) * product_of_others(a, axis))

    return record(result, (x,), (derivative,))


def product_of_others(a: Array, axis: Any) -> Array:
    """Return for each element the product of the others along `axis`; zeros may be among them."""
    axes = axes_of(axis, a.ndim)
    kept = [one for one in range(a.ndim) if one not in axes]
    order = kept + list(axes)
    flat = np.transpose(a, order)
    shape = flat.shape
    flat = flat.reshape([a.shape[one] for one in kept] + [-1])
    ones = np.ones_like(flat[..., :1])
    before = np.cumprod(np.concatenate([ones, flat[..., :-1]], -1), -1)
    after = np.cumprod(np.concatenate([ones, flat[..., :0:-1]], -1), -1)[..., ::-1]
    return np.transpose((before * after).reshape(shape), np.argsort(order))


def _extreme(name: str, compute: Any, argument: str) -> Any:
    def function(x: Any, axis: Any = None, keepdims: bool = False, initial: Any = None) -> Tensor:
        x = tensor(x)
        a = x._array
        axis = _axis(axis)
        limit = {} if initial is None else {"initial": np.asarray(initial, a.dtype)}
        result = compute(a, axis=axis, keepdims=keepdims, **limit)

        def derivative(g: Array) -> Array:
            hit = a == _spread(np.asarray(result), a, axis, keepdims)
            share = g.dtype.type(1) / np.maximum(hit.sum(axis=axis, keepdims=True), 1)
            return np.asarray(_spread(g, a, axis, keepdims) * hit * share, g.dtype)

        return record(result, (x,), (derivative,))

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"Return the {argument} along `axis`; equal ones share the gradient."
    return function


max = operation(_extreme("max", np.max, "largest"))
min = operation(_extreme("min", np.min, "smallest"))


@operation
def amax(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Return the largest along `axis`."""
    return max(x, axis, keepdims)  # type: ignore[no-any-return]


@operation
def amin(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Return the smallest along `axis`."""
    return min(x, axis, keepdims)  # type: ignore[no-any-return]


@operation
def ptp(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Return the largest less the smallest along `axis`."""
    from .arithmetic import subtract

    return subtract(max(x, axis, keepdims), min(x, axis, keepdims))


@operation
def average(x: Any, axis: Any = None, weights: Any = None) -> Tensor:
    """Return the weighted mean along `axis`."""
    if weights is None:
        return mean(x, axis)
    from .arithmetic import divide, multiply
    from .structure import reshape

    x, weights = float_tensor(x), float_tensor(weights)
    if weights.ndim == 1 and x.ndim > 1 and axis is not None:
        shape = [1] * x.ndim
        shape[positive_axis(axis, x.ndim)] = -1
        weights = reshape(weights, shape)
    weighted = multiply(x, weights)
    from .structure import broadcast_to

    return divide(sum(weighted, axis), sum(broadcast_to(weights, weighted.shape), axis))


@operation
def any(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Return whether one holds along `axis`."""
    return constant(
        np.any(tensor(x)._array.astype(bool, copy=False), _axis(axis), keepdims=keepdims)
    )


@operation
def all(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Return whether all hold along `axis`."""
    return constant(
        np.all(tensor(x)._array.astype(bool, copy=False), _axis(axis), keepdims=keepdims)
    )


@operation
def count_nonzero(x: Any, axis: Any = None) -> Tensor:
    """Return how many elements along `axis` are not 0."""
    return constant(np.asarray(np.count_nonzero(tensor(x)._array, _axis(axis)), np.int32))


@operation
def cumsum(x: Any, axis: int | None = None, dtype: Any = None) -> Tensor:
    """Return the running sums along `axis`; without it, of all elements as a vector."""
    x = tensor(x)
    a = x._array
    kind = _running_type(a.dtype, dtype)
    flat, place = (a.reshape(-1), 0) if axis is None else (a, positive_axis(axis, a.ndim))

    def derivative(g: Array) -> Array:
        return np.reshape(np.flip(np.cumsum(np.flip(g, place), place), place), a.shape)

    return record(np.cumsum(flat, place, kind), (x,), (derivative,))


def _running_type(dtype: np.dtype[Any], wanted: Any) -> np.dtype[Any]:
    if wanted is not None:
        return numpy_dtype(wanted)
    return np.dtype(np.int32) if dtype.kind == "b" else dtype


@operation
def cumprod(x: Any, axis: int | None = None, dtype: Any = None) -> Tensor:
    """Return the running products along `axis`; without it, of all elements as a vector."""
    x = tensor(x)
    a = x._array
    kind = _running_type(a.dtype, dtype)
    flat, place = (a.reshape(-1), 0) if axis is None else (a, positive_axis(axis, a.ndim))
    result = np.cumprod(flat, place, kind)

    def derivative(g: Array) -> Array:
        moved = np.moveaxis(flat, place, -1), np.moveaxis(g, place, -1)
        return np.reshape(_cumprod_gradient(*moved, place), a.shape)

    return record(result, (x,), (derivative,))


def _cumprod_gradient(a: Array, g: Array, place: int) -> Array:
    """Return the gradient of running products along the last axis, exact for zeros, too."""
    total = np.zeros(a.shape, g.dtype)
    for start in range(a.shape[-1]):
        rest = a[..., start:].copy()
        rest[..., 0] = 1
        before = np.prod(a[..., :start], -1)
        total[..., start] = before * np.sum(g[..., start:] * np.cumprod(rest, -1), -1)
    return np.moveaxis(total, -1, place)


@operation
def logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Return the logarithm of the sum of exponentials along `axis`."""
    x = float_tensor(x)
    a = x._array
    axis = _axis(axis)
    largest = np.max(a, axis=axis, keepdims=True)
    largest = np.where(np.isfinite(largest), largest, 0).astype(a.dtype)
    with np.errstate(divide="ignore", over="ignore"):
        full = np.log(np.sum(np.exp(a - largest), axis=axis, keepdims=True)) + largest
    result = full if keepdims else full.reshape(np.sum(a, axis=axis).shape)

    def derivative(g: Array) -> Array:
        return np.asarray(_spread(g, a, axis, keepdims) * np.exp(a - full))

    return record(result, (x,), (derivative,))


@operation
def argmax(x: Any, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """Return where the largest is along `axis`, as int32."""
    return constant(np.asarray(np.argmax(tensor(x)._array, axis, keepdims=keepdims), np.int32))


@operation
def argmin(x: Any, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """Return where the smallest is along `axis`, as int32."""
    return constant(np.asarray(np.argmin(tensor(x)._array, axis, keepdims=keepdims), np.int32))


@operation
def median(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Return the middle value along `axis`."""
    return quantile(x, 0.5, axis, keepdims=keepdims)


@operation
def quantile(
    x: Any, q: Any, axis: Any = None, method: str = "linear", keepdims: bool = False
) -> Tensor:
    """Return the values below which shares `q` of the elements lie."""
    a = float_tensor(x)._array
    result = np.quantile(  # type: ignore[call-overload]
        a,
        tensor(q)._array.astype(np.float64),
        axis=_axis(axis),
        method=method,
        keepdims=keepdims,
    )
    return constant(np.asarray(result, a.dtype))
