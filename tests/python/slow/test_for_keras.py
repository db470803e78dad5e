"""Files with Chronicler's own layers in Keras, which has a copy of for_keras.py and no more of it:
the same outputs, training that goes on alike, and the way back. Keras is that of test_real_keras.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from chronicler import layers, models
from test_real_keras import ROOT, keras_python

FORMULA = "z = sigmoid(W_z x + U_z h + b_z); g = tanh(W x + U h + b); h = (1 - z) h + z g"
X = np.random.default_rng(0).normal(size=(24, 6, 3)).astype(np.float32)
X[::3, 4:] = 0  # masked
Y = X.sum((1, 2))[:, None]

# By name: a layer of 4 units.
LAYERS: dict[str, Any] = {
    "min_gru": lambda **options: layers.MinGRU(4, **options),
    "min_gru_no_bias": lambda **options: layers.MinGRU(4, use_bias=False, **options),
    "min_lstm": lambda **options: layers.MinLSTM(4, t_max=50, **options),
    "rglru": lambda **options: layers.RGLRU(4, **options),
    "rglru_negative": lambda **options: layers.RGLRU(
        4, negative=True, kernel_regularizer="l2", **options),
    "lru": lambda **options: layers.LRU(4, **options),
    "lru_small_state": lambda **options: layers.LRU(
        4, state_size=3, use_skip=False, use_bias=False, **options),
    "slstm": lambda **options: layers.SLSTM(4, heads=2, **options),
    "slstm_exponential": lambda **options: layers.SLSTM(
        4, forget_activation="exponential", **options),
    "mlstm": lambda **options: layers.MLSTM(4, heads=2, **options),
    "cell": lambda **options: layers.RNN(layers.Cell(4, FORMULA), **options),
}

IN_KERAS = """
import glob, os, sys
import numpy as np, keras
folder = sys.argv[1]
os.chdir(folder)
x, y = np.load("x.npy"), np.load("y.npy")
if "--without" in sys.argv:
    try:
        keras.models.load_model("min_gru.keras")
    except TypeError as error:
        sys.exit(str(error))
    sys.exit("it opened")
sys.path.insert(0, folder)
import for_keras
for path in sorted(glob.glob("*.keras")):
    name = path.removesuffix(".keras")
    model = keras.models.load_model(path)
    np.save(name + "-predict.npy", model.predict(x, batch_size=8, verbose=0))
    history = model.fit(x, y, epochs=2, batch_size=8, shuffle=False, verbose=0)
    np.save(name + "-history.npy", history.history["loss"])
    np.save(name + "-trained.npy", model.predict(x, batch_size=8, verbose=0))
    model.save(name + "-back.keras")
"""


def model_of(make: Any) -> Any:
    """Return a model in which the layer gives sequences, in both directions, and a last output."""
    source = layers.Input((6, 3))
    masked = layers.Masking()(source)
    sequences = make(return_sequences=True)(masked)
    both = layers.Bidirectional(make(return_sequences=True))(sequences)
    found = layers.Dense(1)(make(go_backwards=True)(both))
    made = models.Model(source, found)
    made.compile("sgd", "mse")
    made.fit(X, Y, epochs=1, batch_size=8, shuffle=False, verbose=0)
    return made


def run_keras(folder: Path, *more: str) -> Any:
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
    environment.pop("PYTHONPATH", None)
    return subprocess.run([keras_python(), "-c", IN_KERAS, folder, *more], check=False,
                          env=environment, capture_output=True, text=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: Any) -> Path:
    """Save a model of each layer, and let Keras run it, train it and save it again."""
    path: Path = tmp_path_factory.mktemp("for_keras")
    np.save(path / "x.npy", X)
    np.save(path / "y.npy", Y)
    for name, make in LAYERS.items():
        model_of(make).save(path / f"{name}.keras")
    shutil.copy(ROOT / "python/chronicler/for_keras.py", path)
    done = run_keras(path)
    assert done.returncode == 0, done.stderr[-3000:]
    return path


@pytest.mark.parametrize("name", LAYERS)
def test_keras_runs_and_trains_the_file(folder: Path, name: str) -> None:
    ours = models.load_model(folder / f"{name}.keras")
    np.testing.assert_allclose(
        np.load(folder / f"{name}-predict.npy"), ours.predict(X, verbose=0), atol=1e-5)
    history = ours.fit(X, Y, epochs=2, batch_size=8, shuffle=False, verbose=0)
    np.testing.assert_allclose(
        np.load(folder / f"{name}-history.npy"), history.history["loss"], rtol=1e-4)
    np.testing.assert_allclose(
        np.load(folder / f"{name}-trained.npy"), ours.predict(X, verbose=0), rtol=1e-5,
        atol=1e-5)


@pytest.mark.parametrize("name", LAYERS)
def test_what_keras_saved_comes_back(folder: Path, name: str) -> None:
    back = models.load_model(folder / f"{name}-back.keras")
    np.testing.assert_allclose(
        back.predict(X, verbose=0), np.load(folder / f"{name}-trained.npy"), atol=1e-5)


def test_without_the_definitions_keras_says_what_it_lacks(folder: Path) -> None:
    done = run_keras(folder, "--without")
    assert "'MinGRU'" in done.stderr
    assert "chronicler>MinGRU" in done.stderr
    assert "chronicler.for_keras" in done.stderr
