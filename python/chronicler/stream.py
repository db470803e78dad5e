"""Live streams: one step in, one step out; and models that learn along one."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from . import _core


class Stream(_core.Stream):  # type: ignore[misc]
    """A live sequence: `step(x)` takes one step and keeps the state.

    After n steps the output is, to the bit, what the model predicts for those n steps. Made by
    `model.stream()`. It can be pickled and copied. `step(x, out=y)` puts the result into a float32
    array and allocates nothing. One that was made with `adapt` learns from the targets that
    `learn(y)` gives it, on a copy of the weights of its own.
    """

    _model: Any
    _weights: str
    _adapt: dict[str, Any] | None

    @classmethod
    def of(cls, model: Any, weights: str, adapt: Any = None) -> Stream:
        """Return a stream at the start of a sequence."""
        options = _adapt_options(adapt)
        stream = cls(model._core, weights, options)
        stream._model, stream._weights, stream._adapt = model, weights, options
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
        stream._adapt = self._adapt
        return stream

    __copy__ = copy

    def __deepcopy__(self, memo: dict[int, Any]) -> Stream:
        return self.copy()

    def __reduce__(self) -> Any:
        if self._adapt is not None:
            raise TypeError("a stream that learns cannot be pickled: its weights are its own")
        return _again, (self._model, self._weights, self.state)


def _adapt_options(given: Any) -> dict[str, Any] | None:
    if given is None or given is False:
        return None
    options = {} if given is True else dict(given)
    for name in options:
        if name not in ("learning_rate", "decay", "steps"):
            raise TypeError(f"adapt has no option {name!r}: learning_rate, decay or steps")
    return options


class StreamLearner(_core.StreamLearner):  # type: ignore[misc]
    """A model that learns sample by sample, without a window: what `model.fit_stream` runs.

    `step(x)` returns the prediction, `learn(y)` learns from the target of that step and returns its
    loss as it was before. The gradient is exact for MinGRU, MinLSTM, RGLRU and LRU (`exact`),
    SnAp-1 for LSTM, GRU and SimpleRNN. It moves the model's own weights, by the loss and optimizer
    of compile.
    """

    def __init__(self, model: Any, update_every: int = 1) -> None:
        super().__init__(model._core, {"update_every": update_every})
        self._model = model


def learn_samples(model: Any, samples: Any, options: dict[str, Any], hooks: list[Any],
                  history: Any) -> Any:
    """Learn from an iterable of samples (x, y); return the history."""
    learner: StreamLearner | None = None
    for hook in hooks:
        hook.on_train_begin({})
    model.stop_training = False
    count = report = 0
    end = None if options["max_seconds"] is None else time.monotonic() + options["max_seconds"]

    def close() -> None:
        nonlocal report
        assert learner is not None
        logs = dict(learner.results())
        for hook in hooks:
            hook.on_epoch_end(report, logs)
        history.epoch.append(report)
        for key, value in logs.items():
            history.history.setdefault(key, []).append(value)
        learner.reset_results()
        report += 1

    for x, y in samples:
        if learner is None:
            if not model.built:
                model.build((None, None, *np.shape(x)))
            learner = StreamLearner(model, options["update_every"])
            learner.reset_results()
        if count == 0:
            for hook in hooks:
                hook.on_epoch_begin(report, {})
        learner.step(x)
        learner.learn(y)
        count += 1
        if count == options["report_every"]:
            close()
            count = 0
            if model.stop_training or (end is not None and time.monotonic() >= end):
                break
    if learner is None:
        raise ValueError("there are no samples to learn from")
    if count:
        close()
    for hook in hooks:
        hook.on_train_end({})
    return history


def _again(model: Any, weights: str, state: Any) -> Stream:
    stream = Stream.of(model, weights)
    stream.state = state
    return stream
