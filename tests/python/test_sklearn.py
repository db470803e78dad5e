"""Estimators for scikit-learn: scikit-learn's own checks, and what they do not look at."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
import warnings
from collections import Counter

import numpy as np
import pytest

sklearn = pytest.importorskip("sklearn")

from chronicler import layers, losses, models
from chronicler.sklearn import ChroniclerClassifier, ChroniclerRegressor
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import (
    SkipTest,
    check_estimator,
    estimator_checks_generator,
)

# ---- scikit-learn's own checks


@pytest.mark.parametrize("estimator, twin", [
    (ChroniclerRegressor(), MLPRegressor()),
    (ChroniclerClassifier(), MLPClassifier()),
    (ChroniclerRegressor("simple_rnn", units=[8, 8], learning_rate=0.01), MLPRegressor()),
    (ChroniclerClassifier("lstm", units=8, learning_rate=0.02), MLPClassifier()),
], ids=lambda value: repr(value)[:40])
def test_check_estimator(estimator, twin):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        results = check_estimator(estimator, on_fail=None, on_skip=None)
    counts = Counter(result["status"] for result in results)
    print(f"\nscikit-learn {sklearn.__version__} check_estimator, {estimator!r}: {dict(counts)}")
    failed = [(result["check_name"], result["exception"]) for result in results
              if result["status"] not in ("passed", "skipped")]
    assert not failed
    assert counts["passed"] >= 59
    assert not any(result["expected_to_fail"] for result in results)
    skipped = {result["check_name"] for result in results if result["status"] == "skipped"}
    assert skipped <= skipped_by(twin, skipped)


def skipped_by(estimator, names):
    """Return those of the named checks that are skipped for an estimator of scikit-learn's."""
    found = set()
    for each, check in estimator_checks_generator(estimator):
        name = getattr(check, "func", check).__name__
        if name in names:
            try:
                check(each)
            except SkipTest:
                found.add(name)
    return found


# ---- data


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(0)
    return rng.normal(size=(300, 15, 2))


@pytest.fixture(scope="module")
def sums(rows):
    return rows[:, :, 0].sum(1)


@pytest.fixture(scope="module")
def labels(sums):
    return np.array(["high", "low", "middle"])[np.digitize(sums, [-2, 2]) - 1]


@pytest.fixture(scope="module")
def ragged():
    rng = np.random.default_rng(1)
    return [rng.normal(size=(rng.integers(3, 12), 2)) for _ in range(200)]


# ---- regressors


@pytest.mark.parametrize("model", ["gru", "lstm", "simple_rnn"])
def test_three_dimensions(rows, sums, model):
    regressor = ChroniclerRegressor(model, epochs=30, random_state=0).fit(rows, sums)
    assert regressor.score(rows, sums) > 0.95
    assert regressor.n_features_in_ == 2 and regressor.n_iter_ == 30
    assert len(regressor.history_["loss"]) == 30
    assert regressor.history_["loss"][-1] < regressor.history_["loss"][0]
    assert regressor.predict(rows[:3, :7]).shape == (3,)  # as many steps as one likes
    assert type(regressor.model_).__name__ == "Model"
    with pytest.raises(ValueError, match="X has 3 features.*expecting 2"):
        regressor.predict(np.zeros((2, 15, 3)))
    with pytest.raises(ValueError, match="2 dimensions.*fitted with 3"):
        regressor.predict(np.zeros((2, 2)))


def test_the_shape_of_targets_is_that_of_predictions(rows, sums):
    two = np.stack([sums, -sums], 1)
    regressor = ChroniclerRegressor(epochs=20, random_state=0).fit(rows, two)
    assert regressor.predict(rows).shape == (300, 2) and regressor.score(rows, two) > 0.9
    assert regressor.fit(rows, sums[:, None]).predict(rows).shape == (300, 1)
    steps = np.cumsum(rows, axis=1)
    regressor = ChroniclerRegressor(
        units=[16, 16], dropout=0.05, bidirectional=True, epochs=30, random_state=0)
    regressor.fit(rows, steps)
    assert regressor.predict(rows).shape == steps.shape and regressor.score(rows, steps) > 0.9
    assert regressor.predict(rows[:, :4]).shape == (300, 4, 2)


def test_validation_and_patience(rows, sums):
    regressor = ChroniclerRegressor(
        epochs=200, learning_rate=0.02, validation_split=0.2, patience=2, random_state=0,
        metrics=["mae"])
    regressor.fit(rows, sums, sample_weight=np.linspace(0.5, 2, 300))
    assert regressor.n_iter_ < 200
    assert set(regressor.history_) == {"loss", "mae", "val_loss", "val_mae"}
    with pytest.raises(ValueError, match="leaves none to validate with"):
        ChroniclerRegressor(validation_split=0.1).fit(rows[:3], sums[:3])


def test_sequences_of_different_lengths(ragged):
    sums = np.array([each[:, 0].sum() for each in ragged])
    weights = np.random.default_rng(2).random(len(ragged))
    regressor = ChroniclerRegressor(epochs=30, random_state=0).fit(ragged, sums, weights)
    assert regressor.score(ragged, sums) > 0.9
    regressor.set_params(validation_split=0.2, patience=5).fit(ragged, sums)
    assert regressor.score(ragged, sums) > 0.9
    signs = np.where(sums > 0, "up", "down")
    classifier = ChroniclerClassifier(epochs=20, random_state=0).fit(ragged, signs)
    assert classifier.score(ragged, signs) > 0.9
    assert classifier.predict_proba(ragged).shape == (200, 2)
    assert classifier.predict(ragged[:1]).shape == (1,)


def test_columns_are_steps(rows, sums):
    flat = rows.reshape(300, -1)
    regressor = ChroniclerRegressor(steps=15, epochs=30, random_state=0).fit(flat, sums)
    assert regressor.n_features_in_ == 30 and regressor.score(flat, sums) > 0.95
    piped = make_pipeline(StandardScaler(), clone(regressor)).fit(flat, sums)
    assert piped.score(flat, sums) > 0.95
    with pytest.raises(ValueError, match="steps=4: the 30 columns"):
        ChroniclerRegressor(steps=4).fit(flat, sums)


def test_names_of_columns(rows, sums):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(rows[:, :, 0], columns=[f"hour {hour}" for hour in range(15)])
    regressor = ChroniclerRegressor(epochs=2, random_state=0).fit(frame, sums)
    assert regressor.feature_names_in_[1] == "hour 1"
    with pytest.raises(ValueError, match="feature names should match"):
        regressor.predict(frame.rename(columns={"hour 1": "one"}))


# ---- classifiers


def test_classes(rows, labels):
    classifier = ChroniclerClassifier(epochs=30, class_weight="balanced", random_state=0)
    classifier.fit(rows, labels)
    assert classifier.classes_.tolist() == ["high", "low", "middle"]
    assert classifier.score(rows, labels) > 0.9
    chances = classifier.predict_proba(rows)
    np.testing.assert_allclose(chances.sum(1), 1.0, rtol=1e-12)
    np.testing.assert_allclose(np.exp(classifier.predict_log_proba(rows)), chances)
    assert (classifier.classes_[chances.argmax(1)] == classifier.predict(rows)).all()


def test_several_outputs_and_labels(rows, labels):
    other = np.where(rows[:, :, 1].sum(1) > 0, "over", "under")
    both = np.stack([labels, other], 1)
    classifier = ChroniclerClassifier(epochs=30, random_state=0).fit(rows, both)
    assert [classes.tolist() for classes in classifier.classes_] == [
        ["high", "low", "middle"], ["over", "under"]]
    assert [chances.shape for chances in classifier.predict_proba(rows)] == [(300, 3), (300, 2)]
    assert [len(x) for x in classifier.predict_log_proba(rows)] == [300, 300]
    assert classifier.score(rows, both) > 0.85
    flags = np.stack([labels == "low", other == "over", labels != "high"], 1).astype(int)
    classifier.fit(rows, flags)
    assert classifier.predict_proba(rows).shape == (300, 3)
    assert classifier.score(rows, flags) > 0.85


def test_weights_of_rows_and_classes_choose_the_side():
    rows = np.zeros((60, 3, 1))
    labels = np.arange(60) % 2
    for weights, classes, wanted in (
        (np.where(labels == 1, 5, 1), None, 1), (None, {0: 3.0, 1: 1.0}, 0),
    ):
        classifier = ChroniclerClassifier(
            units=4, class_weight=classes, random_state=0).fit(rows, labels, weights)
        assert (classifier.predict(rows) == wanted).all()
    with pytest.raises(ValueError, match="not be negative"):
        ChroniclerClassifier().fit(rows, labels, np.linspace(-1, 1, 60))


def test_partial_fit_and_warm_start(rows, sums, labels):
    classifier = ChroniclerClassifier(random_state=0)
    for start in [0, 100, 200] * 20:
        part = slice(start, start + 100)
        classifier.partial_fit(rows[part], labels[part], classes=["high", "low", "middle"])
    assert classifier.n_iter_ == 60 and classifier.score(rows, labels) > 0.85
    first = ChroniclerClassifier(random_state=0)
    first.partial_fit(rows[:5], ["low"] * 5, classes=["high", "low", "middle"])
    assert first.predict_proba(rows[:2]).shape == (2, 3)
    with pytest.raises(ValueError, match="has the class 'strange'"):
        first.partial_fit(rows[:1], ["strange"])
    regressor = ChroniclerRegressor(epochs=5, warm_start=True, random_state=0)
    scores = [regressor.fit(rows, sums).score(rows, sums) for _ in range(4)]
    assert scores == sorted(scores) and regressor.n_iter_ == 20
    with pytest.raises(ValueError, match="y has shape"):
        regressor.fit(rows, np.stack([sums, sums], 1))


# ---- models of one's own


def build(input_shape, outputs, activation, units):
    return models.Sequential([
        layers.Input(input_shape), layers.GRU(units), layers.Dense(outputs, activation)])


def build_compiled(input_shape, learning_rate):
    model = models.Sequential([
        layers.Input(input_shape), layers.GRU(8), layers.Dense(1, "sigmoid")])
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    return model


def build_of_logits(input_shape, outputs, **rest):
    model = models.Sequential([layers.Input(input_shape), layers.GRU(8), layers.Dense(outputs)])
    model.compile("adam", losses.CategoricalCrossentropy(from_logits=True))
    return model


def build_flat(input_shape, outputs):
    return models.Sequential([
        layers.Input(input_shape), layers.Flatten(), layers.Dense(outputs)])


def test_functions_that_build(rows, sums, labels):
    assert ChroniclerClassifier(build, epochs=20, random_state=0).fit(
        rows, labels).score(rows, labels) > 0.85
    binary = ChroniclerClassifier(build_compiled, epochs=30, random_state=0).fit(rows, sums > 0)
    assert binary.score(rows, sums > 0) > 0.85 and "accuracy" in binary.history_
    assert binary.predict_proba(rows).shape == (300, 2)
    logits = ChroniclerClassifier(build_of_logits, epochs=60, random_state=0).fit(rows, labels)
    assert logits.score(rows, labels) > 0.8
    np.testing.assert_allclose(logits.predict_proba(rows).sum(1), 1.0)
    assert ChroniclerRegressor(build_flat, random_state=0).fit(rows, sums).score(rows, sums) > 0.99
    given = ChroniclerRegressor(
        build, model_options={"units": 3, "activation": None}, epochs=1).fit(rows, sums)
    assert given.model_.layers[0].units == 3
    with pytest.raises(TypeError, match="not a model"):
        ChroniclerRegressor(lambda: 3).fit(rows, sums)


def test_a_model_is_a_pattern(rows, labels):
    pattern = build((15, 2), 3, "softmax", 8)
    before = pattern.get_weights()
    classifier = ChroniclerClassifier(pattern, epochs=20, random_state=0).fit(rows, labels)
    assert classifier.score(rows, labels) > 0.8
    assert all((a == b).all() for a, b in zip(before, pattern.get_weights()))
    again = clone(classifier).fit(rows, labels)
    assert (again.predict_proba(rows) == classifier.predict_proba(rows)).all()


@pytest.mark.parametrize("wrong, kind, sentence", [
    ({"model": "gruu"}, ValueError, "model='gruu'"),
    ({"epochs": 0}, ValueError, "epochs=0"),
    ({"units": 2.5}, ValueError, "units=2.5"),
    ({"units": []}, ValueError, "units is empty"),
    ({"layers": True}, ValueError, "layers=True"),
    ({"batch_size": None}, ValueError, "batch_size=None"),
    ({"dropout": 1.0}, ValueError, "dropout=1.0"),
    ({"learning_rate": "fast"}, ValueError, "learning_rate='fast'"),
    ({"validation_split": 1.5}, ValueError, "validation_split=1.5"),
    ({"patience": -1}, ValueError, "patience=-1"),
    ({"optimizer": "adamm"}, ValueError, "adamm"),
    ({"loss": "mqe"}, ValueError, "mqe"),
])
def test_wrong_options(wrong, kind, sentence):
    with pytest.raises(kind, match=sentence):
        ChroniclerRegressor(**wrong).fit(np.zeros((4, 3)), np.zeros(4))


def test_a_preset_reads_three_dimensions():
    with pytest.raises(ValueError, match="4 dimensions"):
        ChroniclerRegressor().fit(np.zeros((4, 3, 2, 2)), np.zeros(4))


# ---- the same again, elsewhere


def test_seeds(rows, sums):
    first = ChroniclerRegressor(epochs=3, dropout=0.2, random_state=4).fit(rows, sums)
    again = clone(first).fit(rows, sums)
    other = clone(first).set_params(random_state=5).fit(rows, sums)
    assert (first.predict(rows) == again.predict(rows)).all()
    assert (first.predict(rows) != other.predict(rows)).any()


def test_seeds_leave_the_program_alone(rows, sums):
    from chronicler import _core

    _core.set_seed(11)
    wanted = [_core.next_seed() for _ in range(3)]
    _core.set_seed(11)
    ChroniclerRegressor(epochs=1, random_state=4).fit(rows, sums)
    assert [_core.next_seed() for _ in range(3)] == wanted


def test_rows_that_come_again_are_weights():
    rng = np.random.default_rng(3)
    rows, targets = rng.normal(size=(12, 5)), rng.normal(size=12)
    counts = rng.integers(0, 4, size=12)
    regressor = ChroniclerRegressor(epochs=10, random_state=0)
    weighted = clone(regressor).fit(rows, targets, counts).predict(rows)
    repeated = clone(regressor).fit(rows.repeat(counts, 0), targets.repeat(counts))
    assert (weighted == repeated.predict(rows)).all()


@pytest.mark.parametrize("copied", [
    copy.deepcopy, lambda fitted: pickle.loads(pickle.dumps(fitted))], ids=["deepcopy", "pickle"])
def test_copies(rows, sums, labels, copied):
    for fitted in (
        ChroniclerRegressor(epochs=2, random_state=0).fit(rows, sums),
        ChroniclerClassifier(epochs=2, random_state=0).fit(rows, np.stack([labels, labels], 1)),
    ):
        twin = copied(fitted)
        assert (twin.predict(rows) == fitted.predict(rows)).all()
        assert twin.history_ == fitted.history_
        if isinstance(twin, ChroniclerRegressor):  # the optimizer's state goes along
            twin.partial_fit(rows, sums)
            fitted.partial_fit(rows, sums)
            np.testing.assert_array_equal(twin.predict(rows), fitted.predict(rows))


@pytest.mark.parametrize("backend, jobs", [
    ("sequential", 1), ("threading", 4), ("loky", 2), ("multiprocessing", 2)])
def test_searches(rows, labels, backend, jobs):
    from joblib import parallel_config

    search = GridSearchCV(
        ChroniclerClassifier(build, epochs=4, random_state=0),
        {"units": [4, 8], "learning_rate": [0.01, 0.03]}, cv=3)
    with parallel_config(backend, n_jobs=jobs):
        search.fit(rows, labels)
    assert search.best_score_ > 0.6
    scores = search.cv_results_["mean_test_score"].round(12).tolist()
    assert SCORES.setdefault("wanted", scores) == scores  # whatever does the work


SCORES: dict[str, list[float]] = {}


def test_cross_validation(rows, sums):
    scores = cross_val_score(ChroniclerRegressor(epochs=15, random_state=0), rows, sums, cv=3)
    assert scores.min() > 0.8


def test_without_scikit_learn_one_sentence_says_what_to_do():
    program = (
        "import sys\nsys.modules['sklearn'] = None\nimport chronicler\n"
        "assert 'pandas' not in sys.modules\n"
        "try:\n    chronicler.sklearn\nexcept ImportError as error:\n    print(error)\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "chronicler.sklearn needs scikit-learn 1.6 or later: pip install" in result.stdout
    assert result.stdout.count("\n") == 1
