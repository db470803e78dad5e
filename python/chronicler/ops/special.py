"""The error function and its kin, which NumPy does not have."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..tensor import Array

# The C library's functions, element by element: right to the last bit, and arrays here are small.
_erf = np.frompyfunc(math.erf, 1, 1)
_erfc = np.frompyfunc(math.erfc, 1, 1)


def _elementwise(function: Any, a: Array) -> Array:
    return np.asarray(function(a), np.float64).astype(a.dtype)


def erf(a: Array) -> Array:
    """Return the error function of each element, in the array's type."""
    return _elementwise(_erf, a)


def erfc(a: Array) -> Array:
    """Return one less the error function of each element, in the array's type."""
    return _elementwise(_erfc, a)


def erfinv(a: Array) -> Array:
    """Return the inverse of the error function of each element, in the array's type."""
    from statistics import NormalDist  # a heavy import

    quantile = NormalDist().inv_cdf
    return _elementwise(np.frompyfunc(lambda y: _inverse(y, quantile), 1, 1), a)


def _inverse(y: float, quantile: Callable[[float], float]) -> float:
    if not -1 < y < 1:
        return math.copysign(math.inf, y) if abs(y) == 1 else math.nan
    x = quantile((y + 1) / 2) / math.sqrt(2)
    for _ in range(2):  # Newton's steps: the start is right to nine digits
        x -= (math.erf(x) - y) * math.exp(x * x) * math.sqrt(math.pi) / 2
    return x
