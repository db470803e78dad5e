"""Activation functions by Keras's names; on arrays, tensors and symbols of a graph."""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import Any

from . import ops, registration
from .serialization import deserialize_keras_object, serialize_keras_object


def relu(
    x: Any, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0
) -> Any:
    """Return x above `threshold` (at most `max_value`), else `negative_slope * (x - threshold)`."""
    if not negative_slope and max_value is None and not threshold:
        return ops.relu(x)
    x = ops.convert_to_tensor(x)
    if not x.dtype.startswith("float"):
        x = ops.cast(x, "float32")
    above = ops.greater(x, threshold)
    result = ops.where(above, x, 0.0)
    if max_value is not None:
        result = ops.minimum(result, max_value)
    if negative_slope:
        result = ops.where(above, result, negative_slope * (x - threshold))
    return result


def leaky_relu(x: Any, negative_slope: float = 0.2) -> Any:
    """Return x where it is positive, else `negative_slope * x`."""
    return ops.leaky_relu(x, negative_slope=negative_slope)


def relu6(x: Any) -> Any:
    """Return x between 0 and 6."""
    return ops.relu6(x)


def softmax(x: Any, axis: Any = -1) -> Any:
    """Return exponentials that add up to 1 along `axis`."""
    return ops.softmax(x, axis=axis)


def elu(x: Any, alpha: float = 1.0) -> Any:
    """Return x where it is positive, else `alpha * (exp(x) - 1)`."""
    return ops.elu(x, alpha=alpha)


def selu(x: Any) -> Any:
    """Return `elu` scaled so that mean 0 and variance 1 are kept."""
    return ops.selu(x)


def celu(x: Any, alpha: float = 1.0) -> Any:
    """Return x where it is positive, else `alpha * (exp(x / alpha) - 1)`."""
    return ops.celu(x, alpha=alpha)


def softplus(x: Any) -> Any:
    """Return `log(1 + exp(x))`."""
    return ops.softplus(x)


def softsign(x: Any) -> Any:
    """Return `x / (1 + |x|)`."""
    return ops.softsign(x)


def soft_shrink(x: Any, threshold: float = 0.5) -> Any:
    """Return x moved towards 0 by `threshold`, and 0 within it."""
    return ops.soft_shrink(x, threshold=threshold)


def hard_shrink(x: Any, threshold: float = 0.5) -> Any:
    """Return x where it is farther from 0 than `threshold`, else 0."""
    return ops.hard_shrink(x, threshold=threshold)


def tanh_shrink(x: Any) -> Any:
    """Return `x - tanh(x)`."""
    return ops.tanh_shrink(x)


def threshold(x: Any, threshold: float, default_value: float) -> Any:
    """Return x where it is above `threshold`, else `default_value`."""
    return ops.threshold(x, threshold, default_value)


def sparse_plus(x: Any) -> Any:
    """Return 0 below -1, x above 1, and `(x + 1)**2 / 4` between."""
    return ops.sparse_plus(x)


def sparse_sigmoid(x: Any) -> Any:
    """Return `(x + 1) / 2` between 0 and 1."""
    return ops.sparse_sigmoid(x)


def sparsemax(x: Any, axis: int = -1) -> Any:
    """Return the nearest point to x whose parts are not negative and add up to 1."""
    return ops.sparsemax(x, axis=axis)


def squareplus(x: Any, b: float = 4) -> Any:
    """Return `(x + sqrt(x * x + b)) / 2`."""
    return ops.squareplus(x, b=b)


def silu(x: Any) -> Any:
    """Return `x * sigmoid(x)`."""
    return ops.silu(x)


def gelu(x: Any, approximate: bool = False) -> Any:
    """Return x times the probability that a normal number is below x."""
    return ops.gelu(x, approximate=approximate)


def glu(x: Any, axis: int = -1) -> Any:
    """Return the first half of x along `axis` times the sigmoid of the second half."""
    return ops.glu(x, axis=axis)


def tanh(x: Any) -> Any:
    """Return the hyperbolic tangent."""
    return ops.tanh(x)


def hard_tanh(x: Any) -> Any:
    """Return x between -1 and 1."""
    return ops.hard_tanh(x)


def sigmoid(x: Any) -> Any:
    """Return `1 / (1 + exp(-x))`."""
    return ops.sigmoid(x)


def hard_sigmoid(x: Any) -> Any:
    """Return `x / 6 + 0.5` between 0 and 1."""
    return ops.hard_sigmoid(x)


def log_sigmoid(x: Any) -> Any:
    """Return the logarithm of `sigmoid(x)`."""
    return ops.log_sigmoid(x)


def hard_silu(x: Any) -> Any:
    """Return `x * hard_sigmoid(x)`."""
    return ops.hard_silu(x)


def exponential(x: Any) -> Any:
    """Return e to the power of x."""
    return ops.exp(x)


def linear(x: Any) -> Any:
    """Return x."""
    return x


def mish(x: Any) -> Any:
    """Return `x * tanh(softplus(x))`."""
    return ops.mish(x)


def log_softmax(x: Any, axis: Any = -1) -> Any:
    """Return the logarithm of `softmax`."""
    return ops.log_softmax(x, axis=axis)


swish = silu
hard_swish = hard_silu

_FUNCTIONS: dict[str, Callable[..., Any]] = {
    function.__name__: function
    for function in (
        *(relu, leaky_relu, relu6, softmax, celu, elu, selu, softplus, softsign, squareplus),
        *(soft_shrink, sparse_plus, silu, gelu, glu, tanh, tanh_shrink, threshold, sigmoid),
        *(sparse_sigmoid, exponential, hard_sigmoid, hard_silu, hard_tanh, hard_shrink, linear),
        *(mish, log_softmax, log_sigmoid, sparsemax),
    )
}
_FUNCTIONS["swish"] = silu
_FUNCTIONS["hard_swish"] = hard_silu


def get(identifier: Any) -> Callable[..., Any]:
    """Return the function of a name, a config or a callable; None is `linear`."""
    if identifier is None:
        return linear
    found: Any = identifier
    if isinstance(identifier, dict):
        found = deserialize_keras_object(identifier, module_objects=_FUNCTIONS)
    elif isinstance(identifier, str):
        found = _FUNCTIONS.get(identifier)
        if found is None:
            found = registration.get_registered_object(identifier)
    if callable(found):
        return found  # type: ignore[no-any-return]
    from difflib import get_close_matches

    near = get_close_matches(str(identifier), _FUNCTIONS)
    hint = f" Did you mean {', '.join(map(repr, near))}?" if near else ""
    raise ValueError(f"Could not interpret activation function identifier: {identifier!r}.{hint}")


def serialize(activation: Any) -> Any:
    """Return the name of one of Keras's functions, or the config of one's own."""
    name = getattr(activation, "__name__", None)
    if isinstance(activation, types.FunctionType):
        if _FUNCTIONS.get(str(name)) is activation:
            return name
        registered = registration.get_registered_name(activation)
        config = serialize_keras_object(activation)
        config["config"] = registered
        return config
    return serialize_keras_object(activation)


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """Return the function that `serialize` wrote."""
    if isinstance(config, str) and config not in _FUNCTIONS:
        own = registration.get_registered_object(config, custom_objects)
        return own if own is not None else get(config)
    return deserialize_keras_object(
        config, custom_objects=custom_objects, module_objects=_FUNCTIONS
    )
