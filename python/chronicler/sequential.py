"""A chain of layers."""

from __future__ import annotations

from typing import Any

from . import _core
from ._graph import KerasTensor
from .layer import LayerBase
from .layers import Input
from .model import Model
from .nesting import flat


class Sequential(Model):
    """A chain of layers.

    Parameters
    ----------
    layers : list of layers, optional
        In their order; the first may be an `Input`.
    name : str, optional
        Its name.
    """

    def __init__(self, layers: Any = None, name: str | None = None, **kwargs: Any) -> None:
        self._start(_core.sequential([], name or _core.unique_name("Sequential")))
        for layer in layers or []:
            self.add(layer)

    def add(self, layer: Any) -> None:
        """Put a layer at the end."""
        if isinstance(layer, KerasTensor):
            handle = layer._symbol.layer
            if handle.class_name != "InputLayer":
                raise TypeError("a Sequential takes layers, and an Input in front; got a symbol")
            self._core.add(handle)
            return
        if isinstance(layer, type) or not isinstance(layer, LayerBase):
            raise TypeError(f"a Sequential takes layers, got {layer!r}")
        shape = layer.__dict__.get("_input_shape_argument")
        if shape is not None and not self._core.layers and self._core.input_layer is None:
            self._add_input(shape, layer)
        if isinstance(layer, Model) and not layer.built:
            layer.build(self._shape_so_far(layer))
        self._core.add(layer._handle if isinstance(layer, Model) else layer._ready_handle())
        self._layers = None
        kept = self.__dict__.setdefault("_kept", [])
        kept.append(layer)

    def _shape_so_far(self, layer: Any) -> Any:
        """Return the shape that a model within is given, which must be known."""
        if self.built:
            return self._core.output_shapes[0]
        front = self._core.input_layer
        if front is not None and not self._core.layers:
            return tuple(front.config["config"]["batch_shape"])
        raise ValueError(
            f"{layer.name!r} is a model that is not built yet, and what {self.name!r} gives it is "
            "not known: put an Input in front, or build it first"
        )

    # A chain's own symbols are made when somebody asks for them: to take a part of it, say.

    def _chain(self) -> list[list[Any]]:
        """Return the symbols of the inputs and of the outputs."""
        layers = self.layers
        known = self.__dict__.get("_own_symbols")
        if known is None or known[0] != [id(layer) for layer in layers]:
            if not self.built:
                raise AttributeError(f"{self.name!r} is not built yet, so it has no symbols")
            shape = self._core.input_shapes[0]
            front = self._core.input_layer
            value = Input(batch_shape=shape, dtype="float32" if front is None else front.dtype)
            inputs = [value]
            for layer in layers:
                value = layer(value)
            known = self._own_symbols = ([id(layer) for layer in layers], inputs, flat(value))
        return [known[1], known[2]]

    @property
    def inputs(self) -> list[Any]:
        """The symbols of the inputs."""
        return list(self._chain()[0])

    @property
    def outputs(self) -> list[Any]:
        """The symbols of the outputs."""
        return list(self._chain()[1])

    def _add_input(self, given: Any, layer: Any) -> None:
        from . import layers

        shape, batch = given
        if shape is None:
            return
        options: dict[str, Any] = {"shape": tuple(shape), "batch_size": batch}
        handle = layer._ready_handle()
        if handle.takes_texts:
            options["dtype"] = "string"
        self._core.add(layers.InputLayer(**options)._handle)

    def pop(self, rebuild: bool = True) -> Any:
        """Take the last layer away."""
        layers = self.layers
        if not layers:
            raise ValueError("the model has no layers")
        self._core.pop()
        self._layers = None
        return layers[-1]
