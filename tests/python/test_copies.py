"""Models, layers and variables as copies and pickles, in threads and after a fork."""

from __future__ import annotations

import copy
import multiprocessing
import pickle
import threading

import numpy as np
import pytest
from chronicler import layers, models, ops

X = np.random.default_rng(0).normal(size=(64, 5, 3)).astype("float32")
Y = X[:, :, 0].sum(1, keepdims=True)


class Scaled(layers.Layer):
    def __init__(self, units=2, **options):
        super().__init__(**options)
        self.units = units

    def build(self, shape):
        self.kernel = self.add_weight(shape=(shape[-1], self.units), name="kernel")

    def call(self, inputs):
        return ops.matmul(inputs, self.kernel)

    def get_config(self):
        return {**super().get_config(), "units": self.units}


def built_in():
    return [layers.Bidirectional(layers.GRU(4)), layers.Dense(1)]


def own():
    return [layers.GRU(4, return_sequences=True), layers.TimeDistributed(Scaled(3)),
            layers.GRU(4), Scaled(2), layers.Dense(1)]


def fitted(made):
    model = models.Sequential([layers.Input((None, 3)), *made()])
    model.compile("adam", "mse")
    model.fit(X, Y, epochs=2, verbose=0, seed=1)
    return model


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("made", [built_in, own])
@pytest.mark.parametrize("copied", [
    copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))], ids=["deepcopy", "pickle"])
def test_a_copy_goes_on_alike(made, copied):
    model = fitted(made)
    twin = copied(model)
    assert (twin.predict(X, verbose=0) == model.predict(X, verbose=0)).all()
    losses = [each.fit(X, Y, epochs=2, verbose=0, seed=3).history["loss"] for each in (twin, model)]
    assert losses[0] == losses[1]
    again = copied(twin)  # and so does the copy of a copy
    assert (again.predict(X, verbose=0) == model.predict(X, verbose=0)).all()


@pytest.mark.parametrize("copied", [
    copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))], ids=["deepcopy", "pickle"])
def test_a_variable_of_a_layer(copied):
    variable = fitted(built_in).weights[0]
    twin = copied(variable)
    assert (twin.numpy() == variable.numpy()).all()
    assert twin.dtype == variable.dtype and twin.trainable and twin.name == variable.name
    twin.assign(np.zeros(twin.shape))
    assert variable.numpy().any()


def test_threads_predict_and_train():
    model = fitted(built_in)
    wanted = model.predict(X, verbose=0)
    wrong = []

    def predict():
        for _ in range(100):
            if (model.predict(X[:8], verbose=0) != wanted[:8]).any():
                wrong.append("predict")

    def train():
        try:
            fitted(built_in)
        except Exception as error:
            wrong.append(error)

    threads = [threading.Thread(target=work) for work in [predict, train] * 4]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def work_in_a_child(model, results):
    found = model.predict(X, verbose=0)
    model.fit(X, Y, verbose=0)
    results.put(found)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_forks_while_another_thread_trains():
    model = fitted(built_in)
    wanted = model.predict(X, verbose=0)
    ends = threading.Event()

    def train():
        other = fitted(built_in)
        while not ends.is_set():
            other.fit(X, Y, verbose=0)

    thread = threading.Thread(target=train)
    thread.start()
    try:
        context = multiprocessing.get_context("fork")
        results = context.Queue()
        for _ in range(5):
            child = context.Process(target=work_in_a_child, args=(model, results))
            child.start()
            assert (results.get(timeout=60) == wanted).all()
            child.join()
            assert child.exitcode == 0
    finally:
        ends.set()
        thread.join()
