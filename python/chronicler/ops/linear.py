"""Products of matrices and tensors."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import config
from ..dtypes import common_dtype
from ..tensor import Array, Tensor, record
from .operation import axes_of, float_tensor, operands, operation, sum_to, tensor
from .products import contracted, product


@operation
def matmul(x1: Any, x2: Any) -> Tensor:
    """Return the product of matrices; axes before the last two are broadcast."""
    x1, x2, a, b = operands(x1, x2)
    if a.dtype == np.int8 and tensor(x1).dtype == tensor(x2).dtype:
        a, b = a.astype(np.int32), b.astype(np.int32)
    if b.ndim == 2 and a.ndim >= 2 and a.shape[-1] == b.shape[0]:
        return record(_rows_times(a, b), (x1, x2), _plain_derivatives(a, b))
    return record(np.matmul(a, b), (x1, x2), _matmul_derivatives(a, b))


def _rows_times(a: Array, b: Array, b_turned: bool = False) -> Array:
    """Return the product of each row of `a`, which may have any number of axes, with `b`."""
    if a.ndim == 2:
        return product(a, b, b_turned=b_turned)
    rows = int(np.prod(a.shape[:-1], dtype=np.int64))
    columns = b.shape[0] if b_turned else b.shape[1]
    found = product(a.reshape(rows, a.shape[-1]), b, b_turned=b_turned)
    return found.reshape(*a.shape[:-1], columns)


def _plain_derivatives(a: Array, b: Array) -> Any:
    rows = int(np.prod(a.shape[:-1], dtype=np.int64))
    return (
        lambda g: _rows_times(g, b, b_turned=True),
        lambda g: product(
            a.reshape(rows, a.shape[-1]), g.reshape(rows, g.shape[-1]), a_turned=True
        ),
    )


def _matmul_derivatives(a: Array, b: Array) -> Any:
    def by_first(g: Array) -> Array:
        if b.ndim == 1:
            return sum_to(g[..., None] * b, a.shape)
        if a.ndim == 1:
            return sum_to(np.matmul(b, g[..., None])[..., 0], a.shape)
        return sum_to(np.matmul(g, np.swapaxes(b, -1, -2)), a.shape)

    def by_second(g: Array) -> Array:
        if a.ndim == 1:
            outer_product = a[:, None] * g[..., None, :] if b.ndim > 1 else a * g
            return sum_to(outer_product, b.shape)
        if b.ndim == 1:
            return sum_to(np.matmul(np.swapaxes(a, -1, -2), g[..., None])[..., 0], b.shape)
        return sum_to(np.matmul(np.swapaxes(a, -1, -2), g), b.shape)

    return by_first, by_second


@operation
def dot(x1: Any, x2: Any) -> Tensor:
    """Return the sum of products over the last axis of `x1` and the last but one of `x2`."""
    x1, x2 = tensor(x1), tensor(x2)
    if not x1.ndim or not x2.ndim:
        from .arithmetic import multiply

        return multiply(x1, x2)
    second = x2.ndim - 2 if x2.ndim > 1 else 0
    return tensordot(x1, x2, ([x1.ndim - 1], [second]))


@operation
def tensordot(x1: Any, x2: Any, axes: Any = 2) -> Tensor:
    """Return the sum of products over some axes of both."""
    x1, x2, a, b = operands(x1, x2)
    if isinstance(axes, int):
        first = tuple(range(a.ndim - axes, a.ndim))
        second = tuple(range(axes))
    else:
        first, second = (axes_of(one, n) for one, n in zip(axes, (a.ndim, b.ndim)))
    rest1 = [axis for axis in range(a.ndim) if axis not in first]
    rest2 = [axis for axis in range(b.ndim) if axis not in second]

    def by_first(g: Array) -> Array:
        back = contracted(g, b, (list(range(len(rest1), g.ndim)), rest2))
        ordered = [axis for _, axis in sorted(zip(second, first))]
        return np.transpose(back, np.argsort(rest1 + ordered))

    def by_second(g: Array) -> Array:
        back = contracted(a, g, (rest1, list(range(len(rest1)))))
        ordered = [axis for _, axis in sorted(zip(first, second))]
        return np.transpose(back, np.argsort(ordered + rest2))

    return record(contracted(a, b, (first, second)), (x1, x2), (by_first, by_second))


@operation
def inner(x1: Any, x2: Any) -> Tensor:
    """Return the sum of products over the last axes of both."""
    x1, x2 = tensor(x1), tensor(x2)
    if not x1.ndim or not x2.ndim:
        from .arithmetic import multiply

        return multiply(x1, x2)
    return tensordot(x1, x2, ([x1.ndim - 1], [x2.ndim - 1]))


@operation
def vdot(x1: Any, x2: Any) -> Tensor:
    """Return the sum of the products of all elements."""
    from .structure import ravel

    return tensordot(ravel(x1), ravel(x2), 1)


@operation
def outer(x1: Any, x2: Any) -> Tensor:
    """Return every product of an element of `x1` and one of `x2`."""
    from .arithmetic import multiply
    from .structure import reshape

    return multiply(reshape(x1, (-1, 1)), reshape(x2, (1, -1)))


@operation
def einsum(subscripts: str, *operands: Any, **kwargs: Any) -> Tensor:
    """Return the sum that a formula such as "bij,bjk->bik" says."""
    inputs = tuple(tensor(value) for value in operands)
    arrays = [value._array for value in inputs]
    kind = common_dtype(*(array.dtype for array in arrays))
    if len({array.dtype for array in arrays}) == 1 and kind.kind == "i" and kind.itemsize < 4:
        kind = np.dtype(np.int32)
    arrays = [array.astype(kind, copy=False) for array in arrays]
    parts, result = _formula(subscripts, [array.ndim for array in arrays])
    value = np.einsum(",".join(parts) + "->" + result, *arrays, optimize=len(arrays) > 1)
    derivatives = tuple(
        _einsum_derivative(place, parts, result, arrays) for place in range(len(arrays))
    )
    return record(value, inputs, derivatives)


_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


def _formula(subscripts: str, ndims: list[int]) -> tuple[list[str], str]:
    """Return the letters of each operand and of the result, without an ellipsis."""
    subscripts = subscripts.replace(" ", "")
    left, arrow, right = subscripts.partition("->")
    parts = left.split(",")
    if len(parts) != len(ndims):
        raise ValueError(f"einsum: {subscripts!r} has {len(parts)} operands; got {len(ndims)}.")
    free = [letter for letter in _LETTERS if letter not in subscripts]
    spare = [n - len(part.replace("...", "")) for part, n in zip(parts, ndims)]
    dots = "".join(free[: max([0, *(s for s, part in zip(spare, parts) if "..." in part)])])
    parts = [
        part.replace("...", dots[len(dots) - s :] if s else "") for part, s in zip(parts, spare)
    ]
    if not arrow:
        letters = "".join(parts)
        right = dots + "".join(
            sorted(x for x in set(letters) if letters.count(x) == 1 and x not in dots)
        )
    return parts, right.replace("...", dots)


def _einsum_derivative(place: int, parts: list[str], result: str, arrays: list[Array]) -> Any:
    def derivative(g: Array) -> Array:
        mine = parts[place]
        target = arrays[place]
        others = [part for position, part in enumerate(parts) if position != place]
        known = set(result).union(*others) if others else set(result)
        plain = "".join(dict.fromkeys(mine))  # a letter that comes twice reads a diagonal
        kept = "".join(letter for letter in plain if letter in known)
        values = [array for position, array in enumerate(arrays) if position != place]
        partial = np.einsum(",".join([result, *others]) + "->" + kept, g, *values, optimize=True)
        sizes = {letter: target.shape[axis] for axis, letter in enumerate(mine)}
        partial = _fit(partial, kept, plain, sizes)
        if plain == mine:
            return partial
        total = np.zeros(target.shape, g.dtype)
        np.einsum(total, [_LETTERS.index(x) for x in mine], [_LETTERS.index(x) for x in plain])[
            ...
        ] = partial
        return total

    return derivative


def _fit(partial: Array, kept: str, letters: str, sizes: dict[str, int]) -> Array:
    """Bring a partial gradient to the shape of its operand: axes that were summed or broadcast."""
    shape = [partial.shape[kept.index(x)] if x in kept else 1 for x in letters]
    partial = partial.reshape(shape)
    for axis, letter in enumerate(letters):
        if sizes[letter] == 1 and partial.shape[axis] != 1:
            partial = partial.sum(axis=axis, keepdims=True)
    return np.broadcast_to(partial, [sizes[x] for x in letters])


@operation
def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Return the length of vectors, or the norm of matrices if `axis` has two axes."""
    from . import elementwise, reduction
    from .structure import ravel, reshape

    x = float_tensor(x)
    if axis is None and ord is None:
        length = elementwise.sqrt(reduction.sum(elementwise.square(ravel(x))))
        return reshape(length, (1,) * x.ndim) if keepdims else length
    axes = axes_of(axis, x.ndim)
    if len(axes) == 1:
        return _vector_norm(x, ord, axes[0], keepdims)
    if len(axes) != 2:
        raise ValueError(f"norm: axis is {axis!r}; expected one or two axes.")
    if ord in (None, "fro"):
        return elementwise.sqrt(reduction.sum(elementwise.square(x), axes, keepdims))
    if ord in (1, -1, np.inf, -np.inf):
        summed, chosen = axes if abs(ord) == 1 else axes[::-1]
        sums = reduction.sum(elementwise.absolute(x), summed, True)
        choose = reduction.max if ord > 0 else reduction.min
        result = choose(sums, chosen, True)
        return result if keepdims else reduction.sum(result, axes)
    if ord in (2, -2, "nuc"):
        return _singular_norm(x, ord, axes, keepdims)
    raise ValueError(f"norm: ord is {ord!r}; matrices have 'fro', 'nuc', 1, -1, 2, -2, inf, -inf.")


def _vector_norm(x: Any, ord: Any, axis: int, keepdims: bool) -> Tensor:
    from . import arithmetic, elementwise, reduction

    if ord is None or ord == 2:
        return elementwise.sqrt(reduction.sum(elementwise.square(x), axis, keepdims))
    size = elementwise.absolute(x)
    if ord == np.inf:
        return reduction.max(size, axis, keepdims)  # type: ignore[no-any-return]
    if ord == -np.inf:
        return reduction.min(size, axis, keepdims)  # type: ignore[no-any-return]
    if ord == 0:
        from .elementwise import cast

        return reduction.sum(cast(arithmetic.not_equal(x, 0), x.dtype), axis, keepdims)
    if isinstance(ord, str):
        raise ValueError(f"norm: ord is {ord!r}, which is one of matrices; axis names one axis.")
    return arithmetic.power(reduction.sum(arithmetic.power(size, ord), axis, keepdims), 1.0 / ord)


def _singular_norm(x: Any, ord: Any, axes: tuple[int, ...], keepdims: bool) -> Tensor:
    a = np.moveaxis(x._array, axes, (-2, -1))
    u, s, v = np.linalg.svd(a, full_matrices=False)
    weights = np.ones_like(s)
    if ord != "nuc":
        place = 0 if ord == 2 else -1
        weights = np.zeros_like(s)
        weights[..., place] = 1
    value = (s * weights).sum(-1)

    def derivative(g: Any) -> Any:
        g = g.reshape(value.shape)[..., None, None]
        return np.moveaxis((u * (weights[..., None, :] * g)) @ v, (-2, -1), axes)

    result = value[..., None, None] if keepdims else value
    if keepdims:
        result = np.moveaxis(result, (-2, -1), axes)
    return record(result, (x,), (derivative,))


@operation
def normalize(x: Any, axis: int = -1, order: Any = 2, epsilon: float | None = None) -> Tensor:
    """Return x divided by its length along `axis`."""
    from . import arithmetic, elementwise, reduction
    from .structure import reshape

    if not isinstance(order, int) or order < 1:
        raise ValueError(f"normalize: order is {order!r}; expected a whole number of at least 1.")
    x = float_tensor(x)
    if not x.ndim:
        x = reshape(x, (1,))
    small = config.epsilon() if epsilon is None else epsilon
    if order == 2:
        squares = reduction.sum(elementwise.square(x), axis, True)
        inverse = arithmetic.minimum(elementwise.rsqrt(squares), 1.0 / small)
        return arithmetic.multiply(x, inverse)
    length = norm(x, order, axis, True)
    return arithmetic.divide(x, arithmetic.maximum(length, small))
