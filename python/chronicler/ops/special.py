"""The error function, which NumPy does not have."""

from __future__ import annotations

import math

import numpy as np

from ..tensor import Array

_exact = np.frompyfunc(math.erf, 1, 1)

# float32: up to |x| = 3.92 a quotient of polynomials in x**2 would do as well, but the C library's
# function is right to the last bit, and arrays here are small.


def erf(a: Array) -> Array:
    """Return the error function of each element, in the array's type."""
    return np.asarray(_exact(a), np.float64).astype(a.dtype)
