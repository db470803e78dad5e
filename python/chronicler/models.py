"""Models: keras.models."""

from __future__ import annotations

import os
from typing import Any

from . import _core
from ._classes import arguments, table
from .layer import wrap
from .layers import Input
from .model import Model, _models
from .sequential import Sequential

Functional = Model
# Where users find them, and what files call their module.
Model.__module__ = Sequential.__module__ = __name__


def live_models() -> list[Any]:
    """Return the models that the program holds."""
    return [model for model in list(_models.values()) if model.built]


def model_of(handle: Any) -> Any:
    """Return the model that a layer of the extension stands for; None for other layers."""
    within = _core.model_within(handle)
    return None if within is None else wrap_model(within)


def wrap_model(core: Any, is_loaded: bool = False) -> Any:
    """Return the model of Python's that goes with one of the extension's."""
    found = _models.get(core.address)
    if found is not None:
        return found
    model = object.__new__(Sequential if core.class_name == "Sequential" else Model)
    model._start(core)
    model._layers = [wrap(handle) for handle in core.layers]  # those of the program's own live on
    from . import saving

    saving._kept_layers.clear()
    return model


def model_from_object(config: Any, custom_objects: Any = None) -> Any:
    """Return the model of a serialized configuration, with new weights."""
    from .saving import custom_object_scope

    with custom_object_scope(custom_objects or {}):
        return wrap_model(_core.model_at(config))


def model_from_json(json_string: str, custom_objects: Any = None) -> Any:
    """Return the model that `to_json` wrote, with new weights."""
    import json

    return model_from_object(json.loads(json_string), custom_objects)


def clone_model(
    model: Any, input_tensors: Any = None, clone_function: Any = None, **kwargs: Any
) -> Any:
    """Return a model of the same layers with new weights."""
    return model_from_object(model._core.config)


def load_model(*args: Any, **kwargs: Any) -> Any:
    """Return the model in a file; see `chronicler.saving.load_model`."""
    from . import saving

    return saving.load_model(*args, **kwargs)


def save_model(*args: Any, **kwargs: Any) -> None:
    """Write a model to a file; see `chronicler.saving.save_model`."""
    from . import saving

    saving.save_model(*args, **kwargs)


def model_from_bytes(content: bytes, own_classes: dict[str, type] | None = None) -> Any:
    """Return the model of a .keras file's bytes: what pickle and copy make.

    `own_classes` are those of layers that the program wrote.
    """
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.keras")
        with open(path, "wb") as file:
            file.write(content)
        return load_model(path, custom_objects=own_classes)


__all__ = ["Functional", "Input", "Model", "Sequential", "clone_model", "load_model",
           "model_from_json", "save_model"]


def _xlstm(**options: Any) -> Any:
    """Return an xLSTM that forecasts quantiles of a series, in the shape of TiRex.

    It takes windows (batch, context_length, features) and gives (batch, horizon, quantiles): patches
    of the window, blocks of an SLSTM or MLSTM and a gated feed-forward part, each beside a residual
    (Beck et al. 2024, arXiv 2405.04517; Auer et al. 2025, arXiv 2505.23719). The defaults are
    TiRex's, 35 million weights; scale the data by each window's mean and deviation.
    """
    return wrap_model(_core.xlstm(arguments("xlstm", table("models", "xlstm").fields, options)))


def __getattr__(name: str) -> Any:
    """Make `xlstm` when it is first asked for: documentation and signature are the table's."""
    if name != "xlstm":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from ._documents import document_fields, signature

    _xlstm.__name__ = _xlstm.__qualname__ = name
    fields = "\n    ".join(document_fields(table("models", name)))
    _xlstm.__doc__ = f"{_xlstm.__doc__}\n    Parameters\n    ----------\n    {fields}\n    "
    _xlstm.__signature__ = signature(table("models", name))  # type: ignore[attr-defined]
    globals()[name] = _xlstm
    return _xlstm
