"""Random numbers. A seed gives the same ones on every machine and with every version of NumPy.

They come from the bits of Philox, a counter-based generator; what makes normal numbers and others
of those bits is written here, for NumPy may change its own ways.
"""

from __future__ import annotations

import math
import random as python_random
import threading
from collections.abc import Callable
from typing import Any

import numpy as np

from .arrays import Array, array_of
from .dtypes import INT_TYPES, numpy_dtype
from .ops.operation import float_tensor, operation, positive_axis, shape_of, tensor
from .tensor import Tensor, Variable, record

_lock = threading.Lock()
_global: list[SeedGenerator] = []
_counts: dict[str, int] = {}


class SeedGenerator:
    """A row of seeds: each call of a random function takes the next one.

    Parameters
    ----------
    seed : int, optional
        Where the row begins; by default a random place.
    name : str, optional
        A name.
    """

    _keras_module = "keras.random"

    def __init__(self, seed: int | None = None, name: str | None = None, **kwargs: Any) -> None:
        kwargs.pop("backend", None)
        if kwargs:
            raise ValueError(f"SeedGenerator: unknown arguments {sorted(kwargs)}.")
        if seed is not None and (not isinstance(seed, int) or isinstance(seed, bool)):
            raise ValueError(f"Argument `seed` must be an integer. Received: seed={seed!r}")
        self.name = name or _automatic_name()
        self._initial_seed = seed
        start = make_default_seed() if seed is None else seed
        self.state = Variable(
            np.array([_wrapped(start), 0], np.int64), trainable=False, name="seed_generator_state"
        )

    def next(self, ordered: bool = True) -> Tensor:
        """Return the next seed, two whole numbers."""
        with _lock:
            now = self.state.numpy()
            after = now + np.array([0, 1]) if ordered else (now + 1) * 5387 % 933199
            self.state.assign(after)
        return Tensor(now)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return {"seed": self._initial_seed, "name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> SeedGenerator:
        """Make one of a config."""
        return cls(**config)


def _wrapped(seed: int) -> int:
    """Return a seed in the range of int64."""
    return (seed + 2**63) % 2**64 - 2**63


def _automatic_name() -> str:
    count = _counts["seed_generator"] = _counts.get("seed_generator", -1) + 1
    return f"seed_generator_{count}" if count else "seed_generator"


def make_default_seed() -> int:
    """Return a seed out of Python's generator, which `utils.set_random_seed` sets."""
    return python_random.randint(1, 10**9)


def global_seed_generator() -> SeedGenerator:
    """Return the row of seeds of functions that are called without one."""
    if not _global:
        _global.append(SeedGenerator())
    return _global[0]


def reset_global_seed_generator() -> None:
    """Begin a new row of seeds; `utils.set_random_seed` calls it."""
    _global.clear()


def draw_seed(seed: Any) -> Tensor:
    """Return the two numbers that an argument `seed` means."""
    if seed is None:
        return global_seed_generator().next()
    if isinstance(seed, SeedGenerator):
        return seed.next()
    if isinstance(seed, (int, np.integer)) and not isinstance(seed, bool):
        return Tensor(np.array([_wrapped(int(seed)), 0], np.int64))
    raise ValueError(
        "Argument `seed` must be an integer or an instance of `SeedGenerator`. "
        f"Received: seed={seed!r}"
    )


class Stream:
    """The bits of one seed, made into numbers."""

    def __init__(self, seed: Any) -> None:
        high, low = (int(word) % 2**64 for word in draw_seed(seed).numpy())
        self._bits = np.random.Philox(key=np.array([high, low], np.uint64))

    def words(self, count: int) -> Array:
        """Return 64 random bits each."""
        return np.asarray(self._bits.random_raw(count), np.uint64)

    def uniform(self, count: int) -> Array:
        """Return numbers from 0 to before 1, in double precision."""
        return np.asarray((self.words(count) >> np.uint64(11)) * 2.0**-53)

    def normal(self, count: int) -> Array:
        """Return numbers of mean 0 and standard deviation 1 (Box and Muller's method)."""
        pairs = (count + 1) // 2
        radius = np.sqrt(-2.0 * np.log1p(-self.uniform(pairs)))
        angle = 2 * np.pi * self.uniform(pairs)
        return np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1).reshape(-1)[:count]

    def gamma(self, shape: Array) -> Array:
        """Return one gamma number for each of the shapes (Marsaglia and Tsang's method)."""
        small = shape < 1
        d = np.where(small, shape + 1, shape) - 1 / 3
        c = 1 / np.sqrt(9 * d)
        result = np.empty(len(shape))
        waiting = np.arange(len(shape))
        while waiting.size:
            x, u = self.normal(waiting.size), 1 - self.uniform(waiting.size)
            v = (1 + c[waiting] * x) ** 3
            with np.errstate(invalid="ignore", divide="ignore"):
                taken = (v > 0) & (np.log(u) < 0.5 * x * x + d[waiting] * (1 - v + np.log(v)))
            result[waiting[taken]] = d[waiting[taken]] * v[taken]
            waiting = waiting[~taken]
        lift = (1 - self.uniform(len(shape))) ** (1 / np.where(small, shape, 1))
        return np.where(small, result * lift, result)


def _numbers(make: Callable[[int], Array], shape: Any, dtype: Any, what: str) -> Array:
    """Return numbers in a shape and a type of floats."""
    kind = numpy_dtype(dtype)
    if kind.kind != "f":
        raise ValueError(
            f"`random.{what}` requires a floating point `dtype`. Received: dtype={dtype}"
        )
    sizes = shape_of(shape)
    return make(math.prod(sizes)).astype(kind).reshape(sizes)


@operation
def normal(
    shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = None, seed: Any = None
) -> Tensor:
    """Return normal numbers."""
    values = _numbers(Stream(seed).normal, shape, dtype, "normal")
    return Tensor(_scaled(values, mean, stddev))


def _scaled(values: Array, mean: Any, stddev: Any) -> Array:
    low, width = array_of(mean, values.dtype), array_of(stddev, values.dtype)
    return np.asarray(values * width + low)


@operation
def uniform(
    shape: Any, minval: Any = 0.0, maxval: Any = 1.0, dtype: Any = None, seed: Any = None
) -> Tensor:
    """Return numbers from `minval` to before `maxval`, all equally likely."""
    values = _numbers(Stream(seed).uniform, shape, dtype, "uniform")
    low, high = array_of(minval, values.dtype), array_of(maxval, values.dtype)
    below = np.nextafter(values.dtype.type(1), values.dtype.type(0))  # rounding may have given 1
    return Tensor(np.asarray(np.minimum(values, below) * (high - low) + low))


@operation
def truncated_normal(
    shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = None, seed: Any = None
) -> Tensor:
    """Return normal numbers, drawn again where they are over two deviations from the mean."""
    stream = Stream(seed)

    def make(count: int) -> Array:
        values = stream.normal(count)
        far = np.flatnonzero(np.abs(values) > 2)
        while far.size:
            values[far] = stream.normal(far.size)
            far = far[np.abs(values[far]) > 2]
        return values

    return Tensor(_scaled(_numbers(make, shape, dtype, "truncated_normal"), mean, stddev))


@operation
def randint(shape: Any, minval: Any, maxval: Any, dtype: Any = "int32", seed: Any = None) -> Tensor:
    """Return whole numbers from `minval` to before `maxval`, all equally likely."""
    kind = numpy_dtype(dtype)
    if kind.name not in INT_TYPES:
        raise ValueError(f"`random.randint` requires an integer `dtype`. Received: dtype={dtype}")
    low, high = array_of(minval).astype(np.int64), array_of(maxval).astype(np.int64)
    if np.any(high <= low):
        raise ValueError(f"random.randint: maxval {maxval} is not above minval {minval}.")
    sizes = shape_of(shape)
    share = Stream(seed).uniform(math.prod(sizes)).reshape(sizes)
    return Tensor(np.asarray(low + np.floor(share * (high - low)).astype(np.int64)).astype(kind))


@operation
def categorical(logits: Any, num_samples: int, dtype: Any = "int32", seed: Any = None) -> Tensor:
    """Return `num_samples` classes for each row; a class is as likely as its exponential says."""
    scores = tensor(logits)._array.astype(np.float64)
    if scores.ndim != 2:
        raise ValueError(f"random.categorical: logits has the shape {scores.shape}; expected 2-D.")
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    bounds = np.cumsum(weights, 1)
    share = Stream(seed).uniform(len(scores) * num_samples).reshape(len(scores), num_samples)
    level = share * bounds[:, -1:]
    classes = [np.searchsorted(row, at, side="right") for row, at in zip(bounds, level)]
    found = np.asarray(classes).reshape(len(scores), num_samples)
    return Tensor(np.minimum(found, scores.shape[1] - 1).astype(numpy_dtype(dtype)))


@operation
def dropout(inputs: Any, rate: float, noise_shape: Any = None, seed: Any = None) -> Tensor:
    """Return `inputs` with a share `rate` of the elements 0 and the others scaled up."""
    if not 0 <= rate <= 1:
        raise ValueError(f"random.dropout: rate is {rate}; expected a number from 0 to 1.")
    x = float_tensor(inputs)
    a = x._array
    if rate == 0:
        return record(a, (x,), (lambda g: g,))
    sizes = a.shape
    if noise_shape is not None:
        sizes = tuple(
            a.shape[axis] if size is None else int(size) for axis, size in enumerate(noise_shape)
        )
    kept = Stream(seed).uniform(math.prod(sizes)).reshape(sizes) >= rate
    factor = kept * a.dtype.type(1 / (1 - rate) if rate < 1 else 0)
    return record(a * factor, (x,), (lambda g: g * factor,))


@operation
def shuffle(x: Any, axis: int = 0, seed: Any = None) -> Tensor:
    """Return x with its slices along `axis` in random order."""
    x = tensor(x)
    place = positive_axis(axis, x.ndim)
    order = np.argsort(Stream(seed).words(x.shape[place]), kind="stable")
    back = np.argsort(order)
    return record(np.take(x._array, order, place), (x,), (lambda g: np.take(g, back, place),))


@operation
def gamma(shape: Any, alpha: Any, dtype: Any = None, seed: Any = None) -> Tensor:
    """Return gamma numbers with the shapes `alpha` and the scale 1."""
    stream = Stream(seed)
    shapes = _spread(alpha, shape, "gamma", "alpha")
    return Tensor(_numbers(lambda count: stream.gamma(shapes), shape, dtype, "gamma"))


def _spread(value: Any, shape: Any, what: str, name: str) -> Array:
    spread = np.broadcast_to(array_of(value).astype(np.float64), shape_of(shape)).reshape(-1)
    if np.any(spread <= 0):
        raise ValueError(f"random.{what}: {name} is {value}; expected numbers above 0.")
    return spread


@operation
def beta(shape: Any, alpha: Any, beta: Any, dtype: Any = None, seed: Any = None) -> Tensor:
    """Return beta numbers, which lie between 0 and 1."""
    stream = Stream(seed)

    def make(count: int) -> Array:
        first = stream.gamma(_spread(alpha, shape, "beta", "alpha"))
        second = stream.gamma(_spread(beta, shape, "beta", "beta"))
        return np.asarray(first / (first + second))

    return Tensor(_numbers(make, shape, dtype, "beta"))


@operation
def binomial(
    shape: Any, counts: Any, probabilities: Any, dtype: Any = None, seed: Any = None
) -> Tensor:
    """Return how many of `counts` tries succeed."""
    sizes = shape_of(shape)
    kind = numpy_dtype(dtype)
    tries = np.broadcast_to(array_of(counts).astype(np.int64), sizes).reshape(-1)
    share = np.broadcast_to(array_of(probabilities).astype(np.float64), sizes).reshape(-1)
    if np.any(tries < 0) or np.any((share < 0) | (share > 1)):
        raise ValueError("random.binomial: counts are at least 0, probabilities from 0 to 1.")
    stream = Stream(seed)
    total = np.zeros(tries.shape, np.int64)
    for attempt in range(int(tries.max(initial=0))):
        total += (stream.uniform(tries.size) < share) & (attempt < tries)
    return Tensor(total.astype(kind).reshape(sizes))


def random_seed_dtype() -> str:
    """Return the type of seeds."""
    return "int64"
