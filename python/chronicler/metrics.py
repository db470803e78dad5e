"""What is measured while training: keras.metrics."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import _core
from ._classes import Described, Namespace, own_class, tables, unknown
from .data import as_target
from .tensor import Tensor, Variable, array_of


class Metric(Described):
    """A metric. One of one's own defines `update_state`, `result`, and keeps `add_weight`s."""

    _kind = "metrics"
    _table: Any = None

    def __init__(self, dtype: Any = None, name: str | None = None) -> None:
        self._given: dict[str, Any] = {"dtype": dtype, "name": name}
        self._name = name or _core.snake_case(type(self).__name__)
        self._own_variables: list[Variable] = []

    @property
    def name(self) -> str:
        """The key in logs."""
        return self._name if self._table is None else self._core_metric.name

    dtype = "float32"

    def _core(self) -> Any:
        """Return the extension's metric."""
        if self._table is not None:
            return self._core_metric
        # A new one each time: kept here, it and this object would hold each other.
        return _core.own_metric(self, self._known_as(), self._name)

    def add_weight(
        self, shape: Any = (), initializer: Any = "zeros", dtype: Any = None, name: Any = None
    ) -> Variable:
        """Make a number, or an array of them, that `reset_state` sets to zero."""
        from . import initializers

        variable = Variable(
            initializers.get(initializer), shape=shape, dtype=dtype or "float32",
            trainable=False, name=name,
        )
        self._own_variables.append(variable)
        return variable

    add_variable = add_weight

    @property
    def variables(self) -> list[Any]:
        """What the metric counts in."""
        if self._table is None:
            return list(self._own_variables)
        return [Variable(number, dtype="float64") for number in self._core().state]

    def update_state(self, y_true: Any, y_pred: Any = None, sample_weight: Any = None) -> None:
        """Count a batch."""
        if self._table is None:
            raise NotImplementedError(f"{type(self).__name__} does not define update_state")
        truth = as_target(y_true)
        if y_pred is None:
            y_pred = truth
        prediction = np.ascontiguousarray(array_of(y_pred), np.float32)
        weight = None if sample_weight is None else np.ascontiguousarray(
            array_of(sample_weight), np.float32)
        self._core().update(truth, prediction, weight, None)

    def result(self) -> Any:
        """Return what was counted so far."""
        if self._table is None:
            raise NotImplementedError(f"{type(self).__name__} does not define result")
        several = self._core().results
        return Tensor(np.asarray(several or self._core().result, np.float32))

    def reset_state(self) -> None:
        """Begin anew."""
        if self._table is not None:
            self._core().reset()
            return
        for variable in self._own_variables:
            variable.assign(np.zeros(variable.shape, variable.dtype))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Count a batch and return what was counted so far."""
        self.update_state(*args, **kwargs)
        return self.result()

    def get_config(self) -> dict[str, Any]:
        """Return the options by name."""
        if self._table is None:
            return {"name": self._name}
        config = {**super().get_config(), "name": self.name}
        config.setdefault("dtype", self._given.get("dtype") or self.dtype)
        return config

    def __getattr__(self, name: str) -> Any:
        if self._table is None:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        return super().__getattr__(name)

    def _known_as(self) -> str:
        """Return the name of the class, or function, by which files know it."""
        function = getattr(self, "function", None)
        return str(getattr(function, "__name__", "") or type(self).__name__)

    # ---- what the extension asks a metric that is written in Python

    def _core_update(self, y_true: Any, y_pred: Any, weight: Any, mask: Any) -> None:
        if mask is not None:
            masked = np.asarray(mask, np.float32)
            weight = masked if weight is None else weight.reshape(
                weight.shape + (1,) * (masked.ndim - weight.ndim)) * masked
        if weight is None:
            self.update_state(Tensor(y_true), Tensor(y_pred))
        else:
            self.update_state(Tensor(y_true), Tensor(y_pred), sample_weight=Tensor(weight))

    def _core_result(self) -> float:
        return float(np.mean(array_of(self.result())))


class BuiltInMetric(Metric):
    """A metric of the library."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if kwargs.get("name", "") is None:
            del kwargs["name"]
        Described.__init__(self, *args, **kwargs)
        self._core_metric = _core.make_metric(self._table.class_name, self._core_config())


class FunctionMetric(Metric):
    """The mean of a function `f(y_true, y_pred)` of the program's own."""

    def __init__(self, function: Any, name: str | None = None) -> None:
        super().__init__(name=name or getattr(function, "__name__", "metric"))
        self.function = function
        self._total = 0.0
        self._count = 0.0

    def update_state(self, y_true: Any, y_pred: Any = None, sample_weight: Any = None) -> None:
        """Count a batch."""
        found = np.asarray(array_of(self.function(y_true, y_pred)), np.float64)
        if sample_weight is None:
            self._total += float(found.sum())
            self._count += found.size
            return
        weight = np.asarray(array_of(sample_weight), np.float64)
        while weight.ndim < found.ndim:
            weight = weight[..., None]
        while found.ndim and weight.ndim > found.ndim:
            weight = weight.mean(axis=-1)
        weight = np.broadcast_to(weight, found.shape) if found.ndim else weight.mean()
        self._total += float((found * weight).sum())
        self._count += float(np.sum(weight))

    def result(self) -> Any:
        """Return the mean so far."""
        return self._total / self._count if self._count else 0.0

    def reset_state(self) -> None:
        """Begin anew."""
        self._total = self._count = 0.0


_classes = Namespace("metrics", BuiltInMetric, globals())


def __getattr__(name: str) -> Any:
    if name in tables("metrics"):
        return _classes(name)
    for class_name, (names, _) in tables("metrics").items():
        if name in names:
            return _function(name, class_name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _function(name: str, class_name: str) -> Any:
    from . import losses

    if name in dir(losses):
        return getattr(losses, name)

    def function(y_true: Any, y_pred: Any, **options: Any) -> Any:
        truth, prediction = as_target(y_true), np.ascontiguousarray(array_of(y_pred), np.float32)
        found = []
        for row in range(len(prediction)):
            metric = _core.make_metric(class_name, options)
            metric.update(truth[row : row + 1], prediction[row : row + 1], None, None)
            found.append(metric.result)
        return Tensor(np.asarray(found, np.float32))

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"Return {class_name} of each row."
    function._metric_name = name  # type: ignore[attr-defined]
    globals()[name] = function
    return function


def __dir__() -> list[str]:
    names = [name for names, _ in tables("metrics").values() for name in names]
    return _classes.listing(["Metric", "get", "serialize", "deserialize", *names])


def get(identifier: Any) -> Any:
    """Return the metric of this name, configuration, class or function; None for None."""
    if identifier is None or isinstance(identifier, Metric):
        return identifier
    if isinstance(identifier, dict):
        return deserialize(identifier)
    if isinstance(identifier, str):
        own = own_class(identifier)
        if own is not None:
            return own() if isinstance(own, type) else own
        try:
            found = globals().get(identifier) or __getattr__(identifier)
        except AttributeError:
            raise unknown("metrics", identifier) from None
        return found() if isinstance(found, type) else found
    if isinstance(identifier, type):
        return identifier()
    if callable(identifier):
        return identifier
    raise unknown("metrics", identifier)


def compiled(identifier: Any) -> Any:
    """Return a metric as compile gives it to the extension: a name, or one of its metrics."""
    if isinstance(identifier, str) and own_class(identifier) is None:
        _core.check_metric_name(identifier)
        return identifier
    found = get(identifier)
    if isinstance(found, Metric):
        return found._core()
    name = getattr(found, "_metric_name", None) or getattr(found, "_loss_name", None)
    if name is not None:
        return name
    from . import losses

    if isinstance(found, losses.Loss):
        return FunctionMetric(found.call, found.name)._core()
    return FunctionMetric(found)._core()


def serialize(metric: Any) -> Any:
    """Return the configuration that `deserialize` takes."""
    from .saving import serialize_keras_object

    return serialize_keras_object(metric)


def deserialize(config: Any, custom_objects: Any = None) -> Any:
    """Return the metric of a configuration or name."""
    from .saving import deserialize_keras_object

    return get(config) if isinstance(config, str) else deserialize_keras_object(
        config, custom_objects)
