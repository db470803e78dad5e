"""Cross-validation and grid search on every machinery of joblib's and sktime's: processes, threads,
dask and ray. All find the same scores to the last bit."""

from __future__ import annotations

import os
import pathlib

import numpy as np
import pandas as pd
import pytest
from chronicler import layers, models
from chronicler.sklearn import ChroniclerClassifier, ChroniclerRegressor
from chronicler.sktime import ChroniclerForecaster, ChroniclerTimeSeriesClassifier
from joblib import parallel_config
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score
from sktime.classification.model_evaluation import evaluate
from sktime.datasets import load_unit_test
from sktime.forecasting.model_selection import ForecastingGridSearchCV
from sktime.split import ExpandingWindowSplitter

pytestmark = [pytest.mark.filterwarnings("ignore::FutureWarning"),
              pytest.mark.filterwarnings("ignore::DeprecationWarning")]

# ray comes last (test_ray): joblib's own processes are ray's from then on.
BACKENDS = ["threading", "loky", "multiprocessing", "dask"]


@pytest.fixture(scope="module")
def dask():
    """Start dask's workers on this machine."""
    from dask.distributed import Client, LocalCluster

    cluster = LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None)
    with cluster, Client(cluster):
        yield


@pytest.fixture(scope="module")
def ray():
    """Start ray's workers on this machine; they find the packages where this process does."""
    import ray
    from ray.util.joblib import register_ray

    paths = [str(pathlib.Path(__file__).parent), os.environ.get("PYTHONPATH", "")]
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False,
             runtime_env={"env_vars": {"PYTHONPATH": os.pathsep.join(filter(None, paths))}})
    register_ray()
    yield
    ray.shutdown()


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(240, 12, 2))
    return rows, rows[:, :, 0].sum(1)


def build(input_shape, outputs, activation, units):
    return models.Sequential([
        layers.Input(input_shape), layers.LSTM(units, dropout=0.1),
        layers.Dense(outputs, activation=activation)])


SCORES = {}


def same(what, scores):
    """Assert that scores are what whoever came first found."""
    wanted = SCORES.setdefault(what, np.asarray(scores))
    np.testing.assert_array_equal(scores, wanted)


def search(rows, model, backend):
    classifier = ChroniclerClassifier(model, epochs=4, random_state=0)
    search = GridSearchCV(classifier, {"units": [4, 8], "learning_rate": [0.01, 0.03]}, cv=3)
    with parallel_config(backend or "sequential", n_jobs=2 if backend else 1):
        search.fit(rows[0], rows[1] > 0)
    same(f"search {model}", search.cv_results_["mean_test_score"])
    assert search.best_score_ > 0.7
    print(f"\n{backend or 'alone'}: {search.best_params_}")


def cross_validate(rows, backend):
    regressor = ChroniclerRegressor("lstm", dropout=0.1, epochs=10, random_state=1)
    with parallel_config(backend or "sequential", n_jobs=2 if backend else 1):
        scores = cross_val_score(regressor, *rows, cv=4)
    same("cross", scores)


def search_forecasts(backend, **parameters):
    index = pd.period_range("2010-01", periods=120, freq="M")
    months = np.arange(120)
    series = pd.Series(months + 20 * np.sin(months * np.pi / 6), index=index)
    folds = ExpandingWindowSplitter(fh=[1, 2, 3], initial_window=80, step_length=12)
    search = ForecastingGridSearchCV(
        ChroniclerForecaster(epochs=3, random_state=0), cv=folds, backend=backend,
        backend_params=parameters, param_grid={"window_length": [6, 24], "units": [4]})
    search.fit(series, fh=[1, 2, 3])
    name = "mean_test_MeanAbsolutePercentageError"
    same("forecasts", search.cv_results_[name].to_numpy(float))
    assert search.best_params_["window_length"] == 24


def classes_of_series(backend):
    series, labels = load_unit_test(split="train")
    found = evaluate(
        ChroniclerTimeSeriesClassifier(epochs=10, random_state=0), X=series, y=labels,
        cv=KFold(3, shuffle=True, random_state=0), backend=backend)
    same("classes", found["test_accuracy_score"].to_numpy(float))


@pytest.mark.parametrize("model", ["gru", build], ids=["preset", "function"])
@pytest.mark.parametrize("backend", [None, *BACKENDS])
def test_grid_search(dask, rows, backend, model):
    search(rows, model, backend)


@pytest.mark.parametrize("backend", [None, *BACKENDS])
def test_cross_validation(dask, rows, backend):
    cross_validate(rows, backend)


@pytest.mark.parametrize("backend", ["None", *BACKENDS])
def test_forecasts(dask, backend):
    parameters = {} if backend in ("None", "dask") else {"n_jobs": 2}
    search_forecasts(backend, **parameters)


@pytest.mark.parametrize("backend", ["None", "threading", "loky"])  # dask: needs pyarrow, too
def test_classes_of_series(backend):
    classes_of_series(backend)


def test_ray(ray, rows):
    for model in ("gru", build):
        search(rows, model, "ray")
    cross_validate(rows, "ray")
    search_forecasts("ray", ray_remote_args={}, shutdown_ray=False)
