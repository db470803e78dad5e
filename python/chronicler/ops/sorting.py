"""Order: sorting, the largest few."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..tensor import Array, Tensor, record
from .operation import constant, operation, positive_axis, tensor


@operation
def sort(x: Any, axis: int | None = -1) -> Tensor:
    """Return x in rising order along `axis`."""
    x = tensor(x)
    a, place = _along(x._array, axis)
    order = np.argsort(a, place, kind="stable")

    def derivative(g: Array) -> Array:
        total = np.empty(a.shape, g.dtype)
        np.put_along_axis(total, order, g, place)
        return np.reshape(total, x.shape)

    return record(np.take_along_axis(a, order, place), (x,), (derivative,))


def _along(a: Array, axis: int | None) -> tuple[Array, int]:
    return (a.reshape(-1), 0) if axis is None else (a, positive_axis(axis, a.ndim))


@operation
def argsort(x: Any, axis: int | None = -1) -> Tensor:
    """Return the places in the order in which their elements rise, as int32."""
    a = tensor(x)._array
    if not a.ndim:
        return constant(np.zeros(1, np.int32))
    a, place = _along(a, axis)
    return constant(np.argsort(a, place, kind="stable").astype(np.int32))


@operation
def argpartition(x: Any, kth: int, axis: int | None = -1) -> Tensor:
    """Return places so that the k-th smallest is where sorting would put it, as int32."""
    a, place = _along(tensor(x)._array, axis)
    return constant(np.argpartition(a, kth, place).astype(np.int32))


@operation
def top_k(x: Any, k: int, sorted: bool = True) -> tuple[Tensor, Tensor]:
    """Return the k largest along the last axis, and where they are; of equal ones the first."""
    x = tensor(x)
    a = x._array
    if not 0 <= k <= a.shape[-1]:
        raise ValueError(f"top_k: k is {k}, but the last axis has {a.shape[-1]} elements.")
    backwards = np.argsort(a[..., ::-1], -1, kind="stable")[..., ::-1]
    places = (a.shape[-1] - 1 - backwards)[..., :k]

    def derivative(g: Array) -> Array:
        total = np.zeros(a.shape, g.dtype)
        np.put_along_axis(total, places, g, -1)
        return total

    values = record(np.take_along_axis(a, places, -1), (x,), (derivative,))
    return values, constant(places.astype(np.int32))


@operation
def in_top_k(targets: Any, predictions: Any, k: int) -> Tensor:
    """Return whether the target of each row is among its k largest predictions."""
    index = tensor(targets)._array.astype(np.int64)
    scores = tensor(predictions)._array
    inside = (index >= 0) & (index < scores.shape[-1])
    chosen = np.take_along_axis(scores, np.where(inside, index, 0)[..., None], -1)
    better = (scores > chosen).sum(-1)
    return constant(inside & (better < k) & np.isfinite(chosen[..., 0]))


@operation
def unique(
    x: Any,
    sorted: bool = True,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: int | None = None,
    size: int | None = None,
    fill_value: Any = None,
) -> Any:
    """Return the values that occur, each once, in rising order."""
    a = tensor(x)._array
    found: Any = np.unique(a, True, True, True, axis=axis)
    values, index, inverse, counts = found
    place = 0 if axis is None else axis
    if not sorted:  # in the order in which they come
        order = np.argsort(index, kind="stable")
        values, index, counts = np.take(values, order, place), index[order], counts[order]
        inverse = np.argsort(order)[inverse]
    if size is not None:
        values, index, counts = _resized(values, index, counts, place, size, fill_value)
    results = [constant(values)]
    if return_index:
        results.append(constant(np.asarray(index, np.int32)))
    if return_inverse:
        shape = a.shape if axis is None else (a.shape[axis],)
        results.append(constant(np.asarray(inverse, np.int32).reshape(shape)))
    if return_counts:
        results.append(constant(np.asarray(counts, np.int32)))
    return results[0] if len(results) == 1 else tuple(results)


def _resized(
    values: Array, index: Array, counts: Array, axis: int, size: int, fill_value: Any
) -> tuple[Array, Array, Array]:
    values = np.take(values, range(min(size, values.shape[axis])), axis)
    index, counts = index[:size], counts[:size]
    missing = size - values.shape[axis]
    if missing > 0:
        widths = [(0, missing if place == axis else 0) for place in range(values.ndim)]
        fill = 0 if fill_value is None else fill_value
        values = np.pad(values, widths, constant_values=fill)
        index = np.pad(index, (0, missing))
        counts = np.pad(counts, (0, missing))
    return values, index, counts
