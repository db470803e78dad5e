"""Layers around a layer or a function: Wrapper and Lambda; and InputSpec."""

from __future__ import annotations

from typing import Any

from .layer import LayerBase
from .own_layer import Layer


class Wrapper(Layer):
    """The base of layers that hold one other layer."""

    def __init__(self, layer: Any, **kwargs: Any) -> None:
        if not isinstance(layer, LayerBase):
            raise ValueError(
                f"Layer {layer} supplied to {type(self).__name__} isn't a supported layer type. "
                "Please ensure wrapped layer is a valid Keras layer."
            )
        super().__init__(**kwargs)
        self.layer = layer

    def get_config(self) -> dict[str, Any]:
        """Return the options by name."""
        from .saving import serialize_keras_object

        return {**super().get_config(), "layer": serialize_keras_object(self.layer)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """Make one with the options that `get_config` returned."""
        from .saving import deserialize_keras_object

        config = dict(config)
        return cls(deserialize_keras_object(config.pop("layer")), **config)


class Lambda(Layer):
    """A function as a layer. A file cannot hold it: write a layer of one's own for that.

    Parameters
    ----------
    function : callable
        What computes the output from the input, with `chronicler.ops`.
    arguments : dict, optional
        Keywords for the function.
    """

    def __init__(
        self, function: Any, output_shape: Any = None, mask: Any = None, arguments: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.function = function
        self.arguments = arguments or {}
        self._mask = mask
        self.supports_masking = mask is not None

    def call(self, inputs: Any, mask: Any = None, training: Any = None) -> Any:
        """Compute the function of the inputs."""
        return self.function(inputs, **self.arguments)

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        """Return the mask that was given."""
        return self._mask(inputs, previous_mask) if callable(self._mask) else self._mask

    def get_config(self) -> dict[str, Any]:
        """Refuse: what a function does cannot be written down."""
        raise ValueError(
            f"layer {self.name!r} is a Lambda: a file holds no code. Write a class derived from "
            "chronicler.layers.Layer, with call and get_config"
        )


class InputSpec:
    """What a layer says of its inputs; kept, not checked."""

    def __init__(
        self, dtype: Any = None, shape: Any = None, ndim: Any = None, max_ndim: Any = None,
        min_ndim: Any = None, axes: Any = None, allow_last_axis_squeeze: bool = False,
        name: Any = None, optional: bool = False,
    ) -> None:
        self.dtype, self.shape, self.ndim = dtype, shape, len(shape) if shape else ndim
        self.max_ndim, self.min_ndim, self.axes = max_ndim, min_ndim, axes or {}
        self.allow_last_axis_squeeze, self.name, self.optional = (
            allow_last_axis_squeeze, name, optional,
        )
