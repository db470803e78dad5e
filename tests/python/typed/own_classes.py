"""Layers, losses, metrics and callbacks of a program's own."""

from __future__ import annotations

from typing import Any

from chronicler import callbacks, initializers, layers, losses, metrics, ops


class Scale(layers.Layer):
    """A trained factor."""

    def build(self, input_shape: Any = None) -> None:
        """Make the weight."""
        self.factor = self.add_weight(shape=(1,), initializer=initializers.Ones(), name="factor")

    def call(self, inputs: Any) -> Any:
        """Multiply."""
        return inputs * self.factor


class Quantile(losses.Loss):
    """The loss of a quantile."""

    def __init__(self, share: float, name: str = "quantile") -> None:
        super().__init__(name=name)
        self.share = share

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Return the value of each prediction."""
        error = y_true - y_pred
        return ops.mean(ops.maximum(self.share * error, (self.share - 1.0) * error), axis=-1)


class Largest(metrics.Metric):
    """The largest prediction."""

    def __init__(self, name: str = "largest", **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)
        self.best = self.add_weight(name="best")

    def update_state(self, y_true: Any, y_pred: Any = None, sample_weight: Any = None) -> None:
        """Count a batch."""
        self.best.assign(ops.maximum(self.best, ops.max(y_pred)))

    def result(self) -> Any:
        """Return the largest."""
        return self.best


class Watch(callbacks.Callback):
    """Stops at a goal."""

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Look at the loss."""
        if logs and logs["loss"] < 0.1:
            self.model.stop_training = True
