"""Estimators for sktime: sktime's own checks, and what they do not look at."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
import warnings

import numpy as np
import pytest

sktime = pytest.importorskip("sktime")
pd = pytest.importorskip("pandas")

from chronicler import layers, models
from chronicler.sktime import ChroniclerForecaster, ChroniclerTimeSeriesClassifier
from sktime.classification.compose import ClassifierPipeline
from sktime.datasets import load_airline, load_basic_motions, load_unit_test
from sktime.forecasting.compose import TransformedTargetForecaster
from sktime.forecasting.model_selection import ForecastingGridSearchCV
from sktime.forecasting.naive import NaiveForecaster
from sktime.performance_metrics.forecasting import mean_absolute_percentage_error
from sktime.split import ExpandingWindowSplitter, temporal_train_test_split
from sktime.transformations.boxcox import LogTransformer
from sktime.transformations.exponent import ExponentTransformer
from sktime.utils.estimator_checks import check_estimator

pytestmark = pytest.mark.filterwarnings("ignore:The default of config:FutureWarning")


# ---- sktime's own checks


@pytest.mark.parametrize("estimator, least", [
    (ChroniclerForecaster, 750), (ChroniclerTimeSeriesClassifier, 250)])
def test_check_estimator(estimator, least):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        results = check_estimator(estimator, verbose=0)
    failed = {name: result for name, result in results.items() if result != "PASSED"}
    print(f"\nsktime {sktime.__version__} check_estimator, {estimator.__name__}: "
          f"{len(results) - len(failed)} of {len(results)} passed")
    assert not failed
    assert len(results) >= least


# ---- forecasts


@pytest.fixture(scope="module")
def airline():
    return temporal_train_test_split(load_airline(), test_size=24)


@pytest.fixture(scope="module")
def driven():
    """Return a series that two columns drive: one in the same row, one in the row after."""
    rng = np.random.default_rng(0)
    count = 400
    now, late, noise = rng.normal(size=(3, count))
    values = np.zeros(count)
    for row in range(1, count):
        values[row] = 0.6 * values[row - 1] + 2 * now[row] + 1.5 * late[row - 1]
    values += 0.1 * noise
    index = pd.date_range("2024-01-01", periods=count, freq="h")
    series = pd.DataFrame({"load": values, "less": -values}, index=index)
    return series, pd.DataFrame({"now": now, "late": late}, index=index)


def test_better_than_the_year_before(airline):
    train, test = airline
    horizon = np.arange(1, 25)
    forecaster = ChroniclerForecaster(random_state=0).fit(train, fh=horizon)
    error = mean_absolute_percentage_error(test, forecaster.predict())
    naive = NaiveForecaster(strategy="last", sp=12).fit(train, fh=horizon).predict()
    assert error < 0.5 * mean_absolute_percentage_error(test, naive)
    assert 0 <= forecaster.gain_ <= 1
    assert {"loss", "val_loss"} <= set(forecaster.history_)
    assert [state.shape for state in forecaster.state_] == [(16,)]
    interval = forecaster.predict_interval(coverage=[0.5, 0.9])
    half, most = interval[("Number of airline passengers", 0.5)], interval[
        ("Number of airline passengers", 0.9)]
    assert (most["lower"] <= half["lower"]).all() and (half["upper"] <= most["upper"]).all()
    width = (most["upper"] - most["lower"]).to_numpy()
    assert (width > 0).all() and width[-1] > width[0]
    inside = (test >= most["lower"]) & (test <= most["upper"])
    assert inside.mean() > 0.6
    levels = forecaster.predict_quantiles(alpha=[0.001, 0.1, 0.5, 0.9, 0.999]).to_numpy()
    assert (np.diff(levels, axis=1) >= 0).all()
    assert (forecaster.predict_var().to_numpy() > 0).all()


# The noise is 0.1, now's part 2, late's 1.5, and 0.6 of each error is in the next row's, too.
@pytest.mark.parametrize("past_only, columns, best, goal", [
    ([], ["now", "late"], [0.08, 0.08], [0.16, 0.16]),
    (["late"], ["now"], [0.08, 1.0], [0.2, 2.1]),  # late's part is unknown from the second row on
    (["now", "late"], [], [1.5, 2.0], [2.5, 3.5]),
])
def test_columns_known_ahead_and_up_to_now(driven, past_only, columns, best, goal):
    series, beside = driven
    forecaster = ChroniclerForecaster(past_only=past_only, random_state=0)
    forecaster.fit(series[:350], X=beside[:350], fh=[1, 2, 3])
    errors = []
    for row in range(350, 380):
        if row > 350:
            forecaster.update(series[row - 1:row], beside[row - 1:row], update_params=False)
        coming = beside[row:row + 3][columns] if columns else None
        errors.append(forecaster.predict(X=coming).to_numpy() - series[row:row + 3].to_numpy())
    found = np.sqrt(np.square(errors).mean(axis=(0, 2)))
    print(past_only, found)
    assert (np.array(best) < found[:2]).all() and (found[:2] < goal).all()
    if columns:
        with pytest.raises(ValueError, match="predict needs X with the columns"):
            forecaster.predict()


def test_rows_that_were_seen_and_rows_beyond_the_horizon(airline):
    train, _ = airline
    forecaster = ChroniclerForecaster(horizon=6, random_state=0).fit(train)
    far = forecaster.predict(fh=[1, 6, 7, 30])
    assert len(far) == 4 and far.between(200, 1000).all()
    seen = forecaster.predict(fh=np.arange(-100, 1))
    near = mean_absolute_percentage_error(train[-101:], seen)
    assert near < 0.08
    first = forecaster.predict(fh=[-(len(train) - 1)])
    assert np.isfinite(first).all()
    residuals = forecaster.predict_residuals(train)
    assert len(residuals) == len(train) and abs(residuals[30:].mean()) < 10


def test_update_keeps_weights_or_trains_them(airline):
    train, test = airline
    forecaster = ChroniclerForecaster(random_state=0).fit(train, fh=[1, 2])
    before = forecaster.model_.get_weights()
    state = forecaster.state_[0]
    first = forecaster.predict()
    forecaster.update(test[:1], update_params=False)
    assert all((a == b).all() for a, b in zip(before, forecaster.model_.get_weights()))
    assert (state != forecaster.state_[0]).any()
    assert first.index[1] == forecaster.predict().index[0]
    epochs = len(forecaster.history_["loss"])
    forecaster.update(test[1:3])
    assert any((a != b).any() for a, b in zip(before, forecaster.model_.get_weights()))
    assert len(forecaster.history_["loss"]) == epochs + 3
    assert forecaster.cutoff[0] == test.index[2]


def test_update_predict(airline):
    train, test = airline
    cv = ExpandingWindowSplitter(fh=[1], initial_window=1, step_length=1)
    forecaster = ChroniclerForecaster(epochs=20, random_state=0).fit(train, fh=[1])
    before = forecaster.predict()
    walked = forecaster.update_predict(test, cv, update_params=False)
    assert (before == forecaster.predict()).all()  # it was a copy that walked
    assert mean_absolute_percentage_error(test.loc[walked.index[:-1]], walked[:-1]) < 0.08


@pytest.mark.parametrize("rows", [3, 4, 6, 10, 20])
def test_few_rows(rows):
    line = pd.Series(np.arange(rows) * 2.0)
    forecaster = ChroniclerForecaster(random_state=0).fit(line, fh=[1, 2, 5])
    found = forecaster.predict().to_numpy()
    assert np.isfinite(found).all() and (np.diff(found) > 0).all() and found[0] > line.iloc[-1]
    assert np.isfinite(forecaster.predict_interval().to_numpy()).all()
    with pytest.raises(ValueError, match="needs 3 rows"):
        ChroniclerForecaster().fit(line[:2], fh=[1])


def test_what_never_changes_stays():
    forecaster = ChroniclerForecaster(random_state=0).fit(pd.Series(np.full(50, 7.0)), fh=[1, 9])
    assert forecaster.predict().tolist() == [7.0, 7.0]


@pytest.mark.parametrize("copied", [
    copy.deepcopy, lambda fitted: pickle.loads(pickle.dumps(fitted))], ids=["deepcopy", "pickle"])
def test_copies_and_seeds(airline, copied):
    train, test = airline
    forecaster = ChroniclerForecaster("lstm", epochs=3, random_state=3).fit(train, fh=[1, 2])
    twin = copied(forecaster)
    assert (twin.predict() == forecaster.predict()).all()
    assert [state.shape for state in twin.state_] == [(16,), (16,)]
    assert (twin.update(test).predict() == forecaster.update(test).predict()).all()
    again = ChroniclerForecaster("lstm", epochs=3, random_state=3).fit(train, fh=[1, 2])
    other = ChroniclerForecaster("lstm", epochs=3, random_state=4).fit(train, fh=[1, 2])
    assert (again.state_[0] != other.state_[0]).any()
    assert (again.update(test).predict() == forecaster.predict()).all()


def build(input_shape, outputs, window):
    assert input_shape[0] == window
    return models.Sequential([
        layers.Input(input_shape), layers.Conv1D(8, 3, padding="causal", activation="relu"),
        layers.GRU(8), layers.Dense(outputs)])


def test_searches_and_pipelines(airline):
    train, test = airline
    cv = ExpandingWindowSplitter(fh=[1, 2, 3], initial_window=72, step_length=12)
    search = ForecastingGridSearchCV(
        TransformedTargetForecaster([LogTransformer(), ChroniclerForecaster(
            epochs=4, random_state=0)]), cv=cv, backend="None",
        param_grid={"ChroniclerForecaster__window_length": [6, 24]})
    search.fit(train, fh=[1, 2, 3])
    assert search.best_params_ == {"ChroniclerForecaster__window_length": 24}
    assert mean_absolute_percentage_error(test[:3], search.predict()) < 0.08
    own = ChroniclerForecaster(build, epochs=5, random_state=0).fit(train, fh=[1, 2, 3])
    assert mean_absolute_percentage_error(test[:3], own.predict()) < 0.1
    assert own.state_ == []  # whose states they are, only the function knows


@pytest.mark.parametrize("wrong, sentence", [
    ({"model": "rnn"}, "model='rnn'"), ({"window_length": 0}, "window_length=0"),
    ({"horizon": 1.5}, "horizon=1.5"), ({"update_epochs": 0}, "update_epochs=0"),
    ({"epochs": -1}, "epochs=-1")])
def test_wrong_options(airline, wrong, sentence):
    with pytest.raises(ValueError, match=sentence):
        ChroniclerForecaster(**wrong).fit(airline[0], fh=[1])


def test_wrong_names_of_columns(driven):
    series, beside = driven
    with pytest.raises(ValueError, match="past_only names 'later'"):
        ChroniclerForecaster(past_only=["later"]).fit(series[:50], X=beside[:50], fh=[1])


# ---- classes of time series


def test_classes():
    train, labels = load_unit_test(split="train")
    test, wanted = load_unit_test(split="test")
    classifier = ChroniclerTimeSeriesClassifier(random_state=0).fit(train, labels)
    assert classifier.score(test, wanted) > 0.7
    assert classifier.estimator_.n_features_in_ == 1
    again = pickle.loads(pickle.dumps(classifier))
    assert (again.predict_proba(test) == classifier.predict_proba(test)).all()
    train, labels = load_basic_motions(split="train")
    test, wanted = load_basic_motions(split="test")
    piped = ClassifierPipeline(
        ChroniclerTimeSeriesClassifier(epochs=40, random_state=0), [ExponentTransformer(1)])
    assert piped.fit(train, labels).score(test, wanted) > 0.8


def test_without_sktime_one_sentence_says_what_to_do():
    program = (
        "import sys\nsys.modules['sktime'] = None\nimport chronicler\n"
        "try:\n    chronicler.sktime\nexcept ImportError as error:\n    print(error)\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "chronicler.sktime needs sktime 1.0 or later: pip install" in result.stdout
    assert result.stdout.count("\n") == 1
