"""Products of two matrices, by the extension's kernels where they are, else by NumPy.

NumPy's library starts threads for products as small as those of one step of a recurrent layer; on
a busy machine a step waits for them a hundred times as long as it computes. The extension's
kernels do not, and their bits do not depend on the number of threads.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..tensor import Array

_kernel: list[Any] = []


def _extension() -> Any:
    """Return the extension's product of float32 matrices; None in a package without it."""
    if not _kernel:
        try:
            from .. import _core
        except ImportError:
            _kernel.append(None)
        else:
            _kernel.append(getattr(_core, "product", None))
    return _kernel[0]


def product(a: Array, b: Array, a_turned: bool = False, b_turned: bool = False) -> Array:
    """Return `a @ b` of two matrices; of `a.T` or `b.T` if they are turned."""
    kernel = _extension() if a.dtype == np.float32 and b.dtype == np.float32 else None
    if kernel is not None:
        found: Array = kernel(np.ascontiguousarray(a), np.ascontiguousarray(b), a_turned, b_turned)
        return found
    return np.asarray((a.T if a_turned else a) @ (b.T if b_turned else b))


def contracted(a: Array, b: Array, axes: Any) -> Array:
    """Return the sum of products over axes of both, as `np.tensordot` does."""
    if not (a.dtype == b.dtype == np.float32) or _extension() is None:
        return np.asarray(np.tensordot(a, b, axes))
    first = [axis % a.ndim for axis in axes[0]]
    second = [axis % b.ndim for axis in axes[1]]
    rest1 = [axis for axis in range(a.ndim) if axis not in first]
    rest2 = [axis for axis in range(b.ndim) if axis not in second]
    shape = [a.shape[axis] for axis in rest1] + [b.shape[axis] for axis in rest2]
    depth = int(np.prod([a.shape[axis] for axis in first], dtype=np.int64))
    left = np.transpose(a, rest1 + first).reshape(-1 if depth else a.size, depth)
    right = np.transpose(b, second + rest2).reshape(depth, -1 if depth else b.size)
    if not depth or not left.size or not right.size:
        return np.zeros(shape, np.float32)
    return product(left, right).reshape(shape)
