# %%
"""Recurrent networks from one cell to sequences: the cell, why it forgets, gates, many to one,
many to many. Runs in under a minute; tutorial.ipynb is the same as a notebook."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from chronicler import Recording, Tensor, insight, layers, models, ops, utils

QUICK = "CHRONICLER_QUICK" in os.environ  # few epochs, for a test
utils.set_random_seed(1)
random = np.random.default_rng(1)

# %% [markdown]
# ## The recurrent cell
#
# A recurrent layer reads a sequence step by step. Its state *h* is all that it knows of the past:
#
# > h(t) = tanh( x(t) W + h(t-1) U + b )
#
# `SimpleRNN` is exactly this. By hand, with the layer's own weights:

# %%
sequence = random.normal(size=(1, 6, 3)).astype("float32")  # one sequence, 6 steps, 3 features
cell = layers.SimpleRNN(4)
by_layer = cell(sequence).numpy()

W, U, b = cell.get_weights()
h = np.zeros((1, 4), "float32")
for t in range(6):
    h = np.tanh(sequence[:, t] @ W + h @ U + b)
print("the layer:", by_layer.round(4))
print("by hand:  ", h.round(4))
assert np.allclose(by_layer, h, atol=1e-6)

# %% [markdown]
# ## Why it forgets
#
# Training asks how much an input of long ago moved the last state: a derivative, a product of one
# factor for each step in between. It shrinks exponentially with the distance. `Recording` notes
# what is computed and walks it back. In an LSTM the derivative runs along a sum, which a forget
# gate near 1 lets through: here its bias is 4, where it starts at 1 and training may take it.

# %%
STEPS = 60


def influence(layer: Any) -> Any:
    """How much each step of a sequence moves the state after the last one."""
    x = Tensor(random.normal(size=(1, STEPS, 8)).astype("float32"))
    with Recording() as tape:
        last = ops.sum(layer(x))
    (gradient,) = tape.gradients(last, None, x)
    assert gradient is not None
    return np.linalg.norm(gradient[0], axis=-1)


simple = influence(layers.SimpleRNN(32))
remembering = layers.LSTM(32)
remembering.build((None, STEPS, 8))
kernel, recurrent_kernel, bias = remembering.get_weights()
bias[32:64] = 4.0  # the gates come in the order input, forget, candidate, output
remembering.set_weights([kernel, recurrent_kernel, bias])
lstm = influence(remembering)

assert simple[-59] < 1e-3 * lstm[-59]
chart = insight.LineChart(
    {"SimpleRNN": simple[::-1], "LSTM": lstm[::-1]}, log_y=True,
    title="Derivative of the last state by the inputs", x_label="steps ago", y_label="norm")
print(chart)
chart

# %% [markdown]
# ## The gates of an LSTM
#
# An LSTM keeps a second state *c*, the memory. Three gates between 0 and 1 say what of it is
# forgotten, what is written, and what is shown:
#
# > c(t) = forget(t) c(t-1) + input(t) candidate(t)
# >
# > h(t) = output(t) tanh( c(t) )

# %%
lstm_cell = layers.LSTM(4, return_sequences=True)
by_layer = lstm_cell(sequence).numpy()


def sigmoid(z: Any) -> Any:
    """From any number to one between 0 and 1."""
    return 1 / (1 + np.exp(-z))


def run_by_hand(layer: Any, x: Any) -> tuple[Any, Any]:
    """The states h and the forget gates of an LSTM for each step."""
    W, U, b = layer.get_weights()
    h = c = np.zeros((len(x), U.shape[0]), "float32")
    states, forgets = [], []
    for t in range(x.shape[1]):
        i, f, g, o = np.split(x[:, t] @ W + h @ U + b, 4, axis=-1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        states.append(h)
        forgets.append(sigmoid(f))
    return np.stack(states, 1), np.stack(forgets, 1)


states, _ = run_by_hand(lstm_cell, sequence)
print("largest difference to the layer:", np.abs(states - by_layer).max())
assert np.allclose(states, by_layer, atol=1e-6)

# %% [markdown]
# ## Many to one: ten kinds of calls
#
# Each sequence is a call as a spectrogram: 10 steps, 100 bands. A tone begins in some band and
# glides; which of ten glides it is, is the label. There is noise in every band.


# %%
def calls(count: int) -> tuple[Any, Any]:
    """Spectrograms (count, 10, 100) and their labels as rows of ten."""
    labels = random.integers(0, 10, count)
    glide = (labels - 4.5) * 1.6  # bands a step
    start = random.uniform(46, 54, count) - glide * 4.5
    bands = start[:, None] + glide[:, None] * np.arange(10)
    x = np.exp(-0.5 * ((np.arange(100) - bands[:, :, None]) / 1.5) ** 2)
    x = x + random.normal(size=x.shape) * 0.3
    return x.astype("float32"), utils.to_categorical(labels, 10)


X_train, y_train = calls(400 if QUICK else 2000)
X_test, y_test = calls(400)

model_lstm = models.Sequential([
    layers.LSTM(units=64, return_sequences=True, input_shape=(None, 100)),
    layers.LSTM(units=64),
    layers.Dense(10, activation='softmax')
])
model_lstm.compile(optimizer='adam', loss='categorical_crossentropy', metrics=['accuracy'])
history = model_lstm.fit(X_train, y_train, epochs=2 if QUICK else 10,
                         validation_data=(X_test, y_test), verbose=2)
model_lstm.summary()
history

# %% [markdown]
# The first layer gives its state after every step (`return_sequences=True`), the second only the
# last one: many to one.

# %%
accuracy = model_lstm.evaluate(X_test, y_test, verbose=0)[1]
print(f"accuracy on calls that it has not seen: {accuracy:.3f}")
assert QUICK or accuracy > 0.9

# %% [markdown]
# ## Many to many: an answer at every step
#
# Marks come, and now and then a bell. At each step: is the number of marks since the last bell
# even? The network has to count, and at a bell to forget. `Dense` after `return_sequences=True`
# answers at every step.


# %%
def marks_and_bells(count: int, steps: int) -> tuple[Any, Any]:
    """Sequences (count, steps, 2) and the answers (count, steps, 1)."""
    x = (random.random((count, steps, 2)) < (0.5, 0.15)).astype("float32")
    answers = np.zeros((count, steps, 1), "float32")
    marks = np.zeros(count)
    for t in range(steps):
        marks = np.where(x[:, t, 1] == 1, 0, marks + x[:, t, 0])
        answers[:, t, 0] = marks % 2 == 0
    return x, answers


marks, even = marks_and_bells(1500, 12)
counter = models.Sequential([
    layers.Input((None, 2)),
    layers.LSTM(16, return_sequences=True),
    layers.Dense(1, activation="sigmoid"),
])
counter.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
counter.optimizer.learning_rate = 0.02
counting = counter.fit(marks, even, epochs=2 if QUICK else 40, verbose=0)
longer, right = marks_and_bells(200, 40)
print("right answers in sequences three times as long:",
      counter.evaluate(longer, right, verbose=0)[1])
counting

# %% [markdown]
# What it learnt can be seen in its forget gates. Each unit of the memory has one; here is that
# of the unit which a bell empties most.

# %%
_, forgets = run_by_hand(counter.layers[0], longer)
without, at_bell = (forgets[longer[:, :, 1] == bell].mean(axis=0) for bell in (0, 1))
unit = int((without - at_bell).argmax())
for name, kept in (("no bell", without[unit]), ("bell   ", at_bell[unit])):
    print(f"{name}  unit {unit} keeps {kept:4.0%} of its memory {'#' * round(40 * kept)}")

# %% [markdown]
# ## Many to many: a sequence of its own
#
# An encoder reads the whole sequence, its state starts a decoder, which writes another one: here
# the digits backwards. `RepeatVector` gives the decoder the encoder's summary at every step.

# %%
digits = random.integers(0, 10, (3000, 5))
reader = models.Sequential([
    layers.Input((5,), dtype="int32"),
    layers.Embedding(10, 16),
    layers.LSTM(96),
    layers.RepeatVector(5),
    layers.LSTM(96, return_sequences=True),
    layers.Dense(10, activation="softmax"),
])
reader.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
reader.optimizer.learning_rate = 0.005
reader.fit(digits[200:], digits[200:, ::-1], epochs=1 if QUICK else 30, verbose=0)
written = reader.predict(digits[:200], verbose=0).argmax(axis=-1)
for row in range(3):
    print(*digits[row], " -> ", *written[row])
print("right digits:", (written == digits[:200, ::-1]).mean())

# %% [markdown]
# ## Onwards
#
# `model_lstm.save("calls.keras")` writes a file that Keras reads, too. `stream.py` runs a network
# live, `custom_cell.py` adds a cell, `from_keras.py` goes on with somebody else's model.
