"""Learning rates that change with the steps: keras.optimizers.schedules."""

from __future__ import annotations

from typing import Any

from .. import _core
from .._classes import Described, Namespace


class LearningRateSchedule(Described):
    """A learning rate for every step. One of one's own defines `__call__(step)`."""

    _kind = "schedules"
    _table: Any = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if self._table is None:
            self._given = kwargs
            return
        if kwargs.get("name", "") is None:
            del kwargs["name"]
        super().__init__(*args, **kwargs)
        self._core_schedule = _core.make_schedule(self._table.class_name, self._given)

    def __call__(self, step: Any) -> Any:
        """Return the learning rate of a step, counted from 0."""
        if self._table is None:
            raise NotImplementedError(f"{type(self).__name__} does not define __call__(step)")
        return self._core_schedule.at(int(step))

    def get_config(self) -> dict[str, Any]:
        """Return the options by name."""
        return {} if self._table is None else dict(super().get_config())

    def __getattr__(self, name: str) -> Any:
        if self._table is None:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        return super().__getattr__(name)


__getattr__ = Namespace("schedules", LearningRateSchedule, globals())


def __dir__() -> list[str]:
    return __getattr__.listing(["LearningRateSchedule", "serialize", "deserialize"])


def handle_of(rate: Any) -> Any:
    """Return the extension's schedule of a learning rate; None where it is a number."""
    if isinstance(rate, dict):
        rate = deserialize(rate)
    if isinstance(rate, LearningRateSchedule):
        if rate._table is not None:
            return rate._core_schedule
        return _core.own_schedule(rate, type(rate).__name__)
    if callable(rate) and not hasattr(rate, "shape"):
        takes_step = _takes_step(rate)
        return _core.own_schedule(lambda step: rate(step) if takes_step else rate(), "function")
    return None


def _takes_step(function: Any) -> bool:
    import inspect

    return bool(inspect.signature(function).parameters)


def serialize(learning_rate_schedule: Any) -> Any:
    """Return the configuration that `deserialize` takes."""
    from ..saving import serialize_keras_object

    return serialize_keras_object(learning_rate_schedule)


def deserialize(config: Any, custom_objects: Any = None) -> Any:
    """Return the schedule of a configuration."""
    from ..saving import deserialize_keras_object

    return deserialize_keras_object(config, custom_objects)
