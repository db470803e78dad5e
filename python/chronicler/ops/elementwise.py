"""Operations of one argument, elementwise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..tensor import Array, Tensor, array_of, record
from .operation import (
    constant,
    float_tensor,
    operands,
    operation,
    sum_to,
    tensor,
)


def _function(
    name: str,
    compute: Callable[[Array], Any],
    slope: Callable[[Array, Array], Any],
    what: str,
    of_floats: bool = True,
) -> Callable[[Any], Tensor]:
    """Return the operation `name`: its function, and its slope from argument and result."""
    convert = float_tensor if of_floats else tensor

    def function(x: Any) -> Tensor:
        x = convert(x)
        a = x._array
        with np.errstate(all="ignore"):
            result = np.asarray(compute(a))

        def derivative(g: Array) -> Array:
            with np.errstate(all="ignore"):
                return np.asarray(g * slope(a, result))

        return record(result, (x,), (derivative,))

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"Return {what}, elementwise."
    return operation(function)


def _sign(a: Array) -> Array:
    return np.sign(a) if a.dtype.kind != "b" else a


absolute = _function("absolute", np.abs, lambda x, y: np.sign(x), "the absolute value", False)
abs = absolute
negative = _function("negative", np.negative, lambda x, y: x.dtype.type(-1), "`-x`", False)
square = _function(
    "square",
    lambda x: x * x if x.dtype.kind != "b" else x.astype(np.int32),
    lambda x, y: 2 * x,
    "`x * x`",
    False,
)
exp = _function("exp", np.exp, lambda x, y: y, "e to the power of x")
exp2 = _function("exp2", np.exp2, lambda x, y: y * x.dtype.type(np.log(2)), "2 to the power of x")
expm1 = _function("expm1", np.expm1, lambda x, y: y + 1, "`exp(x) - 1`, exact near 0")
log = _function("log", np.log, lambda x, y: 1 / x, "the natural logarithm")
log1p = _function("log1p", np.log1p, lambda x, y: 1 / (1 + x), "`log(1 + x)`, exact near 0")
log2 = _function(
    "log2", np.log2, lambda x, y: 1 / (x * x.dtype.type(np.log(2))), "the logarithm to base 2"
)
log10 = _function(
    "log10", np.log10, lambda x, y: 1 / (x * x.dtype.type(np.log(10))), "the logarithm to base 10"
)
sqrt = _function("sqrt", np.sqrt, lambda x, y: 1 / (2 * y), "the square root")
rsqrt = _function(
    "rsqrt", lambda x: 1 / np.sqrt(x), lambda x, y: y / (-2 * x), "one over the square root"
)
reciprocal = _function("reciprocal", lambda x: 1 / x, lambda x, y: -y * y, "`1 / x`")
sin = _function("sin", np.sin, lambda x, y: np.cos(x), "the sine")
cos = _function("cos", np.cos, lambda x, y: -np.sin(x), "the cosine")
tan = _function("tan", np.tan, lambda x, y: 1 + y * y, "the tangent")
sinh = _function("sinh", np.sinh, lambda x, y: np.cosh(x), "the hyperbolic sine")
cosh = _function("cosh", np.cosh, lambda x, y: np.sinh(x), "the hyperbolic cosine")
tanh = _function("tanh", np.tanh, lambda x, y: 1 - y * y, "the hyperbolic tangent")
arcsin = _function("arcsin", np.arcsin, lambda x, y: 1 / np.sqrt(1 - x * x), "the arcsine")
arccos = _function("arccos", np.arccos, lambda x, y: -1 / np.sqrt(1 - x * x), "the arccosine")
arctan = _function("arctan", np.arctan, lambda x, y: 1 / (1 + x * x), "the arctangent")
arcsinh = _function(
    "arcsinh", np.arcsinh, lambda x, y: 1 / np.sqrt(x * x + 1), "the inverse hyperbolic sine"
)
arccosh = _function(
    "arccosh", np.arccosh, lambda x, y: 1 / np.sqrt(x * x - 1), "the inverse hyperbolic cosine"
)
arctanh = _function(
    "arctanh", np.arctanh, lambda x, y: 1 / (1 - x * x), "the inverse hyperbolic tangent"
)


@operation
def cbrt(x: Any) -> Tensor:
    """Return the cube root."""
    x = tensor(x)
    a = x._array
    y = np.cbrt(a.astype(np.float64) if a.dtype == np.int64 else float_tensor(x)._array)
    return record(y, (x,), (lambda g: g / (3 * y * y),))


@operation
def sign(x: Any) -> Tensor:
    """Return -1, 0 or 1."""
    return constant(_sign(tensor(x)._array))


@operation
def floor(x: Any) -> Tensor:
    """Return the largest whole number that is not above x."""
    return constant(np.floor(float_tensor(x)._array))


@operation
def ceil(x: Any) -> Tensor:
    """Return the smallest whole number that is not below x."""
    return constant(np.ceil(float_tensor(x)._array))


@operation
def trunc(x: Any) -> Tensor:
    """Return x without its fraction."""
    a = tensor(x)._array
    return constant(np.trunc(a).astype(a.dtype, copy=False))


@operation
def round(x: Any, decimals: int = 0) -> Tensor:
    """Return x rounded to `decimals` digits; halves go to the even neighbour."""
    a = tensor(x)._array
    if a.dtype.kind == "b":
        a = a.astype(np.int32)
    return constant(np.round(a, decimals))


@operation
def clip(x: Any, x_min: Any, x_max: Any) -> Tensor:
    """Return x, but no smaller than `x_min` and no larger than `x_max`."""
    x = tensor(x)
    a = x._array
    if a.dtype.kind == "b":
        a = a.astype(np.int32)
    _, _, a1, low = operands(Tensor(a), x_min)
    _, _, a, high = operands(Tensor(a1), x_max)
    low = low.astype(a.dtype, copy=False)
    result = np.minimum(np.maximum(a, low), high)

    def derivative(g: Array) -> Array:
        return sum_to(g * ((a >= low) & (a <= high)), x._array.shape)

    return record(result, (x,), (derivative,))


@operation
def isnan(x: Any) -> Tensor:
    """Return where x is not a number."""
    return constant(np.isnan(float_tensor(x)._array))


@operation
def isinf(x: Any) -> Tensor:
    """Return where x is infinite."""
    return constant(np.isinf(float_tensor(x)._array))


@operation
def isfinite(x: Any) -> Tensor:
    """Return where x is a finite number."""
    return constant(np.isfinite(float_tensor(x)._array))


@operation
def nan_to_num(x: Any, nan: float = 0.0, posinf: Any = None, neginf: Any = None) -> Tensor:
    """Return x with numbers in place of NaN and infinities."""
    x = tensor(x)
    a = x._array
    result = np.nan_to_num(a, nan=nan, posinf=posinf, neginf=neginf)
    return record(result, (x,), (lambda g: g * np.isfinite(a),))


@operation
def cast(x: Any, dtype: Any) -> Any:
    """Return x with another type."""
    from ..dtypes import numpy_dtype

    x = tensor(x)
    kind = numpy_dtype(dtype)
    a = x._array
    if a.dtype == kind and isinstance(x, Tensor):
        return x
    with np.errstate(invalid="ignore"):
        return record(array_of(a, kind), (x,), (lambda g: g.astype(a.dtype, copy=False),))


@operation
def saturate_cast(x: Any, dtype: Any) -> Any:
    """Return x with another type, clipped to its range."""
    from ..dtypes import numpy_dtype

    kind = numpy_dtype(dtype)
    a = tensor(x)._array
    if kind.kind in "iu":
        limits = np.iinfo(kind)
        if a.dtype.kind == "f":
            a = np.clip(np.where(np.isnan(a), 0, a).astype(np.float64), limits.min, limits.max)
            top = a >= limits.max
            return constant(np.where(top, limits.max, np.where(top, 0, a).astype(kind)))
        a = np.minimum(np.maximum(a.astype(object), limits.min), limits.max)
    return constant(a.astype(kind))


@operation
def erf(x: Any) -> Tensor:
    """Return the error function."""
    from .special import erf as compute

    x = float_tensor(x)
    a = x._array
    slope = a.dtype.type(2 / np.sqrt(np.pi))
    return record(compute(a), (x,), (lambda g: g * (slope * np.exp(-a * a)),))
