"""fit(memory_budget=...): the same weights from less memory."""

from __future__ import annotations

import numpy as np
import pytest
from chronicler import layers, models, utils

X = np.random.default_rng(1).standard_normal((2, 600, 3)).astype(np.float32)
Y = np.random.default_rng(2).standard_normal((2, 1)).astype(np.float32)


def trained(budget, cell=None):
    utils.set_random_seed(3)
    inner = layers.RNN(cell()) if cell else layers.Bidirectional(layers.LSTM(4))
    model = models.Sequential([layers.Input((None, 3)), inner, layers.Dense(1)])
    model.compile("adam", "mse")
    model.fit(X, Y, epochs=2, verbose=0, seed=4, memory_budget=budget)
    return model.get_weights()


@pytest.mark.parametrize("budget", ["100KB", 150_000, "1GB"])
def test_weights_are_the_same(budget):
    for whole, some in zip(trained(None), trained(budget), strict=True):
        np.testing.assert_array_equal(whole, some)


class Leaky(layers.Layer):
    """A cell of the program's own."""

    def __init__(self):
        super().__init__()
        self.state_size = 4

    def build(self, shape):
        self.kernel = self.add_weight(shape=(shape[-1], 4))

    def call(self, x, states):
        from chronicler import ops

        after = ops.tanh(ops.matmul(x, self.kernel) + 0.5 * states[0])
        return after, [after]


def test_own_cells_may_keep_less():
    for whole, some in zip(trained(None, Leaky), trained("150KB", Leaky), strict=True):
        np.testing.assert_array_equal(whole, some)


def test_a_budget_that_is_too_small_says_how_much_it_needs():
    with pytest.raises(ValueError, match=r"memory_budget 1\.0KB cannot hold a batch of \(2, 600, 3\): it needs"):
        trained("1KB")


def test_what_is_no_size_is_refused():
    with pytest.raises(ValueError, match='memory_budget must be a number of bytes, got "much"'):
        trained("much")


def test_the_plan_is_printed(capfd):
    model = models.Sequential([layers.Input((None, 3)), layers.GRU(4, name="memory"), layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(X, Y, verbose=2, memory_budget="50KB")
    assert "memory: keeps states before" in capfd.readouterr().out
