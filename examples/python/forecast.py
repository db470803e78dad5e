"""Forecasts sunspots: learns 235 years of months, compares itself with baselines that need no
network, and writes what comes next, with quantiles, to sunspots.svg. `chronicler forecast` does the
same."""

from __future__ import annotations

import os
import pathlib

from chronicler.tasks import Forecaster

DATA = pathlib.Path(__file__).parent.parent / "data" / "sunspots.csv"
QUICK = "CHRONICLER_QUICK" in os.environ  # few epochs, for a test

forecaster = Forecaster(horizon=24, seed=1, epochs=2 if QUICK else 40)
forecaster.fit(DATA, target="Sunspots", verbose=True)
print(forecaster.report_["verdict"])

forecast = forecaster.predict()
print(forecast)
forecast.plot("sunspots.svg")
for time, mean, low, high in zip(
    forecast.times[:6], forecast.mean[:, 0], forecast.quantiles[0.1][:, 0],
    forecast.quantiles[0.9][:, 0],
):
    print(f"{time}  {mean:6.1f}   in 4 of 5 cases {low:6.1f} to {high:6.1f}")

forecaster.save("sunspots.keras")  # `chronicler forecast run sunspots.keras ...` reads it, too
