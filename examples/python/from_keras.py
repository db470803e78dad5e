"""Goes on with a model that somebody trained with Keras: loads the .keras file, predicts, compares
with what Keras itself predicts (if it is installed), and trains on.

    from_keras.py [FILE]      FILE: a .keras file; without one, the example writes one
"""

from __future__ import annotations

import pathlib
import sys

import numpy as np
from chronicler import layers, models, optimizers, utils

utils.set_random_seed(1)
random = np.random.default_rng(1)
x = random.normal(size=(256, 12, 3)).astype("float32")
y = x[:, -4:, 0].mean(axis=1, keepdims=True)


def colleague() -> pathlib.Path:
    """A file as Keras writes it: the format, its optimizer and all, is the same."""
    model = models.Sequential([
        layers.Input((None, 3)),
        layers.Bidirectional(layers.LSTM(16, return_sequences=True)),
        layers.GRU(16),
        layers.Dense(1),
    ])
    model.compile(optimizer=optimizers.Adam(1e-2), loss="mse", metrics=["mae"])
    model.fit(x, y, epochs=2, verbose=0)
    path = pathlib.Path("colleague.keras")
    model.save(path)
    return path


path = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else colleague()
model = models.load_model(path)
model.summary()
shape = model.input_shape
if shape != (None, None, 3):  # another model than the example's: show what it makes of noise
    x = random.normal(size=[8, *[12 if size is None else size for size in shape[1:]]])
    print(model.predict(x, verbose=0))
    sys.exit()
found = model.predict(x, verbose=0)

try:
    import keras  # type: ignore[import-not-found,import-untyped,unused-ignore]
except ImportError:
    print("Keras is not installed here, so nothing is compared")
else:
    difference = np.abs(keras.models.load_model(path).predict(x, verbose=0) - found).max()
    print(f"largest difference to Keras's own predictions: {difference:.1e}")
    assert difference < 1e-5

before = model.evaluate(x, y, verbose=0, return_dict=True)
model.fit(x, y, epochs=5, verbose=2)  # Adam's moments and step count came with the file
after = model.evaluate(x, y, verbose=0, return_dict=True)
print(f"loss before {before['loss']:.4f}, after {after['loss']:.4f}")
assert after["loss"] < before["loss"]
model.save("trained-on.keras")  # which Keras opens again
