"""A recurrent cell of one's own, and a layer: written with chronicler.ops, differentiated by
itself, trained in a model beside the library's layers, saved and loaded."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from chronicler import layers, models, ops, optimizers, saving, utils

QUICK = "CHRONICLER_QUICK" in os.environ  # few epochs, for a test


@saving.register_keras_serializable("examples")
class LeakyCell(layers.Layer):
    """h(t) = a h(t-1) + (1 - a) tanh(x W + h(t-1) U), where each unit learns its own a."""

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = units
        self.state_size = units

    def build(self, input_shape: Any = None) -> None:
        self.kernel = self.add_weight((input_shape[-1], self.units), name="kernel")
        self.recurrent = self.add_weight(
            (self.units, self.units), "orthogonal", name="recurrent_kernel")
        self.leak = self.add_weight((self.units,), "ones", name="leak")

    def call(self, inputs: Any, states: Any, training: Any = None) -> Any:
        (before,) = states
        keep = ops.sigmoid(self.leak)
        new = ops.tanh(ops.matmul(inputs, self.kernel) + ops.matmul(before, self.recurrent))
        after = keep * before + (1.0 - keep) * new
        return after, [after]

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "units": self.units}


@saving.register_keras_serializable("examples")
class Scale(layers.Layer):
    """Multiplies by a number that it learns."""

    def build(self, input_shape: Any = None) -> None:
        self.factor = self.add_weight((), "ones", name="factor")

    def call(self, inputs: Any) -> Any:
        return inputs * self.factor


utils.set_random_seed(1)
x = np.random.default_rng(1).normal(size=(400, 15, 2)).astype("float32")
y = x[:, :, 0].mean(axis=1, keepdims=True)  # a slow average: what a leaky cell is good at

model = models.Sequential([
    layers.Input((None, 2)),
    layers.RNN(LeakyCell(12)),
    layers.Dense(1),
    Scale(),
])
model.compile(optimizer=optimizers.Adam(0.01), loss="mse")
before = model.evaluate(x, y, verbose=0)
model.fit(x, y, epochs=2 if QUICK else 10, verbose=2)  # warns once: NumPy computes the cell
after = model.evaluate(x, y, verbose=0)
print(f"loss {before:.4f} before, {after:.4f} after training")
assert after < before

model.save("leaky.keras")
again = models.load_model("leaky.keras")  # finds both classes: they are registered
assert np.allclose(again.predict(x, verbose=0), model.predict(x, verbose=0), atol=1e-6)
print("each unit keeps", ops.sigmoid(again.layers[0].cell.leak).numpy().round(2))
