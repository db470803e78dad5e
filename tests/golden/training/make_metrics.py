"""Writes metrics.json: what Keras counts under masks, with weights, and of metrics with one name.

Python with Keras 3.15.1 and TensorFlow: python make_metrics.py
tests/training/compiled_metrics_test.cc makes the same models.
"""

import json
import os
import pathlib

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras
import numpy as np
from keras import layers, metrics

SAMPLES = 7


def numbers(count, a, b, modulus):
    return ((a * np.arange(count) + b) % modulus).astype("float64")


x = ((numbers(SAMPLES * 12, 5, 2, 13) - 6) / 8).reshape(SAMPLES, 4, 3).astype("float32")
x[0, 2:] = x[1, 3:] = x[4, 1:] = x[6, :2] = -0.75  # masked
weight = ((numbers(SAMPLES * 4, 5, 1, 7) + 1) / 4).reshape(SAMPLES, 4).astype("float32")
bits = numbers(SAMPLES * 4, 3, 1, 2).reshape(SAMPLES, 4, 1).astype("float32")
labels = numbers(SAMPLES * 4, 7, 1, 3).reshape(SAMPLES, 4).astype("float32")
one_hot = np.eye(3, dtype="float32")[labels.astype(int)]
Y = {"bits": bits, "labels": labels, "one_hot": one_hot}


def build(heads, masked):
    take = keras.Input((4, 3))
    value = layers.Masking(-0.75)(take) if masked else take
    outputs = [layers.Dense(units, activation=act, name=name)(value) for name, units, act in heads]
    return keras.Model(take, outputs if len(outputs) > 1 else outputs[0])


ONE = [("a", 1, "sigmoid")]
THREE = [("a", 3, "softmax")]
BOTH = ONE + [("b", 3, "softmax")]

BINARY = [
    ("BinaryAccuracy", {"threshold": 0.4}),
    ("Precision", {"thresholds": 0.3}),
    ("Recall", {}),
    ("TruePositives", {}),
    ("TrueNegatives", {}),
    ("FalsePositives", {}),
    ("FalseNegatives", {}),
    ("AUC", {}),
    ("AUC", {"name": "pr", "num_thresholds": 30, "curve": "PR"}),
    ("BinaryIoU", {"threshold": 0.45}),
    ("BinaryCrossentropy", {"label_smoothing": 0.1}),
    ("Hinge", {}),
    ("SquaredHinge", {}),
    ("MeanSquaredError", {}),
    ("MeanAbsoluteError", {}),
    ("RootMeanSquaredError", {}),
    ("MeanSquaredLogarithmicError", {}),
    ("MeanAbsolutePercentageError", {}),
    ("LogCoshError", {}),
    ("Poisson", {}),
    ("CosineSimilarity", {}),
]
CATEGORICAL = [
    ("CategoricalAccuracy", {}),
    ("TopKCategoricalAccuracy", {"k": 2}),
    ("CategoricalCrossentropy", {"label_smoothing": 0.1}),
    ("KLDivergence", {}),
    ("CategoricalHinge", {}),
    ("CosineSimilarity", {}),
    ("Precision", {"top_k": 1}),
    ("Recall", {"class_id": 1, "thresholds": 0.3}),
    ("OneHotIoU", {"num_classes": 3, "target_class_ids": [0, 2]}),
    ("OneHotMeanIoU", {"num_classes": 3}),
    ("OneHotMeanIoU", {"num_classes": 3, "dtype": "float32", "name": "as numbers"}),
    ("RootMeanSquaredError", {}),
]
SPARSE = [
    ("SparseCategoricalAccuracy", {}),
    ("SparseTopKCategoricalAccuracy", {"k": 2}),
    ("SparseCategoricalCrossentropy", {}),
    ("SparseCategoricalCrossentropy", {"name": "ignoring", "ignore_class": 0}),
    ("MeanIoU", {"num_classes": 3, "sparse_y_pred": False, "name": "iou"}),
    ("MeanIoU", {"num_classes": 3, "sparse_y_pred": False, "name": "iou_ignoring", "ignore_class": 1}),
]
CASES = [
    # heads, targets, loss of each output, metrics, weighted metrics (lists; of each output for two)
    (ONE, ["bits"], ["binary_crossentropy"], BINARY, []),
    (ONE, ["bits"], ["binary_crossentropy"], [], BINARY),
    (THREE, ["one_hot"], ["categorical_crossentropy"], CATEGORICAL, []),
    (THREE, ["one_hot"], ["categorical_crossentropy"], [], CATEGORICAL),
    (THREE, ["labels"], ["sparse_categorical_crossentropy"], SPARSE, []),
    (THREE, ["labels"], ["sparse_categorical_crossentropy"], [], SPARSE),
    (ONE, ["bits"], ["mse"], ["mse", "mae", "mse"], ["mae", "mse", "mae"]),
    (ONE, ["bits"], ["mse"], ["accuracy", ("MeanAbsoluteError", {"name": "m"})],
     [("MeanSquaredError", {"name": "m"}), ("Precision", {"name": "m"})]),
    (BOTH, ["bits", "one_hot"], ["mse", "categorical_crossentropy"],
     [["mae", "mae"], ["accuracy"]], [["mae", "accuracy"], ["accuracy", "mae"]]),
    (BOTH, ["bits", "one_hot"], ["mse", None], [["mae"], []], [[], ["mse"]]),
    (BOTH, ["bits", "labels"], ["binary_crossentropy", "sparse_categorical_crossentropy"],
     [BINARY[:6], SPARSE], [SPARSE[:0], SPARSE]),
]


def made(entry):
    if isinstance(entry, str):
        return entry
    return getattr(metrics, entry[0])(**entry[1])


def run(heads, y_names, losses, plain, weighted, with_weight, masked=True):
    keras.backend.clear_session()  # or metrics without a name are counted on
    model = build(heads, masked)
    for k, w in enumerate(model.weights):
        w.assign(((numbers(int(np.prod(w.shape)), 7, 3 * k + 1, 11) - 5) / 4).reshape(w.shape))
    y = [Y[name] for name in y_names]
    several = len(heads) > 1

    def each(lists):
        return [[made(m) for m in one] for one in lists] if several else [made(m) for m in lists]

    losses_ = losses if several else losses[0]
    model.compile("sgd", losses_, metrics=each(plain), weighted_metrics=each(weighted))
    kwargs = {}
    if with_weight:
        kwargs["sample_weight"] = [weight] * len(heads) if several else weight
    targets = y if several else y[0]
    found = model.evaluate(x, targets, batch_size=3, verbose=0, return_dict=True, **kwargs)
    case = {
        "heads": heads,
        "masked": masked,
        "y": y_names,
        "losses": losses,
        "metrics": plain,
        "weighted_metrics": weighted,
        "sample_weight": with_weight,
        "evaluate": {key: float(f"{float(value):.7g}") for key, value in sorted(found.items())},
    }
    return case


cases = []
for case in CASES:
    for with_weight in (False, True):
        cases.append(run(*case, with_weight))
        if SPARSE in case[3:]:  # what is ignored counts otherwise where nothing else is left out
            cases.append(run(*case, with_weight, masked=False))
text = "[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n"
(pathlib.Path(__file__).parent / "metrics.json").write_text(text)
