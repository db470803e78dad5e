"""Further ways to move elements about, and choices among several tensors."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..dtypes import common_dtype, numpy_dtype
from ..tensor import Array, Tensor, array_of, record
from .indexing import segments
from .operation import axes_of, constant, operation, tensor
from .structure import concatenate, expand_dims, flip, ravel, reshape, split, transpose


@operation
def fliplr(x: Any) -> Tensor:
    """Return x in reverse order along the second axis."""
    return flip(x, 1)


@operation
def flipud(x: Any) -> Tensor:
    """Return x in reverse order along the first axis."""
    return flip(x, 0)


@operation
def diagflat(x: Any, k: int = 0) -> Tensor:
    """Return the matrix whose diagonal holds all elements."""
    from .structure import diag

    return diag(ravel(x), k)


@operation
def dstack(xs: Any) -> Tensor:
    """Return the tensors joined along the third axis."""
    deep = []
    for value in xs:
        x = tensor(value)
        if x.ndim < 2:
            x = reshape(x, (1, -1))
        deep.append(expand_dims(x, -1) if x.ndim == 2 else x)
    return concatenate(deep, 2)


@operation
def hsplit(x: Any, indices_or_sections: Any) -> list[Tensor]:
    """Return x cut along the second axis, a vector along its only one."""
    x = tensor(x)
    return split(x, indices_or_sections, 0 if x.ndim == 1 else 1)


@operation
def vsplit(x: Any, indices_or_sections: Any) -> list[Tensor]:
    """Return x cut along the first axis."""
    return split(x, indices_or_sections, 0)


@operation
def dsplit(x: Any, indices_or_sections: Any) -> list[Tensor]:
    """Return x cut along the third axis."""
    return split(x, indices_or_sections, 2)


@operation
def kron(x1: Any, x2: Any) -> Tensor:
    """Return `x2` once for each element of `x1`, times that element."""
    from .arithmetic import multiply

    x1, x2 = tensor(x1), tensor(x2)
    ndim = max(x1.ndim, x2.ndim)
    first = (1,) * (ndim - x1.ndim) + x1.shape
    second = (1,) * (ndim - x2.ndim) + x2.shape
    spread1 = [size for n in first for size in (n, 1)]
    spread2 = [size for n in second for size in (1, n)]
    product = multiply(reshape(x1, spread1), reshape(x2, spread2))
    return reshape(product, [m * n for m, n in zip(first, second)])


@operation
def select(condlist: Any, choicelist: Any, default: Any = 0) -> Tensor:
    """Return the first choice whose condition holds, else `default`."""
    from .arithmetic import where

    if len(condlist) != len(choicelist) or not len(condlist):
        raise ValueError(
            f"select: {len(condlist)} conditions and {len(choicelist)} choices; expected as many, "
            "and at least one."
        )
    result: Any = default
    for condition, choice in zip(reversed(list(condlist)), reversed(list(choicelist))):
        result = where(condition, choice, result)
    return result  # type: ignore[no-any-return]


@operation
def vander(x: Any, N: int | None = None, increasing: bool = False) -> Tensor:
    """Return the powers of the elements of a vector, a row for each."""
    from .arithmetic import power

    x = tensor(x)
    count = x.shape[0] if N is None else N
    kind = common_dtype(x._array.dtype, int)
    powers = np.arange(count) if increasing else np.arange(count - 1, -1, -1)
    return power(expand_dims(x, -1), powers.astype(kind))


@operation
def unravel_index(indices: Any, shape: Any) -> tuple[Tensor, ...]:
    """Return the place in an array of that shape which each flat index means."""
    index = array_of(indices)
    sizes = tuple(int(size) for size in shape)
    kind = index.dtype if index.dtype.kind in "iu" else np.dtype(np.int32)
    places = np.unravel_index(index % max(int(np.prod(sizes)), 1), sizes)
    return tuple(constant(np.asarray(place, kind)) for place in places)


@operation
def geomspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, dtype: Any = None, axis: int = 0
) -> Tensor:
    """Return numbers each of which is the same multiple of the one before."""
    a, b = tensor(start)._array, tensor(stop)._array
    kind = common_dtype(a.dtype, b.dtype, float) if dtype is None else numpy_dtype(dtype)
    return constant(np.geomspace(a, b, num, endpoint, axis=axis).astype(kind))


@operation
def segment_prod(
    data: Any, segment_ids: Any, num_segments: int | None = None, sorted: bool = False
) -> Tensor:
    """Return for each segment the product of the rows that belong to it."""
    from .reduction import product_of_others

    x, key, count = segments(data, segment_ids, num_segments)
    a = x._array
    result = np.ones((count, *a.shape[1:]), a.dtype)
    inside = (key >= 0) & (key < count)
    np.multiply.at(result, key[inside], a[inside])

    def derivative(g: Array) -> Array:
        total = np.zeros(a.shape, g.dtype)
        for number in range(count):
            rows = np.flatnonzero(key == number)
            total[rows] = g[number] * product_of_others(a[rows], 0)
        return total

    return record(result, (x,), (derivative,))


@operation
def extract_sequences(x: Any, sequence_length: int, sequence_stride: int) -> Tensor:
    """Return the windows of the last axis: so long, so far apart."""
    from .indexing import take

    x = tensor(x)
    count = (x.shape[-1] - sequence_length) // sequence_stride + 1
    if sequence_length < 1 or sequence_stride < 1 or count < 1:
        raise ValueError(
            f"extract_sequences: windows of {sequence_length}, {sequence_stride} apart, out of "
            f"{x.shape[-1]} elements; expected whole numbers of at least 1, and one window."
        )
    places = np.arange(count)[:, None] * sequence_stride + np.arange(sequence_length)
    return take(x, places, axis=x.ndim - 1)


@operation
def rearrange(tensor: Any, pattern: str, **axes_lengths: int) -> Tensor:
    """Return the elements in another order and grouping: "b (t n) f -> b t n f", n=2."""
    from .operation import tensor as as_tensor

    x = as_tensor(tensor)
    left, arrow, right = pattern.partition("->")
    if not arrow:
        raise ValueError(f"rearrange: {pattern!r} has no '->'.")
    groups, wanted = _groups(left), _groups(right)
    if len(groups) != x.ndim:
        raise ValueError(f"rearrange: {left.strip()!r} names {len(groups)} axes of {x.shape}.")
    sizes = dict(axes_lengths)
    for group, size in zip(groups, x.shape):
        _complete(group, size, sizes, pattern)
    names = [name for group in groups for name in group]
    order = [name for group in wanted for name in group]
    if sorted(names) != sorted(order) or len(set(names)) != len(names):
        raise ValueError(f"rearrange: both sides of {pattern!r} name the same axes, once each.")
    apart = reshape(x, [sizes[name] for name in names])
    moved = transpose(apart, axes_of([names.index(name) for name in order], len(names)))
    return reshape(moved, [int(np.prod([sizes[n] for n in group])) for group in wanted])


def _groups(side: str) -> list[list[str]]:
    """Return the names of a side of a pattern, those in brackets together."""
    groups: list[list[str]] = []
    together = False
    for word in side.replace("(", " ( ").replace(")", " ) ").split():
        if word == "(":
            groups.append([])
        elif word != ")":
            if together:
                groups[-1].append(word)
            else:
                groups.append([word])
        together = word == "(" or (together and word != ")")
    return groups


def _complete(group: list[str], size: int, sizes: dict[str, int], pattern: str) -> None:
    """Note the size of the one axis of a group whose size is not given."""
    known = int(np.prod([sizes[name] for name in group if name in sizes]))
    missing = [name for name in group if name not in sizes]
    if len(missing) > 1:
        raise ValueError(f"rearrange: {pattern!r}: give the sizes of all but one of {missing}.")
    if missing and size % known == 0:
        sizes[missing[0]] = size // known
    elif missing or known != size:
        raise ValueError(f"rearrange: {pattern!r}: {group} does not make an axis of {size}.")
