"""No reference is lost over 10^4 calls, and models go when nobody holds them."""

from __future__ import annotations

import gc
import sys
import weakref

import numpy as np
import pytest
from chronicler import callbacks, layers, losses, models, ops, optimizers

X = np.ones((4, 5, 3), np.float32)
Y = np.ones((4, 1), np.float32)


def memory() -> int:
    """Return the resident memory of this process, in bytes."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * 4096


def model():
    made = models.Sequential([layers.Input((5, 3)), layers.LSTM(4), layers.Dense(1)])
    made.compile("adam", "mse")
    made.fit(X, Y, verbose=0)
    return made


class Own(layers.Layer):
    def build(self, shape):
        self.w = self.add_weight(shape=(shape[-1], 1))

    def call(self, x):
        return ops.matmul(x, self.w)


class Hook(callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        self.seen = logs


def own_model():
    made = models.Sequential([layers.Input((3,)), Own()])
    made.compile(
        optimizers.SGD(),
        lambda t, p: ops.mean(ops.square(t - p), -1),
        metrics=[losses.MeanSquaredError()],
    )
    return made


MODEL = model()
OWN = own_model()
STREAM = MODEL.stream()
OUT = np.zeros(1, np.float32)
CALLS = {
    "predict": (lambda: MODEL.predict(X), 10_000),
    "call": (lambda: MODEL(X), 10_000),
    "step": (lambda: STREAM.step(X[0, 0]), 10_000),
    "step into": (lambda: STREAM.step(X[0, 0], out=OUT), 10_000),
    "state": (lambda: setattr(STREAM, "state", STREAM.state), 10_000),
    "train_on_batch": (lambda: MODEL.train_on_batch(X, Y), 10_000),
    "evaluate": (lambda: MODEL.evaluate(X, Y, verbose=0), 2_000),
    "fit": (lambda: MODEL.fit(X, Y, verbose=0, callbacks=[Hook()]), 2_000),
    "weights": (lambda: MODEL.set_weights(MODEL.get_weights()), 2_000),
    "config": (lambda: MODEL.get_config(), 2_000),
    "layer": (lambda: layers.LSTM(3)(X), 2_000),
    "model": (
        lambda: models.Sequential([layers.Input((5, 3)), layers.GRU(2), layers.Dense(1)]),
        2_000,
    ),
    "own layer": (lambda: OWN.fit(X[:, 0], Y, verbose=0), 1_000),
    "own model": (own_model, 500),
    "error": (lambda: pytest.raises(ValueError, MODEL.predict, X[0]), 2_000),
}


@pytest.mark.parametrize("name", CALLS)
def test_memory_stays(name: str) -> None:
    call, times = CALLS[name]
    for _ in range(max(50, times // 10)):
        call()
    gc.collect()
    objects, bytes_before = len(gc.get_objects()), memory()
    blocks = sys.getallocatedblocks()
    for _ in range(times):
        call()
    gc.collect()
    assert len(gc.get_objects()) - objects < 100
    assert sys.getallocatedblocks() - blocks < 300
    assert memory() - bytes_before < 4_000_000


@pytest.mark.parametrize("make", [model, own_model])
def test_a_model_goes(make) -> None:
    made = make()
    layer = made.layers[-1]
    references = [weakref.ref(made), weakref.ref(layer)]
    del made, layer
    gc.collect()
    assert [reference() for reference in references] == [None, None]


def test_arrays_outlive_their_model() -> None:
    made = model()
    weights, predicted = made.weights[0].numpy(), made.predict(X)
    view = made.layers[0].weights[0]
    kept = weights.copy()
    del made
    gc.collect()
    model()
    np.testing.assert_array_equal(weights, kept)
    np.testing.assert_array_equal(view.numpy(), kept)
    assert np.isfinite(predicted).all()


def test_data_outlive_their_arrays() -> None:
    made = model()
    expected = made.predict(X)
    x = X.copy()
    before = sys.getrefcount(x)
    made.predict(x)
    made.fit(x, Y, verbose=0)
    gc.collect()
    assert sys.getrefcount(x) == before
    assert expected.shape == (4, 1)
