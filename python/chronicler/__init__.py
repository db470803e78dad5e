"""Recurrent neural networks with Keras's API and files.

>>> from chronicler import layers, models
>>> model = models.Sequential([layers.LSTM(64, input_shape=(None, 8)), layers.Dense(1)])
>>> model.compile(optimizer="adam", loss="mse")

`import chronicler.keras as keras` runs code that was written for Keras.
"""

from __future__ import annotations

from typing import Any

from ._core import version as __version__

_MODULES = (
    "activations", "backend", "callbacks", "config", "constraints", "datasets", "dtype_policies",
    "initializers", "insight", "keras", "layers", "losses", "metrics", "models", "ops",
    "optimizers", "preprocessing", "random", "regularizers", "saving", "sklearn", "sktime",
    "tasks", "tree", "utils",
)
_NAMES = {
    "Sequential": "models",
    "Model": "models",
    "Input": "layers",
    "Layer": "layers",
    "InputSpec": "layers",
    "KerasTensor": "_graph",
    "Tensor": "tensor",
    "Variable": "tensor",
    "Initializer": "initializers",
    "Regularizer": "regularizers",
    "Loss": "losses",
    "Metric": "metrics",
    "Optimizer": "optimizers",
    "Stream": "stream",
    "StreamLearner": "stream",
    "Recording": "tensor",
    "DTypePolicy": "dtype_policies",
    "FloatDTypePolicy": "dtype_policies",
    "device": "scopes",
    "name_scope": "scopes",
    "load_model": "saving",
    "save_model": "saving",
    "Operation": "layer",
    "set_threads": "_core",
    "threads": "_core",
}


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name in _MODULES:
        return import_module(f"{__name__}.{name}")
    if name in _NAMES:
        found = getattr(import_module(f"{__name__}.{_NAMES[name]}"), name)
        globals()[name] = found
        return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*_MODULES, *_NAMES, "__version__"])
