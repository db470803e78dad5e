"""Data that come batch by batch: generators, PyDatasets, loaders of other libraries."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ._core import FileBatches
from .data import inputs_of, targets_of, weights_of


class Batches:
    """A source of batches, as the extension reads it: (x, y, sample_weight, masks)."""

    def __init__(self, source: Any, model: Any, size: int | None, shuffle: bool) -> None:
        self._source = source
        self._model = model
        self._size = size
        self._shuffle = shuffle
        self._passes = 0
        self._first: Any = None  # of a generator: fit and evaluate look at it before they begin
        self.error: BaseException | None = None

    def _batches(self, epoch: int) -> Iterator[Any]:
        try:
            for item in self._items(epoch):
                yield self._batch(item)
        except Exception as error:
            self.error = error
            raise

    def _items(self, epoch: int) -> Iterator[Any]:
        source = self._source
        if hasattr(source, "__getitem__") and hasattr(source, "__len__"):
            order = np.arange(self._size if self._size is not None else len(source))
            if self._shuffle:
                order = np.random.default_rng([epoch, 12345]).permutation(len(order))
            if hasattr(source, "on_epoch_begin"):
                source.on_epoch_begin()
            for place, index in enumerate(order):
                item = source[int(index)]
                # Nobody asks for what follows the last one, so the epoch ends here.
                if place + 1 == len(order) and hasattr(source, "on_epoch_end"):
                    source.on_epoch_end()
                yield item
            return
        if hasattr(source, "__next__"):
            yield from self._going_on(source)
            return
        if callable(source) and not hasattr(source, "__iter__"):
            yield from source()
            return
        yield from source

    def _going_on(self, source: Any) -> Iterator[Any]:
        """Yield the items of a generator, which each pass takes up where the last one stopped.

        The first pass only looks at the first batch, so the second one begins with it.
        """
        self._passes += 1
        if self._passes == 1:
            for item in source:
                self._first = (item,)
                yield item
                break
        elif self._first is not None:
            first, self._first = self._first, None
            yield first[0]
        # Not `yield from`, which would close the generator where an epoch is left early.
        for item in source:
            yield item

    def _batch(self, item: Any) -> Any:
        x, y, weight = _parts(item)
        model = self._model
        inputs = inputs_of(x, model._input_names(x), model.dtype)
        outputs = model._output_names(y)
        targets = targets_of(y, outputs, model.dtype, is_list=isinstance(inputs, list))
        if isinstance(inputs, list):
            raise ValueError(
                "a batch holds sequences of different lengths; pad them with "
                "chronicler.utils.pad_sequences"
            )
        return inputs, targets, weights_of(weight, outputs), None


def _parts(item: Any) -> tuple[Any, Any, Any]:
    if isinstance(item, (tuple, list)) and not hasattr(item, "shape"):
        if isinstance(item, tuple) or len(item) in (2, 3):
            if len(item) > 3 or not item:
                raise ValueError(
                    "a batch must be x, (x, y) or (x, y, sample_weight), "
                    f"got {len(item)} parts"
                )
            return (*item, *[None] * (3 - len(item)))  # type: ignore[return-value]
    return item, None, None


def is_batches(value: Any) -> bool:
    """Return whether data come batch by batch."""
    if isinstance(value, FileBatches):
        return True
    if value is None or isinstance(value, (np.ndarray, list, tuple, dict, str)):
        return False
    if hasattr(value, "shape") or hasattr(value, "to_numpy") or hasattr(value, "columns"):
        return False
    return hasattr(value, "__next__") or hasattr(value, "__iter__") or (
        hasattr(value, "__getitem__") and hasattr(value, "__len__")
    )


def batches_of(value: Any, model: Any, shuffle: bool = False) -> Any:
    """Return the source that the extension reads."""
    if isinstance(value, (Batches, FileBatches)):
        return value
    size = None
    if hasattr(value, "num_batches"):
        size = value.num_batches
    elif hasattr(value, "__len__"):
        size = len(value)
    return Batches(value, model, None if size is None else int(size), shuffle)
