"""Runs a network live: one step in, one step out, well under a microsecond each. The state can be
kept and given back: here two sensors share one network."""

from __future__ import annotations

import pickle
import time

import numpy as np
from chronicler import layers, models, utils

utils.set_random_seed(1)
model = models.Sequential([
    layers.Input((None, 4)),
    layers.LSTM(32, return_sequences=True),
    layers.Dense(1),
])
signal = np.random.default_rng(1).normal(size=(5000, 4)).astype("float32")

live = model.stream()
answers = np.array([live.step(x) for x in signal])
assert np.allclose(answers, model.predict(signal[None], verbose=0)[0], atol=1e-6)
print("step by step the network says what it says of the whole sequence")

answer = np.zeros(1, "float32")  # written to in place: nothing is allocated
begin = time.perf_counter()
for x in signal:
    live.step(x, out=answer)
print(f"{(time.perf_counter() - begin) / len(signal) * 1e6:.2f} microseconds a step, loop included")

first, second = model.stream(), model.stream()
for x in signal[:10]:
    first.step(x)
kept = pickle.dumps(first)  # with the state, to go on tomorrow
second.state = first.state
assert np.array_equal(first.step(signal[10]), second.step(signal[10]))
again = pickle.loads(kept)
expected = model.predict(signal[None, :11], verbose=0)[0, -1]
assert np.allclose(again.step(signal[10]), expected, atol=1e-6)
print("a copy of the state goes on alike")
