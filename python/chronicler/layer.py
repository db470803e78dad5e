"""What every layer is: options, weights, and calls on symbols or on numbers."""

from __future__ import annotations

import weakref
from collections.abc import Iterable
from typing import Any

import numpy as np

from . import _core
from ._arguments import CallArguments, take_arguments
from ._graph import KerasTensor, call_on_symbols, is_symbol
from .contents import Contents
from .tensor import Array, Tensor, Variable, array_of, is_recording, record_joint

_layers: weakref.WeakValueDictionary[int, LayerBase] = weakref.WeakValueDictionary()


class LayerVariable(Variable):
    """A weight whose numbers the extension holds."""

    def __init__(self, weight: Any, layer: LayerBase) -> None:
        self._weight = weight
        self._owner = layer
        self._name = weight.name
        self._autocast = True
        self._aggregation = "none"
        self._synchronization = "none"
        self._regularizer: Any = None
        self._constraint: Any = None
        self._overwrite_with_gradient = False

    def __reduce__(self) -> Any:
        """Make copies variables of their own: the numbers, without the layer."""
        return Variable, (self.numpy(), None, self.dtype, self.trainable, True, "none", "auto",
                          self._name)

    def __deepcopy__(self, memo: dict[int, Any]) -> Variable:
        make, parts = self.__reduce__()
        copy: Variable = make(*parts)
        memo[id(self)] = copy
        return copy

    @property
    def _array(self) -> Array:
        return self._weight.array  # type: ignore[no-any-return]

    def _store(self, array: Array) -> None:
        self._weight.set(np.ascontiguousarray(array))

    @property
    def path(self) -> str:
        """The layer's name and the weight's own."""
        return f"{self._owner.path}/{self._name}"

    @property
    def trainable(self) -> bool:
        """Whether an optimizer moves it."""
        return bool(self._weight.trainable)

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self._weight.trainable = bool(value)

    @property
    def regularizer(self) -> Any:
        """The penalty on it, or None."""
        from . import regularizers

        return self._regularizer or regularizers.get(self._weight.regularizer)

    @regularizer.setter
    def regularizer(self, value: Any) -> None:
        raise ValueError(f"weight {self.path!r}: its regularizer is given where it is made")

    @property
    def constraint(self) -> Any:
        """What it is held to, or None."""
        from . import constraints

        return constraints.get(self._weight.constraint)

    @constraint.setter
    def constraint(self, value: Any) -> None:
        raise ValueError(f"weight {self.path!r}: its constraint is given where it is made")


class LayerBase(Contents):
    """What layers of the library and layers that are written in Python have in common."""

    _kind = "layers"
    _table: Any = None
    _handle: Any = None
    _states: Any

    def _ready_handle(self) -> Any:
        """Return the extension's part, for another layer that holds this one."""
        return self._handle

    # ---- what it is

    @property
    def name(self) -> str:
        """The name, unique in a model."""
        return self._handle.name  # type: ignore[no-any-return]

    @property
    def path(self) -> str:
        """The name, after those of the layers and models that it is in."""
        return self.name

    @property
    def trainable(self) -> bool:
        """Whether training changes the weights; setting it sets it for all layers within."""
        return bool(self._handle.trainable)

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self._handle.trainable = bool(value)

    @property
    def dtype(self) -> str:
        """The type of weights and results."""
        return self._handle.dtype  # type: ignore[no-any-return]

    @property
    def autocast(self) -> bool:
        """Whether real numbers that come in are put into the layer's type."""
        return bool(self.__dict__.get("_autocast", True))

    @property
    def compute_dtype(self) -> str:
        """The type of results."""
        return self.dtype

    @property
    def variable_dtype(self) -> str:
        """The type of weights."""
        return self.dtype

    @property
    def input_dtype(self) -> str:
        """The type that real numbers get that come in."""
        return self.dtype

    @property
    def dtype_policy(self) -> Any:
        """The type as Keras's policy: its name is that of the type."""
        from .dtype_policies import DTypePolicy

        return DTypePolicy(self.dtype)

    @property
    def built(self) -> bool:
        """Whether the weights are there."""
        return bool(self._handle.built)

    @built.setter
    def built(self, value: bool) -> None:
        """Keras's `build` ends with `self.built = True`; here the library notes it."""

    @property
    def stateful(self) -> bool:
        """Whether a batch goes on where the one before stopped."""
        return bool(self._handle.stateful)

    @property
    def supports_masking(self) -> bool:
        """Whether masks go through the layer."""
        return bool(self._handle.supports_masking)

    # ---- weights

    def build(self, input_shape: Any) -> None:
        """Make the weights for inputs of this shape, the batch included."""
        if not self.built:
            self._handle.build(_shapes(input_shape))

    @property
    def weights(self) -> list[Variable]:
        """All weights, in Keras's order; they can be read and assigned to."""
        kept = self.__dict__.get("_variables")
        weights = self._handle.weights
        if kept is None or len(kept) != len(weights):
            kept = self._variables = [LayerVariable(weight, self) for weight in weights]
        return list(kept)

    @property
    def trainable_weights(self) -> list[Variable]:
        """The weights that training changes."""
        return [variable for variable in self.weights if self._trains(variable)]

    @property
    def non_trainable_weights(self) -> list[Variable]:
        """The weights that training leaves alone."""
        return [variable for variable in self.weights if not self._trains(variable)]

    def _trains(self, variable: Variable) -> bool:
        weight = getattr(variable, "_weight", None)
        return bool(weight.trains) if weight is not None else variable.trainable

    def get_weights(self) -> list[Array]:
        """Return copies of the weights, in Keras's order."""
        return [variable.numpy() for variable in self.weights]

    def set_weights(self, weights: Iterable[Any]) -> None:
        """Set all weights, in the order of `get_weights`."""
        given = list(weights)
        variables = self.weights
        if len(given) != len(variables):
            raise ValueError(
                f"layer {self.name!r} has {len(variables)} weights, got {len(given)}"
                + ("" if self.built else ": it is not built yet, so it has none")
            )
        for variable, value in zip(variables, given):
            shape = np.shape(value)
            if shape != variable.shape:
                raise ValueError(
                    f"layer {self.name!r}: weight {variable.name!r} has shape {variable.shape}, "
                    f"got {shape}"
                )
        for variable, value in zip(variables, given):
            variable.assign(value)

    def count_params(self) -> int:
        """Return the number of numbers in all weights."""
        if not self.built:
            raise ValueError(
                f"layer {self.name!r} is not built yet, so its weights cannot be counted; "
                "call build(input_shape)"
            )
        return sum(int(np.prod(variable.shape)) for variable in self.weights)

    @property
    def metrics(self) -> list[Any]:
        """Metrics of the layer's own."""
        return []

    # ---- calls

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the layer on symbols, which makes symbols, or on arrays, which computes."""
        arguments = take_arguments(self, args, kwargs)
        if any(is_symbol(value) for value in arguments.inputs):
            return call_on_symbols(self, arguments)
        self._enter()
        try:
            return self._run(arguments)
        finally:
            self._leave()

    def _run(self, arguments: CallArguments) -> Any:
        """Compute the results of arrays at once."""
        handle = self._handle
        arrays = [self._as_input(value) for value in arguments.inputs]
        if not handle.built:
            handle.build([_shape_of_any_batch(array) for array in arrays])
        masks = [_as_mask(mask) for mask in arguments.masks_of_inputs()]
        call = _core.run_layer(
            handle,
            [*arrays, *[self._as_input(state) for state in arguments.states]],
            masks,
            arguments.training,
            is_recording(),
            self._carried(arrays),
            *arguments.flags,
        )
        if self.stateful:
            self._states = call.state
        if is_recording():
            outputs: Any = self._recorded(call, arguments)
        else:
            outputs = [Tensor(array) for array in call.outputs]
        penalty = handle.activity_regularizer
        if penalty is not None:
            from . import regularizers

            self._penalize(outputs, regularizers.get(penalty))
        for output, mask in zip(outputs, call.masks):
            if mask is not None:
                output._keras_mask = mask
        return self._packed(list(outputs))

    def _recorded(self, call: Any, arguments: CallArguments) -> Any:
        # A model that is a class keeps its weights in another order than its graph.
        places = {getattr(getattr(each, "_weight", None), "place", None): each
                  for each in self.weights}
        weights = [places[weight.place] for weight in self._handle.weights]
        sources = [*arguments.inputs, *arguments.states, *weights]

        def derivative(gradients: list[Array]) -> list[Any]:
            kinds = [output.dtype for output in call_outputs]
            given = [
                np.ascontiguousarray(gradient, kind) for gradient, kind in zip(gradients, kinds)
            ]
            return list(call.backward(given))

        call_outputs = call.outputs
        return record_joint(call_outputs, tuple(sources), derivative)

    def _packed(self, outputs: list[Any]) -> Any:
        """Return the outputs as Keras's call does: one alone, or a list."""
        return outputs[0] if len(outputs) == 1 else tuple(outputs)

    def _as_input(self, value: Any) -> Any:
        """Return an array of a type that the extension takes."""
        from .data import as_input

        return as_input(value, self._handle.dtype)

    # ---- states of stateful layers

    def _carried(self, arrays: list[Any]) -> list[Any]:
        if not self.stateful:
            return []
        states = self.__dict__.get("_states")
        batch = len(arrays[0])
        if states is None or (states and len(states[0]) != batch):
            states = self._handle.initial_state(batch)
        return states  # type: ignore[no-any-return]

    @property
    def states(self) -> list[Any] | None:
        """What a stateful layer carries; None where nothing is carried."""
        states = self.__dict__.get("_states")
        return None if states is None else [Tensor(state) for state in states]

    def reset_states(self) -> None:
        """Forget what a stateful layer carries, by itself and in every model that it is in."""
        self._states = None
        from .models import live_models

        for model in live_models():
            model._core.reset_layer(self._handle)

    reset_state = reset_states

    # ---- symbols

    @property
    def output(self) -> Any:
        """The symbol of the output of the first call, or a list of them."""
        from .symbols_of_layers import output_of

        return output_of(self)

    @property
    def input(self) -> Any:
        """The symbol of the input of the first call, or a list of them."""
        from .symbols_of_layers import input_of

        return input_of(self)

    # ---- shapes and masks

    def compute_output_shape(self, *args: Any, **kwargs: Any) -> Any:
        """Return the shape of the output, or a list of them, for inputs of these shapes."""
        shapes: list[Any] = []
        for value in [*args, *kwargs.values()]:
            shapes += _shapes(value)
        handle = self._handle
        if not handle.built:
            handle = handle.clone()
            handle.build(shapes)
        return self._packed([tuple(shape) for shape in handle.output_shapes(shapes)])

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """Return symbols of the shapes of the outputs."""
        shapes = [value.shape for value in args]
        found = self.compute_output_shape(shapes if len(shapes) > 1 else shapes[0])
        return _symbols(found, self.dtype)

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        """Return the mask that follows: the one that came, where masks go through."""
        return previous_mask

    # ---- configuration

    def get_config(self) -> dict[str, Any]:
        """Return the options by name, as `from_config` takes them."""
        return dict(self._handle.config["config"])

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """Make a layer with the options that `get_config` returned."""
        return cls(**config)

    def get_build_config(self) -> dict[str, Any] | None:
        """Return the shapes for which the layer was built; None if it is not built."""
        shapes = [tuple(shape) for shape in self._handle.build_shapes] if self.built else []
        if len(shapes) == 1:
            return {"input_shape": shapes[0]}
        return {"shapes_dict": shapes} if shapes else None

    def build_from_config(self, config: dict[str, Any] | None) -> None:
        """Build the layer for the shapes that `get_build_config` returned."""
        config = config or {}
        shapes = config.get("input_shape") or config.get("shapes_dict")
        if shapes:
            self.build(shapes)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"

    def __reduce__(self) -> Any:
        from .saving import layer_from_parts

        weights = self.get_weights() if self.built else []
        return layer_from_parts, (type(self), self.get_config(), self.get_build_config(), weights)

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        make, parts = self.__reduce__()
        copy = memo[id(self)] = make(*parts)
        return copy


def _symbols(shapes: Any, dtype: str) -> Any:
    """Return symbols of these shapes, in the same nest."""
    if all(extent is None or isinstance(extent, int) for extent in shapes):
        return KerasTensor.of_shape(shapes, dtype)
    return type(shapes)(_symbols(shape, dtype) for shape in shapes)


def _as_mask(mask: Any) -> Any:
    return None if mask is None else np.ascontiguousarray(array_of(mask), np.bool_)


def _shape_of_any_batch(array: Any) -> tuple[int | None, ...]:
    """Return the shape of an input with None for the batch; texts come as a column."""
    if isinstance(array, list):
        return (None, 1)
    return (None, *array.shape[1:]) if array.ndim else ()


def _shapes(value: Any) -> list[Any]:
    """Return a list of shapes: of one shape, a list of them, or a dictionary."""
    if isinstance(value, dict):
        value = list(value.values())
    value = list(value)
    if value and all(isinstance(each, (list, tuple)) for each in value):
        return [tuple(each) for each in value]
    return [tuple(value)]


def wrap(handle: Any) -> Any:
    """Return the layer of Python's that goes with one of the extension's."""
    found = _layers.get(handle.address)
    if found is not None:
        return found
    own = handle.own_object
    if own is not None:
        _layers[handle.address] = own
        return own
    from . import layers, models

    model = models.model_of(handle)
    if model is not None:
        return model
    class_name = handle.class_name
    if handle.is_operation:
        made: Any = Operation.__new__(Operation)
    else:
        # One that only other layers hold, as the convolution of a cell, has no class.
        made = object.__new__(getattr(layers, class_name, LayerBase))
    made._handle = handle
    made._given = {}
    _layers[handle.address] = made
    return made


def remember(layer: LayerBase) -> None:
    """Note the layer as the one that goes with its part of the extension."""
    _layers[layer._handle.address] = layer


class Operation(LayerBase):
    """A function of `chronicler.ops` in the graph of a model."""


__all__ = ["LayerBase", "LayerVariable", "Operation", "remember", "wrap"]
