"""The tutorial's own code with only the import changed: mypy looks at it, nothing runs it."""

from __future__ import annotations

import numpy as np
from chronicler import layers, models

X_train = np.zeros((8, 5, 100), np.float32)
y_train = np.eye(10, dtype=np.float32)[:8]

model_lstm = models.Sequential(
    [
        layers.LSTM(units=64, return_sequences=True, input_shape=(None, 100)),
        layers.LSTM(units=64),
        layers.Dense(10, activation="softmax"),
    ]
)
model_lstm.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
history = model_lstm.fit(X_train, y_train, epochs=10, validation_data=(X_train, y_train))
model_lstm.summary()
losses: list[float] = history.history["loss"]
first: int = history.epoch[0]
