"""Wrong input: an exception of the fitting kind with a sentence, and the model stays usable."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import warnings

import chronicler
import numpy as np
import pytest
from chronicler import callbacks, layers, losses, metrics, models, ops, optimizers, utils


def small(units: int = 4, steps=None, features: int = 3):
    model = models.Sequential(
        [layers.Input((steps, features)), layers.LSTM(units), layers.Dense(1)]
    )
    model.compile("adam", "mse")
    return model


X = np.random.default_rng(0).normal(size=(24, 5, 3)).astype(np.float32)
Y = X.sum((1, 2))[:, None]


def usable(model) -> None:
    assert np.isfinite(model.fit(X, Y, verbose=0).history["loss"][0])


# ---- arrays of every kind


@pytest.mark.parametrize(
    "make",
    [
        lambda x: x.astype(np.float64),
        lambda x: x.astype(np.float16),
        lambda x: np.asfortranarray(x),
        lambda x: np.concatenate([x, x])[::2][: len(x)],
        lambda x: x[:, ::-1][:, ::-1],
        lambda x: x.tolist(),
        lambda x: x.astype(object),
        lambda x: x.view(np.ndarray).copy().setflags(write=False) or read_only(x),
        lambda x: np.ma.masked_array(x),
        lambda x: memoryview(np.ascontiguousarray(x)),
    ],
)
def test_arrays_of_other_kinds_give_the_same(make) -> None:
    model = small()
    expected = model.predict(X)
    given = make(X)
    if isinstance(given, np.ndarray) and given.shape == X.shape and not np.array_equal(
        np.asarray(given, np.float32), X
    ):
        expected = model.predict(np.ascontiguousarray(given, np.float32))
    np.testing.assert_allclose(model.predict(given), expected, atol=2e-3)


def read_only(x):
    copy = x.copy()
    copy.setflags(write=False)
    return copy


@pytest.mark.parametrize("kind", ["int8", "uint8", "int16", "int32", "int64", "uint64", "bool"])
def test_whole_numbers_are_numbers(kind: str) -> None:
    model = small()
    whole = (X > 0).astype(kind)
    np.testing.assert_array_equal(model.predict(whole), model.predict(whole.astype(np.float32)))


@pytest.mark.parametrize("kind", ["int8", "uint16", "int64", "uint64"])
def test_ids_of_every_type(kind: str) -> None:
    model = models.Sequential([layers.Embedding(7, 3), layers.GRU(2)])
    ids = np.array([[1, 2, 6], [0, 3, 3]])
    np.testing.assert_array_equal(model.predict(ids.astype(kind)), model.predict(ids))


def test_ids_beyond_int32() -> None:
    model = models.Sequential([layers.Embedding(7, 3), layers.GRU(2)])
    with pytest.raises(ValueError, match="int32"):
        model.predict(np.array([[1, 2**40]]))


@pytest.mark.parametrize(
    ("given", "kind", "words"),
    [
        (X.astype(complex), TypeError, "complex"),
        (np.array(["2024-01-01"] * 4, "datetime64[D]").reshape(2, 2, 1), TypeError, "datetime"),
        (np.array([[None, 1.0]], object), TypeError, "objects"),
        (np.array(["a", "b"]), ValueError, "text"),
        (X[:, :, :2], ValueError, "shape"),
        (X[0], ValueError, "shape"),
        (np.zeros((0, 5, 3), np.float32), ValueError, ""),
        ([X, X], ValueError, ""),
        (None, ValueError, "missing"),
        (object(), (TypeError, ValueError), ""),
    ],
)
def test_data_that_are_none(given, kind, words: str) -> None:
    model = small(steps=5)
    with pytest.raises(kind, match=words or None):
        model.predict(given)
    usable(model)


def test_an_array_on_a_gpu_is_named() -> None:
    class Device:
        type = "cuda"

        def __str__(self) -> str:
            return "cuda:0"

    class Remote:
        device = Device()
        shape = (1, 5, 3)

        def __array__(self, *args, **kwargs):
            raise TypeError("cannot convert")

    with pytest.raises(TypeError, match="cuda"):
        small().predict(Remote())


def test_sequences_of_different_lengths() -> None:
    model = small()
    sequences = [X[0, :2], X[1, :5], X[2, :3]]
    found = model.predict(sequences)
    for sequence, one in zip(sequences, found, strict=True):
        np.testing.assert_allclose(one, model.predict(sequence[None])[0], atol=1e-6)
    assert model.fit(sequences, Y[:3], verbose=0).history["loss"]
    ragged = np.empty(3, object)
    ragged[:] = sequences
    np.testing.assert_allclose(np.stack(model.predict(ragged)), np.stack(model.predict(sequences)))


def test_a_list_of_equal_arrays_is_a_batch_of_sequences() -> None:
    model = small()
    np.testing.assert_allclose(np.stack(list(model.predict(list(X)))), model.predict(X), atol=1e-6)


# ---- targets and weights


@pytest.mark.parametrize(
    ("y", "words"),
    [
        (Y[:5], "24|samples|rows|size"),
        (np.repeat(Y, 2, 1), "shape"),
        (Y.astype(str), "numbers"),
        (np.full_like(Y, np.nan), "NaN|nan|finite"),
    ],
)
def test_wrong_targets(y, words: str) -> None:
    model = small()
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        with pytest.raises((ValueError, TypeError, RuntimeWarning), match=words):
            model.fit(X, y, verbose=0)


def test_nan_in_the_data_is_named_with_its_place() -> None:
    model = small()
    x = X.copy()
    x[3, 2, 1] = np.nan
    with pytest.raises(ValueError, match="NaN at row 3, step 2, feature 1"):
        model.fit(x, Y, batch_size=4, shuffle=False, verbose=0)
    usable(model)


def test_a_loss_that_becomes_infinite_is_a_warning_with_its_place() -> None:
    model = small()
    model.compile(optimizers.SGD(1e30), "mse")
    with pytest.warns(RuntimeWarning, match="not finite at batch"):
        model.fit(X, Y, batch_size=4, epochs=3, verbose=0)


def test_wrong_weights_and_options() -> None:
    model = small()
    with pytest.raises(ValueError, match="shape|weight"):
        model.fit(X, Y, sample_weight=np.ones(3), verbose=0)
    with pytest.raises(TypeError, match="dict"):
        model.fit(X, Y, class_weight=[1.0, 2.0], verbose=0)
    with pytest.raises(ValueError, match="validation_data"):
        model.fit(X, Y, validation_data=(X,), verbose=0)
    with pytest.raises(ValueError, match="epochs"):
        model.fit(X, Y, epochs=-1, verbose=0)
    with pytest.raises(ValueError, match="batch_size"):
        model.fit(X, Y, batch_size=-3, verbose=0)
    with pytest.raises(TypeError, match="epoch"):
        model.fit(X, Y, epoch=3)
    with pytest.raises(TypeError, match="callbacks"):
        model.fit(X, Y, callbacks=["early_stopping"], verbose=0)
    usable(model)


# ---- options of classes


@pytest.mark.parametrize(
    ("make", "kind", "words"),
    [
        (lambda: layers.LSTM(8, retrun_sequences=True), TypeError, "return_sequences"),
        (lambda: layers.LSTM(), TypeError, "units"),
        (lambda: layers.LSTM(0), ValueError, "units"),
        (lambda: layers.LSTM("many"), (ValueError, TypeError), "units"),
        (lambda: layers.LSTM(8, dropout=1.5), ValueError, "dropout"),
        (lambda: layers.LSTM(8, activation="tahn"), ValueError, "tanh"),
        (lambda: layers.LSTM(8, kernel_initializer="glorot"), ValueError, "glorot_uniform"),
        (lambda: layers.LSTM(4, activation=lambda x: x), ValueError, "activation"),
        (lambda: layers.LSTMM(8), AttributeError, "LSTMM"),
        (lambda: layers.Bidirectional(3), TypeError, "layer"),
        (lambda: optimizers.Adam(learning_rate=-1.0), ValueError, "learning_rate"),
        (lambda: optimizers.Adam(rate=1.0), TypeError, "learning_rate|no option"),
        (lambda: optimizers.get("adamm"), ValueError, "adam"),
        (lambda: losses.get("msee"), ValueError, "mse"),
        (lambda: losses.Huber(delta="x"), (ValueError, TypeError), "delta"),
        (lambda: metrics.get("accurcy"), ValueError, "accuracy"),
        (lambda: callbacks.EarlyStopping(patience=-1), ValueError, "patience"),
        (lambda: callbacks.EarlyStopping(patienc=1), TypeError, "patience"),
        (lambda: chronicler.Input(), ValueError, "shape"),
        (lambda: models.Sequential([layers.LSTM]), TypeError, "layer"),
        (lambda: models.Model(), TypeError, "inputs"),
        (lambda: models.load_model("nowhere.keras"), FileNotFoundError, "nowhere"),
        (lambda: small().save("model.xyz"), ValueError, "keras"),
        (lambda: small().load_weights("nowhere.weights.h5"), FileNotFoundError, "nowhere"),
        (lambda: small().get_layer("lsmt"), ValueError, "lstm"),
        (lambda: small().set_weights([np.zeros(3)]), ValueError, "weight|shape"),
        (lambda: layers.Lambda(lambda x: x, name="twice").get_config(), ValueError, "twice"),
    ],
)
def test_a_sentence_for_each(make, kind, words: str) -> None:
    with pytest.raises(kind, match=words):
        make()


def test_weights_of_layers_show_themselves_and_refuse_other_shapes() -> None:
    early = layers.Layer(name="own")
    for variable in (small().weights[0], early.add_weight(shape=(2, 3), name="w")):
        assert variable.path in repr(variable)
        with pytest.raises(ValueError, match="must match.*" + variable.path):
            variable.assign(np.zeros(3))


def test_a_class_that_is_misspelt() -> None:
    with pytest.raises(AttributeError, match="EarlyStopping"):
        callbacks.EarlyStoping
    with pytest.raises(ValueError, match="2 losses are given, and the outputs are dense"):
        models.Sequential([layers.Input((3,)), layers.Dense(1, name="dense")]).compile(
            "adam", ["mse", "mae"])


def test_a_file_that_is_none(tmp_path) -> None:
    path = tmp_path / "broken.keras"
    path.write_bytes(b"PK\x03\x04 broken")
    with pytest.raises(ValueError, match="broken.keras"):
        models.load_model(path)
    with pytest.raises((ValueError, IsADirectoryError), match=str(tmp_path.name)):
        models.load_model(tmp_path)


def test_not_compiled() -> None:
    model = models.Sequential([layers.Input((5, 3)), layers.LSTM(2)])
    with pytest.raises(ValueError, match="compile"):
        model.fit(X, Y)
    with pytest.raises(ValueError, match="built|shape"):
        models.Sequential([layers.LSTM(2)]).count_params()


# ---- code that raises


@pytest.mark.parametrize(
    "hook",
    ["on_train_begin", "on_epoch_begin", "on_train_batch_end", "on_epoch_end", "on_train_end"],
)
def test_a_callback_that_raises(hook: str) -> None:
    class Own(callbacks.Callback):
        pass

    def fail(self, *args) -> None:
        raise KeyError("mine")

    setattr(Own, hook, fail)
    model = small()
    with pytest.raises(KeyError, match="mine"):
        model.fit(X, Y, callbacks=[Own()], verbose=0)
    usable(model)


def test_losses_metrics_and_layers_that_raise() -> None:
    def broken(y_true, y_pred):
        raise ZeroDivisionError("mine")

    model = small()
    model.compile("adam", broken)
    with pytest.raises(ZeroDivisionError, match="mine"):
        model.fit(X, Y, verbose=0)
    model.compile("adam", "mse", metrics=[broken])
    with pytest.raises(ZeroDivisionError, match="mine"):
        model.fit(X, Y, verbose=0)
    model.compile("adam", "mse")
    usable(model)

    class Broken(layers.Layer):
        def call(self, x):
            raise IndexError("mine")

    with pytest.raises(IndexError, match="mine"):
        models.Sequential([layers.Input((5, 3)), Broken()])


def test_a_loss_without_chronicler_ops_says_so() -> None:
    model = small()
    model.compile("adam", lambda t, p: np.mean((np.asarray(t) - np.asarray(p)) ** 2, axis=-1))
    with pytest.raises(ValueError, match="chronicler.ops"):
        model.fit(X, Y, verbose=0)


def test_generators_that_misbehave() -> None:
    model = small()

    def ends_early():
        for _ in range(2):
            yield X[:4], Y[:4]

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            model.fit(ends_early(), steps_per_epoch=5, epochs=2, verbose=0)
        except ValueError as error:
            assert "batch" in str(error) or "end" in str(error)

    def other_shape():
        yield X[:4], Y[:4]
        yield X[:4, :, :2], Y[:4]

    with pytest.raises(ValueError, match="batch 2"):
        model.fit(other_shape(), verbose=0)

    def raises():
        yield X[:4], Y[:4]
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        model.fit(raises(), verbose=0)

    def many_parts():
        yield X, Y, Y, Y

    with pytest.raises(ValueError, match="parts"):
        model.fit(many_parts(), verbose=0)
    usable(model)


def test_an_array_that_changes_while_fit_runs() -> None:
    model = small()
    x = X.copy()
    done = threading.Event()

    def change() -> None:
        while not done.is_set():
            x[:] = np.random.default_rng(1).normal(size=x.shape)

    thread = threading.Thread(target=change)
    thread.start()
    try:
        model.fit(x, Y, epochs=20, verbose=0)
    finally:
        done.set()
        thread.join()
    assert all(np.isfinite(weight).all() for weight in model.get_weights())


# ---- processes, threads, signals


def run(code: str, **kwargs) -> subprocess.CompletedProcess:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=120,
        check=False, **kwargs)


PREPARE = """
import numpy as np
from chronicler import layers, models
model = models.Sequential([layers.Input((None, 3)), layers.LSTM(8), layers.Dense(1)])
model.compile("adam", "mse")
x, y = np.ones((64, 20, 3), "f"), np.ones((64, 1), "f")
model.fit(x, y, verbose=0)
"""


def test_use_after_fork() -> None:
    found = run(PREPARE + """
import os
before = model.predict(x)
child = os.fork()
if child == 0:
    same = np.array_equal(model.predict(x), before)
    model.fit(x, y, epochs=2, verbose=0)
    os._exit(0 if same else 3)
assert os.waitpid(child, 0)[1] == 0
assert np.array_equal(model.predict(x), before)
print("fine")
""")
    assert found.stdout.strip() == "fine", found.stderr


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_multiprocessing(method: str, tmp_path) -> None:
    script = tmp_path / "script.py"
    script.write_text(PREPARE + f"""
import multiprocessing, sys
def work(seed):
    return float(model.predict(x)[0, 0])
def take(given):
    return float(given.predict(x)[0, 0])
if __name__ == "__main__":
    context = multiprocessing.get_context("{method}")
    with context.Pool(2) as pool:
        assert len(pool.map(work, range(4))) == 4
        values = pool.map(take, [model, model])
    assert values == [float(model.predict(x)[0, 0])] * 2, values
    print("fine")
""")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    found = subprocess.run([sys.executable, str(script)], env=environment, capture_output=True,
                           text=True, timeout=120, check=False)
    assert found.stdout.strip() == "fine", found.stderr


def test_ctrl_c_ends_fit_after_a_batch() -> None:
    code = PREPARE + """
import os, signal, threading
threading.Timer(0.3, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
big = np.ones((4096, 50, 3), "f"); target = np.ones((4096, 1), "f")
try:
    model.fit(big, target, epochs=100000, verbose=0)
except KeyboardInterrupt:
    assert all(np.isfinite(w).all() for w in model.get_weights())
    model.fit(x, y, verbose=0)
    print("interrupted")
"""
    found = run(code)
    assert found.stdout.strip() == "interrupted", found.stderr


def test_threads_that_predict_at_once() -> None:
    model = small(16)
    expected = model.predict(X)
    wrong: list[int] = []

    def work(seed: int) -> None:
        part = X[seed : seed + 8]
        for _ in range(200):
            if not np.array_equal(model.predict(part), expected[seed : seed + 8]):
                wrong.append(seed)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_other_threads_run_while_fit_does() -> None:
    model = small(32)
    counted = [0]
    done = threading.Event()

    def count() -> None:
        while not done.is_set():
            counted[0] += 1

    thread = threading.Thread(target=count)
    thread.start()
    model.fit(np.repeat(X, 50, 0), np.repeat(Y, 50, 0), epochs=5, verbose=0)
    done.set()
    thread.join()
    assert counted[0] > 1000


def test_the_interpreter_ends_quietly() -> None:
    found = run(PREPARE + """
from chronicler import callbacks, ops
class Own(layers.Layer):
    def call(self, x): return ops.tanh(x)
class Hook(callbacks.Callback): pass
kept = models.Sequential([layers.Input((3,)), Own()]); stream = model.stream(); stream.step(x[0, 0])
model.fit(x, y, callbacks=[Hook()], verbose=0)
import threading
threading.Thread(target=lambda: model.predict(x), daemon=True).start()
""")
    assert found.returncode == 0, found.stderr
    assert "leak" not in found.stderr and "Fatal" not in found.stderr, found.stderr


def test_signal_handlers_are_left_alone() -> None:
    before = signal.getsignal(signal.SIGINT)
    small().fit(X, Y, verbose=0)
    assert signal.getsignal(signal.SIGINT) is before


def test_utils_and_ops_refuse_what_they_cannot_do() -> None:
    with pytest.raises((ValueError, IndexError)):
        utils.to_categorical([5], num_classes=3)
    with pytest.raises(TypeError, match="symbol"):
        bool(chronicler.Input((3,)) > 0)
    with pytest.raises(TypeError, match="numbers"):
        np.asarray(chronicler.Input((3,)))
    with pytest.raises((ValueError, TypeError)):
        ops.matmul(np.ones((2, 3)), np.ones((2, 3)))
