"""A callback of one's own: watches training, prints what the network says of one sequence after
each epoch, and ends it once the loss is good enough. Keras's own callbacks work beside it."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from chronicler import callbacks, layers, models, optimizers, utils

QUICK = "CHRONICLER_QUICK" in os.environ  # few epochs, for a test


class Watch(callbacks.Callback):
    """Prints a forecast after each epoch, and stops at a goal."""

    def __init__(self, x: Any, goal: float) -> None:
        super().__init__()
        self.x, self.goal = x, goal
        self.slowest = 0

    def on_train_begin(self, logs: Any = None) -> None:
        print(f"{self.params['epochs']} epochs of {self.params['steps']} batches at most")

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if not np.isfinite(logs["loss"]):
            self.model.stop_training = True

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        said = self.model.predict(self.x, verbose=0)[0, 0]
        rate = float(self.model.optimizer.learning_rate)
        loss = logs["val_loss"]
        print(f"epoch {epoch + 1:2d}: loss {loss:.5f}, rate {rate:.5f}, says {said:.3f}")
        if logs["val_loss"] < self.goal:
            print("good enough")
            self.model.stop_training = True


utils.set_random_seed(1)
time = np.arange(2000) / 8
series = (np.sin(time) * np.cos(time / 5)).astype("float32")
windows = np.stack([series[i : i + 24] for i in range(len(series) - 24)])[:, :, None]
targets = series[24:, None]
print(f"the right answer for the last window is {targets[-1, 0]:.3f}")

model = models.Sequential([layers.Input((None, 1)), layers.GRU(24), layers.Dense(1)])
model.compile(optimizer=optimizers.Adam(3e-3), loss="mse")
history = model.fit(
    windows[:-200], targets[:-200], validation_data=(windows[-200:], targets[-200:]),
    epochs=3 if QUICK else 40, verbose=0,
    callbacks=[
        Watch(windows[-1:], goal=2e-4),
        callbacks.ReduceLROnPlateau(factor=0.5, patience=3),
        callbacks.ModelCheckpoint("best.keras", save_best_only=True),
        callbacks.CSVLogger("log.csv"),
    ],
)
print(history)
