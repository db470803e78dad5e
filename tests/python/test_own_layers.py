"""Layers and cells written in Python: losses, seeds, builds and dropout."""

import numpy as np
import pytest
from chronicler import Input, Variable, layers, losses, models, ops, regularizers
from chronicler.cells import DropoutRNNCell
from chronicler.random import SeedGenerator
from chronicler.tensor import Recording


class Penalized(layers.Layer):
    """y = x w, with a penalty of 3 w for each call."""

    def build(self, input_shape):
        self.w = self.add_weight((input_shape[-1], 1), "ones")

    def call(self, x):
        self.add_loss(3.0 * ops.sum(self.w))
        return ops.matmul(x, self.w)


class ZeroLoss(losses.Loss):
    def __call__(self, y_true, y_pred, sample_weight=None):
        return 0.0 * ops.sum(y_pred)


def test_add_loss_is_part_of_the_loss_and_of_its_slope():
    layer = Penalized()
    inputs = Input((2,))
    model = models.Model(inputs, layer(inputs))
    model.compile(optimizer="sgd", loss=ZeroLoss())
    history = model.fit(np.ones((4, 2)), np.ones((4, 1)), batch_size=4, verbose=0)
    assert history.history["loss"] == pytest.approx([6.0])
    np.testing.assert_allclose(layer.w.numpy(), 1.0 - 0.01 * 3.0, rtol=1e-6)


def test_losses_are_those_of_the_last_call():
    layer = Penalized()
    assert layer.losses == []
    layer(np.ones((4, 2)))
    layer(np.ones((4, 2)))
    assert [float(loss) for loss in layer.losses] == [6.0]
    with pytest.raises(ValueError, match="add_loss"):
        layer.add_loss("much")


@pytest.mark.parametrize("kind", [layers.Dense, layers.LSTM])
def test_losses_hold_the_penalties_of_weights(kind):
    layer = kind(2, kernel_regularizer="l1", bias_regularizer=regularizers.L2(0.5))
    layer.build((None, 3, 4))
    kernel, bias = layer.weights[0], layer.weights[-1]
    bias.assign(np.full(bias.shape, 2.0))
    found = [float(loss) for loss in layer.losses]
    wanted = [0.01 * np.abs(kernel.numpy()).sum(), 0.5 * (bias.numpy() ** 2).sum()]
    np.testing.assert_allclose(found, wanted, rtol=1e-6)
    assert isinstance(kernel.regularizer, regularizers.L1) and kernel.constraint is None


def test_a_penalty_has_a_slope():
    weight = Variable(np.array([1.0, -2.0]))
    with Recording() as tape:
        penalty = regularizers.L1L2(0.1, 0.2)(weight)
    (slope,) = tape.gradients([penalty], [np.ones(())], [weight])
    np.testing.assert_allclose(slope, [0.1 + 0.4, -0.1 - 0.8])


def test_the_penalty_of_an_output_is_for_the_mean_row():
    x = np.array([[1.0, -2.0], [3.0, 4.0]])
    for layer in (layers.ActivityRegularization(l1=0.5), _Same(activity_regularizer="l1")):
        layer(x)
        share = 0.5 if isinstance(layer, layers.ActivityRegularization) else 0.01
        assert [float(loss) for loss in layer.losses] == pytest.approx([share * 10 / 2])


class _Same(layers.Layer):
    def call(self, x):
        return x


def test_the_penalty_of_an_output_is_trained():
    inputs = Input((2,))
    model = models.Model(inputs, _Same(activity_regularizer="l2")(layers.Dense(1)(inputs)))
    model.compile(optimizer="sgd", loss=ZeroLoss())
    x = np.ones((4, 2))
    y = model.predict(x)
    history = model.fit(x, np.ones((4, 1)), batch_size=4, verbose=0)
    assert history.history["loss"] == pytest.approx([0.01 * (y**2).sum() / 4], rel=1e-5)
    assert not np.allclose(model.predict(x), y)


class Cubes(regularizers.Regularizer):
    def __call__(self, x):
        return ops.sum(ops.abs(x) ** 3)


class Regularized(layers.Layer):
    def build(self, input_shape):
        self.w = self.add_weight((2,), "ones", regularizer=Cubes())

    def call(self, x):
        return x * self.w


def test_a_regularizer_of_ones_own_is_trained():
    layer = Regularized()
    inputs = Input((2,))
    model = models.Model(inputs, layer(inputs))
    model.compile(optimizer="sgd", loss=ZeroLoss())
    history = model.fit(np.ones((4, 2)), np.ones((4, 1)), batch_size=4, verbose=0)
    assert history.history["loss"] == pytest.approx([2.0])
    np.testing.assert_allclose(layer.w.numpy(), 1.0 - 0.01 * 3.0, rtol=1e-6)
    assert float(layer.losses[-1]) == pytest.approx(2 * 0.97**3)


def test_build_makes_the_weights_once():
    layer = Penalized()
    layer.build((None, 2))
    assert layer.built and len(layer.weights) == 1
    layer(np.ones((4, 2)))
    assert len(layer.weights) == 1


def test_seeds_are_variables_but_no_weights():
    for layer, count in (
        (layers.LSTM(2), 1), (layers.Dropout(0.5), 1), (layers.Dropout(0.0), 0),
        (layers.Bidirectional(layers.GRU(2)), 2), (layers.Attention(), 0),
        (layers.RNN([layers.LSTMCell(2), layers.GRUCell(2)]), 2), (layers.Dense(2), 0),
    ):
        assert len(layer.non_trainable_variables) == count, layer
        assert layer.non_trainable_weights == []
    layer = layers.Dropout(0.5, seed=7)
    (state,) = layer.variables
    assert state.path == "seed_generator_state" and state.numpy().tolist() == [7, 0]


class DropoutCell(layers.Layer, DropoutRNNCell):
    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.state_size = self.units = units
        self.dropout = self.recurrent_dropout = 0.5
        self.seed_generator = SeedGenerator(3)

    def call(self, inputs, states, training=False):
        if training:
            inputs = inputs * self.get_dropout_mask(inputs)
        return inputs, [inputs]


def test_dropout_of_a_cell_is_one_for_all_steps_and_another_for_each_batch():
    layer = layers.RNN(DropoutCell(50), return_sequences=True)
    first = layer(np.ones((2, 4, 50)), training=True).numpy()
    second = layer(np.ones((2, 4, 50)), training=True).numpy()
    assert set(np.unique(first)) == {0.0, 2.0}
    assert (first == first[:, :1]).all() and (first != second).any()
    assert layer(np.ones((3, 4, 50)), training=True).shape == (3, 4, 50)


def test_states_of_stacked_cells_come_in_lists():
    layer = layers.RNN([layers.LSTMCell(2), layers.GRUCell(3)], return_state=True)
    output, first, second = layer(np.ones((4, 5, 6)))
    assert output.shape == (4, 3) and [each.shape for each in first] == [(4, 2), (4, 2)]
    assert second.shape == (4, 3)
    assert layer.state_size == [[2, 2], 3]
    again = layer(np.ones((4, 5, 6)), initial_state=[first, second])
    assert again[0].shape == (4, 3)


def test_small_types_compute_in_float32():
    layer = layers.LSTM(2, dtype="mixed_float16")
    assert layer.compute_dtype == layer.variable_dtype == "float32"
    assert layer(np.ones((1, 2, 3))).dtype == "float32"


def test_weights_are_attributes_as_in_keras():
    layer = layers.Dense(2, use_bias=False)
    with pytest.raises(AttributeError, match="kernel"):
        _ = layer.kernel
    layer.build((None, 3))
    assert layer.kernel is layer.weights[0] and layer.bias is None
    norm = layers.BatchNormalization(scale=False)
    norm.build((None, 3))
    assert norm.gamma is None and norm.beta.shape == norm.moving_mean.shape == (3,)


class Counter(layers.Layer):
    """A cell that adds to its state, which begins at 5."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.state_size = self.output_size = 2

    def call(self, inputs, states):
        total = states[0] + inputs
        return total, [total]

    def get_initial_state(self, batch_size=None):
        return [5.0 * ops.ones((batch_size, 2))]


def test_a_cell_says_where_its_states_begin():
    layer = layers.RNN(Counter())
    x = np.ones((3, 4, 2))
    np.testing.assert_array_equal(layer(x), np.full((3, 2), 9.0))
    inputs = Input((4, 2))
    model = models.Model(inputs, layer(inputs))
    np.testing.assert_array_equal(model.predict(x, verbose=0), np.full((3, 2), 9.0))
    np.testing.assert_array_equal(layer(x, initial_state=np.zeros((3, 2))), np.full((3, 2), 4.0))
    stateful = layers.RNN(Counter(), stateful=True)
    stateful(x)
    np.testing.assert_array_equal(stateful(x), np.full((3, 2), 13.0))
