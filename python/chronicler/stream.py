"""Live streams: one step in, one step out."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import _core


class Stream(_core.Stream):  # type: ignore[misc]
    """A live sequence: `step(x)` takes one step and keeps the state.

    After n steps the output is, to the bit, what the model predicts for those n steps. Made by
    `model.stream()`. It can be pickled and copied. `step(x, out=y)` puts the result into a float32
    array and allocates nothing.
    """

    _model: Any
    _weights: str

    @classmethod
    def of(cls, model: Any, weights: str) -> Stream:
        """Return a stream at the start of a sequence."""
        stream = cls(model._core, weights)
        stream._model, stream._weights = model, weights
        return stream

    @property
    def state(self) -> list[list[Any]]:
        """The states of all layers that have one, as arrays; it can be set."""
        return list(self._state)

    @state.setter
    def state(self, value: Any) -> None:
        self._state = [
            [np.ascontiguousarray(array, np.float32) for array in one] for one in value
        ]

    def copy(self) -> Stream:
        """Return an independent stream that goes on from the same state."""
        stream = Stream(self)
        stream._model, stream._weights = self._model, self._weights
        return stream

    __copy__ = copy

    def __deepcopy__(self, memo: dict[int, Any]) -> Stream:
        return self.copy()

    def __reduce__(self) -> Any:
        return _again, (self._model, self._weights, self.state)


def _again(model: Any, weights: str, state: Any) -> Stream:
    stream = Stream.of(model, weights)
    stream.state = state
    return stream
