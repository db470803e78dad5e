"""The layers: keras.layers. Each is made from its table in the extension."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import _core, wrappers
from ._arguments import is_cell
from ._classes import Namespace, arguments, by_name, table, unknown
from ._graph import KerasTensor
from ._keras_places import WITHOUT_MEANING
from .call_structure import split
from .config import floatx
from .layer import LayerBase, remember, wrap
from .own_layer import Layer

_PASSED_OVER = [name for name in WITHOUT_MEANING["layers"] if name != "weights"]


# The weights that a layer may be without, and the option that says so.
_LEFT_OUT_BY = {"bias": "use_bias", "beta": "center", "gamma": "scale"}


class BuiltInLayer(Layer):
    """A layer of the library."""

    __call__ = LayerBase.__call__
    name = LayerBase.name
    trainable = LayerBase.trainable
    dtype = LayerBase.dtype
    built = LayerBase.built
    stateful = LayerBase.stateful
    supports_masking = LayerBase.supports_masking
    trainable_weights = LayerBase.trainable_weights
    non_trainable_weights = LayerBase.non_trainable_weights
    _sublayers = LayerBase._sublayers
    _find_seeds = LayerBase._find_seeds
    compute_output_shape = LayerBase.compute_output_shape
    get_config = LayerBase.get_config
    _ready_handle = LayerBase._ready_handle

    _use_cudnn: Any = "auto"  # what the program asked for; there is nothing to choose

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        """Put a function of the program's own behind the layer, if its activation is one."""
        if args or "activation" in kwargs:
            from .own_activation import activated, own_activation

            function = own_activation(cls._table, args, kwargs)
            if function is not None:
                return activated(cls, args, kwargs, function)
        return super().__new__(cls, *args, **kwargs)

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the layer's outputs: what calling the layer does."""
        return self(*args, **kwargs)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        entry = self._table
        given = by_name(entry, args, dict(kwargs))
        self._use_cudnn = given.get("use_cudnn", "auto")
        for name in _PASSED_OVER:
            if name in given and not any(field.name == name for field in entry.fields):
                del given[name]
        if floatx() == "float64" and _has(entry, "dtype"):
            given.setdefault("dtype", floatx())
        first_weights = given.pop("weights", None)
        self._input_shape_argument = take_input_shape(given, entry)
        given = arguments(type(self).__name__, entry.fields, given)
        types = {field.name: field.type for field in entry.fields}
        self._late: dict[str, Any] = {}  # initializers that are written in Python
        config: dict[str, Any] = {}
        held: dict[str, Any] = {}
        for name, value in given.items():
            self._take(name, types[name].rstrip("?"), value, config, held)
        self._handle = _core.make_layer(entry.class_name, config, held)
        self._first_weights = first_weights
        remember(self)

    def _take(
        self, name: str, type_: str, value: Any, config: dict[str, Any], held: dict[str, Any]
    ) -> None:
        """Put one option where the extension reads it."""
        if type_ == "layer" and isinstance(value, (list, tuple)):
            value = _this().StackedRNNCells(value)
        if type_ == "layer" and value is not None:
            held[name] = _held_layer(value, copied=self._table.class_name == "Bidirectional")
            if isinstance(value, BuiltInLayer):
                self._use_cudnn = value._use_cudnn
        elif type_ == "[layer]":
            held[name] = [_held_layer(each) for each in value or []]
        elif type_ in ("initializer", "regularizer", "constraint"):
            config[name] = self._described(name, type_ + "s", value)
        elif type_ == "activation":
            config[name] = _activation_name(value, self._table.class_name, name)
        elif name == "dtype":
            config[name] = compute_dtype(value)
        elif hasattr(value, "next") and hasattr(value, "get_config"):  # a SeedGenerator
            config[name] = value.get_config().get("seed")
        elif callable(value) and not isinstance(value, type):
            raise ValueError(
                f"{self._table.class_name} cannot take a function of one's own for {name}; "
                "write a layer (chronicler.layers.Layer) that calls it"
            )
        else:
            config[name] = value

    def _described(self, name: str, kind: str, value: Any) -> Any:
        from .initializers import described_config

        found = described_config(kind, value)
        if found is not None or value is None:
            return found
        if kind == "initializers":
            self._late[name] = value
            return "zeros"
        raise ValueError(
            f"{self._table.class_name} cannot take {value!r} for {name}: "
            f"one of chronicler.{kind} is needed"
        )

    def build(self, input_shape: Any = None) -> None:
        """Make the weights for inputs of this shape, the batch included."""
        if self.built:
            return
        LayerBase.build(self, input_shape)
        self._set_first_weights()

    def _set_first_weights(self) -> None:
        """Give the weights what an initializer written in Python makes."""
        late, first = self.__dict__.pop("_late", None), self.__dict__.pop("_first_weights", None)
        for name, initializer in (late or {}).items():
            weight_name = name.replace("_initializer", "")
            for variable in self.weights:
                if weight_name.endswith(variable.name.split("/")[-1]):
                    variable.assign(initializer(variable.shape, dtype=variable.dtype))
        if first is not None:
            self.set_weights(first)

    @property
    def weights(self) -> list[Any]:
        """All weights, in Keras's order; they can be read and assigned to."""
        found = LayerBase.weights.fget(self)  # type: ignore[attr-defined]
        if found and ("_late" in self.__dict__ or "_first_weights" in self.__dict__):
            self._variables = found
            self._set_first_weights()
        return found

    def __getattr__(self, name: str) -> Any:
        if name == "use_cudnn" and self._table.class_name in ("GRU", "LSTM"):
            return self._use_cudnn
        if not name.startswith("_") and self._handle is not None:
            for path, handle in self._handle.sublayers:
                if path == name:
                    found = wrap(handle)
                    if self._table.class_name == "Bidirectional":
                        found._use_cudnn = self._use_cudnn
                    return found
            for field in self._table.fields:
                if field.name == name:
                    return self._option(field)
            if name == "cell" and self._handle.state_count:
                return self  # Keras's LSTM holds a cell, whose weights these are
            if self.built:  # a weight: layer.kernel
                for variable in self.weights:
                    if variable.name == name:
                        return variable
                if _has(self._table, _LEFT_OUT_BY.get(name, "")):
                    return None
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def _option(self, field: Any) -> Any:
        value = self.get_config().get(field.name, field.default)
        if value is None:
            return None
        type_ = field.type.rstrip("?")
        if type_ in ("initializer", "regularizer", "constraint"):
            from . import constraints, initializers, regularizers

            module: Any = {"i": initializers, "r": regularizers, "c": constraints}[type_[0]]
            return module.get(value)
        if type_ == "activation":
            from . import activations

            return activations.get(value)
        return tuple(value) if type_ in ("shape", "[int]") else value

    def _packed(self, outputs: list[Any]) -> Any:
        if is_cell(self):
            return outputs[0], self._nested(outputs[1:])
        states = self._handle.state_count
        if states and len(outputs) > states:
            outputs = [*outputs[:-states], *self._nested(outputs[-states:])]
        return super()._packed(outputs)

    def _nested(self, states: list[Any]) -> list[Any]:
        """Return the states as Keras does: those of each cell of a stack in a list."""
        if self._table.class_name == "Bidirectional":
            half = len(states) // 2
            forward, backward = self._sublayers()
            return [*_of_side(forward, states[:half]), *_of_side(backward, states[half:])]
        sizes = self.state_size
        return split(states, sizes) if isinstance(sizes, list) else states

    @property
    def state_size(self) -> Any:
        """The sizes of the states: a number, or a list where there are several."""
        kind = self._table.class_name
        if kind == "StackedRNNCells":
            return [cell.state_size for cell in self._sublayers()]
        if kind == "RNN":
            return self._sublayers()[0].state_size
        sizes = [state.shape[-1] for state in self._handle.initial_state(1)]
        return sizes[0] if len(sizes) == 1 else sizes

    @property
    def output_size(self) -> Any:
        """The size of a cell's output."""
        return self._handle.initial_state(1)[0].shape[-1]

    def get_initial_state(self, batch_size: Any = None, **kwargs: Any) -> list[Any]:
        """Return states of zeros for a batch of that size."""
        from .tensor import Tensor

        states = [Tensor(state) for state in self._handle.initial_state(int(batch_size))]
        return self._nested(states)

    def compute_mask(self, inputs: Any, previous_mask: Any = None, mask: Any = None) -> Any:
        """Return the mask of the output for these inputs; Keras has both names for the mask."""
        previous_mask = mask if previous_mask is None else previous_mask
        if isinstance(inputs, KerasTensor) or not self.supports_masking:
            return previous_mask
        mask = previous_mask
        result = self(inputs, mask=mask) if mask is not None else self(inputs)
        first = result[0] if isinstance(result, (list, tuple)) else result
        return getattr(first, "_keras_mask", None)


def _of_side(layer: Any, states: list[Any]) -> list[Any]:
    return layer._nested(states) if isinstance(layer, BuiltInLayer) else states


class InputLayer(BuiltInLayer):
    """What a model is given: the layer of `Input`, with the same options."""

    _table = table("layers", "InputLayer")

    def __init__(
        self,
        shape: Any = None,
        batch_size: int | None = None,
        dtype: Any = None,
        sparse: Any = None,
        ragged: Any = None,
        batch_shape: Any = None,
        input_tensor: Any = None,
        optional: bool = False,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        symbol = Input(
            shape, batch_size, dtype, sparse, ragged, batch_shape, name, input_tensor, optional,
            **kwargs,
        )
        self._handle = symbol._symbol.layer
        self._given: dict[str, Any] = {}
        remember(self)


def take_input_shape(given: dict[str, Any], entry: Any) -> Any:
    """Return (shape, batch size) from Keras's ways to give them, or None."""
    shape = given.pop("input_shape", None)
    batch = given.pop("batch_size", None)
    full = given.pop("batch_input_shape", None) or given.pop("batch_shape", None)
    if full is not None:
        batch, shape = full[0], tuple(full[1:])
    size = given.pop("input_dim", None) if not _has(entry, "input_dim") else None
    if shape is None and size is not None:
        shape = (size,)
    return None if shape is None and batch is None else (shape, batch)


def _has(entry: Any, name: str) -> bool:
    return any(field.name == name for field in entry.fields)


def _held_layer(value: Any, copied: bool = False) -> Any:
    from .models import Model

    if isinstance(value, dict):
        from .saving import deserialize_keras_object

        value = deserialize_keras_object(value)
    if isinstance(value, Model):
        return value._core.as_layer()
    if not isinstance(value, Layer):
        raise TypeError(f"expected a layer, got {value!r}")
    handle = value._ready_handle()
    return handle.clone() if copied else handle


def _activation_name(value: Any, class_name: str, name: str) -> str:
    if value is None:
        return "linear"
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return str(value.get("config", value.get("class_name")))
    from . import activations

    known = getattr(value, "__name__", "")
    if getattr(activations, known, None) is value:
        return str(known)
    if isinstance(value, Layer) and value._table is not None:
        return _core.snake_case(value._table.class_name).replace("re_lu", "relu")  # type: ignore[no-any-return]
    raise ValueError(
        f"{class_name} cannot take {value!r} for {name}: an activation is one of "
        "chronicler.activations, or its name. For a function of one's own leave it out here, and "
        "call the function in a layer of one's own after this one"
    )


def dtype_name(value: Any) -> Any:
    """Return the name of a type or policy."""
    if value is None or isinstance(value, str):
        return value if value is not None else floatx()
    if isinstance(value, dict):
        return value.get("config", {}).get("name", "float32")
    if hasattr(value, "name"):
        return str(value.name)
    return np.dtype(value).name


def compute_dtype(value: Any) -> str:
    """Return the type in which a layer of this type or policy computes here."""
    from . import dtype_policies

    return dtype_policies.computed(str(dtype_name(value)))


_BASES = {
    "Normalization": ("chronicler.adapting", "NumbersLayer"),
    "TextVectorization": ("chronicler.adapting", "TextsLayer"),
}
_classes = Namespace("layers", BuiltInLayer, globals(), _BASES)
_ALIASES = {
    "GlobalAvgPool1D": "GlobalAveragePooling1D",
    "GlobalMaxPool1D": "GlobalMaxPooling1D",
    "MaxPool1D": "MaxPooling1D",
    "AvgPool1D": "AveragePooling1D",
    "Convolution1D": "Conv1D",
    "Convolution1DTranspose": "Conv1DTranspose",
    "SeparableConvolution1D": "SeparableConv1D",
    "GroupedQueryAttention": "GroupQueryAttention",
}
_PLACES = {"Wrapper": "wrappers", "Lambda": "wrappers", "InputSpec": "wrappers"}
_FUNCTIONS = {
    "add": "Add",
    "average": "Average",
    "concatenate": "Concatenate",
    "dot": "Dot",
    "maximum": "Maximum",
    "minimum": "Minimum",
    "multiply": "Multiply",
    "subtract": "Subtract",
}


def __getattr__(name: str) -> Any:
    if name in _ALIASES:
        return getattr(_this(), _ALIASES[name])
    if name in _PLACES:
        return getattr(wrappers, name)
    if name in _FUNCTIONS:
        return _function(name)
    return _classes(name)


def _this() -> Any:
    import sys

    return sys.modules[__name__]


def _function(name: str) -> Any:
    """Return keras.layers.add and its kin: a layer made and called."""
    made = getattr(_this(), _FUNCTIONS[name])

    def call(inputs: Any, **options: Any) -> Any:
        return made(**options)(inputs)

    call.__name__ = name
    call.__doc__ = f"Call a layer {_FUNCTIONS[name]} on the inputs."
    return call


def __dir__() -> list[str]:
    return _classes.listing(
        ["Layer", "Input", *_PLACES, *_ALIASES, *_FUNCTIONS, "serialize",
         "deserialize"]
    )


def Input(
    shape: Any = None,
    batch_size: int | None = None,
    dtype: Any = None,
    sparse: Any = None,
    ragged: Any = None,
    batch_shape: Any = None,
    name: str | None = None,
    tensor: Any = None,
    optional: bool = False,
    input_shape: Any = None,
    batch_input_shape: Any = None,
    input_tensor: Any = None,
    **kwargs: Any,
) -> Any:
    """Return the symbol of an input of a model.

    Parameters
    ----------
    shape : tuple of int or None
        The shape of one sample, without the batch; None where it varies.
    batch_size : int, optional
        Rows of every batch; stateful layers need it.
    dtype : str, optional
        "float32" by default; "int32" for ids, "string" for texts.
    batch_shape : tuple, optional
        In place of shape: with the batch.
    name : str, optional
        Name in the model.
    """
    if sparse or ragged:
        raise ValueError("Input: sparse and ragged tensors are not supported; pad the sequences")
    if kwargs:
        raise TypeError(f"Input has no option {sorted(kwargs)[0]!r}")
    batch_shape = batch_shape or batch_input_shape
    shape = input_shape if shape is None else shape
    if batch_shape is not None:
        batch_size, shape = batch_shape[0], tuple(batch_shape[1:])
    if shape is None:
        raise ValueError("Input needs shape=(steps, features), None where a size varies")
    kind = dtype_name(dtype)
    stored = "int32" if str(kind).startswith(("int", "uint", "bool")) else kind
    if stored in ("float16", "bfloat16"):
        stored = "float32"
    extents = (shape,) if isinstance(shape, int) else tuple(shape)
    symbol = _core.input_symbol(extents, batch_size, stored, name or "")
    return KerasTensor(symbol, str(kind))


def get(identifier: Any) -> Any:
    """Return the layer of a configuration, or the object itself."""
    if isinstance(identifier, (Layer, type(None))):
        return identifier
    if isinstance(identifier, dict):
        return deserialize(identifier)
    raise unknown("layers", identifier)


def serialize(layer: Any) -> Any:
    """Return the configuration that `deserialize` takes."""
    from .saving import serialize_keras_object

    return serialize_keras_object(layer)


def deserialize(config: Any, custom_objects: Any = None) -> Any:
    """Return the layer of a configuration."""
    from .saving import deserialize_keras_object

    return deserialize_keras_object(config, custom_objects)
