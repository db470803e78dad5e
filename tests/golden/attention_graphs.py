"""Graphs in which MultiHeadAttention takes masks off the tensors that it is called on, as Keras has it, and what its
biases and masks do besides.

    python attention_graphs.py FOLDER     writes heads_NAME.keras and .safetensors as random_graphs.py does

Needs keras and tensorflow, as scripts/test-with-keras installs them.
"""
import json
import pathlib
import sys
import zipfile

import keras
import numpy as np
from keras import layers

from keras_side import evaluate, fit, predict, write_arrays
from random_graphs import pack, randomize


def masked(steps=5, width=4):
    x = keras.Input((steps, width))
    return x, layers.Masking()(x)


def heads(*inputs, **kw):
    return layers.MultiHeadAttention(1, 2)(*inputs, **kw)


def attending():
    a = keras.Input((5, 4))
    return keras.Model(a, layers.Dense(2)(heads(a, a)))


def transformer():
    """A mask that was there when the graph was built is written into calls that take one; losses see none."""
    ids = keras.Input((5,), dtype="int32")
    x = layers.Embedding(9, 4, mask_zero=True)(ids)
    y = layers.LayerNormalization()(layers.Add()([x, layers.MultiHeadAttention(2, 2)(x, x)]))
    z = layers.LayerNormalization()(layers.Add()([y, layers.Dense(4)(layers.Dense(6, activation="relu")(y))]))
    return keras.Model(ids, [layers.TimeDistributed(layers.Dense(3))(z),
                             layers.Dense(2)(layers.GlobalAveragePooling1D()(z)), layers.Dense(2)(z)])


def merged():
    i, x = masked()
    j, z = masked()
    a = heads(x, z)
    wide, long, product = layers.Concatenate()([x, a]), layers.Concatenate(axis=1)([z, a]), layers.Multiply()([x, a])
    return keras.Model([i, j], [layers.LSTM(2)(wide), layers.LSTM(3)(long), layers.Dense(2)(wide), layers.Dense(2)(long),
                                layers.Maximum()([product, a]), layers.LSTM(2, return_sequences=True)(product)])


def passed_on():
    """Dropout that is off gives the very tensor that it was given."""
    i, x = masked()
    d = layers.Dropout(0.0)(x)
    a = heads(d, d)
    return keras.Model(i, [a, layers.Dense(2)(x), layers.Add()([x, a])])


def order():
    """What runs before the attention still sees the mask."""
    i, x = masked()
    j, z = masked()
    early, a = layers.Dense(2)(x), heads(x, z)
    late = layers.Dense(2)(layers.Attention()([x, a]))
    return keras.Model([i, j], [layers.Dense(3)(early), a, late, layers.Dense(2)(z)])


def within():
    """A model within takes masks off its inputs, or puts them on again."""
    a = keras.Input((5, 4))
    plain = keras.Model(a, layers.Dense(2)(a))
    i, x = masked()
    j, z = masked()
    return keras.Model([i, j], [attending()(x), layers.Dense(2)(x), layers.GRU(2)(x), heads(z, z), plain(z),
                                layers.Dense(2)(z)])


def through():
    """A model within gives the very tensor that it was given, beside another output."""
    a = keras.Input((5, 4))
    kept = layers.Dropout(0.0)(a)
    inner = keras.Model(a, [layers.GlobalMaxPooling1D()(kept), kept])
    i, x = masked()
    first = inner(x)[1]
    pooled, second = inner(first)
    return keras.Model(i, [heads(second, layers.Dense(4)(x)), first, layers.Dense(2)(x), layers.Dense(2)(pooled)])


def distributed():
    i = keras.Input((3, 5, 4))
    return keras.Model(i, layers.TimeDistributed(attending())(layers.Masking()(i)))


def states():
    i, x = masked()
    h = heads(x, x)
    start = layers.Dense(3)(layers.GlobalAveragePooling1D()(h))
    return keras.Model(i, [layers.GRU(3, return_sequences=True)(x, initial_state=start), h])


def given():
    """An attention mask beside the query's own."""
    i, x = masked()
    mask = keras.Input((5, 5), dtype="bool")
    y, scores = layers.MultiHeadAttention(2, 2)(x, x, attention_mask=mask, return_attention_scores=True)
    return keras.Model([i, mask], [layers.LSTM(3)(y), layers.Dense(2)(scores[:, 0]), heads(y, y, attention_mask=mask)])


def bias():
    """As many steps as heads, of depth 1: Keras's addition takes the bias for one of steps."""
    i, j = keras.Input((2, 4)), keras.Input((3, 4))

    def gated():
        return layers.MultiHeadAttention(3, 2, value_dim=1, use_gate=True)

    return keras.Model([i, j], [layers.MultiHeadAttention(2, 1, value_dim=2)(i, j), gated()(i, j), gated()(j, i)])


GRAPHS = [transformer, merged, passed_on, order, within, distributed, states, given, bias, through]


def data_for(tensor, rng):
    shape = [6, *tensor.shape[1:]]
    if tensor.dtype == "bool":
        return rng.random(shape) < 0.6
    x = rng.integers(1, 8, shape).astype("int32") if tensor.dtype == "int32" else rng.standard_normal(shape).astype("f4")
    for row in x[1:]:
        row[rng.random(shape[1]) < 0.4] = 0
    return x


def write(path, model, seed):
    rng = np.random.default_rng(seed)
    randomize(model, rng)
    x = [data_for(tensor, rng) for tensor in model.inputs]
    first = predict(model, x, 6)
    y = [rng.standard_normal(v.shape).astype("f4") for v in first]
    model.compile(keras.optimizers.SGD(0.05), "mse" if len(y) == 1 else ["mse"] * len(y))
    model.save(f"{path}.keras")
    evaluated, history = evaluate(model, x, y, 3), fit(model, x, y, 3, 1)
    arrays = {f"x{i}": v for i, v in enumerate(x)} | {f"y{i}": v for i, v in enumerate(y)}
    arrays |= {f"predict{i}": v for i, v in enumerate(first)}
    arrays |= {f"trained{i}": v for i, v in enumerate(predict(model, x, 6))}
    write_arrays(f"{path}.safetensors", arrays,
                 {"batch_size": "3", "evaluate": json.dumps(evaluated), "history": json.dumps(history)})
    pack(pathlib.Path(f"{path}.keras"))


def without_masks(path, target):
    """The same as Chronicler writes it: without the masks that Keras writes into calls when it builds the graph."""
    with zipfile.ZipFile(f"{path}.keras") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(members["config.json"])
    graph = config["config"]
    for layer in graph["layers"]:
        for node in layer["inbound_nodes"]:
            node["kwargs"] = {}
    operations = ("Any", "LogicalOr", "NotEqual")
    graph["layers"] = [layer for layer in graph["layers"] if layer["class_name"] not in operations]
    members["config.json"] = json.dumps(config)
    with zipfile.ZipFile(f"{target}.keras", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    pathlib.Path(f"{target}.safetensors").write_bytes(pathlib.Path(f"{path}.safetensors").read_bytes())


if __name__ == "__main__":
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for seed, graph in enumerate(GRAPHS):
        keras.backend.clear_session()
        write(folder / f"heads_{graph.__name__}", graph(), seed)
    without_masks(folder / "heads_transformer", folder / "heads_transformer_bare")
