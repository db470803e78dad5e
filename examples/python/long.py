"""A whole book as one sequence: within a few megabytes the exact gradient goes back to its first
character. Two copies of the book differ in that character alone, and the network says at the end
which it has read. Then it learns to foretell characters, 100 steps at a time (truncated BPTT).

    python long.py [FILE [EPOCHS [BUDGET]]]      FILE: a text, by default the project's licence
"""

from __future__ import annotations

import os
import pathlib
import resource
import sys
import time

import numpy as np
from chronicler import initializers, layers, models, optimizers, utils

QUICK = "CHRONICLER_QUICK" in os.environ  # few epochs, for a test
LICENCE = pathlib.Path(__file__).parent.parent.parent / "LICENSE"
UNITS = 32

given = dict(enumerate(sys.argv[1:]))
book = np.frombuffer(pathlib.Path(given.get(0, LICENCE)).read_bytes(), np.uint8).astype(np.int32)
epochs = int(given.get(1, 2 if QUICK else 300))
budget = given.get(2, "2MB")
utils.set_random_seed(1)

# Two rows, in front of which stands the row's number.
x = np.stack([np.concatenate([[mark], book]) for mark in (0, 1)]).astype(np.int32)
y = np.array([[0], [1]], np.float32)
steps = x.shape[1]
model = models.Sequential([
    layers.Input((None,), dtype="int32"),
    layers.Embedding(256, 4),
    layers.LSTM(UNITS, bias_initializer=initializers.Chrono(t_max=steps)),
    layers.Dense(1, activation="sigmoid"),
])
model.compile(optimizers.Adam(0.02, global_clipnorm=1.0), "binary_crossentropy")
begin = time.perf_counter()
history = model.fit(x, y, epochs=epochs, verbose=0, memory_budget=budget)
seconds = (time.perf_counter() - begin) / epochs
loss = history.history["loss"][-1]
print(f"{steps:,} steps, exact gradient: loss {loss:.4f} (guessing: 0.6931), "
      f"{seconds:.2f} s an epoch")
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(f"memory of the process: {peak:.0f} MB; states of every step would take "
      f"{2 * steps * 7 * UNITS * 4 / 1e6:.0f} MB more")

writer = models.Sequential([
    layers.Input((None,), dtype="int32"),
    layers.Embedding(256, 16),
    layers.LSTM(UNITS, return_sequences=True),
    layers.Dense(256, activation="softmax"),
])
writer.compile(optimizers.Adam(0.01, global_clipnorm=1.0), "sparse_categorical_crossentropy")
history = writer.fit(book[None, :-1], book[None, 1:], epochs=2, verbose=0, bptt={"steps": 100})
print(f"truncated to 100 steps: {history.history['loss'][-1]:.2f} nats a character")
