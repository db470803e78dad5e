"""Masks and padding, after Keras's guide of that name, in our words: how masks are made, passed on
and used, by layers of the library and of one's own; and a model that trains on padded rows.

masking.py DATA SEED      DATA is not used
"""

import importlib
import os
import sys

import numpy as np
from report import report

keras = importlib.import_module(os.environ.get("KERAS", "chronicler.keras"))
layers, ops = keras.layers, keras.ops

QUICK = "CHRONICLER_QUICK" in os.environ
seed = int(sys.argv[2])
keras.utils.set_random_seed(seed)

raw = [[711, 632, 71], [73, 8, 3215, 55, 927], [83, 91, 1, 645, 1253, 927]]
padded = keras.utils.pad_sequences(raw, padding="post")
print(padded)

# Two layers make masks.
embedding = layers.Embedding(input_dim=5000, output_dim=16, mask_zero=True)
embedded = embedding(padded)
print(np.array(embedded._keras_mask))
masking = layers.Masking()
unmasked = ops.cast(ops.tile(ops.expand_dims(padded, axis=-1), [1, 1, 10]), "float32")
print(np.array(masking(unmasked)._keras_mask))

# Masks go on by themselves, or by hand, to the same result.
inputs = keras.Input(shape=(None,), dtype="int32")
functional = keras.Model(inputs, layers.LSTM(32)(embedding(inputs)))
chain = keras.Sequential([embedding, functional.layers[-1]])


class ByHand(layers.Layer):
    """Passes the mask on itself."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.embedding, self.lstm = embedding, functional.layers[-1]

    def call(self, inputs):
        x = self.embedding(inputs)
        return self.lstm(x, mask=self.embedding.compute_mask(inputs))


first = np.array(functional(padded))
assert np.allclose(first, np.array(chain(padded)), atol=1e-6)
assert np.allclose(first, np.array(ByHand()(padded)), atol=1e-6)


class Halves(layers.Layer):
    """Cuts sequences in two along time, and their masks."""

    def call(self, inputs):
        return ops.split(inputs, 2, axis=1)

    def compute_mask(self, inputs, mask=None):
        return None if mask is None else ops.split(mask, 2, axis=1)


left, right = Halves()(embedded)
print(np.array(left._keras_mask), np.array(right._keras_mask))


class OwnEmbedding(layers.Layer):
    """Makes a mask from its ids."""

    def __init__(self, input_dim, output_dim, mask_zero=False, **kwargs):
        super().__init__(**kwargs)
        self.input_dim, self.output_dim, self.mask_zero = input_dim, output_dim, mask_zero

    def build(self, input_shape):
        self.embeddings = self.add_weight(shape=(self.input_dim, self.output_dim),
                                          initializer="random_normal", dtype="float32")

    def call(self, inputs):
        return ops.take(self.embeddings, ops.cast(inputs, "int32"), axis=0)

    def compute_mask(self, inputs, mask=None):
        return ops.not_equal(inputs, 0) if self.mask_zero else None


own = OwnEmbedding(10, 32, mask_zero=True)
ids = np.random.default_rng(0).integers(0, 3, (3, 10)).astype("float32")
print(np.array(own(ids)._keras_mask))


class OwnActivation(layers.Layer):
    """Lets masks through as they are."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True

    def call(self, inputs):
        return ops.relu(inputs)


class SoftmaxOverTime(layers.Layer):
    """Uses the mask of its input."""

    def call(self, inputs, mask=None):
        assert mask is not None
        factor = ops.expand_dims(ops.cast(mask, "float32"), axis=-1)
        exponents = ops.exp(inputs) * factor
        return exponents / (ops.sum(exponents, axis=1, keepdims=True) + 1e-9)


inputs = keras.Input(shape=(None,), dtype="int32")
x = layers.Embedding(input_dim=10, output_dim=16, mask_zero=True)(inputs)
x = OwnActivation()(x)
x = layers.LSTM(16, return_sequences=True)(x)
x = layers.Dense(1)(x)
weights = SoftmaxOverTime()(x)
model = keras.Model(inputs, ops.sum(
    weights * ops.cast(ops.expand_dims(inputs, -1), "float32"), axis=1))

random = np.random.default_rng(0)
rows = [random.integers(1, 10, random.integers(2, 9)) for _ in range(100 if QUICK else 800)]
x = keras.utils.pad_sequences(rows, padding="post")
y = np.array([[row.max()] for row in rows], "float32")
model.compile(optimizer=keras.optimizers.Adam(0.01), loss="mse")
history = model.fit(x, y, epochs=1 if QUICK else 6, verbose=2)
report(model, history, model.predict(x, verbose=0))
