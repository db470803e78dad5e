"""Weights without a model, as each Keras writes them, and the architecture that belongs to them.

    python make_weights.py      writes beside this script

One model by Keras 3 and by Keras 2 (tf-keras), with the same weights: x.npy and y.npy are its input and output.

keras3.json, keras2.json               model.to_json()
keras3.weights.h5, keras2.weights.h5   save_weights("x.weights.h5"): by paths
keras2_layers.h5                       save_weights("x.h5") of Keras 2: by layer
other_names.h5                         keras2_layers.h5 with other names of the layers, those of two that fit each other swapped

Needs: pip install keras==3.15.1 tensorflow-cpu==2.21.0 tf-keras
"""
import os
import pathlib
import shutil

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import h5py
import keras
import numpy as np
import tf_keras

HERE = pathlib.Path(__file__).parent


def build(k):
    l = k.layers
    encoder = k.Sequential([
        k.Input((5, 3)), l.LSTM(3, return_sequences=True, name="reader"), l.BatchNormalization(name="norm"),
        l.Dense(3, name="mixer"), l.BatchNormalization(name="norm_2")], name="encoder")
    x = k.Input((5, 3), name="x")
    y = l.Bidirectional(l.GRU(2, return_sequences=True), name="both_ways")(encoder(x))
    y = l.TimeDistributed(l.Dense(2), name="each_step")(y)
    y = l.RNN([l.LSTMCell(2), l.GRUCell(2)], name="cells")(y)
    y = l.Dense(2, name="first")(y)
    model = k.Model(x, l.Dense(2, name="second")(y), name="m")
    rng = np.random.default_rng(11)
    model.set_weights([rng.uniform(0.2, 0.9, w.shape).astype("f4") for w in model.get_weights()])
    return model


def edit_layers(target, edit):
    """A copy of keras2_layers.h5 of which edit(file, names) gives the new list of names."""
    shutil.copy(HERE / "keras2_layers.h5", HERE / target)
    with h5py.File(HERE / target, "r+") as file:
        names = edit(file, [str(n) for n in file.attrs["layer_names"]])
        file.attrs["layer_names"] = [n.encode() for n in names]


def swap_names(file, names):
    swapped = {"first": "second", "second": "first", "both_ways": "bidirectional_7"}
    for old in swapped:
        file.move(old, f"old_{old}")
    for old, new in swapped.items():
        file.move(f"old_{old}", new)
    return [swapped.get(name, name) for name in names]


x = np.random.default_rng(1).standard_normal((4, 5, 3)).astype("f4")
new, old = build(keras), build(tf_keras)
y = new.predict(x, verbose=0)
assert np.abs(y - old.predict(x, verbose=0)).max() < 1e-6
np.save(HERE / "x.npy", x)
np.save(HERE / "y.npy", y)
for name, model in (("keras3", new), ("keras2", old)):
    (HERE / f"{name}.json").write_text(model.to_json())
    model.save_weights(HERE / f"{name}.weights.h5")
old.save_weights(HERE / "keras2_layers.h5")
edit_layers("other_names.h5", swap_names)


def repack(name):
    """Small: groups in their short form, nothing that was deleted."""
    path = HERE / name
    small = path.with_suffix(".small")
    with h5py.File(path) as old, h5py.File(small, "w", libver=("v108", "v108")) as new:
        for key, value in old.attrs.items():
            new.attrs[key] = value
        for key in old:
            old.copy(key, new)
    small.rename(path)


for name in ("keras2_layers.h5", "other_names.h5"):
    repack(name)
