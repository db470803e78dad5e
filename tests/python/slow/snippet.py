"""The first lines that a newcomer runs: Keras's tutorial with another import, and the files."""

import sys

import numpy as np
from chronicler import layers, models

random = np.random.RandomState(0)
X = random.rand(200, 10, 100).astype("float32")
y = np.eye(10, dtype="float32")[random.randint(0, 10, 200)]

model_lstm = models.Sequential(
    [
        layers.LSTM(units=64, return_sequences=True, input_shape=(None, 100)),
        layers.LSTM(units=64),
        layers.Dense(10, activation="softmax"),
    ]
)
model_lstm.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
history = model_lstm.fit(X, y, epochs=2, validation_data=(X, y), verbose=2)
model_lstm.summary()
model_lstm.save("snippet.keras")
again = models.load_model("snippet.keras")
assert np.array_equal(again.predict(X, verbose=0), model_lstm.predict(X, verbose=0))
assert history.epoch == [0, 1]
assert "tensorflow" not in sys.modules
print("the snippet ran")
