"""Layers of the library whose activation is a function of the program's own."""

from __future__ import annotations

from typing import Any

from . import _core
from .own_layer import Layer
from .registration import register_keras_serializable
from .tensor import Tensor


@register_keras_serializable("chronicler")
class ActivatedLayer(Layer):
    """A layer of the library without activation, and a function after it."""

    def __init__(self, layer: Any, activation: Any, **kwargs: Any) -> None:
        super().__init__(name=layer.name if kwargs.get("name") is None else kwargs.pop("name"),
                         **kwargs)
        self.layer = layer
        self.activation = activation
        self.supports_masking = bool(layer.supports_masking)

    def call(self, inputs: Any) -> Any:
        """Compute the function of the layer's outputs."""
        found = self.activation(self.layer(inputs))
        return found if isinstance(found, Tensor) else Tensor(found)

    def __getattr__(self, name: str) -> Any:
        layer = self.__dict__.get("layer")
        if layer is None or name.startswith("_"):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        return getattr(layer, name)

    def get_config(self) -> dict[str, Any]:
        """Return the layer and the function; a file holds the name of a registered function."""
        from .saving import serialize_keras_object

        return {"name": self.name, "layer": serialize_keras_object(self.layer),
                "activation": serialize_keras_object(self.activation)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """Make one with the options that `get_config` returned."""
        from .saving import deserialize_keras_object

        return cls(deserialize_keras_object(config["layer"]),
                   deserialize_keras_object(config["activation"]), name=config.get("name"))


def own_activation(entry: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Return the activation that a layer is asked for, if it is a function of the program's own.

    Not of a recurrent layer, which computes it within each step.
    """
    names = [field.name for field in entry.positional]
    if "activation" not in names or "recurrent_activation" in names or "recurrent_kernel" in names:
        return None
    if any(field.name == "return_sequences" for field in entry.fields):
        return None
    given = kwargs.get("activation", dict(zip(names, args)).get("activation"))
    if isinstance(given, (dict, str)):
        from ._classes import own_class

        name = given if isinstance(given, str) else given.get("config")
        return own_class(name) if isinstance(name, str) else None
    if not callable(given) or isinstance(given, Layer):
        return None
    from . import activations

    known = getattr(activations, getattr(given, "__name__", ""), None)
    return None if known is given else given


def activated(cls: Any, args: tuple[Any, ...], kwargs: dict[str, Any], function: Any) -> Any:
    """Return a layer of this class with the function after it."""
    names = [field.name for field in cls._table.positional]
    given = {**dict(zip(names, args)), **kwargs, "activation": "linear"}
    title = given.pop("name", None) or _core.unique_name(cls.__name__)
    return ActivatedLayer(cls(name=f"{title}_linear", **given), function, name=title)
