"""Writes sparse_gradients.json: what Keras on TensorFlow makes of embeddings whose ids are repeated, in double.

In float32 Keras's own numbers, of its graph and run eagerly, differ by 3e-5 after ten steps where a gradient nearly
cancels out: its square is less than epsilon, and 1 / sqrt(epsilon) times the rounding comes out.

Python with Keras 3.15.1 and TensorFlow: python make_sparse_gradients.py
"""

import json
import os
import pathlib

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras
import numpy as np

keras.config.set_floatx("float64")
STEPS = 10
IDS = 5
WIDTH = 3
random = np.random.default_rng(4)
ids = random.integers(0, IDS - 1, size=(6, 4))  # the last id is never used
ids[:, 1] = ids[:, 0]
y = random.normal(size=(6, 2)).round(3)
START = {
    "table": random.normal(size=(IDS, WIDTH)).round(3),
    "kernel": random.normal(size=(4 * WIDTH, 2)).round(3),
    "bias": random.normal(size=2).round(3),
}


def model(kind):
    take = keras.Input((4,), dtype="int32")
    if kind in ("reversible", "reversed"):
        table = keras.layers.ReversibleEmbedding(IDS, WIDTH)
    else:
        table = keras.layers.Embedding(IDS, WIDTH)
    vectors = table(take)
    if kind == "twice":
        vectors = vectors + table(keras.ops.subtract(IDS - 2, take))
    if kind == "nested":
        inside = keras.Input((4,), dtype="int32")
        vectors = keras.Model(inside, table(inside))(take)
    out = keras.layers.Dense(2, activation="tanh")(keras.layers.Flatten()(vectors))
    if kind == "reversed":
        scores = table(vectors, reverse=True)
        out = out + keras.layers.GlobalAveragePooling1D()(scores)[:, :2]
    return keras.Model(take, out)


OPTIMIZERS = [
    ("SGD", {}),
    ("SGD", {"momentum": 0.9}),
    ("SGD", {"momentum": 0.9, "nesterov": True}),
    ("RMSprop", {}),
    ("RMSprop", {"momentum": 0.9}),
    ("Adam", {}),
    ("Adam", {"amsgrad": True}),
    ("AdamW", {"weight_decay": 0.02}),
    ("Adagrad", {}),
    ("Adadelta", {"rho": 0.8}),
    ("Adamax", {}),
    ("Nadam", {}),
    ("Ftrl", {"l1_regularization_strength": 0.01, "beta": 0.1}),
    ("Lion", {}),
    ("Lamb", {}),
]
RATES = {"Adadelta": 1.0}  # others 3 / 128, a float32, as Chronicler rounds them
CLIPPINGS = [
    {},
    {"clipnorm": 0.2},
    {"clipvalue": 0.02},
    {"global_clipnorm": 0.3},
    {"global_clipnorm": 1000.0},
]
OTHERS = [
    ("Adam", {"gradient_accumulation_steps": 2}),
    ("Adam", {"gradient_accumulation_steps": 2, "clipvalue": 0.02}),
    ("Adamax", {"gradient_accumulation_steps": 2, "clipnorm": 0.2}),
    ("Adam", {"use_ema": True, "ema_momentum": 0.9, "clipvalue": 0.02}),
]


def run(kind, name, settings):
    settings = {"learning_rate": RATES.get(name, 3 / 128), **settings}
    trained = model(kind)
    trained.set_weights([START["table"], START["kernel"], START["bias"]])
    trained.compile(getattr(keras.optimizers, name)(**settings), "mse")
    for _ in range(STEPS):
        loss = trained.train_on_batch(ids, y)
    table, kernel, bias = trained.get_weights()
    return {
        "kind": kind,
        "optimizer": name,
        "settings": settings,
        "loss": float(f"{float(loss):.11g}"),
        "table": [float(f"{w:.11g}") for w in table.flatten()],
        "bias": [float(f"{w:.11g}") for w in bias],
    }


cases = []
for name, settings in OPTIMIZERS:
    cases += [run("once", name, {**settings, **clipping}) for clipping in CLIPPINGS]
cases += [run("once", name, settings) for name, settings in OTHERS]
for kind in ("twice", "nested", "reversible", "reversed"):
    for name in ("Adam", "Adamax"):
        cases += [run(kind, name, clipping) for clipping in CLIPPINGS[:4]]

head = {
    "ids": ids.flatten().tolist(),
    "y": y.flatten().tolist(),
    "steps": STEPS,
    "start": {name: value.flatten().tolist() for name, value in START.items()},
}
text = json.dumps(head)[:-1] + ', "cases": [\n' + ",\n".join(json.dumps(c) for c in cases) + "\n]}\n"
(pathlib.Path(__file__).parent / "sparse_gradients.json").write_text(text)
