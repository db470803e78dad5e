"""Classes that people write for Keras: layers, cells, models, losses; only the import line differs.

`KERAS=keras` runs the same tests with Keras itself.
"""

from __future__ import annotations

import importlib
import os

import numpy as np
import pytest

keras = importlib.import_module(os.environ.get("KERAS", "chronicler.keras"))
layers, ops = keras.layers, keras.ops

pytestmark = pytest.mark.filterwarnings("ignore:.*written in Python")
X = np.random.default_rng(0).normal(size=(64, 6, 3)).astype("float32")
Y = X.sum(axis=(1, 2))[:, None] / 4


def sequences():
    """Sequences, and a target that depends on them."""
    return X, Y


def small(loss="mse", **options):
    """A compiled regression of sequences of 3 features."""
    model = keras.Sequential([layers.Input((None, 3)), layers.LSTM(8), layers.Dense(1)])
    model.compile(optimizer="adam", loss=loss, **options)
    return model


def test_own_loss_and_metric():
    def pinball(y_true, y_pred):
        error = y_true - y_pred
        return ops.mean(ops.maximum(0.9 * error, -0.1 * error), axis=-1)

    class Scaled(keras.losses.Loss):
        def __init__(self, factor=2.0, **kwargs):
            super().__init__(**kwargs)
            self.factor = factor

        def call(self, y_true, y_pred):
            return self.factor * ops.mean(ops.square(y_true - y_pred), axis=-1)

    class Largest(keras.metrics.Metric):
        def __init__(self, name="largest", **kwargs):
            super().__init__(name=name, **kwargs)
            self.value = self.add_weight(name="value", initializer="zeros")

        def update_state(self, y_true, y_pred, sample_weight=None):
            self.value.assign(ops.maximum(self.value, ops.max(ops.abs(y_true - y_pred))))

        def result(self):
            return self.value

        def reset_state(self):
            self.value.assign(0.0)

    def within_one(y_true, y_pred):
        return ops.mean(ops.cast(ops.abs(y_true - y_pred) < 1.0, "float32"), axis=-1)

    x, y = sequences()
    model = small(loss=pinball, metrics=[Largest(), within_one])
    found = model.fit(x, y, epochs=2, verbose=0).history
    assert set(found) == {"loss", "largest", "within_one"} and found["loss"][1] < found["loss"][0]
    model.compile("adam", Scaled(3.0))
    mse = float(np.mean((model.predict(x, verbose=0) - y) ** 2))
    found = model.evaluate(x, y, verbose=0, return_dict=True)["loss"]
    assert found == pytest.approx(3 * mse, rel=1e-4)


class Gated(layers.Layer):
    """A dense layer with a gate, as people write one."""

    def __init__(self, units=4, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.gate = layers.Dense(units, activation="sigmoid")

    def build(self, input_shape):
        self.w = self.add_weight(shape=(input_shape[-1], self.units), name="w",
                                 initializer="random_normal", trainable=True)
        self.b = self.add_weight(shape=(self.units,), initializer="zeros", name="b")
        self.built = True

    def call(self, inputs):
        return (ops.matmul(inputs, self.w) + self.b) * self.gate(inputs)

    def get_config(self):
        return {**super().get_config(), "units": self.units}


def test_own_layer(tmp_path):
    x, y = sequences()
    model = keras.Sequential([layers.Input((6, 3)), layers.LSTM(5), Gated(4), layers.Dense(1)])
    model.compile("adam", "mse")
    history = model.fit(x, y, epochs=3, verbose=0)
    assert history.history["loss"][-1] < history.history["loss"][0]
    path = str(tmp_path / "own.keras")
    model.save(path)
    again = keras.models.load_model(path, custom_objects={"Gated": Gated})
    np.testing.assert_allclose(again.predict(x, verbose=0), model.predict(x, verbose=0), rtol=1e-5)


class MinimalCell(layers.Layer):
    """The cell of Keras's guide, in our words."""

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.state_size = units

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(input_shape[-1], self.units), name="kernel",
                                      initializer="uniform")
        self.recurrent = self.add_weight(shape=(self.units, self.units), name="recurrent",
                                         initializer="uniform")

    def call(self, inputs, states):
        output = ops.matmul(inputs, self.kernel) + ops.matmul(states[0], self.recurrent)
        return output, [output]


def test_own_cell():
    x, y = sequences()
    cells = [MinimalCell(4), MinimalCell(3)]
    model = keras.Sequential([layers.Input((None, 3)), layers.RNN(cells), layers.Dense(1)])
    model.compile("rmsprop", "mse")
    model.fit(x, y, epochs=1, verbose=0)
    assert model.predict(x, verbose=0).shape == (64, 1)


class Forecast(keras.Model):
    """A model as a class: layers in __init__, arithmetic in call."""

    def __init__(self, units=6, **kwargs):
        super().__init__(**kwargs)
        self.body = layers.LSTM(units)
        self.drop = layers.Dropout(0.2)
        self.head = layers.Dense(1)

    def call(self, inputs, training=None):
        return self.head(self.drop(self.body(inputs), training=training))


def test_subclassed_model(tmp_path):
    x, y = sequences()
    model = Forecast()
    model.compile(optimizer=keras.optimizers.Adam(0.02), loss="mse", metrics=["mae"])
    history = model.fit(x, y, epochs=8, validation_split=0.2, verbose=0)
    assert history.history["loss"][-1] < history.history["loss"][0]
    assert model.predict(x, verbose=0).shape == (64, 1)
    assert len(model.weights) == 5 and [type(e).__name__ for e in model.layers] == [
        "LSTM", "Dropout", "Dense"]
    model.save_weights(str(tmp_path / "f.weights.h5"))
    other = Forecast()
    assert tuple(other(x[:2]).shape) == (2, 1)
    other.load_weights(str(tmp_path / "f.weights.h5"))
    np.testing.assert_allclose(other.predict(x, verbose=0), model.predict(x, verbose=0), rtol=1e-5)
    other.summary(print_fn=lambda *a, **k: None)


class Pair(keras.Model):
    """Several inputs, a dictionary of outputs, a loop over steps."""

    def __init__(self):
        super().__init__()
        self.first, self.second = layers.GRU(4), layers.Dense(4)
        self.steps = [layers.Dense(4, activation="tanh") for _ in range(2)]

    def call(self, inputs):
        sequence, extra = inputs
        x = self.first(sequence) + self.second(extra)
        for step in self.steps:
            x = x + step(x)
        return {"mean": ops.mean(x, axis=-1, keepdims=True), "all": x}


def test_subclassed_model_of_several_inputs():
    x, _ = sequences()
    model = Pair()
    found = model((x[:4], x[:4, 0]))
    assert tuple(found["mean"].shape) == (4, 1) and tuple(found["all"].shape) == (4, 4)
    assert len(model.trainable_weights) == 9


def test_subclassed_sequence_of_blocks():
    class Block(layers.Layer):
        def __init__(self, units):
            super().__init__()
            self.norm = layers.LayerNormalization()
            self.rnn = layers.LSTM(units, return_sequences=True)
            self.drop = layers.Dropout(0.1)

        def call(self, x, training=None):
            return x + self.drop(self.rnn(self.norm(x)), training=training)

    class Net(keras.Model):
        def __init__(self):
            super().__init__()
            self.blocks = [Block(3), Block(3)]
            self.pool = layers.GlobalAveragePooling1D()
            self.head = layers.Dense(1)

        def call(self, x, training=False):
            for block in self.blocks:
                x = block(x, training=training)
            return self.head(self.pool(x))

    x, y = sequences()
    net = Net()
    net.compile(optimizer="adam", loss="mse")
    net.fit(x, y, epochs=1, verbose=0)
    assert net.predict(x, verbose=0).shape == (64, 1)


def test_weights_as_attributes():
    lstm, dense, embedding = layers.LSTM(4), layers.Dense(2, use_bias=False), layers.Embedding(9, 3)
    lstm(X), dense(X), embedding(np.array([[1]]))
    assert tuple(lstm.cell.kernel.shape) == (3, 16)
    assert tuple(lstm.cell.recurrent_kernel.shape) == (4, 16)
    assert tuple(dense.kernel.shape) == (3, 2) and dense.bias is None
    assert tuple(embedding.embeddings.shape) == (9, 3)


def test_own_activations(tmp_path):
    @keras.saving.register_keras_serializable(package="tests")
    def mish(x):
        return x * ops.tanh(ops.softplus(x))

    model = keras.Sequential([
        layers.Input((None, 3)), layers.LSTM(4), layers.Dense(4, activation=mish),
        layers.Activation(lambda x: x * ops.sigmoid(x)), layers.Dense(1)])
    model.compile("adam", "mse")
    history = model.fit(X, Y, epochs=2, verbose=0)
    assert history.history["loss"][1] < history.history["loss"][0]
    assert tuple(model.layers[1].kernel.shape) == (4, 4) and len(model.weights) == 7
    kept = keras.Sequential([layers.Input((None, 3)), layers.LSTM(4), layers.Dense(1, mish)])
    kept.save(tmp_path / "own.keras")
    again = keras.models.load_model(tmp_path / "own.keras")
    np.testing.assert_allclose(again.predict(X, verbose=0), kept.predict(X, verbose=0), rtol=1e-6)


def test_own_loss_and_metric_from_a_file(tmp_path):
    def squared(y_true, y_pred):
        return ops.mean(ops.square(y_true - y_pred), axis=-1)

    @keras.saving.register_keras_serializable(package="tests")
    class Times(keras.losses.Loss):
        def __init__(self, factor=2.0, **kwargs):
            super().__init__(**kwargs)
            self.factor = factor

        def call(self, y_true, y_pred):
            return self.factor * squared(y_true, y_pred)

        def get_config(self):
            return {**super().get_config(), "factor": self.factor}

    for loss, objects in ((squared, {"squared": squared}), (Times(3.0), {"squared": squared})):
        model = small(loss=loss, metrics=[squared])
        model.fit(X, Y, epochs=2, verbose=0)
        model.save(tmp_path / "m.keras")
        again = keras.models.load_model(tmp_path / "m.keras", custom_objects=objects)
        a, b = (each.evaluate(X, Y, verbose=0, return_dict=True) for each in (model, again))
        assert a["loss"] == pytest.approx(b["loss"], rel=1e-5)
        assert int(again.optimizer.iterations) == 4
        a, b = (each.fit(X, Y, shuffle=False, verbose=0).history["loss"] for each in (model, again))
        assert a == pytest.approx(b, rel=1e-4)


def test_own_schedule():
    class Warm(keras.optimizers.schedules.LearningRateSchedule):
        def __init__(self, top):
            self.top = top

        def __call__(self, step):
            return self.top * ops.minimum(1.0, (ops.cast(step, "float32") + 1.0) / 10.0)

        def get_config(self):
            return {"top": self.top}

    model = small()
    model.compile(keras.optimizers.Adam(Warm(0.01)), "mse")
    model.fit(X, Y, epochs=2, verbose=0)
    assert float(model.optimizer.learning_rate) == pytest.approx(0.005, rel=1e-5)


class Block(layers.Layer):
    """A block of a transformer."""

    def __init__(self, size, heads):
        super().__init__()
        self.attention = layers.MultiHeadAttention(num_heads=heads, key_dim=size)
        self.dense = keras.Sequential([layers.Dense(2 * size, activation="relu"),
                                       layers.Dense(size)])
        self.norms = [layers.LayerNormalization(epsilon=1e-6) for _ in range(2)]
        self.drop = layers.Dropout(0.1)

    def call(self, inputs, training=None):
        seen = self.norms[0](inputs + self.attention(inputs, inputs))
        return self.norms[1](seen + self.drop(self.dense(seen), training=training))


class Places(layers.Layer):
    """Vectors of ids and of places."""

    def __init__(self, longest, vocabulary, size):
        super().__init__()
        self.ids, self.places = layers.Embedding(vocabulary, size), layers.Embedding(longest, size)

    def call(self, x):
        return self.ids(x) + self.places(ops.arange(0, ops.shape(x)[-1], 1))


def test_transformer_of_own_layers():
    random = np.random.default_rng(0)
    inputs = keras.Input((12,), dtype="int32")
    x = Block(8, 2)(Places(12, 50, 8)(inputs))
    outputs = layers.Dense(2, activation="softmax")(layers.GlobalAveragePooling1D()(x))
    model = keras.Model(inputs, outputs)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(random.integers(0, 50, (32, 12)), random.integers(0, 2, 32), epochs=3,
                        verbose=0)
    assert history.history["loss"][-1] < history.history["loss"][0]


class Encoder(keras.Model):
    def __init__(self, units):
        super().__init__()
        self.ids = layers.Embedding(20, 4, mask_zero=True)
        self.rnn = layers.GRU(units, return_sequences=True, return_state=True)

    def call(self, inputs):
        whole, state = self.rnn(self.ids(inputs))
        return whole, state


class Decoder(keras.Model):
    def __init__(self, units, vocabulary):
        super().__init__()
        self.ids = layers.Embedding(vocabulary, 4)
        self.rnn = layers.GRU(units, return_sequences=True)
        self.attention = layers.Attention()
        self.out = layers.Dense(vocabulary, activation="softmax")

    def call(self, inputs):
        target, whole, state = inputs
        x = self.rnn(self.ids(target), initial_state=state)
        return self.out(ops.concatenate([x, self.attention([x, whole])], axis=-1))


class Translator(keras.Model):
    def __init__(self):
        super().__init__()
        self.encoder, self.decoder = Encoder(6), Decoder(6, 15)

    def call(self, inputs):
        source, target = inputs
        whole, state = self.encoder(source)
        return self.decoder([target, whole, state])


def test_models_within_a_subclassed_model():
    random = np.random.default_rng(0)
    source, target = random.integers(1, 20, (16, 7)), random.integers(1, 15, (16, 5))
    model = Translator()
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit((source, target), target, epochs=1, verbose=0)
    assert model.predict((source, target), verbose=0).shape == (16, 5, 15)
    assert len(model.weights) == 10


class Noisy(keras.Model):
    """Looks at `training` with Python's if, and has a weight of its own."""

    def __init__(self):
        super().__init__()
        self.body = layers.LSTM(3)
        self.scale = self.add_weight(shape=(3,), initializer="ones", name="scale")

    def call(self, x, training=False):
        x = self.body(x)
        if training:
            x = x + keras.random.normal(ops.shape(x), stddev=0.01, seed=1)
        return ops.sum(x * self.scale, axis=-1, keepdims=True)


def test_subclassed_model_that_runs_as_it_is_written():
    model = Noisy()
    model.compile(keras.optimizers.Adam(0.01), "mse")
    history = model.fit(X, Y, epochs=3, verbose=0)
    assert history.history["loss"][-1] < history.history["loss"][0]
    assert len(model.trainable_weights) == 4
    assert not np.allclose(np.array(model.scale), 1.0)
    np.testing.assert_allclose(
        model.predict(X, verbose=0), np.array(model(X)), rtol=1e-4, atol=1e-6)


def test_a_layer_that_counts():
    class Counter(layers.Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.total = self.add_weight(shape=(), initializer="zeros", trainable=False,
                                         name="total")

        def call(self, inputs):
            self.total.assign_add(ops.sum(ops.cast(inputs > 0, "float32")))
            return inputs

    model = keras.Sequential([layers.Input((6, 3)), Counter(), layers.GRU(2)])
    model(X)
    assert float(model.layers[0].total) == (X > 0).sum()
    assert len(model.non_trainable_weights) == 1


def test_chains_within_a_chain():
    first = keras.Sequential([layers.LSTM(4, return_sequences=True)])
    second = keras.Sequential([layers.LSTM(3), layers.Dense(1)])
    model = keras.Sequential([layers.Input((6, 3)), first, second])
    first.trainable = False
    model.compile("adam", "mse")
    before = first.get_weights()[0].copy()
    model.fit(X, Y, verbose=0)
    np.testing.assert_array_equal(first.get_weights()[0], before)
    assert len(model.layers) == 2 and len(model.weights) == 8 and len(model.trainable_weights) == 5


def test_compiled_as_another_model():
    model = small(metrics=["mae"])
    other = keras.models.clone_model(model)
    other.compile_from_config(model.get_compile_config())
    assert set(other.fit(X, Y, verbose=0).history) == {"loss", "mae"}


def test_add_loss_and_metrics_of_a_layer():
    class Penalty(layers.Layer):
        def call(self, inputs):
            self.add_loss(0.1 * ops.mean(ops.square(inputs)))
            return inputs

    x, y = sequences()
    model = keras.Sequential([layers.Input((None, 3)), layers.LSTM(4), Penalty(), layers.Dense(1)])
    model.compile("sgd", "mse")
    inner = keras.Model(model.inputs, model.layers[0].output).predict(x, verbose=0)
    mse = float(np.mean((model.predict(x, verbose=0) - y) ** 2))
    assert model.evaluate(x, y, verbose=0, batch_size=64) == pytest.approx(
        mse + 0.1 * float(np.mean(inner**2)), rel=1e-4)


def test_initializers_regularizers_constraints():
    layer = layers.LSTM(
        4, kernel_initializer=keras.initializers.HeNormal(seed=1),
        recurrent_initializer="orthogonal",
        kernel_regularizer=keras.regularizers.L2(0.1), recurrent_constraint="max_norm",
        bias_initializer=keras.initializers.Constant(0.5), unit_forget_bias=False)
    model = keras.Sequential([layers.Input((None, 3)), layer, layers.Dense(1)])
    np.testing.assert_allclose(layer.get_weights()[2], 0.5)
    model.compile("adam", "mse")
    penalty = 0.1 * float((layer.get_weights()[0] ** 2).sum())
    assert float(sum(model.losses)) == pytest.approx(penalty, rel=1e-4)
    x, y = sequences()
    alone = float(np.mean((model.predict(x, verbose=0) - y) ** 2))
    assert model.evaluate(x, y, verbose=0) == pytest.approx(alone + penalty, rel=1e-4)
