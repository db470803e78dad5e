"""What moves weights by their gradients: keras.optimizers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from .. import _core
from .._classes import Described, Namespace, own_class, unknown
from ..tensor import Variable, array_of
from . import schedules


class Optimizer(Described):
    """What moves weights by their gradients."""

    _kind = "optimizers"
    _table: Any = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if self._table is None:
            raise NotImplementedError(
                "an optimizer written in Python is not supported: use one of "
                f"chronicler.optimizers ({', '.join(sorted(__dir__()))})"
            )
        for name in ("jit_compile", "amsgrad_dtype", "is_legacy_optimizer"):
            kwargs.pop(name, None)
        if "lr" in kwargs:  # Keras 2
            kwargs["learning_rate"] = kwargs.pop("lr")
        decay = kwargs.pop("decay", 0.0)
        super().__init__(*args, **kwargs)
        if self._given.get("name", "") is None:
            del self._given["name"]
        config = dict(self._given)
        rate = config.pop("learning_rate", None)
        if decay:
            start = rate if rate is not None else self._option("learning_rate")
            rate = schedules.InverseTimeDecay(start, 1, decay)
        schedule = schedules.handle_of(rate)
        if schedule is None and rate is not None:
            config["learning_rate"] = float(array_of(rate))
        self._schedule = rate if schedule is not None else None
        self._core_optimizer = _core.make_optimizer(self._table.class_name, config, schedule)
        self._steps: Any = None
        self._variables_of_steps: list[Any] = []

    def _take(self, core: Any) -> None:
        """Go on with the optimizer that a model has made of this one."""
        self._core_optimizer = core

    @property
    def name(self) -> str:
        """The name in files."""
        return self._core_optimizer.name  # type: ignore[no-any-return]

    @property
    def learning_rate(self) -> Any:
        """The size of a step: a number that can be set; with a schedule, that of the next step."""
        return Rate(self)

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        self._core_optimizer.learning_rate = float(array_of(value))

    lr = learning_rate

    @property
    def iterations(self) -> Any:
        """The steps that were made."""
        made = np.int64(self._core_optimizer.iterations)
        return Variable(made, trainable=False, name="iteration")

    @property
    def variables(self) -> list[Variable]:
        """What the optimizer remembers: iteration, learning rate, and its slots."""
        return [Variable(array, trainable=False) for array in self._core_optimizer.variables]

    def set_weights(self, weights: Iterable[Any]) -> None:
        """Set what the optimizer remembers."""
        arrays = [np.ascontiguousarray(array_of(each)) for each in weights]
        self._core_optimizer.set_variables(arrays)

    @property
    def built(self) -> bool:
        """Whether the slots are there."""
        return bool(self._core_optimizer.built)

    def build(self, variables: Iterable[Variable]) -> None:
        """Get ready for steps over these weights."""
        found = [variable for variable in variables if variable.trainable]
        self._steps = _core.OptimizerSteps(self._core_optimizer)
        self._variables_of_steps = found
        for variable in found:
            self._steps.add(variable.name, variable._array)

    def apply_gradients(self, grads_and_vars: Iterable[Any], **kwargs: Any) -> Any:
        """Make a step: pairs of a gradient and a weight."""
        pairs = [(gradient, variable) for gradient, variable in grads_and_vars]
        self.apply([gradient for gradient, _ in pairs], [variable for _, variable in pairs])
        return self.iterations

    def apply(self, grads: Any, trainable_variables: Any = None) -> None:
        """Make a step over the weights by their gradients."""
        if trainable_variables is not None:
            given = list(trainable_variables)
            if self._steps is None:
                self.build(given)
            elif [id(v) for v in given] != [id(v) for v in self._variables_of_steps]:
                raise ValueError(
                    "the optimizer was built for other weights; make a new one for these"
                )
        if self._steps is None:
            raise ValueError("the optimizer does not know its weights: give trainable_variables")
        arrays = [
            np.zeros_like(variable._array)
            if gradient is None
            else np.ascontiguousarray(array_of(gradient), variable.dtype)
            for gradient, variable in zip(grads, self._variables_of_steps)
        ]
        self._steps.step(arrays)

    def get_config(self) -> dict[str, Any]:
        """Return the options by name."""
        config = dict(self._core_optimizer.config)
        if self._schedule is not None:
            from ..saving import serialize_keras_object

            config["learning_rate"] = serialize_keras_object(self._schedule)
        return config

    @classmethod
    def from_config(cls, config: Any, custom_objects: Any = None) -> Any:
        """Make one with the options that `get_config` returned."""
        config = dict(config)
        rate = config.get("learning_rate")
        if isinstance(rate, dict):
            config["learning_rate"] = schedules.deserialize(rate, custom_objects)
        return cls(**config)


class Rate(float):
    """A learning rate: a number, which knows `.numpy()`, `.value` and `.assign()`."""

    _optimizer: Any

    def __new__(cls, optimizer: Any) -> Any:
        """Read the rate of the next step."""
        made = float.__new__(cls, optimizer._core_optimizer.learning_rate)
        made._optimizer = optimizer
        return made

    dtype = "float32"
    shape = ()

    def numpy(self) -> Any:
        """Return the number as NumPy's."""
        return np.float32(self)

    @property
    def value(self) -> Any:
        """Return the number."""
        return np.float32(self)

    def assign(self, value: Any) -> None:
        """Set the learning rate."""
        self._optimizer.learning_rate = value

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return np.asarray(float(self), dtype or np.float32)


_classes = Namespace("optimizers", Optimizer, globals())


def __getattr__(name: str) -> Any:
    if name == "legacy":
        import sys

        return sys.modules[__name__]
    return _classes(name)


def __dir__() -> list[str]:
    return _classes.listing(["Optimizer", "get", "schedules", "serialize", "deserialize"])


def get(identifier: Any) -> Any:
    """Return the optimizer of this name, configuration, class or object."""
    if isinstance(identifier, Optimizer):
        return identifier
    if isinstance(identifier, dict):
        return deserialize(identifier)
    if isinstance(identifier, str):
        found = own_class(identifier) or _classes.get(identifier)
        if found is None:
            raise unknown("optimizers", identifier)
        return found()
    if isinstance(identifier, type) and issubclass(identifier, Optimizer):
        return identifier()
    raise unknown("optimizers", identifier)


def serialize(optimizer: Any) -> Any:
    """Return the configuration that `deserialize` takes."""
    from ..saving import serialize_keras_object

    return serialize_keras_object(optimizer)


def deserialize(config: Any, custom_objects: Any = None) -> Any:
    """Return the optimizer of a configuration."""
    from ..saving import deserialize_keras_object

    return deserialize_keras_object(config, custom_objects)
