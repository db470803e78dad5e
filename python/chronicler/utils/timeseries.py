"""Windows over a time series, in batches."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..tensor import Tensor, array_of
from .dataset import Dataset, Order


def timeseries_dataset_from_array(
    data: Any,
    targets: Any,
    sequence_length: int,
    sequence_stride: int = 1,
    sampling_rate: int = 1,
    batch_size: int | None = 128,
    shuffle: bool = False,
    seed: int | None = None,
    start_index: int | None = None,
    end_index: int | None = None,
    format: str = "tf",
) -> Dataset:
    """Return batches of windows over `data`, whose first axis is time.

    Parameters
    ----------
    data : array
        Rows in the order of time.
    targets : array or None
        `targets[i]` belongs to the window that begins at row i.
    sequence_length : int
        Rows of a window.
    sequence_stride : int
        From one window's beginning to the next's.
    sampling_rate : int
        From one row of a window to the next.
    batch_size : int or None
        Windows of a batch; None gives single windows.
    shuffle, seed
        Whether the windows come in random order, a new one in each epoch.
    start_index, end_index : int, optional
        Rows before and from these on are left out.
    format : {"tf", "grain"}
        Accepted as in Keras; the result is the same.
    """
    steps = len(data)
    _check_range(steps, start_index, end_index)
    for name, value in (("sampling_rate", sampling_rate), ("sequence_stride", sequence_stride)):
        if not 0 < value < steps:
            raise ValueError(
                f"`{name}` must be higher than 0 and lower than the length of the data. "
                f"Received: {name}={value}, for data of length {steps}"
            )
    if format not in ("tf", "grain"):
        raise ValueError(f'`format` should be either "tf" or "grain". Received: format={format}')
    rows = array_of(data)[start_index or 0 : end_index or steps]
    goals = None if targets is None else array_of(targets)[start_index or 0 : end_index or None]
    count = len(rows) - (sequence_length - 1) * sampling_rate
    if goals is not None:
        count = min(count, len(array_of(targets)))
    starts = np.arange(0, max(count, 0), sequence_stride)
    if goals is not None and starts.size and starts[-1] >= len(goals):
        starts = starts[starts < len(goals)]
    return _windows(rows, goals, starts, sequence_length, sampling_rate, batch_size, shuffle, seed)


def _windows(
    rows: Any,
    goals: Any,
    starts: Any,
    length: int,
    rate: int,
    batch_size: int | None,
    shuffle: bool,
    seed: int | None,
) -> Dataset:
    order = Order(starts, seed) if shuffle else None
    offsets = np.arange(length) * rate

    def get(index: int) -> Any:
        places = starts if order is None else order.places
        if batch_size is None:
            begin = places[index]
            window = Tensor(rows[begin + offsets])
            return window if goals is None else (window, Tensor(np.asarray(goals[begin])))
        begin = places[index * batch_size : (index + 1) * batch_size]
        windows = Tensor(rows[begin[:, None] + offsets])
        return windows if goals is None else (windows, Tensor(goals[begin]))

    size = batch_size or 1
    return Dataset(get, -(-len(starts) // size), None if order is None else order.shuffle)


def _check_range(steps: int, start: int | None, end: int | None) -> None:
    if start and not 0 <= start < steps:
        raise ValueError(
            f"`start_index` must be 0 or greater, and lower than the length of the data. "
            f"Received: start_index={start}, for data of length {steps}"
        )
    if end and start and end <= start:
        raise ValueError(
            "`end_index` must be higher than `start_index`. "
            f"Received: start_index={start}, and end_index={end}"
        )
    if end and not 0 < end < steps:
        raise ValueError(
            "`end_index` must be higher than 0 and lower than the length of the data. "
            f"Received: end_index={end}, for data of length {steps}"
        )
