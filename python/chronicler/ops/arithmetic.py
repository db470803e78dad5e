"""Operations of two arguments, elementwise with broadcasting."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..dtypes import common_dtype
from ..tensor import Array, Tensor, record
from .operation import (
    constant,
    float_operands,
    operands,
    operation,
    sum_to,
    tensor,
)


@operation
def add(x1: Any, x2: Any) -> Tensor:
    """Return `x1 + x2`."""
    x1, x2, a, b = operands(x1, x2)
    return record(
        a + b,
        (x1, x2),
        (lambda g: sum_to(g, a.shape), lambda g: sum_to(g, b.shape)),
    )


@operation
def subtract(x1: Any, x2: Any) -> Tensor:
    """Return `x1 - x2`."""
    x1, x2, a, b = operands(x1, x2)
    return record(
        np.subtract(a, b),
        (x1, x2),
        (lambda g: sum_to(g, a.shape), lambda g: sum_to(-g, b.shape)),
    )


@operation
def multiply(x1: Any, x2: Any) -> Tensor:
    """Return the product, elementwise."""
    x1, x2, a, b = operands(x1, x2)
    return record(
        a * b,
        (x1, x2),
        (lambda g: sum_to(g * b, a.shape), lambda g: sum_to(g * a, b.shape)),
    )


@operation
def divide(x1: Any, x2: Any) -> Tensor:
    """Return `x1 / x2`."""
    x1, x2, a, b = float_operands(x1, x2)
    with np.errstate(divide="ignore", invalid="ignore"):
        quotient = a / b
    return record(
        quotient,
        (x1, x2),
        (
            lambda g: sum_to(g / b, a.shape),
            lambda g: sum_to(-g * quotient / b, b.shape),
        ),
    )


true_divide = divide


@operation
def divide_no_nan(x1: Any, x2: Any) -> Tensor:
    """Return `x1 / x2`, and 0 where `x2` is 0."""
    x1, x2, a, b = float_operands(x1, x2)
    inverse = np.divide(1, b, out=np.zeros_like(b), where=b != 0)
    quotient = a * inverse if a.shape == () else np.where(b != 0, _quiet_divide(a, b), 0)
    quotient = quotient.astype(a.dtype, copy=False)
    return record(
        quotient,
        (x1, x2),
        (
            lambda g: sum_to(g * inverse, a.shape),
            lambda g: sum_to(-g * quotient * inverse, b.shape),
        ),
    )


def _quiet_divide(a: Array, b: Array) -> Array:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(a / b)


@operation
def floor_divide(x1: Any, x2: Any) -> Tensor:
    """Return `x1 // x2`, rounded down."""
    x1, x2, a, b = operands(x1, x2)
    with np.errstate(divide="ignore", invalid="ignore"):
        return constant(a // b)


@operation
def mod(x1: Any, x2: Any) -> Tensor:
    """Return the remainder of `x1 // x2`; it has the sign of `x2`."""
    x1, x2, a, b = operands(x1, x2)
    if a.dtype.kind == "b":
        a, b = a.astype(np.int32), b.astype(np.int32)
    with np.errstate(divide="ignore", invalid="ignore"):
        remainder = np.mod(a, b)
    return record(
        remainder,
        (x1, x2),
        (lambda g: sum_to(g, a.shape), lambda g: sum_to(-g * np.floor(a / b), b.shape)),
    )


@operation
def power(x1: Any, x2: Any) -> Tensor:
    """Return `x1` to the power of `x2`."""
    x1, x2, a, b = operands(x1, x2)
    if a.dtype.kind == "b":
        a, b = a.astype(np.int32), b.astype(np.int32)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        result = np.power(a, b)
    return record(result, (x1, x2), _power_derivatives(a, b, result))


def _power_derivatives(a: Array, b: Array, result: Any) -> Any:
    def by_base(g: Array) -> Array:
        with np.errstate(divide="ignore", invalid="ignore"):
            slope = np.where(b == 0, 0, b * np.power(a, b - 1))
        return sum_to((g * slope).astype(a.dtype, copy=False), a.shape)

    def by_exponent(g: Array) -> Array:
        logarithm = np.log(np.where(a > 0, a, 1))
        return sum_to((g * result * logarithm).astype(b.dtype, copy=False), b.shape)

    return by_base, by_exponent


@operation
def maximum(x1: Any, x2: Any) -> Tensor:
    """Return the larger of the two, elementwise; of two equal ones the first has the gradient."""
    x1, x2, a, b = operands(x1, x2)
    return record(np.maximum(a, b), (x1, x2), _choice_derivatives(a, b, a >= b))


@operation
def minimum(x1: Any, x2: Any) -> Tensor:
    """Return the smaller of the two, elementwise; of two equal ones the first has the gradient."""
    x1, x2, a, b = operands(x1, x2)
    return record(np.minimum(a, b), (x1, x2), _choice_derivatives(a, b, a <= b))


def _choice_derivatives(a: Array, b: Array, first: Any) -> Any:
    return (lambda g: sum_to(g * first, a.shape), lambda g: sum_to(g * ~first, b.shape))


@operation
def arctan2(x1: Any, x2: Any) -> Tensor:
    """Return the angle of the point `(x2, x1)`."""
    x1, x2, a, b = float_operands(x1, x2)
    return record(
        np.arctan2(a, b),
        (x1, x2),
        (
            lambda g: sum_to(g * b / (a * a + b * b), a.shape),
            lambda g: sum_to(-g * a / (a * a + b * b), b.shape),
        ),
    )


@operation
def logaddexp(x1: Any, x2: Any) -> Tensor:
    """Return `log(exp(x1) + exp(x2))`."""
    x1, x2, a, b = float_operands(x1, x2)
    result = np.logaddexp(a, b)
    return record(
        result,
        (x1, x2),
        (
            lambda g: sum_to(g * np.exp(a - result), a.shape),
            lambda g: sum_to(g * np.exp(b - result), b.shape),
        ),
    )


@operation
def hypot(x1: Any, x2: Any) -> Tensor:
    """Return `sqrt(x1**2 + x2**2)`."""
    x1, x2, a, b = operands(x1, x2)
    if a.dtype.kind != "f":
        real = np.float64 if a.dtype == np.int64 else common_dtype(a.dtype, float)
        a, b = a.astype(real), b.astype(real)
    result = np.hypot(a, b)
    return record(
        result,
        (x1, x2),
        (lambda g: sum_to(g * a / result, a.shape), lambda g: sum_to(g * b / result, b.shape)),
    )


@operation
def where(condition: Any, x1: Any = None, x2: Any = None) -> Any:
    """Return `x1` where `condition` holds, else `x2`; without them, the indices where it does."""
    chosen = tensor(condition)._array.astype(bool, copy=False)
    if x1 is None and x2 is None:
        return tuple(constant(index) for index in np.nonzero(chosen))
    if x1 is None or x2 is None:
        raise ValueError("where: give both x1 and x2, or none of them.")
    x1, x2, a, b = operands(x1, x2)
    return record(
        np.where(chosen, a, b),
        (x1, x2),
        (
            lambda g: sum_to(np.where(chosen, g, g.dtype.type(0)), a.shape),
            lambda g: sum_to(np.where(chosen, g.dtype.type(0), g), b.shape),
        ),
    )


@operation
def equal(x1: Any, x2: Any) -> Tensor:
    """Return where the two are equal."""
    _, _, a, b = operands(x1, x2)
    return constant(a == b)


@operation
def not_equal(x1: Any, x2: Any) -> Tensor:
    """Return where the two differ."""
    _, _, a, b = operands(x1, x2)
    return constant(a != b)


@operation
def less(x1: Any, x2: Any) -> Tensor:
    """Return where `x1 < x2`."""
    _, _, a, b = operands(x1, x2)
    return constant(a < b)


@operation
def less_equal(x1: Any, x2: Any) -> Tensor:
    """Return where `x1 <= x2`."""
    _, _, a, b = operands(x1, x2)
    return constant(a <= b)


@operation
def greater(x1: Any, x2: Any) -> Tensor:
    """Return where `x1 > x2`."""
    _, _, a, b = operands(x1, x2)
    return constant(a > b)


@operation
def greater_equal(x1: Any, x2: Any) -> Tensor:
    """Return where `x1 >= x2`."""
    _, _, a, b = operands(x1, x2)
    return constant(a >= b)


@operation
def logical_and(x1: Any, x2: Any) -> Tensor:
    """Return where both hold."""
    return constant(np.logical_and(tensor(x1)._array, tensor(x2)._array))


@operation
def logical_or(x1: Any, x2: Any) -> Tensor:
    """Return where one of the two holds."""
    return constant(np.logical_or(tensor(x1)._array, tensor(x2)._array))


@operation
def logical_xor(x1: Any, x2: Any) -> Tensor:
    """Return where exactly one of the two holds."""
    return constant(np.logical_xor(tensor(x1)._array, tensor(x2)._array))


@operation
def logical_not(x: Any) -> Tensor:
    """Return where `x` does not hold."""
    return constant(np.logical_not(tensor(x)._array))


@operation
def isclose(
    x1: Any, x2: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False
) -> Tensor:
    """Return where the two differ by at most `atol + rtol * |x2|`."""
    _, _, a, b = operands(x1, x2)
    return constant(np.isclose(a, b, rtol, atol, equal_nan))


@operation
def allclose(
    x1: Any, x2: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False
) -> Tensor:
    """Return whether `isclose` holds everywhere."""
    _, _, a, b = operands(x1, x2)
    return constant(np.allclose(a, b, rtol, atol, equal_nan))


@operation
def bitwise_and(x: Any, y: Any) -> Tensor:
    """Return the bits that both have."""
    _, _, a, b = operands(x, y)
    return constant(a & b)


@operation
def bitwise_or(x: Any, y: Any) -> Tensor:
    """Return the bits that one of the two has."""
    _, _, a, b = operands(x, y)
    return constant(a | b)


@operation
def bitwise_xor(x: Any, y: Any) -> Tensor:
    """Return the bits that exactly one of the two has."""
    _, _, a, b = operands(x, y)
    return constant(a ^ b)


@operation
def searchsorted(sorted_sequence: Any, values: Any, side: str = "left") -> Tensor:
    """Return where each of `values` belongs in a sorted vector."""
    if side not in ("left", "right"):
        raise ValueError(f"searchsorted: side is {side!r}; expected 'left' or 'right'.")
    _, _, a, b = operands(sorted_sequence, values)
    index = np.searchsorted(a, b, "left" if side == "left" else "right")
    return constant(np.asarray(index, np.int32 if len(a) < 2**31 else np.int64))


@operation
def fmod(x1: Any, x2: Any) -> Tensor:
    """Return the remainder of the division that rounds to zero; it has the sign of `x1`."""
    x1, x2, a, b = operands(x1, x2)
    if a.dtype.kind == "b":
        a, b = a.astype(np.int32), b.astype(np.int32)
    with np.errstate(divide="ignore", invalid="ignore"):
        remainder = np.fmod(a, b)
    return record(
        remainder,
        (x1, x2),
        (lambda g: sum_to(g, a.shape), lambda g: sum_to(-g * np.trunc(a / b), b.shape)),
    )


def joined_type(*arrays: Array) -> np.dtype[Any]:
    """Return the type that several arrays give together."""
    return common_dtype(*(array.dtype for array in arrays))
