"""What training makes small: keras.losses."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import _core
from ._classes import Described, Namespace, own_class, tables, unknown
from .data import as_target
from .tensor import Recording, Tensor, array_of, is_recording, record


class Loss(Described):
    """A loss. One of one's own defines `call(y_true, y_pred)`, written with `chronicler.ops`.

    Parameters
    ----------
    name : str, optional
        Its name.
    reduction : str, default "sum_over_batch_size"
        How the values of a batch become one number.
    """

    _kind = "losses"
    _table: Any = None

    def __init__(
        self,
        name: str | None = None,
        reduction: str | None = "sum_over_batch_size",
        dtype: Any = None,
    ) -> None:
        self._given: dict[str, Any] = {"name": name, "reduction": reduction}
        self._name = name or _core.snake_case(type(self).__name__)
        self.reduction = reduction or "none"

    @property
    def name(self) -> str:
        """The name in files and messages."""
        return self._name if self._table is None else self._core_loss.name

    def _core(self) -> Any:
        """Return the extension's loss."""
        if self._table is not None:
            return self._core_loss
        # A new one each time: kept here, it and this object would hold each other.
        reduction = "sum_over_batch_size" if self._is_whole() else self.reduction
        return _core.own_loss(self, self._known_as(), self._name, reduction)

    def _is_whole(self) -> bool:
        """Return whether the class computes the loss of a batch itself, in `__call__`."""
        return type(self).__call__ is not Loss.__call__

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Return the value of each prediction."""
        if self._table is None:
            raise NotImplementedError(f"{type(self).__name__} does not define call(y_true, y_pred)")
        return values(self._core(), y_true, y_pred)

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """Return the loss of a batch, one number."""
        truth, prediction = as_target(y_true), _floats(y_pred)
        weight = None if sample_weight is None else np.ascontiguousarray(
            array_of(sample_weight), np.float32)
        core = self._core()
        if self._given.get("reduction", "") in ("none", None):
            return values(core, y_true, y_pred)
        mask = getattr(y_pred, "_keras_mask", None)
        value, gradient = core.reduced(truth, prediction, weight, mask, is_recording())
        return record(
            np.asarray(value, prediction.dtype), (y_pred,), (lambda g: g * gradient,)
        )

    def get_config(self) -> dict[str, Any]:
        """Return the options by name."""
        if self._table is None:
            return {"name": self._name, "reduction": self.reduction}
        return {**super().get_config(), "name": self.name}

    def __getattr__(self, name: str) -> Any:
        if self._table is None:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        return super().__getattr__(name)

    def _known_as(self) -> str:
        """Return the name of the class, or function, by which files know it."""
        function = getattr(self, "function", None)
        return str(getattr(function, "__name__", "") or type(self).__name__)

    # ---- what the extension asks a loss that is written in Python

    def _core_values(self, y_true: Any, y_pred: Any, shape: Any, wants_gradient: bool) -> Any:
        from .asked_layer import warn_slow

        warn_slow(f"the loss {self._name!r}")
        prediction = Tensor(y_pred)
        with Recording() as tape:
            measure = self if self._is_whole() else self.call
            found = measure(Tensor(y_true), prediction)
            if not isinstance(found, Tensor):
                found = Tensor(found)
            fitted = _fitted(found, tuple(shape))
        array = np.ascontiguousarray(fitted._array, y_pred.dtype)
        if not wants_gradient:
            return array, None
        gradient = tape.gradients([fitted], [np.ones_like(fitted._array)], [prediction])[0]
        if gradient is None:
            raise ValueError(
                f"the loss {self._name!r} does not depend on y_pred, or is computed with NumPy's "
                "functions: write it with chronicler.ops"
            )
        return array, np.ascontiguousarray(gradient, y_pred.dtype)


def _fitted(found: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Return values of the shape that the library counts: (B,) or (B, T).

    A loss may give one number, one for each sample, or one for each element: the mean stays.
    """
    from . import ops

    if found.shape == shape:
        return found
    while len(found.shape) > len(shape):
        found = ops.mean(found, axis=-1)
    if found.shape == shape:
        return found
    while len(found.shape) < len(shape):
        found = ops.expand_dims(found, -1)
    return ops.broadcast_to(found, shape)  # type: ignore[no-any-return]


def _floats(value: Any) -> Any:
    array = array_of(value)
    if array.dtype.kind != "f":
        array = array.astype(np.float32)
    if array.dtype not in (np.float32, np.float64):
        array = array.astype(np.float32)
    return np.ascontiguousarray(array)


def values(core: Any, y_true: Any, y_pred: Any) -> Any:
    """Return the value of each prediction, recorded if a recording is open."""
    prediction = _floats(y_pred)
    found, gradient = core.values(as_target(y_true), prediction, is_recording())

    def derivative(outer: Any) -> Any:
        inner = np.asarray(outer)
        while inner.ndim < gradient.ndim:
            inner = inner[..., None]
        return inner * gradient

    return record(found, (y_pred,), (derivative,))


class BuiltInLoss(Loss):
    """A loss of the library."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if kwargs.get("name", "") is None:
            del kwargs["name"]
        if kwargs.get("reduction", "") is None:
            kwargs["reduction"] = "none"
        Described.__init__(self, *args, **kwargs)
        self._core_loss = _core.make_loss(self._table.class_name, self._core_config())


class FunctionLoss(Loss):
    """A function `f(y_true, y_pred)` of the program's own as a loss."""

    def __init__(self, function: Any, name: str | None = None, **kwargs: Any) -> None:
        super().__init__(name=name or getattr(function, "__name__", "loss"), **kwargs)
        self.function = function

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Return what the function gives."""
        return self.function(y_true, y_pred)


_classes = Namespace("losses", BuiltInLoss, globals())


def __getattr__(name: str) -> Any:
    if name in tables("losses"):
        return _classes(name)
    for class_name, (names, _) in tables("losses").items():
        if name in names:
            return _function(name, class_name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _function(name: str, class_name: str) -> Any:
    """Return keras.losses.mse and its kin: the values of predictions."""

    def function(y_true: Any, y_pred: Any, **options: Any) -> Any:
        return values(_core.make_loss(class_name, options), y_true, y_pred)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"Return {class_name} of each prediction."
    function._loss_name = name  # type: ignore[attr-defined]
    globals()[name] = function
    return function


def __dir__() -> list[str]:
    names = [name for names, _ in tables("losses").values() for name in names]
    return _classes.listing(["Loss", "get", "serialize", "deserialize", *names])


def get(identifier: Any) -> Any:
    """Return the loss of this name, configuration, class or function; None for None."""
    if identifier is None or isinstance(identifier, Loss):
        return identifier
    if isinstance(identifier, dict):
        return deserialize(identifier)
    if isinstance(identifier, str):
        own = own_class(identifier)
        if own is not None:
            return own() if isinstance(own, type) else own
        if identifier in tables("losses"):
            return globals().get(identifier, __getattr__(identifier))()
        try:
            return globals().get(identifier) or __getattr__(identifier)
        except AttributeError:
            raise unknown("losses", identifier) from None
    if isinstance(identifier, type):
        return identifier()
    if callable(identifier):
        return identifier
    raise unknown("losses", identifier)


def compiled(identifier: Any) -> Any:
    """Return a loss as compile gives it to the extension: a name, or one of its losses."""
    if identifier is None:
        return None
    if isinstance(identifier, str) and own_class(identifier) is None:
        _core.get_loss(identifier)  # throws for a name that is not known
        return identifier
    found = get(identifier)
    if isinstance(found, Loss):
        return found._core()
    name = getattr(found, "_loss_name", None)
    return name if name is not None else FunctionLoss(found)._core()


def serialize(loss: Any) -> Any:
    """Return the configuration that `deserialize` takes."""
    from .saving import serialize_keras_object

    return serialize_keras_object(loss)


def deserialize(name: Any, custom_objects: Any = None) -> Any:
    """Return the loss of a configuration or name."""
    from .saving import deserialize_keras_object

    return get(name) if isinstance(name, str) else deserialize_keras_object(name, custom_objects)
