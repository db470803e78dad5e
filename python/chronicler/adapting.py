"""Layers that learn from data before training: Normalization and TextVectorization."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from . import _core
from .data import host_array, texts_of
from .layers import BuiltInLayer


def batches_of(data: Any, batch_size: int | None, steps: int | None) -> Iterator[Any]:
    """Yield arrays: of an array itself, or of the batches of a data set, x of (x, y)."""
    if steps is not None and steps < 1:
        raise ValueError(f"adapt: steps is {steps}; expected at least 1.")
    is_batches = hasattr(data, "__iter__") and not hasattr(data, "shape")
    if is_batches and not isinstance(data, (list, tuple, str)):
        for batch in itertools.islice(iter(data), steps):
            yield host_array(batch[0] if isinstance(batch, tuple) else batch)
        return
    array = host_array(data)
    yield array if steps is None else array[: steps * (batch_size or 32)]


class NumbersLayer(BuiltInLayer):
    """Normalization, which learns means and variances."""

    def adapt(self, data: Any, batch_size: int | None = None, steps: int | None = None) -> None:
        """Take the means and variances of data.

        Parameters
        ----------
        data : array, or data set of batches
            (samples, ...); of batches (x, y), x counts.
        batch_size, steps : int, optional
            Only so many batches are looked at.
        """
        arrays = list(batches_of(data, batch_size, steps))
        if not arrays:
            raise ValueError(f"{self.name}.adapt: there are no data.")
        whole = arrays[0] if len(arrays) == 1 else np.concatenate(arrays)
        if whole.ndim == 1:
            whole = whole[:, None]
        _core.adapt_numbers(self._handle, np.ascontiguousarray(whole, self.dtype))


class TextsLayer(BuiltInLayer):
    """TextVectorization, which learns a vocabulary."""

    def adapt(self, data: Any, batch_size: int | None = None, steps: int | None = None) -> None:
        """Learn the vocabulary from texts: the most frequent tokens come first.

        Parameters
        ----------
        data : list or array of texts, or data set of batches
            Of batches (x, y), x counts.
        batch_size, steps : int, optional
            Only so many batches are looked at.
        """
        texts: list[str] = []
        for array in batches_of(data, batch_size, steps):
            texts += texts_of(array)
        _core.adapt_texts(self._handle, texts)

    def get_vocabulary(self, include_special_tokens: bool = True) -> list[str]:
        """Return the tokens in the order of their numbers."""
        return list(_core.vocabulary(self._handle, include_special_tokens))

    def vocabulary_size(self) -> int:
        """Return the number of tokens, the special ones counted."""
        return len(self.get_vocabulary())

    def set_vocabulary(self, vocabulary: Iterable[Any], idf_weights: Any = None) -> None:
        """Set the tokens: a list, or a file with one in each line.

        Parameters
        ----------
        vocabulary : iterable of str, or path
            The tokens in the order of their numbers; special ones may stand in front.
        idf_weights : array, optional
            Of `output_mode="tf_idf"`: a weight for each token.
        """
        if isinstance(vocabulary, str):
            with open(vocabulary, encoding="utf-8") as file:
                vocabulary = file.read().splitlines()
        words = texts_of(host_array(list(vocabulary)))
        weights = None if idf_weights is None else host_array(idf_weights).ravel().tolist()
        _core.set_vocabulary(self._handle, words, weights)
