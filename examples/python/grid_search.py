"""Searches for good options with scikit-learn and sktime: handwritten digits, read line by line,
and sunspots. Two processes work at a time; with dask or ray whole clusters do, see the end."""

from __future__ import annotations

import os
import pathlib
import warnings

import numpy as np
import pandas as pd
from chronicler import layers, models
from chronicler.sklearn import ChroniclerClassifier
from chronicler.sktime import ChroniclerForecaster
from sklearn.model_selection import GridSearchCV, cross_val_score, train_test_split
from sktime.forecasting.model_selection import ForecastingGridSearchCV
from sktime.split import ExpandingWindowSplitter

warnings.filterwarnings("ignore", category=FutureWarning)  # sktime's, about sktime
DATA = pathlib.Path(__file__).parent.parent / "data"
QUICK = "CHRONICLER_QUICK" in os.environ  # few epochs, for a test
JOBS = 1 if QUICK else 2


# 1. A preset: the 64 pixels of a digit are 8 steps of 8, one for each line.
digits = pd.read_csv(DATA / "digits.csv")
pixels, labels = digits.drop(columns="label").to_numpy(), digits["label"].to_numpy()
train, test, train_labels, test_labels = train_test_split(
    pixels, labels, test_size=0.3, random_state=0, stratify=labels)

classifier = ChroniclerClassifier(steps=8, epochs=2 if QUICK else 15, random_state=0)
search = GridSearchCV(classifier, {
    "model": ["gru", "lstm"],
    "units": [16] if QUICK else [32, 64],
    "learning_rate": [0.005, 0.02],
}, cv=3, n_jobs=JOBS)
search.fit(train, train_labels)
print("digits:", search.best_params_, f"accuracy {search.best_score_:.3f} in cross-validation,",
      f"{search.score(test, test_labels):.3f} on digits never seen")


# 2. A model of one's own: the search sets what its function asks for.
def build(
    input_shape: tuple[int, ...], outputs: int, activation: str, units: int, dropout: float
) -> models.Model:
    return models.Sequential([
        layers.Input(input_shape),
        layers.Bidirectional(layers.LSTM(units, dropout=dropout)),
        layers.Dense(outputs, activation=activation),
    ])


own = ChroniclerClassifier(build, steps=8, epochs=2 if QUICK else 15, random_state=0)
scores = [
    cross_val_score(own.set_params(units=24, dropout=dropout), train, train_labels, cv=3,
                    n_jobs=JOBS).mean()
    for dropout in (0.0, 0.2)
]
print("both directions, dropout 0 and 0.2:", np.round(scores, 3))


# 3. A forecaster: the mean of each year, three years ahead, from 1749 on.
months = pd.read_csv(DATA / "sunspots.csv", index_col="Month")["Sunspots"]
months.index = pd.PeriodIndex(months.index, freq="M")
years = months.groupby(months.index.year).mean()
years.index = pd.period_range(str(years.index[0]), periods=len(years), freq="Y")
known, coming = years[:-6], years[-6:]
folds = ExpandingWindowSplitter(fh=[1, 2, 3], initial_window=150, step_length=30 if QUICK else 6)
search = ForecastingGridSearchCV(
    ChroniclerForecaster(epochs=2 if QUICK else 30, random_state=0), cv=folds,
    param_grid={"window_length": [11, 33], "units": [8, 24]}, backend="None" if QUICK else "loky")
search.fit(known, fh=[1, 2, 3, 4, 5, 6])
print("sunspots:", search.best_params_)
table = search.predict_interval(coverage=0.8)
table.columns = ["at least", "at most"]
print(table.assign(forecast=search.predict(), observed=coming).round(1))

# The same on a cluster; nothing else changes:
#   from dask.distributed import Client
#   client = Client("scheduler:8786")                 # pip install "dask[distributed]"
#   with joblib.parallel_config("dask"): search.fit(train, train_labels)
# or
#   from ray.util.joblib import register_ray          # pip install ray
#   register_ray()
#   with joblib.parallel_config("ray"): search.fit(train, train_labels)
