"""Files of models, configurations of objects, and classes of the program's own: keras.saving."""

from __future__ import annotations

import os
from typing import Any

from . import _core
from .registration import (
    CustomObjectScope,
    custom_object_scope,
    get_custom_objects,
    get_registered_name,
    get_registered_object,
    register_keras_serializable,
)
from .serialization import deserialize_keras_object, serialize_keras_object

__all__ = [
    "CustomObjectScope",
    "custom_object_scope",
    "deserialize_keras_object",
    "get_custom_objects",
    "get_registered_name",
    "get_registered_object",
    "load_model",
    "load_weights",
    "register_keras_serializable",
    "save_model",
    "save_weights",
    "serialize_keras_object",
]


def registered(name: str) -> Any:
    """Return what goes by the name, with or without its package, or None."""
    found = get_registered_object(name)
    if found is not None or ">" in name:
        return found
    for full, thing in get_custom_objects().items():
        if full.split(">", 1)[-1] == name:
            return thing
    return None


def layer_from_parts(cls: Any, config: Any, build: Any, weights: Any) -> Any:
    """Return a layer with these options and weights: what pickle and copy make."""
    layer = cls.from_config(config)
    if build:
        layer.build_from_config(build)
    if weights:
        layer.set_weights(weights)
    return layer


# ---- files


def save_model(model: Any, filepath: Any, overwrite: bool = True, **kwargs: Any) -> None:
    """Write the whole model; the format follows from the extension (.keras, .chronicler)."""
    model.save(filepath, overwrite=overwrite)


def load_model(
    filepath: Any, custom_objects: Any = None, compile: bool = True, safe_mode: bool = True
) -> Any:
    """Return the model in a file, with its optimizer's state if it was compiled.

    Parameters
    ----------
    filepath : str or path
        A .keras or .chronicler file, or an .h5 file of Keras 1 to 3.
    custom_objects : dict, optional
        Classes and functions of the program's own, by name.
    """
    from .models import wrap_model

    path = os.fspath(filepath)
    if not os.path.exists(path):
        raise FileNotFoundError(f"there is no file {path!r}")
    with custom_object_scope(custom_objects or {}):
        model = wrap_model(_core.load_model(path), is_loaded=compile)
        if compile and model._core.compilation is not None:
            model._revive_own()
        return model


def load_weights(model: Any, filepath: Any, **kwargs: Any) -> None:
    """Set the weights of a model from a file."""
    model.load_weights(filepath, **kwargs)


def save_weights(model: Any, filepath: Any, overwrite: bool = True, **kwargs: Any) -> None:
    """Write the weights of a model to a .weights.h5 file."""
    model.save_weights(filepath, overwrite=overwrite)


def _own_layer(config: dict[str, Any]) -> Any:
    """Return the extension's part of a layer of the program's own; None for all others."""
    name = config.get("registered_name") or config.get("class_name")
    found: Any = registered(str(name)) or registered(str(config.get("class_name")))
    is_class = isinstance(found, type)
    if not is_class or getattr(found, "_kind", None) != "layers":
        return None
    if found._table is not None:
        return None
    layer = found.from_config(dict(config.get("config") or {}))
    handle = layer._ready_handle()
    _kept_layers[handle.address] = layer  # until the model takes it
    return handle


_kept_layers: dict[int, Any] = {}
_core.set_own_layer_maker(_own_layer)
