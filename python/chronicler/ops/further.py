"""Further elementwise operations, of one argument and of two."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..dtypes import common_dtype
from ..tensor import Array, Tensor, record
from .operation import constant, float_operands, float_tensor, operands, operation, sum_to, tensor


@operation
def fabs(x: Any) -> Tensor:
    """Return the absolute value as a float."""
    x = float_tensor(x)
    a = x._array
    return record(np.abs(a), (x,), (lambda g: g * np.sign(a),))


@operation
def deg2rad(x: Any) -> Tensor:
    """Return degrees as radians."""
    return _scaled(x, np.pi / 180)


@operation
def rad2deg(x: Any) -> Tensor:
    """Return radians as degrees."""
    return _scaled(x, 180 / np.pi)


def _scaled(x: Any, factor: float) -> Tensor:
    x = tensor(x)
    a = x._array.astype(np.float64) if x.dtype == "int64" else float_tensor(x)._array
    number = a.dtype.type(factor)
    return record(a * number, (x,), (lambda g: g * number,))


@operation
def sinc(x: Any) -> Tensor:
    """Return `sin(pi x) / (pi x)`."""
    x = float_tensor(x)
    a = x._array
    y = np.sinc(a)

    def derivative(g: Array) -> Array:
        safe = np.where(a == 0, 1, a)
        return np.asarray(g * np.where(a == 0, 0, (np.cos(np.pi * a) - y) / safe), g.dtype)

    return record(y, (x,), (derivative,))


@operation
def erfc(x: Any) -> Tensor:
    """Return one less the error function, exact where it is small."""
    from .special import erfc as compute

    x = float_tensor(x)
    a = x._array
    slope = a.dtype.type(-2 / np.sqrt(np.pi))
    return record(compute(a), (x,), (lambda g: g * (slope * np.exp(-a * a)),))


@operation
def erfinv(x: Any) -> Tensor:
    """Return the inverse of the error function."""
    from .special import erfinv as compute

    x = float_tensor(x)
    y = compute(x._array)
    slope = y.dtype.type(np.sqrt(np.pi) / 2)
    return record(y, (x,), (lambda g: g * slope * np.exp(y * y),))


@operation
def signbit(x: Any) -> Tensor:
    """Return where x is below 0, or is -0."""
    a = tensor(x)._array
    return constant(np.signbit(a) if a.dtype.kind == "f" else a < 0)


@operation
def isposinf(x: Any) -> Tensor:
    """Return where x is infinite and above 0."""
    return constant(np.isposinf(float_tensor(x)._array))


@operation
def isneginf(x: Any) -> Tensor:
    """Return where x is infinite and below 0."""
    return constant(np.isneginf(float_tensor(x)._array))


@operation
def isreal(x: Any) -> Tensor:
    """Return True everywhere: Chronicler has real numbers only."""
    return constant(np.ones(tensor(x).shape, bool))


@operation
def bitwise_not(x: Any) -> Tensor:
    """Return every bit the other way round."""
    return constant(np.invert(tensor(x)._array))


@operation
def bitwise_invert(x: Any) -> Tensor:
    """Return every bit the other way round."""
    return constant(np.invert(tensor(x)._array))


@operation
def bitwise_left_shift(x: Any, y: Any) -> Tensor:
    """Return `x` times 2 to the power of `y`, in bits."""
    _, _, a, b = operands(x, y)
    return constant(np.left_shift(a, b))


@operation
def bitwise_right_shift(x: Any, y: Any) -> Tensor:
    """Return `x` divided by 2 to the power of `y`, rounded down."""
    _, _, a, b = operands(x, y)
    return constant(np.right_shift(a, b))


left_shift = bitwise_left_shift
right_shift = bitwise_right_shift


@operation
def gcd(x1: Any, x2: Any) -> Tensor:
    """Return the greatest common divisor."""
    _, _, a, b = operands(x1, x2)
    return constant(np.gcd(a, b))


@operation
def lcm(x1: Any, x2: Any) -> Tensor:
    """Return the least common multiple."""
    _, _, a, b = operands(x1, x2)
    return constant(np.lcm(a, b))


@operation
def nextafter(x1: Any, x2: Any) -> Tensor:
    """Return the number next to `x1` in the direction of `x2`."""
    _, _, a, b = float_operands(x1, x2)
    return constant(np.nextafter(a, b))


@operation
def heaviside(x1: Any, x2: Any) -> Tensor:
    """Return 0 below 0, 1 above, and `x2` at 0."""
    x1, x2, a, b = float_operands(x1, x2)
    return record(
        np.heaviside(a, b),
        (x1, x2),
        (lambda g: np.zeros(a.shape, g.dtype), lambda g: sum_to(g * (a == 0), b.shape)),
    )


@operation
def ldexp(x1: Any, x2: Any) -> Tensor:
    """Return `x1` times 2 to the power of the whole number `x2`."""
    x1, x2 = float_tensor(x1), tensor(x2)
    if x2._array.dtype.kind not in "iu":
        raise TypeError(f"ldexp: x2 has the type {x2.dtype}; expected whole numbers.")
    a, b = x1._array, x2._array
    factor = np.exp2(b.astype(a.dtype))
    return record(
        np.asarray(a * factor, common_dtype(a.dtype, b.dtype)),
        (x1,),
        (lambda g: sum_to(g * factor, a.shape),),
    )


@operation
def logaddexp2(x1: Any, x2: Any) -> Tensor:
    """Return `log2(2**x1 + 2**x2)`."""
    x1, x2, a, b = float_operands(x1, x2)
    result = np.logaddexp2(a, b)
    return record(
        result,
        (x1, x2),
        (
            lambda g: sum_to(g * np.exp2(a - result), a.shape),
            lambda g: sum_to(g * np.exp2(b - result), b.shape),
        ),
    )


def _not_nan(name: str, compute: Any, larger: bool) -> Any:
    def function(x1: Any, x2: Any) -> Tensor:
        x1, x2, a, b = operands(x1, x2)
        first = (a >= b if larger else a <= b) | np.isnan(b)
        return record(
            compute(a, b),
            (x1, x2),
            (lambda g: sum_to(g * first, a.shape), lambda g: sum_to(g * ~first, b.shape)),
        )

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"Return the {'larger' if larger else 'smaller'} of two that is a number."
    return operation(function)


fmax = _not_nan("fmax", np.fmax, True)
fmin = _not_nan("fmin", np.fmin, False)


@operation
def cross(
    x1: Any, x2: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None
) -> Tensor:
    """Return the vector at right angles to two vectors of three numbers."""
    from .arithmetic import multiply, subtract
    from .structure import moveaxis, roll

    if axis is not None:
        axisa = axisb = axisc = axis
    x1, x2 = tensor(x1), tensor(x2)
    a, b = moveaxis(x1, axisa, -1), moveaxis(x2, axisb, -1)
    if a.shape[-1] != 3 or b.shape[-1] != 3:
        raise ValueError(f"cross: vectors of 3 numbers are needed; got {x1.shape} and {x2.shape}.")
    first = multiply(roll(a, -1, -1), roll(b, -2, -1))
    second = multiply(roll(a, -2, -1), roll(b, -1, -1))
    return moveaxis(subtract(first, second), -1, axisc)


@operation
def cdist(x: Any, y: Any) -> Tensor:
    """Return the distance of each row of x from each row of y."""
    from .arithmetic import subtract
    from .elementwise import square
    from .reduction import sum as total
    from .structure import expand_dims

    x, y = float_tensor(x), float_tensor(y)
    gaps = subtract(expand_dims(x, -2), expand_dims(y, -3))
    return _root(total(square(gaps), -1))


def _root(x: Any) -> Tensor:
    """Return the square root, with the derivative 0 at 0."""
    a = x._array
    y = np.sqrt(a)
    return record(y, (x,), (lambda g: np.where(y == 0, 0, g / np.where(y == 0, 1, 2 * y)),))
