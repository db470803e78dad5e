"""Hooks into training: keras.callbacks."""

from __future__ import annotations

from typing import Any

from . import _core
from ._classes import Described, Namespace

_HOOKS = (
    "on_train_begin", "on_train_end", "on_epoch_begin", "on_epoch_end", "on_train_batch_begin",
    "on_train_batch_end", "on_test_begin", "on_test_end", "on_test_batch_begin",
    "on_test_batch_end", "on_predict_begin", "on_predict_end", "on_predict_batch_begin",
    "on_predict_batch_end",
)
_OLD_HOOKS = {"on_batch_begin": "on_train_batch_begin", "on_batch_end": "on_train_batch_end"}


class Callback(Described):
    """Hooks into fit, evaluate and predict. One of one's own defines those that it needs.

    `self.model` is the model, `self.params` says verbose, epochs and steps. A hook may set
    `self.model.stop_training = True`.
    """

    _kind = "callbacks"
    _table: Any = None
    model: Any = None
    params: dict[str, Any] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if self._table is None:
            self._given = kwargs
            return
        kwargs.pop("options", None)  # Keras 2
        options = {name: _plain(value) for name, value in kwargs.items()}
        super().__init__(*[_plain(value) for value in args], **options)
        self._core_callback = _core.make_callback(self._table.class_name, self._given)

    def set_model(self, model: Any) -> None:
        """Set the model; fit calls it."""
        self.model = model

    def set_params(self, params: dict[str, Any]) -> None:
        """Set what fit was asked for; fit calls it."""
        self.params = params

    def on_train_begin(self, logs: Any = None) -> None:
        """Training begins."""

    def on_train_end(self, logs: Any = None) -> None:
        """Training ends."""

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """An epoch begins; epochs count from 0."""

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """An epoch ends; `logs` has its results."""

    def on_batch_begin(self, batch: int, logs: Any = None) -> None:
        """A batch of training begins: Keras's older name."""

    def on_batch_end(self, batch: int, logs: Any = None) -> None:
        """A batch of training ends: Keras's older name."""

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        """A batch of training begins."""
        self.on_batch_begin(batch, logs)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """A batch of training ends."""
        self.on_batch_end(batch, logs)

    def on_test_begin(self, logs: Any = None) -> None:
        """Evaluation or validation begins."""

    def on_test_end(self, logs: Any = None) -> None:
        """Evaluation or validation ends."""

    def on_test_batch_begin(self, batch: int, logs: Any = None) -> None:
        """A batch of evaluation begins."""

    def on_test_batch_end(self, batch: int, logs: Any = None) -> None:
        """A batch of evaluation ends."""

    def on_predict_begin(self, logs: Any = None) -> None:
        """Prediction begins."""

    def on_predict_end(self, logs: Any = None) -> None:
        """Prediction ends."""

    def on_predict_batch_begin(self, batch: int, logs: Any = None) -> None:
        """A batch of prediction begins."""

    def on_predict_batch_end(self, batch: int, logs: Any = None) -> None:
        """A batch of prediction ends."""

    def __getattr__(self, name: str) -> Any:
        if self._table is None:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        if name in ("best", "wait", "stopped_epoch", "best_epoch", "best_weights"):
            return self._core_callback.state.get(name)
        return super().__getattr__(name)

    def _core(self) -> Any:
        """Return the extension's callback."""
        if self._table is not None:
            return self._core_callback
        return _core.own_callback(self, self._own_hooks())

    def _own_hooks(self) -> list[str]:
        own = {
            name for name in _HOOKS
            if getattr(type(self), name, None) is not getattr(Callback, name)
            or name in self.__dict__
        }
        for old, new in _OLD_HOOKS.items():
            if getattr(type(self), old) is not getattr(Callback, old):
                own.add(new)
        return sorted(own)


def _plain(value: Any) -> Any:
    if hasattr(value, "__fspath__"):
        return str(value)
    return None if value == "epoch" else value  # save_freq and update_freq


class History(Callback):
    """The results of every epoch: `history.history["val_loss"][3]`.

    Attributes
    ----------
    history : dict
        For each key of the logs, a list with its value in every epoch.
    epoch : list of int
        The epochs, counted from 0.
    """

    def __init__(self) -> None:
        super().__init__()
        self.history: dict[str, list[float]] = {}
        self.epoch: list[int] = []

    def __repr__(self) -> str:
        last = ", ".join(f"{name} {values[-1]:.4f}" for name, values in self.history.items())
        return f"<History of {len(self.epoch)} epochs: {last}>"

    def _repr_html_(self) -> str:
        from .pictures import curves

        return curves(self.history, self.epoch)


class LambdaCallback(Callback):
    """Functions as hooks.

    Parameters
    ----------
    on_epoch_begin, on_epoch_end : callable, optional
        Called with (epoch, logs).
    on_train_begin, on_train_end : callable, optional
        Called with (logs).
    on_train_batch_begin, on_train_batch_end : callable, optional
        Called with (batch, logs).
    """

    def __init__(
        self,
        on_epoch_begin: Any = None,
        on_epoch_end: Any = None,
        on_train_begin: Any = None,
        on_train_end: Any = None,
        on_train_batch_begin: Any = None,
        on_train_batch_end: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__()
        hooks = {
            "on_epoch_begin": on_epoch_begin,
            "on_epoch_end": on_epoch_end,
            "on_train_begin": on_train_begin,
            "on_train_end": on_train_end,
            "on_train_batch_begin": on_train_batch_begin,
            "on_train_batch_end": on_train_batch_end,
            **{_OLD_HOOKS.get(name, name): function for name, function in kwargs.items()},
        }
        for name, function in hooks.items():
            if name not in _HOOKS:
                raise TypeError(
                    f"LambdaCallback has no hook {name!r}; there are {', '.join(_HOOKS)}"
                )
            if function is not None:
                self.__dict__[name] = function


class LearningRateScheduler(Callback):
    """A function of the epoch sets the learning rate.

    Parameters
    ----------
    schedule : callable
        Called with (epoch, learning rate), or with (epoch).
    verbose : int, default 0
        1: prints the learning rate of each epoch.
    """

    def __init__(self, schedule: Any, verbose: int = 0) -> None:
        super().__init__()
        self.schedule = schedule
        self.verbose = verbose

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Set the learning rate."""
        rate = float(self.model.optimizer.learning_rate)
        try:
            found = self.schedule(epoch, rate)
        except TypeError:
            found = self.schedule(epoch)
        self.model.optimizer.learning_rate = float(found)
        if self.verbose:
            print(f"\nEpoch {epoch + 1}: LearningRateScheduler setting learning rate to {found}.")

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Note the learning rate in the logs."""
        if logs is not None:
            logs["learning_rate"] = float(self.model.optimizer.learning_rate)


class ProgbarLogger(Callback):
    """fit draws its own progress bar: this one does nothing."""


class RemoteMonitor(Callback):
    """Not supported: nothing here uses a network."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise NotImplementedError("RemoteMonitor is not supported: write a Callback that sends")


_classes = Namespace("callbacks", Callback, globals())


def __getattr__(name: str) -> Any:
    return _classes(name)


def __dir__() -> list[str]:
    return _classes.listing(["Callback", "History", "LambdaCallback", "LearningRateScheduler"])
