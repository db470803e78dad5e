"""Small helpers for arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..operators import Numeric


def to_categorical(x: Any, num_classes: int | None = None) -> Any:
    """Return a 1 at the place that each number says, among zeros.

    Parameters
    ----------
    x : array-like of int
        Numbers of classes; a last axis of size 1 is left out.
    num_classes : int, optional
        By default the largest number plus 1.

    Returns
    -------
    array of float64 (of a tensor: a tensor of float32), one axis more than x
    """
    if isinstance(x, Numeric) or getattr(x, "_is_symbol", False):
        from .. import ops

        if len(x.shape) > 1 and x.shape[-1] == 1:
            x = ops.squeeze(x, -1)
        count = num_classes if num_classes is not None else int(ops.max(x)) + 1
        return ops.one_hot(x, count)
    index = np.asarray(x).astype(np.int64)
    if index.ndim > 1 and index.shape[-1] == 1:
        index = index[..., 0]
    count = int(num_classes) if num_classes else int(index.max()) + 1
    low, high = (int(index.min()), int(index.max())) if index.size else (0, 0)
    if low < -count or high >= count:
        raise ValueError(
            f"to_categorical: the numbers go from {low} to {high}, but there are {count} classes. "
            f"Give num_classes={high + 1} or more, or let classes begin at 0."
        )
    return np.eye(count)[index]


def normalize(x: Any, axis: int = -1, order: int = 2) -> Any:
    """Return x divided by its length along `axis`."""
    if isinstance(x, np.ndarray):
        length = np.atleast_1d(np.linalg.norm(x, order, axis))
        length[length == 0] = 1
        return x / np.expand_dims(length, axis)
    from .. import ops

    return ops.normalize(x, axis=axis, order=order)


def pack_x_y_sample_weight(x: Any, y: Any = None, sample_weight: Any = None) -> Any:
    """Return what `fit` makes of its arguments: x alone, (x, y) or (x, y, sample_weight)."""
    if y is None:
        return (x,) if isinstance(x, (list, tuple, dict)) else x
    return (x, y) if sample_weight is None else (x, y, sample_weight)


def unpack_x_y_sample_weight(data: Any) -> tuple[Any, Any, Any]:
    """Return x, y and sample_weight of an element of a data set; what is not there is None."""
    if isinstance(data, list):
        data = tuple(data)
    if not isinstance(data, tuple):
        return data, None, None
    if not 1 <= len(data) <= 3:
        raise ValueError(
            f"Data has {len(data)} parts; expected x, (x, y) or (x, y, sample_weight)."
        )
    x, y, weight = (*data, None, None)[:3]
    return x, y, weight
