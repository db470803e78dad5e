"""Reading and writing at places that indices say."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..dtypes import common_dtype
from ..operators import Numeric
from ..tensor import Array, Part, Tensor, array_of, record
from .operation import constant, operands, operation, positive_axis, shape_of, tensor

slice_ = slice


def _plain_index(key: Any) -> tuple[Any, bool]:
    """Return an index of NumPy's, and whether it may name an element twice."""
    if isinstance(key, tuple):
        parts = [_plain_index(part) for part in key]
        return tuple(part for part, _ in parts), any(twice for _, twice in parts)
    if isinstance(key, slice_):
        bounds = (_bound(key.start), _bound(key.stop), _bound(key.step))
        return slice_(*bounds), False
    if isinstance(key, Numeric):
        key = key._array
    if isinstance(key, list):
        key = array_of(key)
    if isinstance(key, np.ndarray):
        if key.ndim == 0 and key.dtype.kind in "iu":
            return int(key), False
        return key, key.dtype.kind != "b"
    return key, False


def _bound(value: Any) -> Any:
    return value if value is None or isinstance(value, int) else int(value)


@operation
def get_item(x: Any, key: Any) -> Tensor:
    """Return `x[key]`, with NumPy's rules of indexing."""
    x = tensor(x)
    index, repeats = _plain_index(key)
    try:
        value = x._array[index]
    except IndexError as error:
        raise IndexError(f"{error} (a tensor of shape {x.shape}).") from None
    return record(value, (x,), (lambda g: Part(index, g, repeats),))


@operation
def take(x: Any, indices: Any, axis: int | None = None) -> Tensor:
    """Return the elements, or the slices along `axis`, at the places `indices`."""
    x = tensor(x)
    a = x._array
    index = array_of(indices)
    if index.dtype.kind not in "iub":
        index = index.astype(np.int32)
    flat, place = (a.reshape(-1), 0) if axis is None else (a, positive_axis(axis, a.ndim))
    lead = (slice_(None),) * place

    def derivative(g: Array) -> Any:
        if flat is a:
            return Part((*lead, index), g, True)
        total = np.zeros(flat.shape, g.dtype)
        np.add.at(total, index, g)
        return total.reshape(a.shape)

    return record(np.take(flat, index, place), (x,), (derivative,))


@operation
def take_along_axis(x: Any, indices: Any, axis: int | None = None) -> Tensor:
    """Return for each place in `indices` the element of x that it names along `axis`."""
    x = tensor(x)
    a = x._array
    index = array_of(indices)
    if axis is None:
        a, index, axis = a.reshape(-1), index.reshape(-1), 0
    place = positive_axis(axis, a.ndim)
    shape = np.broadcast_shapes(
        (*a.shape[:place], 1, *a.shape[place + 1 :]),
        (*index.shape[:place], 1, *index.shape[place + 1 :]),
    )
    sizes = list(shape)
    sizes[place] = index.shape[place]
    index = np.broadcast_to(index, sizes)
    where: list[Any] = [
        np.arange(size).reshape([-1 if n == axis_ else 1 for n in range(a.ndim)])
        if a.shape[axis_] != 1
        else np.zeros([1] * a.ndim, np.intp)
        for axis_, size in enumerate(sizes)
    ]
    where[place] = index
    key = tuple(where)

    def derivative(g: Array) -> Array:
        total = np.zeros(a.shape, g.dtype)
        np.add.at(total, key, g)
        return np.reshape(total, x.shape)

    return record(a[key], (x,), (derivative,))


@operation
def slice(inputs: Any, start_indices: Any, shape: Any) -> Tensor:
    """Return the part of `inputs` of the given shape that begins at `start_indices`.

    The start is moved back if the part would not fit; a size of -1 means up to the end.
    """
    x = tensor(inputs)
    index = _window(x.shape, start_indices, shape)
    return record(x._array[index], (x,), (lambda g: Part(index, g, False),))


def _window(sizes: tuple[int, ...], start_indices: Any, shape: Any) -> tuple[Any, ...]:
    starts = shape_of(start_indices)
    lengths = shape_of(shape)
    if len(starts) != len(sizes) or len(lengths) != len(sizes):
        raise ValueError(
            f"slice: the tensor has {len(sizes)} dimensions; got {len(starts)} starts and "
            f"{len(lengths)} sizes."
        )
    index = []
    for start, length, size in zip(starts, lengths, sizes):
        count = size - start if length == -1 else length
        if count > size or count < 0:
            raise ValueError(f"slice: {count} elements of an axis that has {size}.")
        first = min(max(start, 0), size - count)
        index.append(slice_(first, first + count))
    return tuple(index)


@operation
def slice_update(inputs: Any, start_indices: Any, updates: Any) -> Tensor:
    """Return `inputs` with a part replaced by `updates`, beginning at `start_indices`."""
    x, new = tensor(inputs), tensor(updates)
    index = _window(x.shape, start_indices, new.shape)
    result = x._array.copy()
    result[index] = new._array.astype(result.dtype, copy=False)

    def by_inputs(g: Array) -> Array:
        rest = np.array(g)
        rest[index] = 0
        return rest

    return record(result, (x, new), (by_inputs, lambda g: g[index]))


@operation
def scatter(indices: Any, values: Any, shape: Any) -> Tensor:
    """Return zeros of `shape` with `values` added at `indices`."""
    new = tensor(values)
    key = _places(indices)
    result = np.zeros(shape_of(shape), new._array.dtype)
    np.add.at(result, key, new._array)
    return record(result, (new,), (lambda g: g[key],))


def _places(indices: Any) -> tuple[Array, ...]:
    index = array_of(indices)
    return tuple(np.moveaxis(index, -1, 0))


_REDUCTIONS = (None, "add", "max", "min", "mul")


@operation
def scatter_update(inputs: Any, indices: Any, updates: Any, reduction: str | None = None) -> Tensor:
    """Return `inputs` with `updates` put at `indices`, or combined with what is there."""
    if reduction not in _REDUCTIONS:
        raise ValueError(
            f"scatter_update: reduction is {reduction!r}; expected one of {_REDUCTIONS}."
        )
    x, new = tensor(inputs), tensor(updates)
    key = _places(indices)
    result = x._array.copy()
    values = new._array.astype(result.dtype, copy=False)
    if reduction is None:
        result[key] = values
        return record(result, (x, new), _written_derivatives(result.shape, key, values.shape))
    if reduction == "add":
        np.add.at(result, key, values)
        return record(result, (x, new), (lambda g: g, lambda g: g[key]))
    function = {"max": np.maximum, "min": np.minimum, "mul": np.multiply}[reduction]
    function.at(result, key, values)
    if reduction == "mul":
        return record(result, (x, new), _product_derivatives(x._array, key, values))
    return record(result, (x, new), _extreme_derivatives(x._array, key, values, result))


def _written_derivatives(shape: Any, key: Any, value_shape: Any) -> Any:
    def by_inputs(g: Array) -> Array:
        rest = np.array(g)
        rest[key] = 0
        return rest

    def by_updates(g: Array) -> Array:
        count = int(np.prod(key[0].shape))
        owner = np.full(shape, -1)
        order = np.arange(count).reshape(key[0].shape + (1,) * (len(value_shape) - key[0].ndim))
        owner[key] = order  # of two updates of one place the last one counts
        return np.asarray(g[key] * (owner[key] == order))

    return by_inputs, by_updates


def _extreme_derivatives(a: Array, key: Any, values: Array, result: Array) -> Any:
    hits = (a == result).astype(np.int64)
    np.add.at(hits, key, (values == result[key]).astype(np.int64))
    return (
        lambda g: g * (a == result) / hits.astype(g.dtype),
        lambda g: g[key] * (values == result[key]) / hits[key].astype(g.dtype),
    )


def _product_derivatives(a: Array, key: Any, values: Array) -> Any:
    def by_inputs(g: Array) -> Array:
        factors = np.ones_like(a)
        np.multiply.at(factors, key, values)
        return g * factors

    def by_updates(g: Array) -> Array:
        total = np.empty_like(values)
        for place in np.ndindex(key[0].shape):
            others = a.copy()
            rest = values.copy()
            rest[place] = 1
            np.multiply.at(others, key, rest)
            here = tuple(part[place] for part in key)
            total[place] = g[here] * others[here]
        return total

    return by_inputs, by_updates


@operation
def segment_sum(
    data: Any, segment_ids: Any, num_segments: int | None = None, sorted: bool = False
) -> Tensor:
    """Return for each segment the sum of the rows that belong to it."""
    x, key, count = segments(data, segment_ids, num_segments)
    result = np.zeros((count, *x.shape[1:]), x._array.dtype)
    inside = (key >= 0) & (key < count)
    np.add.at(result, key[inside], x._array[inside])
    return record(result, (x,), (lambda g: _from_segments(g, key, inside, x.shape),))


def _from_segments(g: Array, key: Array, inside: Array, shape: Any) -> Array:
    total = np.zeros(shape, g.dtype)
    total[inside] = g[key[inside]]
    return total


def segments(data: Any, segment_ids: Any, num_segments: Any) -> tuple[Any, Array, int]:
    x = tensor(data)
    key = array_of(segment_ids).astype(np.int64)
    if key.ndim != 1 or len(key) != x.shape[0]:
        raise ValueError(
            f"segment_ids has the shape {key.shape}; expected one number for each of the "
            f"{x.shape[0]} rows."
        )
    count = num_segments if num_segments is not None else (int(key.max()) + 1 if key.size else 0)
    return x, key, int(count)


def _segment_extreme(name: str, function: Any, what: str) -> Any:
    def compute(
        data: Any, segment_ids: Any, num_segments: int | None = None, sorted: bool = False
    ) -> Tensor:
        x, key, count = segments(data, segment_ids, num_segments)
        a = x._array
        limits = np.finfo(a.dtype) if a.dtype.kind == "f" else np.iinfo(a.dtype)
        start = limits.min if function is np.maximum else limits.max
        result = np.full((count, *a.shape[1:]), start, a.dtype)
        inside = (key >= 0) & (key < count)
        function.at(result, key[inside], a[inside])

        def derivative(g: Array) -> Array:
            hit = np.zeros(a.shape, bool)
            hit[inside] = a[inside] == result[key[inside]]
            hits = np.zeros(result.shape, g.dtype)
            np.add.at(hits, key[inside], hit[inside].astype(g.dtype))
            return _from_segments(g / np.maximum(hits, 1), key, inside, a.shape) * hit

        return record(result, (x,), (derivative,))

    compute.__name__ = compute.__qualname__ = name
    compute.__doc__ = f"Return for each segment the {what} of the rows that belong to it."
    return operation(compute)


segment_max = _segment_extreme("segment_max", np.maximum, "largest")
segment_min = _segment_extreme("segment_min", np.minimum, "smallest")


@operation
def nonzero(x: Any) -> tuple[Tensor, ...]:
    """Return the indices of the elements that are not 0, one tensor for each axis."""
    return tuple(constant(np.asarray(i, np.int32)) for i in np.nonzero(tensor(x)._array))


@operation
def isin(x1: Any, x2: Any, assume_unique: bool = False, invert: bool = False) -> Tensor:
    """Return which elements of `x1` are in `x2`."""
    _, _, a, b = operands(x1, x2)
    return constant(np.isin(a, b, assume_unique=assume_unique, invert=invert))


@operation
def digitize(x: Any, bins: Any) -> Tensor:
    """Return between which of the `bins` each element lies."""
    return constant(np.asarray(np.digitize(tensor(x)._array, array_of(bins)), np.int32))


@operation
def bincount(x: Any, weights: Any = None, minlength: int = 0, sparse: bool = False) -> Tensor:
    """Return how often each number occurs, along the last axis; or the sum of its weights."""
    if sparse:
        raise ValueError("bincount: sparse=True: Chronicler has dense tensors only.")
    index = array_of(x).astype(np.int64)
    share = None if weights is None else array_of(weights)
    dtype = np.dtype(np.int32) if share is None else common_dtype(share.dtype)
    count = max(minlength, int(index.max()) + 1 if index.size else 0)
    if index.ndim == 1:
        return constant(np.bincount(index, share, count).astype(dtype))
    rows = [
        np.bincount(row, None if share is None else share[number], count)
        for number, row in enumerate(index)
    ]
    return constant(np.stack(rows).astype(dtype))
