"""Reductions that leave out NaN, and counts."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..tensor import Tensor, array_of
from . import reduction
from .arithmetic import divide, subtract, where
from .elementwise import isnan, sqrt, square
from .operation import axes_of, constant, float_tensor, operation, tensor


def _filled(x: Any, value: float) -> tuple[Any, Any]:
    """Return x with a value in place of NaN, and where it is a number."""
    x = tensor(x)
    if x._array.dtype.kind != "f":
        return x, constant(np.ones(x.shape, bool))
    return where(isnan(x), value, x), constant(~np.isnan(x._array))


@operation
def nansum(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Return the sum along `axis` without NaN."""
    return reduction.sum(_filled(x, 0.0)[0], axis, keepdims)


@operation
def nanprod(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Return the product along `axis` without NaN."""
    return reduction.prod(_filled(x, 1.0)[0], axis, keepdims)


@operation
def nanmean(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Return the mean along `axis` without NaN."""
    filled, inside = _filled(x, 0.0)
    filled = float_tensor(filled)
    count = np.sum(inside._array, _axis(axis), keepdims=keepdims).astype(filled._array.dtype)
    return divide(reduction.sum(filled, axis, keepdims), count)


def _axis(axis: Any) -> Any:
    return tuple(axis) if isinstance(axis, list) else axis


@operation
def nanvar(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Return the variance along `axis` without NaN."""
    x = float_tensor(x)
    return nanmean(square(subtract(x, nanmean(x, axis, True))), axis, keepdims)


@operation
def nanstd(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Return the standard deviation along `axis` without NaN."""
    return sqrt(nanvar(x, axis, keepdims))


def _nan_extreme(name: str, what: str, limit: float) -> Any:
    choose = reduction.max if limit < 0 else reduction.min

    def function(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
        filled, inside = _filled(x, limit)
        found: Tensor = choose(filled, axis, keepdims)
        if inside._array.all():
            return found
        empty = ~np.any(inside._array, _axis(axis), keepdims=keepdims)
        return where(empty, np.nan, found) if empty.any() else found

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"Return the {what} along `axis` without NaN."
    return operation(function)


nanmax = _nan_extreme("nanmax", "largest", -np.inf)
nanmin = _nan_extreme("nanmin", "smallest", np.inf)


@operation
def nancumsum(x: Any, axis: int | None = None, dtype: Any = None) -> Tensor:
    """Return the running sums along `axis`, with 0 in place of NaN."""
    return reduction.cumsum(_filled(x, 0.0)[0], axis, dtype)


@operation
def nancumprod(x: Any, axis: int | None = None, dtype: Any = None) -> Tensor:
    """Return the running products along `axis`, with 1 in place of NaN."""
    return reduction.cumprod(_filled(x, 1.0)[0], axis, dtype)


@operation
def nanargmax(x: Any, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """Return where the largest that is a number is along `axis`; -1 if there is none."""
    return _nan_place(x, axis, keepdims, -np.inf)


@operation
def nanargmin(x: Any, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """Return where the smallest that is a number is along `axis`; -1 if there is none."""
    return _nan_place(x, axis, keepdims, np.inf)


def _nan_place(x: Any, axis: Any, keepdims: bool, limit: float) -> Tensor:
    filled, inside = _filled(x, limit)
    find = reduction.argmax if limit < 0 else reduction.argmin
    found = find(filled, axis, keepdims)._array
    some = np.any(inside._array, axis, keepdims=keepdims)
    return constant(np.where(some, found, -1).astype(np.int32))


@operation
def percentile(
    x: Any, q: Any, axis: Any = None, method: str = "linear", keepdims: bool = False
) -> Tensor:
    """Return the values below which `q` percent of the elements lie."""
    share = tensor(q)._array.astype(np.float64) / 100
    return reduction.quantile(x, share, axis, method, keepdims)


@operation
def nanquantile(
    x: Any, q: Any, axis: Any = None, method: str = "linear", keepdims: bool = False
) -> Tensor:
    """Return the values below which shares `q` of the elements lie, without NaN."""
    a = float_tensor(x)._array
    result = np.nanquantile(  # type: ignore[call-overload]
        a, tensor(q)._array.astype(np.float64), _axis(axis), method=method, keepdims=keepdims
    )
    return constant(np.asarray(result, a.dtype))


@operation
def nanpercentile(
    x: Any, q: Any, axis: Any = None, method: str = "linear", keepdims: bool = False
) -> Tensor:
    """Return the values below which `q` percent of the elements lie, without NaN."""
    share = tensor(q)._array.astype(np.float64) / 100
    return nanquantile(x, share, axis, method, keepdims)


@operation
def nanmedian(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Return the middle value along `axis` without NaN."""
    return nanquantile(x, 0.5, axis, keepdims=keepdims)


@operation
def histogram(x: Any, bins: int = 10, range: Any = None) -> tuple[Tensor, Tensor]:
    """Return how many elements lie in each of `bins` intervals, and where these end."""
    if not isinstance(bins, int) or bins < 1:
        raise ValueError(f"histogram: bins is {bins!r}; expected a whole number of at least 1.")
    a = tensor(x)._array
    counts, edges = np.histogram(a.astype(np.float64), bins, range)
    kind = float_tensor(x)._array.dtype
    return constant(counts.astype(kind)), constant(edges.astype(kind))


@operation
def corrcoef(x: Any) -> Tensor:
    """Return the correlation of each row with each row."""
    a = float_tensor(x)._array
    return constant(np.asarray(np.corrcoef(a), a.dtype))


@operation
def trapezoid(y: Any, x: Any = None, dx: float = 1.0, axis: int = -1) -> Tensor:
    """Return the area under a line through points."""
    from .arithmetic import add, multiply
    from .structure import diff, moveaxis

    points = moveaxis(float_tensor(y), axis, -1)
    width: Any = dx
    if x is not None:
        place = array_of(x)
        width = diff(x if place.ndim == 1 else moveaxis(tensor(x), axis, -1))
    middle = multiply(add(points[..., 1:], points[..., :-1]), 0.5)
    return reduction.sum(multiply(middle, width), axes_of(-1, points.ndim))
