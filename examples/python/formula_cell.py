"""A recurrent cell of one's own, written as a formula: it runs about as fast as the built-in
layers, and a file holds it as text."""

from __future__ import annotations

import os

import numpy as np
from chronicler import layers, models, optimizers, utils

QUICK = "CHRONICLER_QUICK" in os.environ  # few epochs, for a test

# x is the input; h is read before it is written, so it is a state; all else is a weight.
FORMULA = """
    keep = sigmoid(a)                                   # each unit learns how slowly it forgets
    h = keep * h + (1 - keep) tanh(W x + U h + b)
"""

utils.set_random_seed(1)
x = np.random.default_rng(1).normal(size=(400, 15, 2)).astype("float32")
y = x[:, :, 0].mean(axis=1, keepdims=True)  # a slow average

model = models.Sequential([
    layers.Input((None, 2)),
    layers.RNN(layers.Cell(12, formula=FORMULA, initializers=["a: ones"])),
    layers.Dense(1),
])
model.compile(optimizer=optimizers.Adam(0.01), loss="mse")
before = model.evaluate(x, y, verbose=0)
model.fit(x, y, epochs=2 if QUICK else 30, verbose=2)
after = model.evaluate(x, y, verbose=0)
print(f"loss {before:.4f} before, {after:.4f} after training")
assert after < before

model.save("formula.keras")
again = models.load_model("formula.keras")
assert np.array_equal(again.predict(x, verbose=0), model.predict(x, verbose=0))
print("weights:", [weight.name for weight in again.layers[0].weights])

# A mistake in a formula is shown in it.
try:
    layers.Cell(12, formula="h = keep * h + (1 - keep) tnah(W x + U h + b)")
except ValueError as error:
    print(error)
