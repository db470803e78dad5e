"""The golden models, made by Keras 3.15.1: predict, evaluate, train, predict again."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from chronicler import losses, models

GOLDEN = Path(__file__).parents[1] / "golden"
CASES = sorted(path.parent.name for path in GOLDEN.glob("*/predict.npy"))


def read(folder: Path, name: str):
    """Return x.npy, or x0.npy, x1.npy as a list; texts as they are."""
    single = folder / f"{name}.npy"
    if single.exists():
        return np.load(single)
    return [np.load(path) for path in sorted(folder.glob(f"{name}[0-9].npy"))]


def close(found, expected, absolute: float, relative: float) -> None:
    found = found if isinstance(found, list) else [found]
    expected = expected if isinstance(expected, list) else [expected]
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=relative, atol=absolute)


@pytest.mark.parametrize("name", CASES)
def test_golden(name: str) -> None:
    folder = GOLDEN / name
    model = models.load_model(folder / "model.keras")
    if name == "loss_huber":  # Keras's file does not keep delta
        model.compile(model.optimizer, losses.Huber(delta=0.5), metrics=["mae"])
    x, y = read(folder, "x"), read(folder, "y")
    model.reset_states()
    predicted = model.predict(x, batch_size=4, verbose=0)
    close(predicted, read(folder, "predict"), 1e-5, 1e-4)
    model.reset_states()
    results = model.evaluate(x, y, batch_size=4, verbose=0, return_dict=True)
    expected = json.loads((folder / "evaluate.json").read_text())
    for key, value in expected.items():
        assert results[key] == pytest.approx(value, rel=1e-5, abs=1e-7), key
    model.reset_states()
    history = model.fit(x, y, epochs=3, batch_size=4, shuffle=False, verbose=0).history
    for key, values in json.loads((folder / "history.json").read_text()).items():
        assert history[key] == pytest.approx(values, rel=1e-4, abs=1e-6), key
    model.reset_states()
    trained = model.predict(x, batch_size=4, verbose=0)
    close(trained, read(folder, "trained"), 1e-4, 1e-3)


def test_there_are_many() -> None:
    assert len(CASES) >= 130
