"""Sequences that are far larger than memory: mapped files, truncated BPTT, results in a file."""

from __future__ import annotations

import pathlib

import numpy as np
import pytest
from chronicler import layers, models, utils


def _model(sequences: bool = True) -> models.Sequential:
    utils.set_random_seed(3)
    model = models.Sequential([
        layers.Input((None, 3)), layers.GRU(4, return_sequences=sequences), layers.Dense(2)])
    model.compile(optimizer="adam", loss="mse")
    return model


def _noise(shape: tuple[int, ...], seed: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape, np.float32)


def test_bptt_in_every_form() -> None:
    x, y = _noise((2, 40, 3), 1), _noise((2, 40, 2), 2)
    weights = []
    for bptt in (10, (10, 10), {"steps": 10}, {"steps": 10, "stride": 10}):
        model = _model()
        model.fit(x, y, batch_size=1, verbose=0, shuffle=False, bptt=bptt)
        weights.append(model.get_weights())
    for other in weights[1:]:
        for one, two in zip(weights[0], other, strict=True):
            np.testing.assert_array_equal(one, two)
    history = _model().fit(x, y, verbose=0, epochs=3, bptt=(10, 4))
    assert history.history["loss"][2] < history.history["loss"][0]


@pytest.mark.parametrize(
    ("bptt", "message"),
    [(0, "at least 1"), ((5, 6), "stride must be from 1 to the 5 steps"), (50, "at most the 40"),
     ({"step": 3}, "bptt is")])
def test_bptt_refuses(bptt: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        _model().fit(_noise((2, 40, 3), 1), _noise((2, 40, 2), 2), verbose=0, bptt=bptt)


def test_mapped_files(tmp_path: pathlib.Path) -> None:
    x, y = _noise((1, 60000, 3), 1), _noise((1, 60000, 2), 2)
    np.save(tmp_path / "x.npy", x)
    np.save(tmp_path / "y.npy", y)
    mapped = utils.map_npy(tmp_path / "x.npy")
    assert not mapped.flags.writeable
    np.testing.assert_array_equal(mapped, x)
    borrowed = np.load(tmp_path / "x.npy", mmap_mode="r")
    whole = _model().predict(x)
    written = _model().predict(mapped, output=tmp_path / "p.npy")
    np.testing.assert_array_equal(written, whole)
    assert not written.flags.writeable
    np.testing.assert_array_equal(np.load(tmp_path / "p.npy"), whole)
    np.testing.assert_array_equal(_model().predict(borrowed, steps_at_a_time=1000), whole)
    targets = utils.map_npy(tmp_path / "y.npy")
    one, two = _model(), _model()
    one.fit(x, y, verbose=0, bptt=500)
    two.fit(mapped, targets, verbose=0, bptt=500)
    for a, b in zip(one.get_weights(), two.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert abs(one.evaluate(x, y, verbose=0) - two.evaluate(mapped, targets, verbose=0)) < 1e-6


def test_wrong_files(tmp_path: pathlib.Path) -> None:
    np.save(tmp_path / "fortran.npy", np.asfortranarray(_noise((4, 3), 1)))
    np.save(tmp_path / "whole.npy", np.arange(4))
    np.save(tmp_path / "objects.npy", np.array([None, 1], object), allow_pickle=True)
    for name, message in (("fortran", "Fortran order"), ("whole", 'type "<i8"'),
                          ("objects", "Python objects"), ("none", "No such file")):
        with pytest.raises(ValueError, match=message):
            utils.map_npy(tmp_path / f"{name}.npy")
    with pytest.raises(ValueError, match=r"a \.npy file"):
        _model().predict(_noise((1, 5, 3), 1), output="p.csv")


def test_sequences_in_files(tmp_path: pathlib.Path) -> None:
    for folder, width in (("x", 3), ("y", 2)):
        (tmp_path / folder).mkdir()
        for i, length in enumerate((5, 30, 31, 6)):
            np.save(tmp_path / folder / f"{i}.npy", _noise((length, width), i))
    assert [len(one) for one in utils.map_npy_folder(tmp_path / "x")] == [5, 30, 31, 6]
    batches = utils.npy_sequences(tmp_path / "x", tmp_path / "y", batch_size=2)
    assert len(batches) == 3
    model = _model()
    history = model.fit(batches, epochs=4, verbose=0, bptt=8)
    assert history.history["loss"][3] < history.history["loss"][0]
    rows = utils.npy_sequences(tmp_path / "x", _noise((4, 2), 9), shuffle=False)
    assert np.isfinite(_model(sequences=False).evaluate(rows, verbose=0))


def test_csv_to_npy(tmp_path: pathlib.Path) -> None:
    (tmp_path / "data.csv").write_text("t,a,b\n1,2.5,3\n2,,4\n")
    with pytest.raises(ValueError, match=r"data\.csv:3"):
        utils.csv_to_npy(tmp_path / "data.csv", tmp_path / "x.npy")
    rows = utils.csv_to_npy(
        tmp_path / "data.csv", tmp_path / "x.npy", ["b", "a"], missing="nan", as_sequence=True)
    assert rows == 2
    np.testing.assert_array_equal(
        np.load(tmp_path / "x.npy"), np.array([[[3, 2.5], [4, np.nan]]], np.float32))
