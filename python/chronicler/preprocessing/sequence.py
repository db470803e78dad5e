"""Sequences: padding, windows with targets, and pairs of words."""

from __future__ import annotations

import json
import random
from typing import Any

import numpy as np

from ..utils.dataset import PyDataset
from ..utils.sequences import pad_sequences as pad_sequences

__all__ = ["TimeseriesGenerator", "make_sampling_table", "pad_sequences", "skipgrams"]


class TimeseriesGenerator(PyDataset):
    """Batches of windows over a series, each with the target that follows it (Keras 2's class).

    Parameters
    ----------
    data : array or list
        Rows in the order of time.
    targets : array or list
        As long as `data`; `targets[i]` goes with the window that ends just before row i.
    length : int
        Rows from a window's beginning to its target.
    sampling_rate : int
        From one row of a window to the next.
    stride : int
        From one window to the next.
    start_index, end_index : int
        The first and the last row that are used.
    shuffle : bool
        Whether windows are drawn at random.
    reverse : bool
        Whether windows run backwards.
    batch_size : int
        Windows of a batch.
    """

    def __init__(
        self,
        data: Any,
        targets: Any,
        length: int,
        sampling_rate: int = 1,
        stride: int = 1,
        start_index: int = 0,
        end_index: int | None = None,
        shuffle: bool = False,
        reverse: bool = False,
        batch_size: int = 128,
    ) -> None:
        super().__init__()
        if len(data) != len(targets):
            raise ValueError(
                f"TimeseriesGenerator: data has {len(data)} rows, targets {len(targets)}; "
                "expected the same length."
            )
        self.data = data
        self.targets = targets
        self.length = length
        self.sampling_rate = sampling_rate
        self.stride = stride
        self.start_index = start_index + length
        self.end_index = len(data) - 1 if end_index is None else end_index
        self.shuffle = shuffle
        self.reverse = reverse
        self.batch_size = batch_size
        if self.start_index > self.end_index:
            raise ValueError(
                f"`start_index+length={self.start_index} > end_index={self.end_index}`: no row is "
                "left to be a target. Give a smaller length."
            )

    def __len__(self) -> int:
        span = self.batch_size * self.stride
        return (self.end_index - self.start_index + span) // span

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        """Return the windows and the targets of a batch."""
        if self.shuffle:
            rows = np.random.randint(self.start_index, self.end_index + 1, size=self.batch_size)
        else:
            span = self.batch_size * self.stride
            first = self.start_index + span * index
            rows = np.arange(first, min(first + span, self.end_index + 1), self.stride)
        windows = [self.data[row - self.length : row : self.sampling_rate] for row in rows]
        samples = np.array(windows)
        targets = np.array([self.targets[row] for row in rows])
        return (samples[:, ::-1] if self.reverse else samples), targets

    def get_config(self) -> dict[str, Any]:
        """Return the arguments; data and targets as JSON."""
        return {
            "data": _json("data", self.data),
            "targets": _json("targets", self.targets),
            "length": self.length,
            "sampling_rate": self.sampling_rate,
            "stride": self.stride,
            "start_index": self.start_index,
            "end_index": self.end_index,
            "shuffle": self.shuffle,
            "reverse": self.reverse,
            "batch_size": self.batch_size,
        }

    def to_json(self, **kwargs: Any) -> str:
        """Return class and arguments as JSON."""
        return json.dumps(
            {"class_name": type(self).__name__, "config": self.get_config()}, **kwargs
        )


def _json(name: str, value: Any) -> str:
    try:
        return json.dumps(value.tolist() if hasattr(value, "tolist") else value)
    except TypeError as error:
        raise TypeError(f"TimeseriesGenerator: {name} cannot be written as JSON.") from error


def make_sampling_table(size: int, sampling_factor: float = 1e-5) -> Any:
    """Return how often to keep each word, by its rank: the frequent ones rarely (word2vec).

    Frequencies follow Zipf's law; entry i belongs to the word of rank i.
    """
    rank = np.arange(size)
    rank[0] = 1
    inverse = rank * (np.log(rank) + 0.577) + 0.5 - 1.0 / (12.0 * rank)
    share = sampling_factor * inverse
    return np.minimum(1.0, share / np.sqrt(share))


def skipgrams(
    sequence: Any,
    vocabulary_size: int,
    window_size: int = 4,
    negative_samples: float = 1.0,
    shuffle: bool = True,
    categorical: bool = False,
    sampling_table: Any = None,
    seed: int | None = None,
) -> tuple[list[list[int]], list[Any]]:
    """Return pairs of words, and 1 for neighbours, 0 for pairs with a random word.

    Parameters
    ----------
    sequence : list of int
        Numbers of words; 0 is no word.
    vocabulary_size : int
        The largest number plus 1.
    window_size : int
        How far neighbours are apart at most.
    negative_samples : float
        Random pairs for each pair of neighbours.
    shuffle : bool
        Whether the pairs come in random order.
    categorical : bool
        Whether labels are [0, 1] and [1, 0].
    sampling_table : array, optional
        How often to keep each word; see `make_sampling_table`.
    seed : int, optional
        For shuffling.
    """
    yes, no = ([0, 1], [1, 0]) if categorical else (1, 0)
    couples: list[list[int]] = []
    for place, word in enumerate(sequence):
        if not word or (sampling_table is not None and sampling_table[word] < random.random()):
            continue
        first = max(0, place - window_size)
        for other in range(first, min(len(sequence), place + window_size + 1)):
            if other != place and sequence[other]:
                couples.append([word, sequence[other]])
    labels: list[Any] = [yes] * len(couples)
    if negative_samples > 0:
        count = int(len(labels) * negative_samples)
        words = [couple[0] for couple in couples]
        random.shuffle(words)
        couples += [
            [words[number % len(words)], random.randint(1, int(vocabulary_size - 1))]
            for number in range(count)
        ]
        labels += [no] * count
    if shuffle:
        seed = random.randint(0, int(10e6)) if seed is None else seed
        for values in (couples, labels):  # the same order for both
            random.seed(seed)
            random.shuffle(values)
    return couples, labels
