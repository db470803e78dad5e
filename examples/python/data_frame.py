"""From a pandas data frame to a forecast and back: columns, an index of dates, a column that is
known ahead; then the same frame as windows for a model of one's own."""

from __future__ import annotations

import os

import numpy as np
import pandas as pd
from chronicler import layers, models, utils
from chronicler.tasks import Forecaster

QUICK = "CHRONICLER_QUICK" in os.environ  # few epochs, for a test
utils.set_random_seed(1)
random = np.random.default_rng(1)

# A shop: it sells more on Saturdays, and while a price is lowered.
days = pd.date_range("2023-01-01", periods=700, freq="D")
lowered = (random.random(700) < 0.15).astype(float)
sold = 100 + 40 * (days.dayofweek == 5) + 60 * lowered + random.normal(size=700) * 6
frame = pd.DataFrame({"sold": sold, "lowered": lowered}, index=days)

forecaster = Forecaster(horizon=7, networks=1, seed=1, epochs=2 if QUICK else 40)
forecaster.fit(frame, target="sold", future=["lowered"])
print(forecaster.report_["verdict"])

plan = np.array([[0], [0], [1], [0], [0], [0], [0]], np.float32)  # next week: lowered on day 3
table = forecaster.predict(ahead=plan).to_frame()
print(table.round(1))
assert QUICK or table["sold"].iloc[2] > table["sold"].iloc[1] + 20

# The same as a model of one's own: two weeks of both columns, to the sales of the next day.
scaled = (frame - frame.mean()) / frame.std()
windows = utils.timeseries_dataset_from_array(
    scaled.to_numpy("float32")[:-1], scaled["sold"].to_numpy("float32")[14:], sequence_length=14,
    batch_size=32)
model = models.Sequential([layers.Input((14, 2)), layers.LSTM(16), layers.Dense(1)])
model.compile(optimizer="adam", loss="mae")
history = model.fit(windows, epochs=2 if QUICK else 30, verbose=0)
print(pd.DataFrame(history.history, index=history.epoch).tail(3))
