"""A model that learns along a stream, sample by sample, and one that stays as it was trained.

The signal's law turns round in the middle. The first model learns on (real-time recurrent learning:
no window, constant memory); the second predicts with a copy that adapts; the third stays.
"""

import sys

import chronicler
import numpy as np
from chronicler import Sequential, layers, optimizers

steps = int(sys.argv[1]) if len(sys.argv) > 1 else 12_000
change = steps // 2
chronicler.utils.set_random_seed(1)
x = np.random.default_rng(1).uniform(-1, 1, (steps, 1)).astype(np.float32)
y = 0.6 * x + 0.4 * np.roll(x, 1, axis=0)
y[change:] *= -1

model = Sequential([
    layers.Input((None, 1)),
    layers.MinGRU(32),  # exact; LSTM and GRU learn so by SnAp-1
    layers.Dense(1),
])
model.compile(optimizer=optimizers.Adam(0.01), loss="mse")
model.fit_stream(x[:change], y[:change], verbose=0)

frozen = model.stream()
adapting = model.stream(adapt={"learning_rate": 0.005, "decay": 0.0005, "steps": 5})
learner = chronicler.StreamLearner(model)

quarter = (steps - change) // 4
errors = np.zeros((4, 3))
for t in range(change, change + 4 * quarter):
    part = (t - change) // quarter
    errors[part, 0] += (frozen.step(x[t])[0] - y[t, 0]) ** 2
    errors[part, 1] += (adapting.step(x[t])[0] - y[t, 0]) ** 2
    errors[part, 2] += (learner.step(x[t])[0] - y[t, 0]) ** 2
    adapting.learn(y[t])
    learner.learn(y[t])

print(f"mean squared error after the change, in quarters of {quarter:,} steps")
for name, values in zip(("frozen", "adapting", "fit_stream"), errors.T / quarter):
    print(f"{name:>10}", "  ".join(f"{value:.5f}" for value in values))
