"""chronicler.models.xlstm: the builder in the shape of TiRex."""

import inspect

import numpy as np
import pytest

from chronicler import models

SMALL = {"context_length": 32, "horizon": 8, "patch_length": 8, "width": 16, "heads": 2, "blocks": 2,
         "feed_forward": 24, "quantiles": 3}  # fmt: skip


def test_it_forecasts_quantiles_and_learns():
    model = models.xlstm(**SMALL, mlstm_at=[1])
    x = np.random.default_rng(1).normal(size=(6, 32, 1)).astype("float32")
    y = np.repeat(x[:, -8:], 3, axis=2)
    assert model.predict(x, verbose=0).shape == (6, 8, 3)
    model.compile("adam", "mse")
    loss = model.fit(x, y, epochs=8, verbose=0).history["loss"]
    assert loss[-1] < loss[0]


def test_its_default_is_of_the_size_of_tirex():
    assert 33e6 < models.xlstm().count_params() < 39e6


def test_help_is_that_of_the_table():
    assert inspect.signature(models.xlstm).parameters["horizon"].default == 128
    assert "patch_length : int, default 32" in models.xlstm.__doc__


def test_wrong_options():
    with pytest.raises(TypeError, match="horizon"):
        models.xlstm(horizn=3)
    with pytest.raises(ValueError, match="patch_length"):
        models.xlstm(context_length=30)
