"""Write `keras_functions.json`: what Keras 3.15.1 gives for activations, configs and names.

Run with Keras's Python: `python tests/python/golden/make_functions.py`.
"""

from __future__ import annotations

import inspect
import json
import pathlib

import keras
import numpy as np

HERE = pathlib.Path(__file__).parent
X = np.array([[-7.0, -2.5, -0.75, -0.2], [0.3, 0.9, 2.25, 8.0]], np.float32)
CALLS = {
    "relu:all": ("relu", {"negative_slope": 0.1, "max_value": 2.0, "threshold": 0.5}),
    "relu:threshold": ("relu", {"threshold": 1.0}),
    "relu:slope": ("relu", {"negative_slope": 0.3}),
    "gelu:approximate": ("gelu", {"approximate": True}),
    "elu:alpha": ("elu", {"alpha": 0.5}),
    "threshold": ("threshold", {"threshold": 0.5, "default_value": 9.0}),
    "softmax:axis": ("softmax", {"axis": 0}),
}


@keras.saving.register_keras_serializable("mine")
def doubled(x):
    return 2 * x


@keras.saving.register_keras_serializable("mine", "Other")
class Thing:
    def __init__(self, value):
        self.value = value

    def get_config(self):
        return {"value": self.value}


def signatures(module):
    result = {}
    for name in sorted(dir(module)):
        found = getattr(module, name)
        if callable(found) and not name.startswith("_"):
            try:
                result[name] = str(inspect.signature(found))
            except (TypeError, ValueError):
                continue
    return result


def main() -> None:
    names = [n for n in keras.src.activations.ALL_OBJECTS_DICT if n not in ("threshold",)]
    calls = {name: (name, {}) for name in names} | CALLS
    values = {
        key: np.asarray(getattr(keras.activations, name, keras.activations.get(name))(X, **kwargs))
        for key, (name, kwargs) in calls.items()
    }
    shared = Thing(1)
    configs = {
        "plain": [1, 2.5, "a", None, True, {"k": [1]}],
        "slice": slice(1, None, 2),
        "bytes": b"abc",
        "ellipsis": ...,
        "numpy": np.arange(3, dtype="int32"),
        "scalar": np.float32(0.5),
        "tensor": keras.ops.convert_to_tensor([1.0, 2.0]),
        "own": Thing([1, Thing("x")]),
        "function": doubled,
        "activation": keras.activations.relu,
        "dtype": keras.ops.zeros(1).dtype.name,
        "shared": [shared, shared],
    }
    document = {
        "calls": calls,
        "input": X.tolist(),
        "values": {k: [float(f"{v:.8g}") for v in a.ravel()] for k, a in values.items()},
        "configs": {k: keras.saving.serialize_keras_object(v) for k, v in configs.items()},
        "serialized": {
            "relu": keras.activations.serialize(keras.activations.relu),
            "swish": keras.activations.serialize(keras.activations.get("swish")),
            "doubled": keras.activations.serialize(doubled),
        },
        "signatures": {
            "activations": signatures(keras.activations),
            "random": signatures(keras.random),
            "utils": signatures(keras.utils),
            "config": signatures(keras.config),
        },
    }
    text = "{\n" + ",\n".join(
        f"{json.dumps(key)}: {json.dumps(part, separators=(',', ':'))}"
        for key, part in document.items()
    )
    (HERE / "keras_functions.json").write_text(text + "\n}\n")


main()
