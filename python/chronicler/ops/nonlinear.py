"""Activation functions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..tensor import Array, Tensor, record
from .elementwise import tanh
from .operation import float_tensor, operation, positive_axis, tensor

_SELU_ALPHA = 1.6732632423543772848170429916717
_SELU_SCALE = 1.0507009873554804934193349852946


@operation
def relu(x: Any) -> Tensor:
    """Return x where it is positive, else 0."""
    x = tensor(x)
    a = x._array
    return record(np.maximum(a, a.dtype.type(0)), (x,), (lambda g: g * (a > 0),))


@operation
def relu6(x: Any) -> Tensor:
    """Return x between 0 and 6."""
    x = float_tensor(x)
    a = x._array
    result = np.minimum(np.maximum(a, a.dtype.type(0)), a.dtype.type(6))
    return record(result, (x,), (lambda g: g * ((a > 0) & (a < 6)),))


def logistic(a: Array) -> Array:
    """Return `1 / (1 + exp(-a))` without overflow."""
    half = a.dtype.type(0.5)
    return np.asarray(half * np.tanh(half * a) + half)


@operation
def sigmoid(x: Any) -> Tensor:
    """Return `1 / (1 + exp(-x))`."""
    x = float_tensor(x)
    a = x._array
    e = np.exp(-np.abs(a))
    y = np.where(a >= 0, 1, e) / (1 + e)  # keeps the digits of small results, which tanh would not
    result = record(y, (x,), (lambda g: g * y * (1 - y),))
    result._keras_logits = x
    return result


@operation
def silu(x: Any) -> Tensor:
    """Return `x * sigmoid(x)`."""
    x = float_tensor(x)
    a = x._array
    s = logistic(a)
    return record(a * s, (x,), (lambda g: g * (s + a * s * (1 - s)),))


swish = silu


@operation
def softplus(x: Any) -> Tensor:
    """Return `log(1 + exp(x))`."""
    x = float_tensor(x)
    a = x._array
    return record(np.logaddexp(a, a.dtype.type(0)), (x,), (lambda g: g * logistic(a),))


@operation
def log_sigmoid(x: Any) -> Tensor:
    """Return the logarithm of `sigmoid(x)`."""
    x = float_tensor(x)
    a = x._array
    return record(-np.logaddexp(-a, a.dtype.type(0)), (x,), (lambda g: g * logistic(-a),))


@operation
def softsign(x: Any) -> Tensor:
    """Return `x / (1 + |x|)`."""
    x = float_tensor(x)
    a = x._array
    bottom = 1 + np.abs(a)
    return record(a / bottom, (x,), (lambda g: g / (bottom * bottom),))


@operation
def elu(x: Any, alpha: float = 1.0) -> Tensor:
    """Return x where it is positive, else `alpha * (exp(x) - 1)`."""
    x = float_tensor(x)
    a = x._array
    factor = a.dtype.type(alpha)
    below = factor * np.expm1(np.minimum(a, a.dtype.type(0)))
    return record(
        np.where(a > 0, a, below), (x,), (lambda g: g * np.where(a > 0, 1, below + factor),)
    )


@operation
def selu(x: Any) -> Tensor:
    """Return `elu` scaled so that mean 0 and variance 1 are kept."""
    x = float_tensor(x)
    a = x._array
    scale = a.dtype.type(_SELU_SCALE)
    factor = a.dtype.type(_SELU_ALPHA * _SELU_SCALE)
    below = factor * np.expm1(np.minimum(a, a.dtype.type(0)))
    return record(
        np.where(a > 0, scale * a, below),
        (x,),
        (lambda g: g * np.where(a > 0, scale, below + factor),),
    )


@operation
def celu(x: Any, alpha: float = 1.0) -> Tensor:
    """Return x where it is positive, else `alpha * (exp(x / alpha) - 1)`."""
    x = float_tensor(x)
    a = x._array
    factor = a.dtype.type(alpha)
    e = np.expm1(np.minimum(a, a.dtype.type(0)) / factor)
    return record(
        np.maximum(a, a.dtype.type(0)) + factor * e,
        (x,),
        (lambda g: g * np.where(a > 0, 1, e + 1).astype(a.dtype),),
    )


@operation
def gelu(x: Any, approximate: bool = True) -> Tensor:
    """Return x times the probability that a normal number is below x."""
    x = float_tensor(x)
    a = x._array
    number = a.dtype.type
    if not approximate:
        from .special import erf

        share = number(0.5) * (1 + erf(a * number(math.sqrt(0.5))))
        density = number(1 / math.sqrt(2 * math.pi))
        return record(a * share, (x,), (lambda g: g * (share + a * density * np.exp(-a * a / 2)),))
    root, cubic = number(math.sqrt(2 / math.pi)), number(0.044715)
    t = np.tanh(root * (a + cubic * a * a * a))
    share = number(0.5) * (1 + t)

    def derivative(g: Array) -> Array:
        slope = number(0.5) * (1 - t * t) * root * (1 + 3 * cubic * a * a)
        return np.asarray(g * (share + a * slope))

    return record(a * share, (x,), (derivative,))


@operation
def glu(x: Any, axis: int = -1) -> Tensor:
    """Return the first half of x along `axis` times the sigmoid of the second half."""
    from .arithmetic import multiply
    from .structure import split

    x = float_tensor(x)
    if x.shape[axis] % 2:
        raise ValueError(f"glu: axis {axis} of shape {x.shape} does not divide into two halves.")
    first, second = split(x, 2, axis)
    return multiply(first, sigmoid(second))


@operation
def hard_sigmoid(x: Any) -> Tensor:
    """Return `x / 6 + 0.5` between 0 and 1."""
    x = float_tensor(x)
    a = x._array
    number = a.dtype.type
    y = np.minimum(np.maximum(a + number(3), number(0)), number(6)) / number(6)
    return record(y, (x,), (lambda g: g * ((a > -3) & (a < 3)) / number(6),))


@operation
def hard_silu(x: Any) -> Tensor:
    """Return `x * hard_sigmoid(x)`."""
    from .arithmetic import multiply

    x = float_tensor(x)
    return multiply(x, hard_sigmoid(x))


hard_swish = hard_silu


@operation
def hard_tanh(x: Any) -> Tensor:
    """Return x between -1 and 1."""
    from .elementwise import clip

    return clip(float_tensor(x), -1.0, 1.0)


@operation
def leaky_relu(x: Any, negative_slope: float = 0.2) -> Tensor:
    """Return x where it is positive, else `negative_slope * x`."""
    x = float_tensor(x)
    a = x._array
    slope = np.where(a > 0, a.dtype.type(1), a.dtype.type(negative_slope))
    return record(a * slope, (x,), (lambda g: g * slope,))


@operation
def mish(x: Any) -> Tensor:
    """Return `x * tanh(softplus(x))`."""
    from .arithmetic import multiply

    x = float_tensor(x)
    return multiply(x, tanh(softplus(x)))


@operation
def tanh_shrink(x: Any) -> Tensor:
    """Return `x - tanh(x)`."""
    x = float_tensor(x)
    a = x._array
    t = np.tanh(a)
    return record(a - t, (x,), (lambda g: g * t * t,))


@operation
def hard_shrink(x: Any, threshold: float = 0.5) -> Tensor:
    """Return x where it is farther from 0 than `threshold`, else 0."""
    x = float_tensor(x)
    far = np.abs(x._array) > threshold
    return record(x._array * far, (x,), (lambda g: g * far,))


@operation
def soft_shrink(x: Any, threshold: float = 0.5) -> Tensor:
    """Return x moved towards 0 by `threshold`, and 0 within it."""
    x = float_tensor(x)
    a = x._array
    far = np.abs(a) > threshold
    result = (a - np.sign(a) * a.dtype.type(threshold)) * far
    return record(result, (x,), (lambda g: g * far,))


@operation
def threshold(x: Any, threshold: float, default_value: float) -> Tensor:
    """Return x where it is above `threshold`, else `default_value`."""
    x = float_tensor(x)
    a = x._array
    above = a > threshold
    result = np.where(above, a, a.dtype.type(default_value))
    return record(result, (x,), (lambda g: g * above,))


@operation
def squareplus(x: Any, b: float = 4) -> Tensor:
    """Return `(x + sqrt(x * x + b)) / 2`."""
    x = float_tensor(x)
    a = x._array
    root = np.sqrt(a * a + a.dtype.type(b))
    return record((a + root) / 2, (x,), (lambda g: g * (1 + a / root) / 2,))


@operation
def sparse_plus(x: Any) -> Tensor:
    """Return 0 below -1, x above 1, and `(x + 1)**2 / 4` between."""
    x = float_tensor(x)
    a = x._array
    number = a.dtype.type
    inside = np.minimum(np.maximum(a + number(1), number(0)), number(2))
    result = np.where(a < 1, inside * inside / number(4), a)
    return record(result, (x,), (lambda g: g * inside / number(2),))


@operation
def sparse_sigmoid(x: Any) -> Tensor:
    """Return `(x + 1) / 2` between 0 and 1."""
    x = float_tensor(x)
    a = x._array
    number = a.dtype.type
    inside = (a > -1) & (a < 1)
    result = np.minimum(np.maximum(number(0.5) * (a + number(1)), number(0)), number(1))
    return record(result, (x,), (lambda g: g * inside * number(0.5),))


@operation
def sparsemax(x: Any, axis: int = -1) -> Tensor:
    """Return the nearest point to x whose parts are not negative and add up to 1."""
    x = float_tensor(x)
    a = np.moveaxis(x._array, axis, -1)
    falling = -np.sort(-a, -1)
    running = np.cumsum(falling, -1) - 1
    count = (falling * np.arange(1, a.shape[-1] + 1) > running).sum(-1, keepdims=True)
    level = (np.take_along_axis(running, count - 1, -1) / count).astype(a.dtype)
    y = np.maximum(a - level, 0)

    def derivative(g: Array) -> Array:
        moved = np.moveaxis(g, axis, -1)
        inside = y > 0
        average = (moved * inside).sum(-1, keepdims=True) / inside.sum(-1, keepdims=True)
        return np.moveaxis(((moved - average) * inside).astype(g.dtype), -1, axis)

    return record(np.moveaxis(y, -1, axis), (x,), (derivative,))


@operation
def softmax(x: Any, axis: Any = -1) -> Tensor:
    """Return exponentials that add up to 1 along `axis`; None means over everything."""
    x = float_tensor(x)
    a = x._array
    axis = tuple(axis) if isinstance(axis, list) else axis
    e = np.exp(a - a.max(axis=axis, keepdims=True))
    y = e / e.sum(axis=axis, keepdims=True)

    def derivative(g: Array) -> Array:
        weighted = g * y
        return np.asarray(weighted - y * weighted.sum(axis=axis, keepdims=True))

    result = record(y, (x,), (derivative,))
    result._keras_logits = x
    return result


@operation
def log_softmax(x: Any, axis: Any = -1) -> Tensor:
    """Return the logarithm of `softmax`."""
    x = float_tensor(x)
    a = x._array
    axis = tuple(axis) if isinstance(axis, list) else axis
    distance = a - a.max(axis=axis, keepdims=True)
    y = distance - np.log(np.exp(distance).sum(axis=axis, keepdims=True))
    return record(y, (x,), (lambda g: g - np.exp(y) * g.sum(axis=axis, keepdims=True),))


@operation
def layer_normalization(
    x: Any, gamma: Any = None, beta: Any = None, axis: Any = -1, epsilon: Any = None, **kwargs: Any
) -> Tensor:
    """Return x with mean 0 and variance 1 along `axis`, then scaled and moved."""
    from .. import config
    from .arithmetic import add, multiply, subtract
    from .elementwise import rsqrt
    from .reduction import mean, var

    kwargs.pop("rms_scaling", None)
    x = float_tensor(x)
    small = config.epsilon() if epsilon is None else epsilon
    scaled = multiply(subtract(x, mean(x, axis, True)), rsqrt(add(var(x, axis, True), small)))
    shape = _along_axes(x, axis)
    if gamma is not None:
        scaled = multiply(scaled, _shaped(gamma, shape))
    return scaled if beta is None else add(scaled, _shaped(beta, shape))


@operation
def rms_normalization(x: Any, scale: Any = None, axis: Any = -1, epsilon: Any = None) -> Tensor:
    """Return x divided by the root of its mean square along `axis`, then scaled."""
    from .. import config
    from .arithmetic import add, multiply
    from .elementwise import rsqrt, square
    from .reduction import mean

    x = float_tensor(x)
    small = config.epsilon() if epsilon is None else epsilon
    scaled = multiply(x, rsqrt(add(mean(square(x), axis, True), small)))
    return scaled if scale is None else multiply(scaled, _shaped(scale, _along_axes(x, axis)))


@operation
def batch_normalization(
    x: Any,
    mean: Any,
    variance: Any,
    axis: int,
    offset: Any = None,
    scale: Any = None,
    epsilon: float = 1e-3,
) -> Tensor:
    """Return x less `mean`, divided by the root of `variance`, then scaled and moved."""
    from .arithmetic import add, multiply, subtract
    from .elementwise import rsqrt

    x = float_tensor(x)
    shape = _along_axes(x, axis)
    factor = rsqrt(add(_shaped(variance, shape), epsilon))
    if scale is not None:
        factor = multiply(factor, _shaped(scale, shape))
    result = multiply(subtract(x, _shaped(mean, shape)), factor)
    return result if offset is None else add(result, _shaped(offset, shape))


def _along_axes(x: Any, axis: Any) -> list[int]:
    axes = [axis] if isinstance(axis, int) else list(axis)
    places = {positive_axis(one, x.ndim) for one in axes}
    return [size if place in places else 1 for place, size in enumerate(x.shape)]


def _shaped(value: Any, shape: list[int]) -> Any:
    from .structure import reshape

    return reshape(value, shape)
