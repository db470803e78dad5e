"""Live streams: one step in, one step out."""

from __future__ import annotations

from typing import Any

import numpy as np


class Stream:
    """A live sequence: `step(x)` takes one step and keeps the state.

    After n steps the output is, to the bit, what the model predicts for those n steps.
    Made by `model.stream()`. It can be pickled and copied.
    """

    __slots__ = ("_core", "_model", "step_into")

    def __init__(self, core: Any, model: Any) -> None:
        self._core = core
        self._model = model

    def step(self, x: Any, out: Any = None) -> Any:
        """Take one step.

        Parameters
        ----------
        x : array of `features` numbers
            The step.
        out : float32 array of `outputs` numbers, optional
            Where the result is put; nothing is allocated then.
        """
        if type(x) is not np.ndarray or x.dtype != np.float32 or not x.flags.c_contiguous:
            from .data import host_array

            x = np.ascontiguousarray(host_array(x), np.float32)
        if out is None:
            return self._core.step(x)
        self._core.step(x, out)
        return out

    @property
    def features(self) -> int:
        """The numbers of a step."""
        return int(self._core.features)

    @property
    def outputs(self) -> int:
        """The numbers that a step gives."""
        return int(self._core.outputs)

    @property
    def state(self) -> list[list[Any]]:
        """The states of all layers that have one, as arrays; it can be set."""
        return list(self._core.state)

    @state.setter
    def state(self, value: Any) -> None:
        self._core.state = [
            [np.ascontiguousarray(array, np.float32) for array in one] for one in value
        ]

    def reset(self) -> None:
        """Begin a new sequence."""
        self._core.reset()

    def take_weights(self) -> None:
        """Take the model's weights anew, after it was trained."""
        self._core.take_weights()

    def copy(self) -> Stream:
        """Return an independent stream that goes on from the same state."""
        return Stream(self._core.copy(), self._model)

    __copy__ = copy

    def __deepcopy__(self, memo: dict[int, Any]) -> Stream:
        return self.copy()

    def __reduce__(self) -> Any:
        return _again, (self._model, self.state)


def _again(model: Any, state: Any) -> Stream:
    stream: Stream = model.stream()
    stream.state = state
    return stream
