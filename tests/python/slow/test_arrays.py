"""Arrays of other libraries go in and come out: torch, jax, polars, with NumPy between them."""

from __future__ import annotations

import numpy as np
import pytest
from chronicler import layers, models, ops
from chronicler.tasks import Forecaster
from chronicler.tensor import Tensor

X = np.random.default_rng(0).normal(size=(16, 5, 3)).astype(np.float32)
Y = X.sum((1, 2))[:, None]


def model():
    made = models.Sequential([layers.Input((5, 3)), layers.LSTM(4), layers.Dense(1)])
    made.compile("adam", "mse")
    return made


def same_results(x, y) -> None:
    """Check that training and prediction are those of NumPy's arrays, to the bit."""
    one, other = model(), model()
    other.set_weights(one.get_weights())
    expected = one.fit(X, Y, epochs=2, shuffle=False, verbose=0).history["loss"]
    assert other.fit(x, y, epochs=2, shuffle=False, verbose=0).history["loss"] == expected
    np.testing.assert_array_equal(other.predict(x), one.predict(X))
    np.testing.assert_array_equal(other(x).numpy(), one(X).numpy())
    assert other.evaluate(x, y, verbose=0) == one.evaluate(X, Y, verbose=0)


def test_torch() -> None:
    torch = pytest.importorskip("torch")
    x, y = torch.from_numpy(X.copy()), torch.from_numpy(Y.copy())
    same_results(x, y)
    same_results(x.double(), y.double())
    same_results(x.transpose(1, 2).contiguous().transpose(1, 2), y)  # not contiguous
    made = model()
    back = torch.from_dlpack(made(x))
    np.testing.assert_array_equal(back.numpy(), made.predict(X))
    stream = made.stream()
    stream.step(x[0, 0])
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x, y), batch_size=4)
    assert made.fit(loader, verbose=0).history["loss"]
    with pytest.raises(TypeError, match="meta"):
        made.predict(torch.zeros((2, 5, 3), device="meta"))


def test_a_torch_tensor_that_needs_a_gradient() -> None:
    torch = pytest.importorskip("torch")
    made = model()
    x = torch.from_numpy(X.copy()).requires_grad_()
    try:
        np.testing.assert_array_equal(made.predict(x), made.predict(X))
    except (TypeError, RuntimeError, ValueError) as error:
        assert "detach" in str(error)


def test_jax() -> None:
    jax = pytest.importorskip("jax")
    x, y = jax.numpy.asarray(X), jax.numpy.asarray(Y)
    same_results(x, y)
    made = model()
    back = jax.numpy.from_dlpack(Tensor(made.predict(X)))
    np.testing.assert_array_equal(np.asarray(back), made.predict(X))
    np.testing.assert_allclose(ops.tanh(x).numpy(), np.asarray(jax.numpy.tanh(x)), atol=1e-6)


def test_polars() -> None:
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame({"a": X[:, 0, 0], "b": X[:, 0, 1], "y": Y[:, 0]})
    made = models.Sequential([layers.Input((2,)), layers.Dense(1)])
    made.compile("sgd", "mse")
    made.fit(frame.select("a", "b"), frame["y"], verbose=0)
    expected = made.predict(frame.select("a", "b").to_numpy())
    np.testing.assert_array_equal(made.predict(frame.select("a", "b")), expected)
    times = polars.datetime_range(
        polars.datetime(2024, 1, 1), polars.datetime(2024, 1, 10), "1h", eager=True)
    load = 10 + 3 * np.sin(np.arange(len(times)) / 12 * 2 * np.pi)
    series = polars.DataFrame({"time": times, "load": load})
    forecaster = Forecaster(horizon=6, epochs=2, networks=1, units=4)
    forecast = forecaster.fit(series, target="load").predict()
    assert forecast.times[0].startswith("2024-01-10")
