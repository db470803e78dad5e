"""Files go to Keras itself and back: the same outputs, and training that goes on alike.

Keras is that of scripts/test-with-keras (build/venv-keras, made here if it is not there), or the
one whose Python CHRONICLER_KERAS_PYTHON names.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from chronicler import layers, models

ROOT = Path(__file__).parents[3]
X = np.random.default_rng(0).normal(size=(24, 6, 3)).astype(np.float32)
Y = X.sum((1, 2))[:, None]

IN_KERAS = """
import sys, numpy as np, keras
from keras import layers
folder = sys.argv[1]
x, y = np.load(folder + "/x.npy"), np.load(folder + "/y.npy")
model = keras.models.load_model(folder + "/ours.keras")
np.save(folder + "/ours_in_keras.npy", model.predict(x, verbose=0))
history = model.fit(x, y, epochs=2, batch_size=8, shuffle=False, verbose=0)
np.save(folder + "/ours_history.npy", history.history["loss"])
theirs = keras.Sequential([
    layers.Input((6, 3)), layers.Masking(), layers.Bidirectional(layers.GRU(4)),
    layers.LayerNormalization(), layers.Dense(1)])
theirs.compile("adam", "mse")
theirs.fit(x, y, epochs=1, batch_size=8, shuffle=False, verbose=0)
theirs.save(folder + "/theirs.keras")
np.save(folder + "/theirs_predict.npy", theirs.predict(x, verbose=0))
history = theirs.fit(x, y, epochs=2, batch_size=8, shuffle=False, verbose=0)
np.save(folder + "/theirs_history.npy", history.history["loss"])
"""


def keras_python() -> str:
    """Return the Python that has Keras; make it if there is none."""
    given = os.environ.get("CHRONICLER_KERAS_PYTHON")
    if given:
        return given
    folder = ROOT / "build/venv-keras"
    python = folder / "bin/python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([folder / "bin/pip", "install", "--quiet", "keras==3.15.1",
                        "tensorflow-cpu==2.21.0"], check=True)
    return str(python)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Save a model, let Keras run it and train one of its own, and return where all that is."""
    path = tmp_path_factory.mktemp("exchange")
    np.save(path / "x.npy", X)
    np.save(path / "y.npy", Y)
    source = layers.Input((6, 3))
    hidden = layers.LSTM(5, return_sequences=True)(source)
    joined = layers.Concatenate()([hidden, source])
    made = models.Model(source, layers.Dense(1)(layers.GRU(4)(layers.Dropout(0.0)(joined))))
    made.compile("adam", "mse", metrics=["mae"])
    made.fit(X, Y, epochs=1, batch_size=8, shuffle=False, verbose=0)
    made.save(path / "ours.keras")
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
    environment.pop("PYTHONPATH", None)
    subprocess.run([keras_python(), "-c", IN_KERAS, path], check=True, env=environment)
    return path


def test_our_file_in_keras(folder) -> None:
    ours = models.load_model(folder / "ours.keras")
    np.testing.assert_allclose(ours.predict(X), np.load(folder / "ours_in_keras.npy"), atol=2e-6)
    history = ours.fit(X, Y, epochs=2, batch_size=8, shuffle=False, verbose=0)
    expected = np.load(folder / "ours_history.npy")
    np.testing.assert_allclose(history.history["loss"], expected, rtol=1e-4)


def test_a_file_of_keras_here(folder) -> None:
    theirs = models.load_model(folder / "theirs.keras")
    np.testing.assert_allclose(theirs.predict(X), np.load(folder / "theirs_predict.npy"), atol=2e-6)
    history = theirs.fit(X, Y, epochs=2, batch_size=8, shuffle=False, verbose=0)
    np.testing.assert_allclose(
        history.history["loss"], np.load(folder / "theirs_history.npy"), rtol=1e-4)
