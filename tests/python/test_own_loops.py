"""Training loops of one's own, with a Recording: the steps are those of train_on_batch."""

from __future__ import annotations

import numpy as np
import pytest
from chronicler import Model, Recording, Sequential, layers, losses, optimizers, utils

X = np.random.default_rng(0).normal(size=(16, 5, 3)).astype(np.float32)
Y = X.sum((1, 2))[:, None] / 4


class Forward(Model):
    """Its attributes come in another order than its calls."""

    def __init__(self):
        super().__init__()
        self.head = layers.Dense(1)
        self.body = layers.GRU(4)

    def call(self, inputs):
        return self.head(self.body(inputs))


def chain():
    return Sequential([layers.LSTM(4, return_sequences=True), layers.GRU(3), layers.Dense(1)])


def functional():
    x, extra = layers.Input((None, 3), name="x"), layers.Input((3,), name="extra")
    joined = layers.concatenate([layers.LSTM(4)(x), layers.Dense(2, "tanh")(extra)])
    return Model({"x": x, "extra": extra}, layers.Dense(1)(joined))


CASES = {"chain": (chain, X), "functional": (functional, {"extra": X[:, 0], "x": X}),
         "class": (Forward, X)}


@pytest.mark.parametrize("name", list(CASES))
@pytest.mark.parametrize("verb", ["apply", "apply_gradients"])
def test_a_loop_makes_the_steps_of_train_on_batch(name, verb):
    make, x = CASES[name]
    utils.set_random_seed(1)
    one, other = make(), make()
    one(x)
    other(x)
    other.set_weights(one.get_weights())
    other.compile(optimizers.SGD(0.1), "mse")
    optimizer, loss_of = optimizers.SGD(0.1), losses.MeanSquaredError()
    for _ in range(3):
        with Recording() as tape:
            loss = loss_of(Y, one(x, training=True))
        gradients = tape.gradients(loss, None, one.trainable_weights)
        if verb == "apply":
            optimizer.apply(gradients, one.trainable_weights)
        else:
            optimizer.apply_gradients(zip(gradients, one.trainable_weights))
        assert other.train_on_batch(x, Y) == pytest.approx(float(loss), rel=1e-5)
    for a, b in zip(one.get_weights(), other.get_weights()):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)
    assert int(optimizer.iterations) == 3


def test_a_chain_is_built_by_its_first_recorded_call():
    model = chain()
    with Recording() as tape:
        output = model(X)
    assert len(tape.gradients(output, None, model.trainable_weights)) == 8
