"""Programs as people write them for Keras; only the import line differs.

`KERAS=keras` runs the same tests with Keras itself.
"""

from __future__ import annotations

import importlib
import math
import os

import numpy as np
import pytest

keras = importlib.import_module(os.environ.get("KERAS", "chronicler.keras"))
layers, ops = keras.layers, keras.ops

pytestmark = pytest.mark.filterwarnings("ignore:.*written in Python")


def sequences(rows=64, steps=6, features=3, seed=0):
    """Sequences, and a target that depends on them."""
    random = np.random.default_rng(seed)
    x = random.normal(size=(rows, steps, features)).astype("float32")
    return x, x.sum(axis=(1, 2), keepdims=False)[:, None] / 4


def labelled(rows=64, steps=6, features=3, classes=3, seed=0):
    """Sequences with a class: which feature is largest."""
    x, _ = sequences(rows, steps, features, seed)
    return x, x.sum(axis=1)[:, :classes].argmax(axis=1)


def small(loss="mse", **options):
    """A compiled regression of sequences of 3 features."""
    model = keras.Sequential([layers.Input((None, 3)), layers.LSTM(8), layers.Dense(1)])
    model.compile(optimizer="adam", loss=loss, **options)
    return model


# ---- data


def test_windows_of_a_series():
    series = np.sin(np.arange(300) / 7).astype("float32")
    data = keras.utils.timeseries_dataset_from_array(
        series[:-10], series[10:], sequence_length=10, batch_size=32)
    for x, y in data:
        assert tuple(x.shape) == (32, 10) and tuple(y.shape) == (32,)
        np.testing.assert_allclose(np.array(x)[0], series[:10])
        break
    model = keras.Sequential([
        layers.Input((10,)), layers.Reshape((10, 1)), layers.GRU(8), layers.Dense(1)])
    model.compile("adam", "mse")
    history = model.fit(data, epochs=3, validation_data=data, verbose=0)
    assert history.history["loss"][-1] < history.history["loss"][0]


def test_windows_of_several_columns():
    table = np.random.default_rng(0).normal(size=(200, 4)).astype("float32")
    data = keras.preprocessing.timeseries_dataset_from_array(
        table, targets=table[12:, 0], sequence_length=12, sampling_rate=1, batch_size=16,
        shuffle=True, seed=1)
    inputs = keras.Input(shape=(12, 4))
    x = layers.LSTM(16, return_sequences=True)(inputs)
    x = layers.LSTM(8)(x)
    model = keras.Model(inputs, layers.Dense(1)(x))
    model.compile(optimizer=keras.optimizers.RMSprop(), loss="mse", metrics=["mae"])
    history = model.fit(data, epochs=1, verbose=0)
    assert set(history.history) == {"loss", "mae"}
    assert np.asarray(model.predict(data, verbose=0)).shape == (188, 1)


def test_generator_without_end():
    def batches():
        random = np.random.default_rng(1)
        while True:
            x = random.normal(size=(8, 5, 3)).astype("float32")
            yield x, x.sum(axis=(1, 2))[:, None]

    model = small()
    history = model.fit(batches(), steps_per_epoch=5, epochs=2, verbose=0,
                        validation_data=batches(), validation_steps=2)
    assert len(history.history["val_loss"]) == 2
    assert np.isscalar(model.evaluate(batches(), steps=3, verbose=0))


class Slices(keras.utils.PyDataset):
    """Batches of growing length."""

    def __init__(self, count, **kwargs):
        super().__init__(**kwargs)
        self.count = count
        self.ends = 0

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        x = np.full((4, 3 + index, 3), 0.1 * index, "float32")
        return x, np.full((4, 1), 0.3 * index, "float32"), np.ones(4, "float32")

    def on_epoch_end(self):
        self.ends += 1


def test_pydataset():
    data = Slices(5, workers=1)
    model = small()
    model.fit(data, epochs=2, shuffle=False, verbose=0)
    assert data.ends >= 2
    assert model.evaluate(data, verbose=0) >= 0


def test_sequence_is_the_old_name():
    assert keras.utils.Sequence is keras.utils.PyDataset


def test_pad_sequences_and_embedding():
    ids = [[1, 2, 3], [4, 5], [6]]
    padded = keras.utils.pad_sequences(ids, maxlen=4, padding="post")
    model = keras.Sequential([
        layers.Embedding(10, 4, mask_zero=True), layers.LSTM(5), layers.Dense(1, "sigmoid")])
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    model.fit(padded, np.array([0, 1, 0]), epochs=1, verbose=0)
    assert model.predict(padded, verbose=0).shape == (3, 1)
    longer = keras.utils.pad_sequences(ids, maxlen=9, padding="post")
    np.testing.assert_allclose(
        model.predict(padded, verbose=0), model.predict(longer, verbose=0), rtol=1e-5)


def test_text_pipeline():
    texts = np.array(["a fine film", "a dull film", "so fine", "so dull"])
    labels = np.array([1, 0, 1, 0])
    vectorize = layers.TextVectorization(max_tokens=50, output_sequence_length=5)
    vectorize.adapt(texts)
    assert vectorize.get_vocabulary()[:2] == ["", "[UNK]"]
    size = vectorize.vocabulary_size()
    ids = np.array(vectorize(texts))
    assert ids.shape == (4, 5)
    model = keras.Sequential([
        layers.Embedding(size, 8, mask_zero=True), layers.Bidirectional(layers.LSTM(8)),
        layers.Dense(1, activation="sigmoid")])
    model.compile(optimizer=keras.optimizers.Adam(0.05), loss="binary_crossentropy",
                  metrics=["accuracy"])
    model.fit(ids, labels, epochs=30, verbose=0)
    assert model.evaluate(ids, labels, verbose=0)[1] == 1.0


def test_to_categorical_and_labels():
    x, y = labelled()
    model = keras.Sequential([
        layers.Input((None, 3)), layers.SimpleRNN(16), layers.Dense(3, activation="softmax")])
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(x, keras.utils.to_categorical(y, 3), epochs=2, verbose=0,
                        validation_split=0.25)
    assert list(history.history) == ["accuracy", "loss", "val_accuracy", "val_loss"]
    assert len(history.epoch) == 2


# ---- training


def test_class_and_sample_weights():
    x, y = labelled(classes=2)
    model = keras.Sequential([layers.Input((None, 3)), layers.GRU(4), layers.Dense(2)])
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True),
                  metrics=["accuracy"], weighted_metrics=["sparse_categorical_crossentropy"])
    model.fit(x, y, class_weight={0: 1.0, 1: 3.0}, epochs=1, verbose=0)
    model.fit(x, y, sample_weight=np.linspace(0, 1, 64), epochs=1, verbose=0)
    assert len(model.evaluate(x, y, verbose=0)) == 3


def test_callbacks_together(tmp_path):
    x, y = sequences()
    model = small(metrics=["mae"])
    best = str(tmp_path / "best.keras")
    history = model.fit(
        x, y, epochs=5, validation_split=0.2, verbose=0,
        callbacks=[
            keras.callbacks.EarlyStopping(monitor="val_loss", patience=2,
                                          restore_best_weights=True),
            keras.callbacks.ModelCheckpoint(best, save_best_only=True),
            keras.callbacks.ReduceLROnPlateau(factor=0.5, patience=1),
            keras.callbacks.CSVLogger(str(tmp_path / "log.csv")),
            keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.9),
            keras.callbacks.TerminateOnNaN(),
        ])
    assert "learning_rate" in history.history
    again = keras.models.load_model(best)
    assert again.predict(x[:2], verbose=0).shape == (2, 1)
    assert (tmp_path / "log.csv").read_text().startswith("epoch,")


def test_checkpoint_with_epoch_in_its_name(tmp_path):
    x, y = sequences()
    model = small()
    model.fit(x, y, epochs=2, validation_split=0.2, verbose=0, callbacks=[
        keras.callbacks.ModelCheckpoint(
            str(tmp_path / "w-{epoch:02d}-{val_loss:.2f}.weights.h5"), save_weights_only=True)])
    names = sorted(path.name for path in tmp_path.iterdir())
    assert len(names) == 2 and names[0].startswith("w-01-")


def test_own_callback_sees_everything():
    class Log(keras.callbacks.Callback):
        def __init__(self):
            super().__init__()
            self.seen = []

        def on_train_begin(self, logs=None):
            self.seen.append("begin")

        def on_epoch_end(self, epoch, logs=None):
            self.seen.append(("epoch", epoch, sorted(logs)))
            if epoch == 1:
                self.model.stop_training = True

        def on_train_batch_end(self, batch, logs=None):
            assert logs["loss"] >= 0

        def on_train_end(self, logs=None):
            self.seen.append("end")

    x, y = sequences()
    log = Log()
    model = small()
    model.fit(x, y, epochs=9, verbose=0, callbacks=[log])
    assert log.seen == ["begin", ("epoch", 0, ["loss"]), ("epoch", 1, ["loss"]), "end"]
    assert log.params["epochs"] == 9 and log.params["steps"] == 2


def test_lambda_callback_and_history():
    seen = []
    x, y = sequences()
    small().fit(x, y, epochs=2, verbose=0, callbacks=[
        keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(epoch))])
    assert seen == [0, 1]


def test_learning_rate_schedules():
    x, y = sequences()
    schedule = keras.optimizers.schedules.ExponentialDecay(0.01, decay_steps=10, decay_rate=0.5)
    assert float(schedule(10)) == pytest.approx(0.005)
    model = keras.Sequential([layers.Input((None, 3)), layers.LSTM(4), layers.Dense(1)])
    model.compile(optimizer=keras.optimizers.Adam(learning_rate=schedule, clipnorm=1.0), loss="mse")
    model.fit(x, y, epochs=2, verbose=0)
    assert int(model.optimizer.iterations) == 4
    assert float(model.optimizer.learning_rate) == pytest.approx(0.01 * 0.5**0.4, rel=1e-4)


def test_learning_rate_can_be_set():
    model = small()
    model.optimizer.learning_rate = 0.5
    assert float(model.optimizer.learning_rate) == 0.5
    model.optimizer.learning_rate.assign(0.25)
    assert float(model.optimizer.learning_rate) == 0.25
    x, y = sequences()
    model.fit(x, y, epochs=1, verbose=0)


def test_train_on_batch_loop():
    x, y = sequences()
    model = small(metrics=["mae"])
    first = model.train_on_batch(x, y)
    assert len(first) == 2
    for _ in range(30):
        last = model.train_on_batch(x, y, return_dict=True)
        model.reset_metrics()
    assert set(last) == {"loss", "mae"} and last["loss"] < first[0]
    assert set(model.test_on_batch(x, y, return_dict=True)) == {"loss", "mae"}
    assert model.predict_on_batch(x).shape == (64, 1)
    assert model.metrics_names[0] == "loss"


def test_stateful_training_loop():
    x, y = sequences(rows=40, steps=4)
    model = keras.Sequential([
        layers.Input(batch_shape=(4, 4, 3)), layers.LSTM(6, stateful=True), layers.Dense(1)])
    model.compile("adam", "mse")
    for _ in range(2):
        model.fit(x, y, batch_size=4, epochs=1, shuffle=False, verbose=0)
        for layer in model.layers:
            if hasattr(layer, "reset_states"):
                layer.reset_states()
    first = model.predict(x[:4], batch_size=4, verbose=0)
    second = model.predict(x[:4], batch_size=4, verbose=0)
    assert not np.allclose(first, second)
    model.layers[0].reset_state()
    np.testing.assert_allclose(model.predict(x[:4], batch_size=4, verbose=0), first, rtol=1e-5)


def test_frozen_layers_stay():
    x, y = sequences()
    model = keras.Sequential([
        layers.Input((None, 3)), layers.LSTM(4, name="body"), layers.Dense(1, name="head")])
    model.get_layer("body").trainable = False
    model.compile("sgd", "mse")
    before = model.get_layer("body").get_weights()[0].copy()
    head = model.get_layer("head").get_weights()[0].copy()
    model.fit(x, y, epochs=1, verbose=0)
    np.testing.assert_array_equal(model.get_layer("body").get_weights()[0], before)
    assert not np.allclose(model.get_layer("head").get_weights()[0], head)
    assert len(model.trainable_weights) == 2 and len(model.non_trainable_weights) == 3


# ---- models


def test_two_inputs_two_outputs():
    x, y = sequences()
    sequence = keras.Input((None, 3), name="sequence")
    extra = keras.Input((2,), name="extra")
    joined = layers.concatenate([layers.LSTM(6)(sequence), layers.Dense(4, "relu")(extra)])
    value = layers.Dense(1, name="value")(joined)
    sign = layers.Dense(1, activation="sigmoid", name="sign")(joined)
    model = keras.Model(inputs=[sequence, extra], outputs=[value, sign])
    model.compile(optimizer="adam", loss={"value": "mse", "sign": "binary_crossentropy"},
                  loss_weights={"value": 1.0, "sign": 0.2}, metrics={"sign": ["accuracy"]})
    history = model.fit({"sequence": x, "extra": x[:, 0, :2]},
                        {"value": y, "sign": (y > 0).astype("float32")}, epochs=1, verbose=0)
    assert set(history.history) == {"loss", "value_loss", "sign_loss", "sign_accuracy"}
    found = model.predict([x, x[:, 0, :2]], verbose=0)
    assert [each.shape for each in found] == [(64, 1), (64, 1)]
    assert model.input_shape == [(None, None, 3), (None, 2)]


def test_outputs_as_dictionary():
    x, y = sequences()
    inputs = keras.Input((None, 3))
    body = layers.GRU(4)(inputs)
    model = keras.Model(inputs, {"a": layers.Dense(1, name="a")(body),
                                 "b": layers.Dense(2, name="b")(body)})
    model.compile("adam", loss={"a": "mse", "b": "mse"})
    model.fit(x, {"a": y, "b": np.repeat(y, 2, 1)}, epochs=1, verbose=0)
    found = model.predict(x, verbose=0)
    assert set(found) == {"a", "b"} and found["b"].shape == (64, 2)
    assert set(model(x[:2])) == {"a", "b"}


def test_encoder_decoder_with_states():
    encoder_inputs = keras.Input((None, 5))
    _, state_h, state_c = layers.LSTM(8, return_state=True)(encoder_inputs)
    decoder_inputs = keras.Input((None, 4))
    decoder = layers.LSTM(8, return_sequences=True, return_state=True)
    outputs, _, _ = decoder(decoder_inputs, initial_state=[state_h, state_c])
    dense = layers.Dense(4, activation="softmax")
    model = keras.Model([encoder_inputs, decoder_inputs], dense(outputs))
    model.compile("rmsprop", "categorical_crossentropy")
    source = np.random.default_rng(0).normal(size=(8, 6, 5)).astype("float32")
    target = np.eye(4, dtype="float32")[np.random.default_rng(1).integers(0, 4, (8, 7))]
    model.fit([source, target], target, epochs=1, verbose=0)

    encoder = keras.Model(encoder_inputs, [state_h, state_c])
    h_in, c_in = keras.Input((8,)), keras.Input((8,))
    out, h_out, c_out = decoder(decoder_inputs, initial_state=[h_in, c_in])
    step = keras.Model([decoder_inputs, h_in, c_in], [dense(out), h_out, c_out])
    states = encoder.predict(source[:1], verbose=0)
    found, *states = step.predict([target[:1, :1], *states], verbose=0)
    assert found.shape == (1, 1, 4) and [s.shape for s in states] == [(1, 8), (1, 8)]


def test_attention_over_an_encoder():
    inputs = keras.Input((9, 3))
    encoded = layers.Bidirectional(layers.LSTM(4, return_sequences=True))(inputs)
    context, scores = layers.Attention()([encoded, encoded], return_attention_scores=True)
    pooled = layers.GlobalAveragePooling1D()(layers.Concatenate()([encoded, context]))
    model = keras.Model(inputs, layers.Dense(1)(layers.Dropout(0.1)(pooled)))
    model.compile("adam", "mse")
    x, y = sequences(steps=9)
    model.fit(x, y, epochs=1, verbose=0)
    seen = keras.Model(inputs, scores).predict(x[:2], verbose=0)
    np.testing.assert_allclose(seen.sum(-1), np.ones((2, 9)), rtol=1e-5)


def test_masking_and_time_distributed():
    x, _ = sequences()
    x[:, 4:] = 0.0
    model = keras.Sequential([
        layers.Masking(mask_value=0.0, input_shape=(6, 3)),
        layers.LSTM(5, return_sequences=True),
        layers.TimeDistributed(layers.Dense(2)),
    ])
    model.compile("adam", "mse")
    model.fit(x, np.zeros((64, 6, 2)), epochs=1, verbose=0)
    assert model.predict(x, verbose=0).shape == (64, 6, 2)


def test_masks_by_hand():
    embedding = layers.Embedding(10, 4, mask_zero=True)
    found = embedding(np.array([[1, 2, 0]]))
    np.testing.assert_array_equal(np.array(embedding.compute_mask(np.array([[1, 2, 0]]))),
                                  [[True, True, False]])
    output = layers.LSTM(3)(found, mask=np.array([[True, False, False]]))
    assert tuple(output.shape) == (1, 3)
    masked = layers.Masking()(np.array([[[1.0], [0.0]]], "float32"))
    np.testing.assert_array_equal(np.array(masked._keras_mask), [[True, False]])


def test_functional_with_operators_and_ops():
    inputs = keras.Input((None, 4))
    forward = layers.GRU(4, return_sequences=True)(inputs)
    residual = inputs + forward * 0.5
    last = residual[:, -1, :]
    scaled = ops.tanh(last) / (1.0 + ops.exp(-last))
    model = keras.Model(inputs, ops.mean(scaled, axis=-1, keepdims=True))
    assert model.output_shape == (None, 1)
    x, y = sequences(features=4)
    model.compile("adam", "mse")
    model.fit(x, y, epochs=1, verbose=0)


def test_summary_variants(capsys):
    model = small()
    lines = []
    model.summary(print_fn=lambda line, *rest, **options: lines.append(line))
    assert "lstm" in "".join(lines) and "393 " in "".join(lines)
    model.summary(line_length=100, show_trainable=True, expand_nested=True)
    assert "Trainable params" in capsys.readouterr().out
    assert model.count_params() == 393


def test_add_pop_and_deferred_build():
    model = keras.Sequential(name="chain")
    model.add(keras.Input(shape=(5, 2)))
    model.add(layers.LSTM(4, dropout=0.1, recurrent_dropout=0.1))
    model.add(layers.Dense(3))
    model.pop()
    model.add(layers.Dense(2))
    assert model.output_shape == (None, 2) and [type(e).__name__ for e in model.layers] == [
        "LSTM", "Dense"]
    later = keras.Sequential([layers.LSTM(4), layers.Dense(1)])
    assert not later.built
    assert tuple(later(np.zeros((2, 3, 5), "float32")).shape) == (2, 1)
    assert later.built and later.layers[0].weights[0].shape == (5, 16)
    third = keras.Sequential([layers.GRU(2)])
    third.build((None, 3, 4))
    assert third.count_params() > 0


def test_model_within_a_model():
    body = keras.Sequential([layers.Input((None, 3)), layers.LSTM(4)], name="body")
    inputs = keras.Input((None, 3))
    model = keras.Model(inputs, layers.Dense(1)(body(inputs)))
    model.compile("adam", "mse")
    x, y = sequences()
    model.fit(x, y, epochs=1, verbose=0)
    assert model.get_layer("body") is body
    np.testing.assert_allclose(
        model.layers[-1](body(x)), model.predict(x, verbose=0), rtol=1e-4, atol=1e-6)


def test_intermediate_outputs():
    model = small()
    middle = keras.Model(inputs=model.inputs, outputs=model.layers[0].output)
    x, _ = sequences()
    assert middle.predict(x, verbose=0).shape == (64, 8)
    everything = keras.Model(model.inputs, [layer.output for layer in model.layers])
    assert [each.shape for each in everything.predict(x, verbose=0)] == [(64, 8), (64, 1)]


# ---- files and weights


def test_save_load_and_go_on(tmp_path):
    x, y = sequences()
    model = small(metrics=["mae"])
    model.fit(x, y, epochs=2, verbose=0)
    path = tmp_path / "model.keras"
    model.save(path)
    again = keras.models.load_model(path)
    np.testing.assert_allclose(again.predict(x, verbose=0), model.predict(x, verbose=0), rtol=1e-5)
    a = again.fit(x, y, epochs=1, shuffle=False, verbose=0).history["loss"][0]
    b = model.fit(x, y, epochs=1, shuffle=False, verbose=0).history["loss"][0]
    assert a == pytest.approx(b, rel=1e-4)


def test_weights_to_another_model(tmp_path):
    x, _ = sequences()
    model, other = small(), small()
    other.set_weights(model.get_weights())
    np.testing.assert_allclose(other.predict(x, verbose=0), model.predict(x, verbose=0), rtol=1e-6)
    model.save_weights(str(tmp_path / "m.weights.h5"))
    third = small()
    third.load_weights(str(tmp_path / "m.weights.h5"))
    np.testing.assert_allclose(third.predict(x, verbose=0), model.predict(x, verbose=0), rtol=1e-6)
    fourth = keras.models.clone_model(model)
    fourth.set_weights(model.get_weights())
    np.testing.assert_allclose(fourth.predict(x, verbose=0), model.predict(x, verbose=0), rtol=1e-6)
    fifth = keras.Sequential.from_config(model.get_config())
    fifth.layers[0].set_weights(model.layers[0].get_weights())
    for variable, value in zip(fifth.layers[1].weights, model.layers[1].weights):
        variable.assign(value)
    np.testing.assert_allclose(fifth.predict(x, verbose=0), model.predict(x, verbose=0), rtol=1e-6)


def test_json_round_trip():
    model = small()
    again = keras.models.model_from_json(model.to_json())
    assert again.count_params() == model.count_params()



def test_layers_as_functions():
    x, _ = sequences()
    lstm = layers.LSTM(4, return_sequences=True, return_state=True)
    whole, h, c = lstm(x)
    np.testing.assert_allclose(np.array(whole)[:, -1], np.array(h), rtol=1e-6)
    again, _, _ = lstm(x, initial_state=[h, c])
    assert not np.allclose(np.array(again), np.array(whole))
    cell = layers.LSTMCell(4)
    states = cell.get_initial_state(batch_size=64)
    for step in range(6):
        output, states = cell(x[:, step], states)
    assert tuple(output.shape) == (64, 4)
    assert float(ops.max(layers.Dropout(0.5)(np.ones((3, 3)), training=True))) in (0.0, 2.0)


def test_bidirectional_forms():
    x, _ = sequences()
    model = keras.Sequential([
        layers.Input((None, 3)),
        layers.Bidirectional(layers.LSTM(4, return_sequences=True), merge_mode="sum"),
        layers.Bidirectional(layers.GRU(4), backward_layer=layers.GRU(4, go_backwards=True)),
    ])
    assert model.output_shape == (None, 8)
    assert model.layers[0].forward_layer.units == 4
    assert model.predict(x, verbose=0).shape == (64, 8)


def test_convolution_before_recurrence():
    model = keras.Sequential([
        layers.Input((32, 2)),
        layers.Conv1D(8, 5, strides=2, padding="same", activation="relu"),
        layers.BatchNormalization(), layers.MaxPooling1D(2), layers.SpatialDropout1D(0.1),
        layers.GRU(8, recurrent_dropout=0.1), layers.Dense(1)])
    x = np.random.default_rng(0).normal(size=(16, 32, 2)).astype("float32")
    model.compile("adam", keras.losses.Huber(), metrics=[keras.metrics.RootMeanSquaredError()])
    found = model.fit(x, x[:, -1, :1], epochs=1, verbose=0).history
    assert "root_mean_squared_error" in found


def test_normalization_adapts():
    x, _ = sequences()
    normalize = layers.Normalization(axis=-1)
    normalize.adapt(5 * x + 3)
    out = np.array(normalize(5 * x + 3))
    assert abs(out.mean()) < 1e-3 and abs(out.std() - 1) < 1e-2


def test_many_metrics():
    x, y = labelled(classes=2)
    model = keras.Sequential([
        layers.Input((None, 3)), layers.LSTM(4), layers.Dense(1, activation="sigmoid")])
    model.compile("adam", "binary_crossentropy", metrics=[
        keras.metrics.BinaryAccuracy(name="acc"), keras.metrics.Precision(), keras.metrics.Recall(),
        keras.metrics.AUC(name="auc")])
    found = model.evaluate(x, y, verbose=0, return_dict=True)
    assert set(found) == {"acc", "auc", "loss", "precision", "recall"}


def test_seeds_repeat():
    def run():
        keras.utils.set_random_seed(7)
        model = small()
        x, y = sequences()
        return model.fit(x, y, epochs=2, verbose=0).history["loss"]

    assert run() == run()


def test_backend_and_session_names():
    keras.backend.clear_session()
    keras.utils.clear_session() if hasattr(keras.utils, "clear_session") else None
    assert keras.backend.floatx() == "float32" and keras.config.floatx() == "float32"
    assert keras.backend.epsilon() == pytest.approx(1e-7)
    layer = layers.LSTM(1)
    assert layer.name == "lstm"


def test_sampling_text_by_characters():
    text = "to be or not to be " * 20
    characters = sorted(set(text))
    place = {c: i for i, c in enumerate(characters)}
    length = 8
    x = np.zeros((len(text) - length, length, len(characters)), dtype="bool")
    y = np.zeros((len(text) - length, len(characters)), dtype="bool")
    for i in range(len(text) - length):
        for t, c in enumerate(text[i : i + length]):
            x[i, t, place[c]] = 1
        y[i, place[text[i + length]]] = 1
    model = keras.Sequential([
        keras.Input(shape=(length, len(characters))), layers.LSTM(32),
        layers.Dense(len(characters), activation="softmax")])
    model.compile(loss="categorical_crossentropy",
                  optimizer=keras.optimizers.RMSprop(learning_rate=0.02))
    model.fit(x, y, batch_size=32, epochs=8, verbose=0)
    written = text[:length]
    for _ in range(12):
        seen = np.zeros((1, length, len(characters)))
        for t, c in enumerate(written[-length:]):
            seen[0, t, place[c]] = 1.0
        written += characters[int(np.argmax(model.predict(seen, verbose=0)[0]))]
    assert written == text[: length + 12]


def test_positional_arguments_and_strings():
    model = keras.models.Sequential()
    model.add(layers.Embedding(20, 6))
    model.add(layers.SpatialDropout1D(0.2))
    model.add(layers.LSTM(4, "tanh", "sigmoid", return_sequences=False))
    model.add(layers.Dense(2, "softmax"))
    model.compile(loss="sparse_categorical_crossentropy", optimizer="nadam", metrics=["acc"])
    history = model.fit(np.ones((4, 5), int), np.array([0, 1, 0, 1]), 2, 1, 0)
    assert "acc" in history.history


def test_repeat_vector_autoencoder():
    x, _ = sequences()
    model = keras.Sequential([
        layers.Input((6, 3)), layers.LSTM(5, activation="relu"), layers.RepeatVector(6),
        layers.LSTM(5, activation="relu", return_sequences=True),
        layers.TimeDistributed(layers.Dense(3))])
    model.compile(keras.optimizers.Adam(1e-2), keras.losses.MeanSquaredError())
    found = model.fit(x, x, epochs=4, verbose=0).history["loss"]
    assert found[-1] < found[0] and math.isfinite(found[-1])
