"""Models as Keras 1 to 2.15 compiled and saved them, and how Keras itself went on training them.

    python make_old_optimizers.py      writes NAME.h5, history.json, x.npy and y.npy beside this script

tf-keras trains each model for one epoch, saves it, and trains on for two, whose losses are in history.json. Files of Keras 1
and 2.2 cannot be written any more: their layout is put into the file of the same optimizer (keras.optimizers.legacy), which
moves weights by the same equations.

Needs: pip install tensorflow-cpu==2.21.0 tf-keras
"""
import json
import os
import pathlib

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import h5py
import numpy as np
import tf_keras as keras

HERE = pathlib.Path(__file__).parent
NEW, OLD = keras.optimizers, keras.optimizers.legacy
rng = np.random.default_rng(7)
X = rng.standard_normal((8, 4, 2)).astype("f4")
Y = rng.uniform(0.1, 0.9, size=(8, 1)).astype("f4")
HISTORY = {}


def train(name, optimizer, loss="mse", metrics=None, **compile_options):
    keras.backend.clear_session()
    model = keras.Sequential([keras.Input((4, 2)), keras.layers.SimpleRNN(2), keras.layers.Dense(1, activation="sigmoid")])
    start = np.random.default_rng(1)
    model.set_weights([0.7 * start.standard_normal(w.shape).astype("f4") for w in model.get_weights()])
    model.compile(optimizer, loss, metrics=metrics, **compile_options)
    fit = lambda epochs: model.fit(X, Y, batch_size=4, epochs=epochs, shuffle=False, verbose=0).history
    fit(1)
    model.save(HERE / f"{name}.h5")
    HISTORY[name] = {key: [float(value) for value in values] for key, values in fit(2).items()}


def edit_training(name, edit):
    """Passes training_config through edit(config)."""
    with h5py.File(HERE / f"{name}.h5", "r+") as file:
        config = json.loads(file.attrs["training_config"])
        edit(config)
        file.attrs["training_config"] = json.dumps(config)


def edit_states(name, edit):
    """Replaces the optimizer's variables, a list of arrays, by edit(list), under names of Keras 2.2."""
    with h5py.File(HERE / f"{name}.h5", "r+") as file:
        group = file["optimizer_weights"]
        values = edit([np.array(group[n]) for n in group.attrs["weight_names"]])
        del file["optimizer_weights"]
        group = file.create_group("optimizer_weights")
        names = [f"training/Optimizer/Variable_{i}:0" for i in range(len(values))]
        group.attrs["weight_names"] = [n.encode() for n in names]
        for n, value in zip(names, values):
            group[n] = value


def as_keras_22(name, optimizer, version="2.2.4", **extra):
    """lr in place of learning_rate, no name; and the version."""
    def edit(config):
        old = config["optimizer_config"]["config"]
        new = {"lr": old["learning_rate"]}
        new.update({k: v for k, v in old.items() if k not in ("name", "learning_rate")})
        new.update(extra)
        config["optimizer_config"] = {"class_name": optimizer, "config": new}
        config["sample_weight_mode"] = None
    edit_training(name, edit)
    with h5py.File(HERE / f"{name}.h5", "r+") as file:
        file.attrs["keras_version"] = version


# Keras 2.11 to 2.15.
train("new_sgd", NEW.SGD(0.1))
train("new_adam", NEW.Adam(0.02, amsgrad=True), loss=keras.losses.BinaryCrossentropy(),
      metrics=["mae", keras.metrics.RootMeanSquaredError()])
train("new_rmsprop_ema", NEW.RMSprop(0.02, momentum=0.5, use_ema=True))
train("new_schedule", NEW.Adam(NEW.schedules.ExponentialDecay(0.02, 2, 0.5)), loss=["mse"], loss_weights=[0.5])

# Keras 2.3 to 2.10.
train("sgd_decay", OLD.SGD(0.2, momentum=0.8, decay=0.3))
train("rmsprop", OLD.RMSprop(0.02, epsilon=1e-2))
train("rmsprop_centered", OLD.RMSprop(0.02, momentum=0.5, centered=True, epsilon=1e-2))
train("adagrad", OLD.Adagrad(0.2, epsilon=1e-1))
train("nadam", OLD.Nadam(0.02), loss=keras.losses.Huber())
edit_training("nadam", lambda config: config["loss"]["config"].update(reduction="auto"))

# Keras 2.3.1 and before: iterations, then kind by kind, of Adam a third kind of no use; SGD has moments of a momentum of 0.
train("v231_adam", OLD.Adam(0.02, decay=0.2))
as_keras_22("v231_adam", "Adam", "2.3.1")
edit_states("v231_adam", lambda v: v + [np.zeros(1, "f4")] * ((len(v) - 1) // 2))
train("v231_sgd", OLD.SGD(0.2))
as_keras_22("v231_sgd", "SGD", "2.3.1")
edit_states("v231_sgd", lambda v: v + [np.zeros(s, "f4") for s in ((2, 2), (2, 2), (2,), (2, 1), (1,))])
train("v22_rmsprop", OLD.RMSprop(0.02, epsilon=1e-2))  # does not count
as_keras_22("v22_rmsprop", "RMSprop")
edit_states("v22_rmsprop", lambda v: v[1:])
train("v22_nadam", OLD.Nadam(0.02))
as_keras_22("v22_nadam", "Nadam", schedule_decay=0.004, epsilon=None)
edit_states("v22_nadam", lambda v: v)
train("v22_adadelta", OLD.Adadelta(1.0, rho=0.9))  # accumulators without iterations
as_keras_22("v22_adadelta", "Adadelta")
edit_states("v22_adadelta", lambda v: v[1:])
train("v12_adamax", OLD.Adamax(0.02))
as_keras_22("v12_adamax", "Adamax", "1.2.2")
edit_states("v12_adamax", lambda v: v)



def train_anew(name, optimizer):
    """What follows if the optimizer begins anew."""
    model = keras.models.load_model(HERE / f"{name}.h5", compile=False)
    model.compile(optimizer, "mse")
    history = model.fit(X, Y, batch_size=4, epochs=2, shuffle=False, verbose=0).history
    HISTORY[name] = {key: [float(value) for value in values] for key, values in history.items()}


# What belongs to no optimizer, or to another: Keras warns and drops it.
train("nameless", NEW.Adam(0.02))
edit_training("nameless", lambda config: config.pop("optimizer_config"))
train_anew("nameless", NEW.RMSprop())
train("foreign_states", NEW.RMSprop(0.02))
edit_states("foreign_states", lambda v: v[:2] + v)
train_anew("foreign_states", NEW.RMSprop(0.02))


def repack(path):
    """Small: groups in their short form, nothing that was deleted."""
    small = path.with_suffix(".small")
    with h5py.File(path) as old, h5py.File(small, "w", libver=("v108", "v108")) as new:
        for key, value in old.attrs.items():
            new.attrs[key] = value
        for key in old:
            old.copy(key, new)
    small.rename(path)


for name in HISTORY:
    repack(HERE / f"{name}.h5")
np.save(HERE / "x.npy", X)
np.save(HERE / "y.npy", Y)
(HERE / "history.json").write_text(json.dumps(HISTORY, indent=1) + "\n")
