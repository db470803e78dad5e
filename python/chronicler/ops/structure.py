"""Operations that move elements about: shapes, axes, joining and cutting."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from ..dtypes import common_dtype
from ..tensor import Array, Part, Tensor, array_of, record
from .operation import axes_of, operation, positive_axis, shape_of, sum_to, tensor


@operation
def reshape(x: Any, newshape: Any) -> Tensor:
    """Return the elements in another shape; one size may be -1."""
    x = tensor(x)
    a = x._array
    return record(a.reshape(shape_of(newshape)), (x,), (lambda g: g.reshape(a.shape),))


@operation
def ravel(x: Any) -> Tensor:
    """Return the elements as a vector."""
    x = tensor(x)
    a = x._array
    return record(a.reshape(-1), (x,), (lambda g: g.reshape(a.shape),))


@operation
def expand_dims(x: Any, axis: Any) -> Tensor:
    """Return x with a new axis of size 1 at each place in `axis`."""
    x = tensor(x)
    a = x._array
    places = tuple(axis) if isinstance(axis, (list, tuple)) else int(axis)
    return record(np.expand_dims(a, places), (x,), (lambda g: g.reshape(a.shape),))


@operation
def squeeze(x: Any, axis: Any = None) -> Tensor:
    """Return x without its axes of size 1, or without those of `axis`."""
    x = tensor(x)
    a = x._array
    places = tuple(axis) if isinstance(axis, (list, tuple)) else axis
    return record(np.squeeze(a, places), (x,), (lambda g: g.reshape(a.shape),))


@operation
def transpose(x: Any, axes: Any = None) -> Tensor:
    """Return x with its axes in the order `axes`, by default the reverse."""
    x = tensor(x)
    order = tuple(range(x.ndim))[::-1] if axes is None else axes_of(list(axes), x.ndim)
    return record(
        np.transpose(x._array, order),
        (x,),
        (lambda g: np.transpose(g, tuple(np.argsort(order))),),
    )


@operation
def swapaxes(x: Any, axis1: int, axis2: int) -> Tensor:
    """Return x with two axes exchanged."""
    x = tensor(x)
    return record(
        np.swapaxes(x._array, axis1, axis2), (x,), (lambda g: np.swapaxes(g, axis1, axis2),)
    )


@operation
def moveaxis(x: Any, source: Any, destination: Any) -> Tensor:
    """Return x with axes moved from `source` to `destination`."""
    x = tensor(x)
    return record(
        np.moveaxis(x._array, source, destination),
        (x,),
        (lambda g: np.moveaxis(g, destination, source),),
    )


@operation
def flip(x: Any, axis: Any = None) -> Tensor:
    """Return x in reverse order along `axis`, by default along all."""
    x = tensor(x)
    axes = axes_of(axis, x.ndim)
    return record(np.flip(x._array, axes), (x,), (lambda g: np.flip(g, axes),))


@operation
def roll(x: Any, shift: Any, axis: Any = None) -> Tensor:
    """Return x moved on by `shift`; what leaves at the end comes back at the start."""
    x = tensor(x)
    shift = shift if not hasattr(shift, "_array") else shift._array.tolist()
    shift = tuple(shift) if isinstance(shift, list) else shift
    axis = tuple(axis) if isinstance(axis, list) else axis
    back = tuple(-one for one in shift) if isinstance(shift, tuple) else -shift
    return record(np.roll(x._array, shift, axis), (x,), (lambda g: np.roll(g, back, axis),))


@operation
def broadcast_to(x: Any, shape: Any) -> Tensor:
    """Return x repeated to fill `shape`, by the rules of broadcasting."""
    x = tensor(x)
    a = x._array
    return record(np.broadcast_to(a, shape_of(shape)), (x,), (lambda g: sum_to(g, a.shape),))


@operation
def tile(x: Any, repeats: Any) -> Tensor:
    """Return x laid side by side `repeats` times along each axis."""
    x = tensor(x)
    a = x._array
    counts = shape_of(repeats)
    counts = (1,) * (a.ndim - len(counts)) + counts
    sizes = (1,) * (len(counts) - a.ndim) + a.shape

    def derivative(g: Array) -> Array:
        split = tuple(size for pair in zip(counts, sizes) for size in pair)
        total: Array = g.reshape(split).sum(axis=tuple(range(0, len(split), 2)))
        return np.reshape(total, a.shape)

    return record(np.tile(a, counts), (x,), (derivative,))


@operation
def repeat(x: Any, repeats: Any, axis: int | None = None) -> Tensor:
    """Return x with each element, or each slice along `axis`, repeated."""
    x = tensor(x)
    a = x._array
    counts = array_of(repeats)
    flat = a.reshape(-1) if axis is None else a
    where = 0 if axis is None else positive_axis(axis, a.ndim)

    def derivative(g: Array) -> Any:
        source = np.repeat(np.arange(flat.shape[where]), counts)
        total = np.zeros(flat.shape, g.dtype)
        np.add.at(np.moveaxis(total, where, 0), source, np.moveaxis(g, where, 0))
        return total.reshape(a.shape)

    return record(np.repeat(flat, counts, where), (x,), (derivative,))


@operation
def concatenate(xs: Any, axis: int = 0) -> Tensor:
    """Return the tensors joined along `axis`; their types are brought to a common one."""
    tensors, arrays = _in_common_type(xs, "concatenate")
    axis = 0 if axis is None else axis
    place = positive_axis(axis, arrays[0].ndim)
    derivatives = []
    start = 0
    for array in arrays:
        stop = start + array.shape[place]
        derivatives.append(_cut((slice_(None),) * place + (slice_(start, stop),)))
        start = stop
    return record(np.concatenate(arrays, place), tuple(tensors), tuple(derivatives))


slice_ = slice


def _cut(index: Any) -> Any:
    return lambda g: g[index]


@operation
def stack(x: Any, axis: int = 0) -> Tensor:
    """Return the tensors laid over one another along a new axis."""
    tensors, arrays = _in_common_type(x, "stack")
    place = positive_axis(axis, arrays[0].ndim + 1)
    lead = (slice_(None),) * place
    return record(
        np.stack(arrays, place),
        tuple(tensors),
        tuple(_cut((*lead, position)) for position in range(len(arrays))),
    )


def _in_common_type(values: Any, what: str) -> tuple[list[Any], list[Array]]:
    tensors = [tensor(value) for value in values]
    if not tensors:
        raise ValueError(f"{what}: the list is empty; give at least one tensor.")
    arrays = [value._array for value in tensors]
    first = arrays[0].dtype
    if any(array.dtype != first for array in arrays):
        kind = common_dtype(*(array.dtype for array in arrays))
        arrays = [array.astype(kind, copy=False) for array in arrays]
    return tensors, arrays


@operation
def hstack(xs: Any) -> Tensor:
    """Return the tensors joined along the second axis, vectors along the first."""
    tensors = [_at_least(tensor(value), 1) for value in xs]
    return concatenate(tensors, axis=0 if tensors[0].ndim == 1 else 1)


@operation
def vstack(xs: Any) -> Tensor:
    """Return the tensors joined along the first axis; vectors become rows."""
    return concatenate([_at_least(tensor(value), 2) for value in xs], axis=0)


def _at_least(x: Any, ndim: int) -> Any:
    return reshape(x, (1,) * (ndim - x.ndim) + x.shape) if x.ndim < ndim else x


@operation
def append(x1: Any, x2: Any, axis: int | None = None) -> Tensor:
    """Return `x2` joined to the end of `x1`; without `axis` both are made vectors."""
    if axis is None:
        return concatenate([ravel(x1), ravel(x2)])
    return concatenate([x1, x2], axis=axis)


@operation
def split(x: Any, indices_or_sections: Any, axis: int = 0) -> list[Tensor]:
    """Return x cut along `axis` into equal parts, or at the given indices."""
    x = tensor(x)
    place = positive_axis(axis, x.ndim)
    size = x.shape[place]
    bounds = _bounds(indices_or_sections, size, place)
    lead = (slice_(None),) * place
    return [_part(x, (*lead, slice_(start, stop))) for start, stop in pairwise(bounds)]


def _bounds(indices_or_sections: Any, size: int, axis: int) -> list[int]:
    if hasattr(indices_or_sections, "_array") or isinstance(indices_or_sections, np.ndarray):
        indices_or_sections = array_of(indices_or_sections).tolist()
    if isinstance(indices_or_sections, (list, tuple)):
        return [0, *(min(int(index), size) for index in indices_or_sections), size]
    count = int(indices_or_sections)
    if count < 1 or size % count:
        raise ValueError(
            f"split: axis {axis} has {size} elements, which do not divide into {count} equal parts."
        )
    return [size // count * part for part in range(count + 1)]


@operation
def array_split(x: Any, indices_or_sections: Any, axis: int = 0) -> list[Tensor]:
    """As `split`, but the parts may differ by one in size."""
    x = tensor(x)
    if isinstance(indices_or_sections, int):
        place = positive_axis(axis, x.ndim)
        small, large = divmod(x.shape[place], indices_or_sections)
        sizes = [small + (part < large) for part in range(indices_or_sections)]
        indices_or_sections = np.cumsum(sizes)[:-1].tolist()
    return split(x, indices_or_sections, axis)


@operation
def unstack(x: Any, num: int | None = None, axis: int = 0) -> list[Tensor]:
    """Return the slices along `axis`, without that axis."""
    x = tensor(x)
    place = positive_axis(axis, x.ndim)
    if num is not None and num != x.shape[place]:
        raise ValueError(f"unstack: axis {axis} has {x.shape[place]} elements, not num={num}.")
    lead = (slice_(None),) * place
    return [_part(x, (*lead, position)) for position in range(x.shape[place])]


def _part(x: Any, index: Any) -> Tensor:
    return record(x._array[index], (x,), (lambda g: Part(index, g, False),))


_PAD_MODES = ("constant", "reflect", "symmetric", "edge")


@operation
def pad(x: Any, pad_width: Any, mode: str = "constant", constant_values: Any = None) -> Tensor:
    """Return x with elements added before and after each axis."""
    x = tensor(x)
    a = x._array
    widths = _widths(pad_width, a.ndim)
    inner = tuple(slice_(low, low + size) for (low, _), size in zip(widths, a.shape))
    if mode == "constant":
        value = 0 if constant_values is None else array_of(constant_values).astype(a.dtype)
        padded = np.pad(a, widths, constant_values=value)
        return record(padded, (x,), (lambda g: g[inner],))
    if mode not in _PAD_MODES:
        raise ValueError(f"pad: mode is {mode!r}; expected one of {_PAD_MODES}.")
    if constant_values is not None:
        raise ValueError(f"pad: constant_values goes with mode='constant', not {mode!r}.")

    def derivative(g: Array) -> Array:
        source = np.pad(np.arange(a.size).reshape(a.shape), widths, mode=mode)  # type: ignore[call-overload]
        return _gathered(a, source, g)

    return record(np.pad(a, widths, mode=mode), (x,), (derivative,))  # type: ignore[call-overload]


def _gathered(a: Array, source: Array, g: Array) -> Array:
    """Return the gradient of `a` where `g` belongs to the flat indices `source` of it."""
    total = np.bincount(source.reshape(-1), weights=g.reshape(-1), minlength=a.size)
    return np.asarray(total.reshape(a.shape), a.dtype)


def _widths(pad_width: Any, ndim: int) -> list[tuple[int, int]]:
    widths = array_of(pad_width).tolist()
    if isinstance(widths, int):
        return [(widths, widths)] * ndim
    if isinstance(widths[0], int):
        widths = [widths]
    if len(widths) == 1:
        widths = widths * ndim
    if len(widths) != ndim or any(len(pair) not in (1, 2) for pair in widths):
        raise ValueError(
            f"pad: pad_width is {pad_width!r}; expected one number, or (before, after) for each "
            f"of the {ndim} axes."
        )
    return [(pair[0], pair[-1]) for pair in widths]


@operation
def diff(a: Any, n: int = 1, axis: int = -1) -> Tensor:
    """Return the differences of neighbours along `axis`, taken `n` times."""
    from .arithmetic import not_equal, subtract

    result: Tensor = tensor(a)
    place = positive_axis(axis, result.ndim)
    lead = (slice_(None),) * place
    for _ in range(n):
        later, earlier = (
            _part(result, (*lead, slice_(1, None))),
            _part(result, (*lead, slice_(None, -1))),
        )
        combine = not_equal if result.dtype == "bool" else subtract
        result = combine(later, earlier)
    return result


@operation
def diagonal(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Tensor:
    """Return the diagonal of the matrices over two axes."""
    x = tensor(x)
    a = x._array

    def derivative(g: Array) -> Array:
        total = np.zeros(a.shape, g.dtype)
        view = np.moveaxis(total, (axis1, axis2), (-2, -1))
        steps = np.arange(g.shape[-1])
        view[..., steps + max(-offset, 0), steps + max(offset, 0)] = g
        return total

    return record(np.diagonal(a, offset, axis1, axis2), (x,), (derivative,))


@operation
def diag(x: Any, k: int = 0) -> Tensor:
    """Return the diagonal of a matrix, or the matrix with a vector as its diagonal."""
    x = tensor(x)
    if x.ndim == 2:
        return diagonal(x, k)
    return record(np.diag(x._array, k), (x,), (lambda g: np.diagonal(g, k),))


@operation
def trace(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Tensor:
    """Return the sum of the diagonal."""
    from .reduction import sum as total

    return total(diagonal(x, offset, axis1, axis2), axis=-1)


@operation
def tril(x: Any, k: int = 0) -> Tensor:
    """Return x with zeros above the diagonal `k`."""
    x = tensor(x)
    return record(np.tril(x._array, k), (x,), (lambda g: np.tril(g, k),))


@operation
def triu(x: Any, k: int = 0) -> Tensor:
    """Return x with zeros below the diagonal `k`."""
    x = tensor(x)
    return record(np.triu(x._array, k), (x,), (lambda g: np.triu(g, k),))


@operation
def rot90(array: Any, k: int = 1, axes: Sequence[int] = (0, 1)) -> Tensor:
    """Return the array turned by `k` quarter turns in the plane of two axes."""
    x = tensor(array)
    plane = (axes[0], axes[1])
    return record(np.rot90(x._array, k, plane), (x,), (lambda g: np.rot90(g, -k, plane),))


@operation
def copy(x: Any) -> Tensor:
    """Return a copy."""
    x = tensor(x)
    return record(x._array.copy(), (x,), (lambda g: g,))


@operation
def meshgrid(*x: Any, indexing: str = "xy") -> list[Tensor]:
    """Return the coordinates of a grid, one tensor for each of the vectors."""
    if indexing not in ("xy", "ij"):
        raise ValueError(f"meshgrid: indexing is {indexing!r}; expected 'xy' or 'ij'.")
    vectors = [ravel(value) for value in x]
    sizes = [value.shape[0] for value in vectors]
    order = list(range(len(vectors)))
    if indexing == "xy" and len(order) > 1:
        order[:2] = [1, 0]
    shape = tuple(sizes[axis] for axis in order)
    return [
        broadcast_to(reshape(value, [-1 if axis == place else 1 for axis in order]), shape)
        for place, value in enumerate(vectors)
    ]
