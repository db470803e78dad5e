"""Writes logits.json: what Keras on TensorFlow makes of cross-entropies of saturated outputs.

Python with Keras 3.15.1 and TensorFlow: python make_logits.py
tests/training/logits_test.cc makes the same models by the same names.
"""

import json
import os
import pathlib

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras
import numpy as np
from keras import layers, losses

SAMPLES = 7


def numbers(count, a, b, modulus):
    return ((a * np.arange(count) + b) % modulus).astype("float64")


x = ((numbers(SAMPLES * 12, 5, 2, 13) - 6) / 8).reshape(SAMPLES, 4, 3).astype("float32")
x[1, 3:] = x[4, 2:] = -0.75  # which some models mask


def targets(name):
    """By the number of steps and the width: "y1" (7, 1), "flat" (7,), "y3" one-hot (7, 3), ..."""
    labels = numbers(SAMPLES * 4, 7, 1, 3)
    bits = numbers(SAMPLES * 4, 3, 1, 2)
    one_hot = np.eye(3)[labels.astype(int)]
    return {
        "y1": bits[:SAMPLES].reshape(-1, 1),
        "flat": bits[:SAMPLES],
        "y3": one_hot[:SAMPLES],
        "label": labels[:SAMPLES],
        "steps1": bits.reshape(SAMPLES, 4, 1),
        "steps": bits.reshape(SAMPLES, 4),
        "steps3": one_hot.reshape(SAMPLES, 4, 3),
        "labels": labels.reshape(SAMPLES, 4),
        "labels3": labels.reshape(SAMPLES, 4)[:, :3],
    }[name].astype("float32")


def chain(*parts):
    def build():
        take = keras.Input((4, 3))
        value = take
        for part in parts:
            value = part(value)
        return keras.Model(take, value)

    return build


def two_outputs():
    take = keras.Input((4, 3))
    flat = layers.Flatten()(take)
    a = layers.Dense(1, activation="sigmoid", name="a")(flat)
    b = layers.Dense(3, activation="softmax", name="b")(flat)
    return keras.Model(take, [a, b])


def used_further():
    take = keras.Input((4, 3))
    a = layers.Dense(3, activation="softmax", name="a")(layers.Flatten()(take))
    b = layers.Dense(1, name="b")(a)
    return keras.Model(take, [a, b])


def nested():
    inside = keras.Sequential(
        [keras.Input((12,)), layers.Dense(3), layers.Activation("softmax"), layers.Activation("linear")]
    )
    return chain(layers.Flatten(), inside)()


MODELS = {
    "sigmoid": chain(layers.Flatten(), layers.Dense(1, activation="sigmoid")),
    "activation": chain(layers.Flatten(), layers.Dense(1), layers.Activation("sigmoid")),
    "linear": chain(layers.Flatten(), layers.Dense(1)),
    "softmax": chain(layers.Flatten(), layers.Dense(3, activation="softmax")),
    "softmax layer": chain(layers.Flatten(), layers.Dense(3), layers.Softmax()),
    "sigmoid of 3": chain(layers.Flatten(), layers.Dense(3, activation="sigmoid")),
    "dropout": chain(layers.Flatten(), layers.Dense(1, activation="sigmoid"), layers.Dropout(0.5)),
    "noise": chain(layers.Dense(1, activation="sigmoid"), layers.GaussianNoise(0.5)),
    "changed": chain(layers.Flatten(), layers.Dense(1, activation="sigmoid"), layers.Reshape((1,))),
    "steps": chain(layers.Dense(1, activation="sigmoid")),
    "softmax steps": chain(layers.Dense(3, activation="softmax")),
    "masked": chain(layers.Masking(-0.75), layers.Dense(3, activation="softmax")),
    "masked sigmoid": chain(layers.Masking(-0.75), layers.Dense(1, activation="sigmoid")),
    "time distributed": chain(layers.TimeDistributed(layers.Dense(1, activation="sigmoid"))),
    "convolution": chain(layers.Conv1D(3, 2, activation="softmax")),
    "other axis": chain(layers.Dense(3), layers.Softmax(axis=1)),
    "penalty": chain(
        layers.Flatten(),
        layers.Dense(3, activation="softmax", activity_regularizer=keras.regularizers.L2(0.1)),
    ),
    "nested": nested,
    "two outputs": two_outputs,
    "used further": used_further,
}

BCE = losses.BinaryCrossentropy
CCE = losses.CategoricalCrossentropy
SCCE = losses.SparseCategoricalCrossentropy
FOCAL = losses.BinaryFocalCrossentropy
CASES = [
    # model, targets, loss, its settings, metrics
    ("sigmoid", "y1", BCE, {}, ["binary_crossentropy"]),
    ("sigmoid", "flat", BCE, {}, []),
    ("sigmoid", "y1", BCE, {"label_smoothing": 0.1}, []),
    ("sigmoid", "y1", BCE, {"from_logits": True}, []),
    ("sigmoid", "y1", FOCAL, {}, []),
    ("sigmoid", "y1", FOCAL, {"gamma": 0.5, "apply_class_balancing": True, "label_smoothing": 0.2}, []),
    ("linear", "y1", FOCAL, {"from_logits": True, "gamma": 1.0}, []),
    ("linear", "y1", BCE, {"from_logits": True}, []),
    ("activation", "y1", BCE, {}, ["binary_crossentropy"]),
    ("softmax", "y3", CCE, {}, ["categorical_crossentropy", "binary_crossentropy"]),
    ("softmax", "y3", CCE, {"label_smoothing": 0.1}, []),
    ("softmax", "y3", BCE, {}, []),
    ("softmax", "y3", FOCAL, {}, []),
    ("softmax", "y3", losses.CategoricalFocalCrossentropy, {}, []),
    ("softmax", "label", SCCE, {}, ["sparse_categorical_crossentropy"]),
    ("softmax", "label", SCCE, {"ignore_class": 0}, []),
    ("softmax layer", "y3", CCE, {}, []),
    ("sigmoid of 3", "y3", CCE, {}, ["categorical_crossentropy"]),
    ("sigmoid of 3", "y3", BCE, {}, []),
    ("sigmoid of 3", "label", SCCE, {}, []),
    ("dropout", "y1", BCE, {}, ["binary_crossentropy"]),
    ("noise", "steps1", BCE, {}, ["binary_crossentropy"]),
    ("changed", "y1", BCE, {}, ["binary_crossentropy"]),
    ("steps", "steps1", BCE, {}, []),
    ("steps", "steps", BCE, {}, []),
    ("softmax steps", "labels", SCCE, {}, ["sparse_categorical_crossentropy"]),
    ("masked", "labels", SCCE, {}, ["sparse_categorical_crossentropy"]),
    ("masked", "steps3", CCE, {}, ["categorical_crossentropy"]),
    ("masked sigmoid", "steps1", BCE, {}, ["binary_crossentropy"]),
    ("time distributed", "steps1", BCE, {}, ["binary_crossentropy"]),
    ("convolution", "labels3", SCCE, {}, []),
    ("other axis", "steps3", CCE, {}, []),
    ("penalty", "y3", CCE, {}, []),
    ("nested", "y3", CCE, {}, ["categorical_crossentropy"]),
    ("two outputs", ["y1", "y3"], None, {}, []),
    ("used further", ["y3", "y1"], None, {}, []),
]
TRAINS = {"dropout": False, "noise": False}  # by another draw of random numbers


def run(name, y_names, loss, settings, metrics):
    model = MODELS[name]()
    for k, weight in enumerate(model.weights):
        values = (numbers(int(np.prod(weight.shape)), 7, 3 * k + 1, 11) - 5) * 4
        weight.assign(values.reshape(weight.shape))
    case = {"model": name, "y": y_names}
    if loss is None:
        y = [targets(each) for each in y_names]
        chosen = [losses.BinaryCrossentropy(), losses.CategoricalCrossentropy()]
        if name == "used further":
            chosen = [losses.CategoricalCrossentropy(), losses.MeanSquaredError()]
        model.compile(keras.optimizers.SGD(0.01), chosen, loss_weights=[0.5, 2.0])
    else:
        y = targets(y_names)
        case["loss"] = loss.__name__
        case["settings"] = settings
        model.compile(keras.optimizers.SGD(0.01), loss(**settings), metrics=metrics)
        case["metrics"] = metrics
    found = model.evaluate(x, y, batch_size=7, verbose=0, return_dict=True)
    case["evaluate"] = {key: float(f"{value:.7g}") for key, value in found.items()}
    if TRAINS.get(name, True):
        history = model.fit(x, y, batch_size=7, epochs=4, verbose=0, shuffle=False).history
        case["history"] = [float(f"{value:.7g}") for value in history["loss"]]
    return case


cases = [run(*case) for case in CASES]
text = "[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n"
(pathlib.Path(__file__).parent / "logits.json").write_text(text)
