"""What keras.backend had in Keras 1 and 2: `K.mean(K.square(y_true - y_pred))` and its kin.

Those that are operations of today under the same name are taken from `chronicler.ops`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from . import config, ops
from . import random as numbers
from .arrays import array_of
from .tensor import Variable

_SAME = (
    "abs all any binary_crossentropy cast categorical_crossentropy cos dtype elu equal exp eye "
    "greater greater_equal hard_sigmoid less less_equal log logsumexp max maximum mean min "
    "minimum ndim not_equal one_hot prod reshape round shape sigmoid sign sin softmax softplus "
    "softsign sparse_categorical_crossentropy sqrt square squeeze stack std stop_gradient sum "
    "tanh tile transpose var"
)
SAME = frozenset(_SAME.split())


def argmax(x: Any, axis: int | None = -1) -> Any:
    """Return where the largest is along `axis`."""
    return ops.cast(ops.argmax(x, axis), "int64")


def argmin(x: Any, axis: int | None = -1) -> Any:
    """Return where the smallest is along `axis`."""
    return ops.cast(ops.argmin(x, axis), "int64")


def arange(start: Any, stop: Any = None, step: Any = 1, dtype: Any = "int32") -> Any:
    """Return numbers from `start` to before `stop`."""
    return (
        ops.arange(start, stop, step, dtype)
        if stop is not None
        else ops.arange(0, start, step, dtype)
    )


def batch_dot(x: Any, y: Any, axes: Any = None) -> Any:
    """Return the sums of products of each sample of x with that of y over one axis of each."""
    x, y = ops.convert_to_tensor(x), ops.convert_to_tensor(y)
    m, n = len(x.shape), len(y.shape)
    if axes is None:
        axes = (m - 1, n - 1 if n == 2 else n - 2)
    first, second = (axes, axes) if isinstance(axes, int) else axes
    first, second = first % m, second % n
    letters = "bcdefghijklmnopqrstuvwxyz"
    left = ["a", *letters[: m - 1]]
    right = ["a", *letters[m - 1 : m + n - 2]]
    right[second] = left[first]
    out = [name for place, name in enumerate(left) if place != first]
    out += [name for place, name in enumerate(right) if place not in (0, second)]
    result = ops.einsum(f"{''.join(left)},{''.join(right)}->{''.join(out)}", x, y)
    return ops.expand_dims(result, 1) if len(out) == 1 else result


def batch_flatten(x: Any) -> Any:
    """Return each sample as a vector."""
    x = ops.convert_to_tensor(x)
    return ops.reshape(x, (-1, int(np.prod(x.shape[1:]))))


flatten = ops.ravel


def batch_get_value(tensors: Any) -> list[Any]:
    """Return the numbers of several variables."""
    return [get_value(x) for x in tensors]


def batch_set_value(tuples: Any) -> None:
    """Set several variables: (variable, value)."""
    for variable_, value in tuples:
        variable_.assign(value)


def bias_add(x: Any, bias: Any, data_format: str | None = None) -> Any:
    """Return `x + bias`."""
    if config.standardize_data_format(data_format) == "channels_first" and len(x.shape) > 2:
        bias = ops.reshape(bias, (1, -1, *[1] * (len(x.shape) - 2)))
    return ops.add(x, bias)


def cast_to_floatx(x: Any) -> Any:
    """Return x in the default float type; an array of NumPy's stays one."""
    if hasattr(x, "_array") or getattr(x, "_is_symbol", False):
        return ops.cast(x, config.floatx())
    return np.asarray(x, config.floatx())


def clip(x: Any, min_value: Any, max_value: Any) -> Any:
    """Return x, but no smaller than `min_value` and no larger than `max_value`."""
    x = ops.convert_to_tensor(x)
    low = -np.inf if min_value is None else min_value
    return ops.clip(x, low, np.inf if max_value is None else max_value)


def concatenate(tensors: Any, axis: int = -1) -> Any:
    """Return the tensors joined along `axis`."""
    return ops.concatenate(tensors, axis)


def constant(value: Any, dtype: Any = None, shape: Any = None, name: str | None = None) -> Any:
    """Return a tensor with these numbers."""
    made = ops.convert_to_tensor(value, dtype or config.floatx())
    return made if shape is None else ops.broadcast_to(made, shape)


def count_params(x: Any) -> int:
    """Return the number of elements."""
    return int(np.prod(x.shape))


def cumsum(x: Any, axis: int = 0) -> Any:
    """Return the running sums along `axis`."""
    return ops.cumsum(x, axis)


def cumprod(x: Any, axis: int = 0) -> Any:
    """Return the running products along `axis`."""
    return ops.cumprod(x, axis)


def dot(x: Any, y: Any) -> Any:
    """Return the sum of products over the last axis of x and the last but one of y."""
    return ops.dot(x, y)


def dropout(x: Any, level: float, noise_shape: Any = None, seed: Any = None) -> Any:
    """Return x with a share `level` of the elements 0 and the others scaled up."""
    return numbers.dropout(x, level, noise_shape, seed)


def eval(x: Any) -> Any:
    """Return the numbers."""
    return get_value(x)


def expand_dims(x: Any, axis: int = -1) -> Any:
    """Return x with a new axis of size 1."""
    return ops.expand_dims(x, axis)


def gather(reference: Any, indices: Any) -> Any:
    """Return the rows that the indices name."""
    return ops.take(reference, indices, 0)


def get_value(x: Any) -> Any:
    """Return the numbers as a NumPy array."""
    return np.array(array_of(x))


def set_value(x: Any, value: Any) -> None:
    """Set a variable, or the number that an optimizer has of this kind."""
    x.assign(value)


def in_top_k(predictions: Any, targets: Any, k: int) -> Any:
    """Return whether the target of each row is among its k largest predictions."""
    return ops.in_top_k(targets, predictions, k)


def int_shape(x: Any) -> Any:
    """Return the sizes; None where one varies."""
    return tuple(x.shape) if hasattr(x, "shape") else None


def l2_normalize(x: Any, axis: Any = None) -> Any:
    """Return x divided by its length along `axis`, by default of everything."""
    squares = ops.sum(ops.square(x), axis, axis is not None)
    return ops.multiply(x, ops.rsqrt(ops.maximum(squares, 1e-12)))


def moving_average_update(x: Any, value: Any, momentum: float) -> Any:
    """Move a variable towards a value."""
    return x.assign(x * momentum + ops.multiply(value, 1 - momentum))


def ones(shape: Any, dtype: Any = None, name: str | None = None) -> Any:
    """Return ones."""
    return ops.ones(shape, dtype)


def zeros(shape: Any, dtype: Any = None, name: str | None = None) -> Any:
    """Return zeros."""
    return ops.zeros(shape, dtype)


def ones_like(x: Any, dtype: Any = None, name: str | None = None) -> Any:
    """Return ones in the shape of x."""
    return ops.ones_like(x, dtype)


def zeros_like(x: Any, dtype: Any = None, name: str | None = None) -> Any:
    """Return zeros in the shape of x."""
    return ops.zeros_like(x, dtype)


def permute_dimensions(x: Any, pattern: Any) -> Any:
    """Return x with its axes in another order."""
    return ops.transpose(x, pattern)


def pow(x: Any, a: Any) -> Any:
    """Return x to the power of a."""
    return ops.power(x, a)


def random_bernoulli(shape: Any, p: float = 0.0, dtype: Any = None, seed: Any = None) -> Any:
    """Return 1 with the probability p, else 0."""
    return ops.cast(ops.less(numbers.uniform(shape, seed=seed), p), dtype or config.floatx())


def random_normal(
    shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: Any = None
) -> Any:
    """Return normal numbers."""
    return numbers.normal(shape, mean, stddev, dtype, seed)


def random_uniform(
    shape: Any, minval: float = 0.0, maxval: float = 1.0, dtype: Any = None, seed: Any = None
) -> Any:
    """Return numbers between two bounds."""
    return numbers.uniform(shape, minval, maxval, dtype, seed)


def truncated_normal(
    shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: Any = None
) -> Any:
    """Return normal numbers that are at most two deviations from the mean."""
    return numbers.truncated_normal(shape, mean, stddev, dtype, seed)


def relu(x: Any, alpha: float = 0.0, max_value: float | None = None, threshold: float = 0.0) -> Any:
    """Return x above `threshold` (at most `max_value`), else `alpha * (x - threshold)`."""
    from .activations import relu as function

    return function(x, alpha, max_value, threshold)


def repeat(x: Any, n: int) -> Any:
    """Return each row of (samples, size) n times: (samples, n, size)."""
    return ops.repeat(ops.expand_dims(x, 1), n, 1)


def repeat_elements(x: Any, rep: int, axis: int) -> Any:
    """Return each slice along `axis` `rep` times."""
    return ops.repeat(x, rep, axis)


def reverse(x: Any, axes: Any) -> Any:
    """Return x in reverse order along axes."""
    return ops.flip(x, axes)


def switch(condition: Any, then_expression: Any, else_expression: Any) -> Any:
    """Return one or the other: of functions, the result of one; of tensors, elementwise."""
    if callable(then_expression) and not hasattr(then_expression, "shape"):
        return ops.cond(condition, then_expression, else_expression)
    chosen = ops.convert_to_tensor(condition)
    extra = len(ops.shape(then_expression)) - len(chosen.shape)
    if extra > 0:
        chosen = ops.reshape(chosen, (*ops.shape(chosen), *[1] * extra))
    return ops.where(chosen, then_expression, else_expression)


def temporal_padding(x: Any, padding: Any = (1, 1)) -> Any:
    """Return (samples, steps, size) with steps of zeros before and after."""
    return ops.pad(x, ((0, 0), tuple(padding), (0, 0)))


def update(x: Any, new_x: Any) -> Any:
    """Set a variable."""
    return x.assign(new_x)


def update_add(x: Any, increment: Any) -> Any:
    """Add to a variable."""
    return x.assign_add(increment)


def update_sub(x: Any, decrement: Any) -> Any:
    """Subtract from a variable."""
    return x.assign_sub(decrement)


def variable(
    value: Any, dtype: Any = None, name: str | None = None, constraint: Any = None
) -> Variable:
    """Return a variable with these numbers."""
    made = Variable(value, dtype=dtype or config.floatx(), name=name)
    made.constraint = constraint
    return made
