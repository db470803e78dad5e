"""Small models of every kind, saved by the Keras that runs this: what other versions wrote must be read.

    python make_versions.py OUT            writes OUT/VERSION_CASE/: model.keras or model.h5, x*.npy, y*.npy
    python make_versions.py OUT CASE ...   these cases only
    python make_versions.py --answers FOLDER ...   y anew, of the files that are there, by the Keras that runs this

Run with Keras 2.12 to 2.15 and 3.0 to 3.15 (pip install tensorflow==2.12.* ..., or keras==3.* beside TensorFlow).
Files of .keras are packed anew with deflate, to be small. y is what that Keras predicts; of a model in small types,
what the same weights give in float32. Where Keras 3.0 to 3.3 lost masks (merged_masks), y is what Keras 3.15 makes of
their file, by --answers.
"""
import io, os, pathlib, sys, zipfile
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
import numpy as np
import tensorflow as tf
try:
    import keras
    keras.layers.Dense
except Exception:
    keras = tf.keras
L = keras.layers
KERAS3 = keras.__version__.startswith("3")
VERSION = "k" + ".".join(keras.__version__.split(".")[:2])
RNG = np.random.default_rng(16)


def floats(*shape):
    return RNG.standard_normal(shape).astype("float32")


def ids(*shape):
    return RNG.integers(1, 9, shape).astype("int32")


def padded(x, lengths):
    for row, length in zip(x, lengths):
        row[length:] = 0
    return x


def randomise(model):
    values = []
    for w in model.weights:
        v = w.numpy() if hasattr(w, "numpy") else np.array(w)
        if not np.issubdtype(v.dtype, np.floating):
            values.append(v)
        elif "variance" in getattr(w, "path", w.name) or "gamma" in getattr(w, "path", w.name):
            values.append(RNG.uniform(0.5, 1.5, v.shape).astype(v.dtype))
        else:
            values.append((RNG.standard_normal(v.shape) * 0.4).astype(v.dtype))
    model.set_weights(values)


def write(out, case, model, xs, ending, expected=None, train=None):
    folder = pathlib.Path(out) / f"{VERSION}_{case}"
    folder.mkdir(parents=True, exist_ok=True)
    randomise(model)
    if train is not None:
        model.compile(optimizer="adam", loss="mse", metrics=["mae"])
        model.fit(xs if len(xs) > 1 else xs[0], train, epochs=1, verbose=0)
    path = folder / ("model" + ending)
    model.save(str(path))
    if zipfile.is_zipfile(path):
        members = {n: zipfile.ZipFile(path).read(n) for n in zipfile.ZipFile(path).namelist()}
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
            for name, data in members.items():
                packed.writestr(name, data)
    for i, x in enumerate(xs):
        np.save(folder / f"x{i}.npy", x)
    write_answers(folder, model, xs, expected)


def write_answers(folder, model, xs, expected=None):
    ys = model.predict(xs if len(xs) > 1 else xs[0], verbose=0) if expected is None else expected(model, xs)
    for i, y in enumerate(ys if isinstance(ys, (list, tuple)) else [ys]):
        np.save(folder / f"y{i}.npy", np.asarray(y, "float32"))


def answer(folder):
    xs = [np.load(path) for path in sorted(folder.glob("x*.npy"))]
    write_answers(folder, keras.saving.load_model(folder / "model.keras"), xs)


# ---- the cases: name -> (model, inputs[, what it learns])

def stack():
    """A Sequential with what changed its options, trained a step."""
    model = keras.Sequential([
        L.Input((6, 3)), L.Conv1D(4, 3, padding="causal"), L.BatchNormalization(), L.LeakyReLU(0.1),
        L.Bidirectional(L.LSTM(2, return_sequences=True, recurrent_activation="hard_sigmoid")),
        L.Dropout(0.2), L.TimeDistributed(L.Dense(3, activation="relu")), L.LayerNormalization(),
        L.MaxPooling1D(2), L.GRU(3), L.ELU(0.7), L.Dense(2, activation="hard_sigmoid"), L.Activation("softmax")])
    return model, [floats(4, 6, 3)], floats(4, 2)


def nested():
    """Models inside models, several deep, shared, and as outputs."""
    def functional(name, deeper):
        i = L.Input((5, 3))
        y = L.BatchNormalization()(deeper(i))
        return keras.Model(i, L.GRU(2, return_sequences=True)(y), name=name)
    deepest = keras.Sequential([L.Input((5, 3)), L.Dense(3, activation="tanh")], name="deepest")
    inner = functional("inner", deepest)
    flat = keras.Sequential([L.Input((5, 2)), L.LSTM(2), L.Dense(2)], name="flat")
    a, b = L.Input((5, 3), name="a"), L.Input((5, 3), name="b")
    first, second = inner(a), inner(b)
    return keras.Model([a, b], [second, flat(first), first, flat(second)]), [floats(2, 5, 3), floats(2, 5, 3)]


def sequential_nested():
    inner = keras.Sequential([L.Input((4, 3)), L.LSTM(3, return_sequences=True), L.Dense(2)], name="inner")
    i = L.Input((4, 2))
    last = keras.Model(i, L.Dense(2)(L.SimpleRNN(2)(i)), name="last")
    return keras.Sequential([L.Input((4, 3)), inner, last]), [floats(3, 4, 3)]


def distributed():
    """A model for each step."""
    i = L.Input((4, 2))
    inner = keras.Model(i, L.GRU(2)(i), name="each")
    x = L.Input((3, 4, 2))
    return keras.Model(x, L.LSTM(2)(L.TimeDistributed(inner)(x))), [floats(2, 3, 4, 2)]


def attention():
    x, v = L.Input((4, 6)), L.Input((5, 6))
    y = L.MultiHeadAttention(2, 3, value_dim=2, name="own")(x, x)
    z = L.MultiHeadAttention(2, 2, use_bias=False, output_shape=(4,), name="other")(x, v)
    w = L.Attention(use_scale=True)([L.Dense(6)(x), v])
    outputs = [y, z, w]
    if VERSION not in ("k2.12",):
        outputs.append(L.MultiHeadAttention(1, 2, name="causal")(x, x, use_causal_mask=True))
    return keras.Model([x, v], outputs), [floats(2, 4, 6), floats(2, 5, 6)]


def masks():
    """Masks of ids and of zeros, through layers and through a merge."""
    i, x = L.Input((5,), dtype="int32"), L.Input((5, 4))
    e = L.Embedding(9, 4, mask_zero=True)(i)
    m = L.Masking()(x)
    a = L.LSTM(3, return_sequences=True)(e)
    b = L.Bidirectional(L.GRU(2, return_sequences=True))(m)
    c = L.SimpleRNN(2)(L.Dropout(0.1)(L.Dense(3)(m)))
    return (keras.Model([i, x], [L.LSTM(2)(a), L.GRU(2)(b), c]),
            [padded(ids(3, 5), [5, 3, 1]), padded(floats(3, 5, 4), [4, 5, 2])])


def merged_masks():
    """Both masks end alike, so that it does not matter how a version joins them; Keras 3.0 to 3.3 lost them there."""
    x, y = L.Input((5, 4)), L.Input((5, 4))
    a, b = L.Masking()(x), L.Masking()(y)
    s = L.Add()([a, b])
    c = L.Concatenate()([a, b])
    lengths = [4, 5, 2]
    return (keras.Model([x, y], [L.LSTM(2)(s), L.GRU(2)(c), L.SimpleRNN(2)(L.Multiply()([a, b]))]),
            [padded(floats(3, 5, 4), lengths), padded(floats(3, 5, 4), lengths)])


def seq2seq():
    """Encoder and decoder over ids with masks: states as edges."""
    i, j = L.Input((5,), dtype="int32"), L.Input((4,), dtype="int32")
    _, h, c = L.LSTM(3, return_state=True)(L.Embedding(9, 2, mask_zero=True)(i))
    d = L.LSTM(3, return_sequences=True)(L.Embedding(9, 2, mask_zero=True)(j), initial_state=[h, c])
    return keras.Model([i, j], L.Dense(4, activation="softmax")(d)), [padded(ids(3, 5), [5, 3, 2]), padded(ids(3, 4), [4, 2, 1])]


def operations():
    """Arithmetic on tensors of the graph."""
    x = L.Input((4, 3))
    h = L.LSTM(3, return_sequences=True)(x)
    y = (h * 2.0 + 1.0 - x) / 3.0
    last = h[:, -1]
    part = h[:, 1:3, :2]
    if KERAS3:
        o = keras.ops
        mean, total, soft = o.mean(h, axis=1), o.sum(h, axis=-1, keepdims=True), o.softmax(h, axis=-1)
        turned = o.transpose(h, (0, 2, 1))
        wide = o.squeeze(o.expand_dims(o.tanh(last), 1), 1)
        joined = o.concatenate([o.relu(h), o.sigmoid(x)], axis=-1)
        shaped = o.reshape(h, (-1, 12))
    else:
        mean, total, soft = tf.reduce_mean(h, axis=1), tf.reduce_sum(h, axis=-1, keepdims=True), tf.nn.softmax(h, axis=-1)
        turned = tf.transpose(h, (0, 2, 1))
        wide = tf.squeeze(tf.expand_dims(tf.tanh(last), 1), 1)
        joined = tf.concat([tf.nn.relu(h), tf.sigmoid(x)], axis=-1)
        shaped = tf.reshape(h, (-1, 12))
    return keras.Model(x, [y, last, part, mean, total, soft, turned, wide, joined, shaped]), [floats(2, 4, 3)]


def constants():
    """Arrays in the graph."""
    x = L.Input((4, 3))
    table = np.arange(12, dtype="float32").reshape(4, 3) / 10
    y = x * tf.constant([1.0, 2.0, 3.0]) + table
    return keras.Model(x, L.GRU(2)(y)), [floats(2, 4, 3)]


def mixed():
    """A policy of small types, computed in float32 here."""
    keras.mixed_precision.set_global_policy("mixed_float16") if not KERAS3 else keras.config.set_dtype_policy("mixed_float16")
    try:
        return keras.Sequential([L.Input((5, 3)), L.LSTM(3), L.Dense(2, dtype="float32")]), [floats(2, 5, 3)]
    finally:
        keras.mixed_precision.set_global_policy("float32") if not KERAS3 else keras.config.set_dtype_policy("float32")


def in_float32(model, xs):
    twin = keras.Sequential([L.Input((5, 3)), L.LSTM(3), L.Dense(2)])
    twin.set_weights(model.get_weights())
    return twin.predict(xs[0], verbose=0)


def inputs():
    """Whole numbers of 64 bits, and a Sequential that was built by its first data."""
    i = L.Input((5,), dtype="int64")
    return keras.Model(i, L.GRU(2)(L.Embedding(9, 3)(i))), [ids(3, 5)]


def unnamed_input():
    model = keras.Sequential([L.LSTM(2, return_sequences=True), L.Dense(2)])
    x = floats(2, 4, 3)
    model.build((None, 4, 3)) if not KERAS3 else model(x)
    return model, [x]


def convlstm():
    x = L.Input((4, 5, 2))
    return (keras.Model(x, L.Bidirectional(L.ConvLSTM1D(2, 3, padding="same", return_sequences=True,
                                                        recurrent_activation="hard_sigmoid"))(x)), [floats(2, 4, 5, 2)])


def gates():
    """hard_sigmoid wherever a layer may have it, on rows where both pieces of it show."""
    x = L.Input((5, 3))
    hard = "hard_sigmoid"
    return keras.Model(x, [
        L.Activation(hard)(x), L.Dense(2, activation=hard)(x), L.Conv1D(2, 2, activation=hard)(x),
        L.TimeDistributed(L.Activation(hard))(x), L.TimeDistributed(L.Dense(2, activation=hard))(x),
        L.SimpleRNN(2, activation=hard)(x), L.GRU(2, activation=hard, recurrent_activation=hard)(x),
        L.LSTM(2, activation=hard)(x), L.Bidirectional(L.LSTM(2, recurrent_activation=hard))(x),
        L.RNN([L.LSTMCell(2, recurrent_activation=hard), L.GRUCell(2, recurrent_activation=hard)])(x)]), [floats(2, 5, 3) * 2]


CASES = [stack, nested, sequential_nested, distributed, attention, masks, merged_masks, seq2seq, operations, constants, mixed,
         inputs, unnamed_input, convlstm, gates]
KERAS3_CASES = ["stack", "nested", "sequential_nested", "distributed", "attention", "masks", "merged_masks", "seq2seq", "operations",
                "constants", "mixed", "inputs", "unnamed_input"]


def main():
    if sys.argv[1] == "--answers":
        return [answer(pathlib.Path(folder)) for folder in sys.argv[2:]]
    out, wanted = sys.argv[1], sys.argv[2:]
    for case in CASES:
        name = case.__name__
        if (wanted and name not in wanted) or (KERAS3 and name not in KERAS3_CASES):
            continue
        endings = [".keras"] if VERSION != "k2.12" else [".h5"]
        if name == "nested" and VERSION == "k3.15":
            endings = [".keras", ".h5"]
        for ending in endings:
            keras.backend.clear_session()
            global RNG
            RNG = np.random.default_rng(16)
            try:
                made = case()
                write(out, name + ("_h5" if ending == ".h5" else ""), made[0], made[1], ending,
                      in_float32 if name == "mixed" else None, made[2] if len(made) > 2 else None)
            except Exception as error:  # not every version saves everything
                print(VERSION, name, ending, "is not written:", str(error)[:300])


main()
