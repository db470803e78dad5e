"""Operations of linear algebra, on matrices in the last two axes."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..tensor import Array, Tensor, record, record_joint
from .linear import norm as norm
from .operation import constant, float_operands, float_tensor, operation, sum_to


def _turned(a: Array) -> Array:
    return np.swapaxes(a, -1, -2)


def _square(x: Any, what: str) -> Any:
    x = float_tensor(x)
    if x.ndim < 2 or x.shape[-1] != x.shape[-2]:
        raise ValueError(f"{what}: the tensor has the shape {x.shape}; expected square matrices.")
    return x


@operation
def inv(x: Any) -> Tensor:
    """Return the inverse of square matrices."""
    x = _square(x, "inv")
    y = _solved(np.linalg.inv, "inv", x._array)
    return record(y, (x,), (lambda g: -_turned(y) @ g @ _turned(y),))


def _solved(function: Any, what: str, *arrays: Array) -> Array:
    try:
        return np.asarray(function(*arrays))
    except np.linalg.LinAlgError as error:
        raise ValueError(f"{what}: {error}.") from error


@operation
def solve(a: Any, b: Any) -> Tensor:
    """Return x with `a @ x = b`."""
    x1, x2, first, second = float_operands(a, b)
    _square(x1, "solve")
    vector = second.ndim == 1
    right = second[:, None] if vector else second
    result = _solved(np.linalg.solve, "solve", first, right)

    def by_right(g: Array) -> Array:
        return np.asarray(np.linalg.solve(_turned(first), g[:, None] if vector else g))

    def by_first(g: Array) -> Array:
        return sum_to(-by_right(g) @ _turned(result), first.shape)

    return record(
        result[:, 0] if vector else result,
        (x1, x2),
        (by_first, lambda g: sum_to(by_right(g).reshape(g.shape), second.shape)),
    )


@operation
def solve_triangular(a: Any, b: Any, lower: bool = False) -> Tensor:
    """Return x with `a @ x = b`, where only one triangle of `a` counts."""
    from .structure import tril, triu

    return solve(tril(a) if lower else triu(a), b)


@operation
def det(x: Any) -> Tensor:
    """Return the determinant of square matrices."""
    x = _square(x, "det")
    a = x._array
    y = np.linalg.det(a)

    def derivative(g: Array) -> Array:
        return np.asarray((g * y)[..., None, None] * _turned(np.linalg.inv(a)))

    return record(np.asarray(y, a.dtype), (x,), (derivative,))


@operation
def slogdet(x: Any) -> tuple[Tensor, Tensor]:
    """Return the sign of the determinant, and the logarithm of its absolute value."""
    x = _square(x, "slogdet")
    a = x._array
    sign, logarithm = np.linalg.slogdet(a)

    def derivative(g: Array) -> Array:
        return np.asarray(g[..., None, None] * _turned(np.linalg.inv(a)))

    return constant(np.asarray(sign, a.dtype)), record(
        np.asarray(logarithm, a.dtype), (x,), (derivative,)
    )


@operation
def logdet(x: Any) -> Tensor:
    """Return the logarithm of the determinant of positive definite matrices."""
    return slogdet(x)[1]


@operation
def cholesky(x: Any, upper: bool = False) -> Tensor:
    """Return the triangular matrix whose product with its transpose is x."""
    x = _square(x, "cholesky")
    low = _solved(np.linalg.cholesky, "cholesky", x._array)

    def derivative(g: Array) -> Array:
        inner = np.tril(_turned(low) @ (_turned(g) if upper else g))
        inner[..., range(low.shape[-1]), range(low.shape[-1])] /= 2
        inverse = np.linalg.inv(low)
        whole = _turned(inverse) @ inner @ inverse
        return np.asarray((whole + _turned(whole)) / 2)

    return record(_turned(low) if upper else low, (x,), (derivative,))


@operation
def qr(x: Any, mode: str = "reduced") -> tuple[Tensor, Tensor]:
    """Return an orthogonal and a triangular matrix whose product is x."""
    if mode not in ("reduced", "complete"):
        raise ValueError(f"qr: mode is {mode!r}; expected 'reduced' or 'complete'.")
    x = float_tensor(x)
    q, r = np.linalg.qr(x._array, mode=mode)  # type: ignore[call-overload]
    if mode == "complete" or x.shape[-2] < x.shape[-1]:
        return constant(q), constant(r)

    def derivative(gradients: list[Array]) -> list[Array]:
        by_q, by_r = gradients
        inner = r @ _turned(by_r) - _turned(by_q) @ q
        both = np.tril(inner) + _turned(np.tril(inner, -1))
        right = by_q + q @ both
        return [_turned(np.linalg.solve(r, _turned(right)))]

    first, second = record_joint([q, r], (x,), derivative)
    return first, second


@operation
def svd(x: Any, full_matrices: bool = True, compute_uv: bool = True) -> Any:
    """Return u, s and v with `u @ diag(s) @ v = x`, or s alone (which has a derivative)."""
    x = float_tensor(x)
    if compute_uv:
        return tuple(constant(part) for part in np.linalg.svd(x._array, full_matrices))
    u, s, v = np.linalg.svd(x._array, False)
    return record(s, (x,), (lambda g: (u * g[..., None, :]) @ v,))


@operation
def eigh(x: Any) -> tuple[Tensor, Tensor]:
    """Return the eigenvalues (which have a derivative) and eigenvectors of symmetric matrices."""
    x = _square(x, "eigh")
    values, vectors = np.linalg.eigh(x._array)
    return record(
        values, (x,), (lambda g: (vectors * g[..., None, :]) @ _turned(vectors),)
    ), constant(vectors)


@operation
def pinv(x: Any, rcond: Any = None) -> Tensor:
    """Return the pseudo-inverse."""
    x = float_tensor(x)
    a = x._array
    limit = max(a.shape[-2:]) * np.finfo(a.dtype).eps if rcond is None else rcond
    y = np.linalg.pinv(a, limit)

    def derivative(g: Array) -> Array:
        back, turned = _turned(g), _turned(y)
        outside = np.eye(a.shape[-2], dtype=a.dtype) - a @ y
        beyond = np.eye(a.shape[-1], dtype=a.dtype) - y @ a
        whole = -turned @ g @ turned + outside @ back @ y @ turned + turned @ y @ back @ beyond
        return np.asarray(whole)

    return record(y, (x,), (derivative,))


@operation
def lstsq(a: Any, b: Any, rcond: Any = None) -> Tensor:
    """Return the x for which `a @ x` is nearest to b."""
    _, _, first, second = float_operands(a, b)
    return constant(np.linalg.lstsq(first, second, rcond)[0].astype(first.dtype))


@operation
def matrix_rank(x: Any, tol: Any = None) -> Tensor:
    """Return the rank of matrices, as int32."""
    return constant(np.asarray(np.linalg.matrix_rank(float_tensor(x)._array, tol), np.int32))
