"""Write `keras_signatures.json`: the parameters and configurations of the classes of Keras 3.15.1.

Run with Keras's Python: `python tests/python/golden/make_signatures.py`. Of each parameter: name,
kind, and the default as Python writes it. Of each configuration: its keys, in order.
"""

from __future__ import annotations

import importlib
import inspect
import json
from pathlib import Path
from typing import Any

import keras

MODULES = (
    "layers",
    "losses",
    "metrics",
    "optimizers",
    "optimizers.schedules",
    "callbacks",
    "initializers",
    "regularizers",
    "constraints",
)
KINDS = {
    inspect.Parameter.POSITIONAL_ONLY: "positional only",
    inspect.Parameter.POSITIONAL_OR_KEYWORD: "positional",
    inspect.Parameter.KEYWORD_ONLY: "keyword",
    inspect.Parameter.VAR_POSITIONAL: "*",
    inspect.Parameter.VAR_KEYWORD: "**",
}


# What is needed, by name: test_classes.py has the same.
ARGUMENTS = {
    "units": 3, "filters": 4, "kernel_size": 3, "pool_size": 2, "rate": 0.25, "stddev": 0.1,
    "input_dim": 10, "output_dim": 4, "num_heads": 2, "key_dim": 4, "head_dim": 4,
    "num_query_heads": 4, "num_key_value_heads": 2, "axes": 1, "n": 3, "activation": "tanh",
    "equation": "abc,cd->abd", "output_shape": (None, 5), "output_size": 2,
    "target_shape": (2, 3), "dims": (2, 1), "scale": 2.0, "cell": keras.layers.GRUCell(3),
    "cells": [keras.layers.LSTMCell(3)], "layer": keras.layers.LSTM(3, return_sequences=True),
    "num_classes": 3, "target_class_ids": [0, 1], "initial_learning_rate": 0.1,
    "decay_steps": 10, "decay_rate": 0.5, "first_decay_steps": 5, "boundaries": [1, 2],
    "values": [0.1, 0.2, 0.3],
}  # fmt: skip


def shown(default: Any) -> str | None:
    """Return a default as JSON can hold it; an object by the name of its class or function."""
    if default is inspect.Parameter.empty:
        return None
    name = getattr(default, "__name__", type(default).__name__)
    plain = (bool, int, float, str, tuple, list, type(None))
    return repr(default) if isinstance(default, plain) else f"<{name}>"


def parameters(made: type) -> list[list[Any]]:
    """Return name, kind and default of what a class takes."""
    found = inspect.signature(made.__init__).parameters.values()
    return [[each.name, KINDS[each.kind], shown(each.default)] for each in list(found)[1:]]


def is_for_pictures(made: type) -> bool:
    """Return whether a class has no use for sequences: none such is here."""
    return (
        "2D" in made.__name__ or "3D" in made.__name__ or ".image_preprocessing." in made.__module__
    )


def configuration(made: type) -> list[str] | None:
    """Return the keys of the configuration of an object; None for what has none."""
    needed = [row[0] for row in parameters(made) if row[1] == "positional" and row[2] is None]
    if not hasattr(made, "get_config") or not set(needed) <= set(ARGUMENTS):
        return None
    try:
        return list(made(**{name: ARGUMENTS[name] for name in needed}).get_config())
    except (NotImplementedError, TypeError, ValueError):  # a base class
        return None


def main() -> None:
    """Write the file beside this script."""
    classes: dict[str, dict[str, Any]] = {}
    for module in MODULES:
        home = importlib.import_module(f"keras.{module}")
        classes[module] = {
            name: parameters(made)
            for name, made in sorted(vars(home).items())
            if isinstance(made, type) and not is_for_pictures(made)
        }
        if module != "callbacks":
            keys = {name: configuration(getattr(home, name)) for name in classes[module]}
            classes[f"{module}: configurations"] = {n: k for n, k in keys.items() if k is not None}
    target = Path(__file__).with_name("keras_signatures.json")
    lines = [
        json.dumps(module)
        + ": {\n"
        + ",\n".join(f"{json.dumps(name)}: {json.dumps(rows)}" for name, rows in each.items())
        + "\n}"
        for module, each in classes.items()
    ]
    version = f'"keras": {json.dumps(keras.__version__)}'
    target.write_text("{\n" + ",\n".join([version, *lines]) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
