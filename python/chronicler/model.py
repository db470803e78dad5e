"""A model: a graph of layers, from inputs to outputs."""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterable
from typing import Any

import numpy as np

from . import _core
from ._arguments import UNDECIDED, current_training
from ._graph import KerasTensor, is_symbol
from .data import as_input
from .layer import LayerBase, _layers, wrap
from .nesting import alone, flat
from .own_model import filled, shape_symbols
from .tensor import Tensor, array_of, is_recording
from .training import Trainable

_models: weakref.WeakValueDictionary[int, Model] = weakref.WeakValueDictionary()


class Model(Trainable):
    """A graph of layers, from inputs to outputs.

    Parameters
    ----------
    inputs : symbol or list of symbols
        What `Input` gave.
    outputs : symbol or list of symbols
        What layers made of them.
    name : str, optional
        Its name.
    """

    _layers: list[Any] | None

    def __init__(
        self, inputs: Any = None, outputs: Any = None, name: str | None = None,
        trainable: bool = True, **kwargs: Any,
    ) -> None:
        if kwargs.pop("dtype", None) or kwargs:
            raise TypeError(f"{type(self).__name__} has no option {sorted(kwargs)[:1]}")
        if inputs is None or outputs is None:
            if type(self) is Model or inputs is not None or outputs is not None:
                raise TypeError(
                    "Model needs inputs and outputs: x = Input(shape=...); Model(x, layer(x)). A "
                    "class derived from Model defines call(inputs) instead"
                )
            self._begin(name, trainable)
            return
        outputs = _named_outputs(outputs)
        self._structure = (inputs, outputs)
        symbols_in, symbols_out = flat(inputs), flat(outputs)
        self._kept = [symbols_in, symbols_out]
        self._start(_core.functional(
            [value._symbol for value in symbols_in], [value._symbol for value in symbols_out],
            name or _core.unique_name("Functional"),
        ))
        if not trainable:
            self.trainable = False

    def _start(self, core: Any) -> None:
        self._core = core
        self._optimizer: Any = None
        self._loss: Any = None
        self._history: Any = None
        self._quick = False
        _models[core.address] = self

    # ---- what it is

    @property
    def _handle(self) -> Any:  # type: ignore[override]
        handle = self._core.as_layer()
        self._known_as(handle)
        return handle

    def _known_as(self, handle: Any) -> None:
        """Note that this layer of other models is this model."""
        _layers.setdefault(handle.address, self)

    @property
    def name(self) -> str:
        """The model's name."""
        return self.__dict__.get("_own_name") or self._core.name

    @property
    def built(self) -> bool:
        """Whether the weights are there."""
        return "_core" in self.__dict__ and bool(self._core.built)

    @built.setter
    def built(self, value: bool) -> None:
        """Keras's `build` ends with `self.built = True`; here the library notes it."""

    @property
    def dtype(self) -> str:
        """The type of the numbers."""
        if "_core" not in self.__dict__:
            return "float32"
        layers = self._core.layers
        kinds = [layer.dtype for layer in layers if layer.dtype in ("float32", "float64")]
        return "float64" if kinds and all(kind == "float64" for kind in kinds) else "float32"

    @property
    def layers(self) -> list[Any]:
        """The layers, in Keras's order."""
        if self._calls_itself:
            return list(self._held_layers())
        found = self.__dict__.get("_layers")
        handles = self._core.layers
        if found is None or len(found) != len(handles):
            found = self._layers = [wrap(handle) for handle in handles]
        return list(found)

    def get_layer(self, name: str | None = None, index: int | None = None) -> Any:
        """Return a layer by its name or place."""
        layers = self.layers
        if index is not None:
            if index >= len(layers):
                raise ValueError(f"there is no layer {index}: the model has {len(layers)} layers")
            return layers[index]
        for layer in layers:
            if layer.name == name:
                return layer
        from ._classes import nearest

        known = [layer.name for layer in layers]
        raise ValueError(f"no layer is called {name!r}: {nearest(str(name), known)}")

    @property
    def trainable(self) -> bool:
        """Whether training changes the weights; setting it sets it for all layers."""
        return all(layer.trainable for layer in self.layers) if self.layers else True

    @trainable.setter
    def trainable(self, value: bool) -> None:
        for layer in self.layers:
            layer.trainable = value

    @property
    def inputs(self) -> list[Any]:
        """The symbols of the inputs."""
        return [KerasTensor(symbol, symbol.layer.dtype) for symbol in self._core.inputs]

    @property
    def outputs(self) -> list[Any]:
        """The symbols of the outputs."""
        return [KerasTensor(symbol, self.dtype) for symbol in self._core.outputs]

    @property
    def input(self) -> Any:
        """The symbol of the input, or a list of them."""
        return alone(self.inputs)

    @property
    def output(self) -> Any:
        """The symbol of the output, or a list of them."""
        return alone(self.outputs)

    @property
    def input_shape(self) -> Any:
        """The shape of the input with the batch, or a list of them."""
        return alone(self._core.input_shapes)

    @property
    def output_shape(self) -> Any:
        """The shape of the output with the batch, or a list of them."""
        return alone(self._core.output_shapes)

    @property
    def input_names(self) -> list[str]:
        """The names of the inputs."""
        return list(self._core.input_names)

    @property
    def output_names(self) -> list[str]:
        """The names of the outputs."""
        return list(self._core.output_names)

    def _input_names(self, x: Any = None) -> list[str]:
        names: list[str] = self._core.input_names
        given = self.__dict__.get("_structure", (None,))[0]
        if isinstance(given, dict) and isinstance(x, dict) and set(given) <= set(x):
            return list(given)
        if isinstance(x, dict) and len(names) == 1 and names[0] not in x and len(x) == 1:
            return list(x)
        return names

    def _output_names(self, y: Any = None) -> list[str]:
        return self._core.output_names  # type: ignore[no-any-return]

    # ---- weights

    @property
    def weights(self) -> list[Any]:
        """All weights, in Keras's order."""
        found = list(self._own_variables()) if self._calls_itself else []
        seen: set[int] = set()
        for layer in self.layers:
            for variable in layer.weights:
                place = getattr(getattr(variable, "_weight", None), "place", id(variable))
                if place not in seen:
                    seen.add(place)
                    found.append(variable)
        return found

    def _ids_of_trained(self) -> set[int]:
        own = self._own_variables() if self._calls_itself and self.trainable else []
        return {id(variable) for variable in own if variable.trainable} | {
            id(variable) for layer in self.layers for variable in layer.trainable_weights}

    @property
    def trainable_weights(self) -> list[Any]:
        """The weights that training changes."""
        trained = self._ids_of_trained()
        return [variable for variable in self.weights if id(variable) in trained]

    @property
    def non_trainable_weights(self) -> list[Any]:
        """The weights that training leaves alone."""
        trained = self._ids_of_trained()
        return [variable for variable in self.weights if id(variable) not in trained]

    def _sublayers(self) -> list[Any]:
        return self.layers

    def _find_seeds(self) -> list[Any]:
        return []

    def get_weights(self) -> list[Any]:
        """Return copies of the weights, in Keras's order."""
        if self._calls_itself:
            return LayerBase.get_weights(self)
        return list(self._core.weights)

    def set_weights(self, weights: Iterable[Any]) -> None:
        """Set all weights, in the order of `get_weights`."""
        if self._calls_itself:
            LayerBase.set_weights(self, weights)
            return
        kind = self.dtype
        self._core.set_weights([np.ascontiguousarray(array_of(each), kind) for each in weights])

    def count_params(self) -> int:
        """Return the number of numbers in all weights."""
        return int(self._core.count_params)

    def build(self, input_shape: Any) -> None:
        """Make the weights for inputs of this shape, the batch included."""
        if self._calls_itself:
            self._make_ready(shape_symbols(input_shape))
        elif not self.built:
            self._core.build(tuple(input_shape))

    def reset_states(self) -> None:
        """Forget the states of stateful layers."""
        self._core.reset_states()

    def summary(
        self, line_length: int | None = None, positions: Any = None, print_fn: Any = None,
        expand_nested: bool = False, show_trainable: bool = False, layer_range: Any = None,
    ) -> None:
        """Print the layers, the shapes of their outputs and the number of their weights."""
        (print_fn or print)(self._core.summary_text(line_length, show_trainable))

    def _repr_html_(self) -> str:
        from .pictures import preformatted

        return preformatted(self._core.summary_text(None, False))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"

    # ---- calls

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the model on symbols, which makes symbols, or on arrays, which computes."""
        inputs = kwargs.pop("inputs", args[0] if args else None)
        values = flat(inputs)
        self._make_ready(inputs)
        if any(is_symbol(value) for value in values):
            symbols = self._core.on_symbols([value._symbol for value in values])
            self._known_as(self._core.as_layer())
            outputs = [KerasTensor(symbol, self.dtype) for symbol in symbols]
            for output in outputs:
                output._layer = self  # type: ignore[attr-defined]
            return self._packed(outputs)
        if is_recording():
            given = structured_inputs(self, inputs)
            if not self.built:
                self._core.build((None, *np.shape(given[0])[1:]))
            return LayerBase.__call__(self, given, **kwargs)
        training = kwargs.pop("training", None)
        is_left = training is None or training is UNDECIDED
        training = current_training() if is_left else bool(training)
        arrays = [as_input(value, self.dtype) for value in structured_inputs(self, inputs)]
        return self._packed([Tensor(array) for array in self._core.call(arrays, training)])

    def _packed(self, outputs: list[Any]) -> Any:
        """Return outputs in the structure that the model was made with."""
        structure = self.__dict__.get("_structure", (None, None))[1]
        if isinstance(structure, (dict, tuple)):
            return filled(structure, iter(outputs))
        return alone(outputs)

    # ---- live streams

    def stream(self, weights: str = "float32", adapt: Any = None) -> Any:
        """Return a live stream: `step(x)` takes one step and keeps the state.

        Parameters
        ----------
        weights : str, default "float32"
            "bfloat16" reads half as much.
        adapt : True or dict, optional
            The stream may learn while it predicts (`stream.learn(y)`), on a copy of the weights of
            its own: True, or learning_rate, decay and steps.
        """
        from .stream import Stream

        return Stream.of(self, weights, adapt)

    # ---- files

    def save(self, filepath: Any, overwrite: bool = True, **kwargs: Any) -> None:
        """Write the whole model; the format follows from the extension (.keras, .chronicler)."""
        self._core.save(_path(filepath, overwrite))

    def save_weights(self, filepath: Any, overwrite: bool = True, **kwargs: Any) -> None:
        """Write the weights alone (.weights.h5)."""
        self._core.save_weights(_path(filepath, overwrite))

    def load_weights(self, filepath: Any, **kwargs: Any) -> None:
        """Set the weights from a file."""
        path = os.fspath(filepath)
        if not os.path.exists(path):
            raise FileNotFoundError(f"there is no file {path!r}")
        self._core.load_weights(path)

    def to_json(self, **kwargs: Any) -> str:
        """Return the architecture as JSON, as Keras's model_from_json reads it."""
        import json

        return json.dumps(self._core.config, **kwargs)

    def get_config(self) -> dict[str, Any]:
        """Return the architecture as plain values."""
        return dict(self._core.config["config"])

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        """Make a model, with new weights, from what `get_config` returned."""
        name = "Sequential" if cls.__name__ == "Sequential" else "Functional"
        from .models import model_from_object

        return model_from_object({"module": "keras", "class_name": name, "config": config,
                                  "registered_name": None}, custom_objects)

    def __reduce__(self) -> Any:
        from .models import model_from_bytes

        return model_from_bytes, (self._to_bytes(), _own_classes(self))

    def _to_bytes(self) -> bytes:
        import tempfile

        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "model.keras")
            self._core.save(path)
            with open(path, "rb") as file:
                return file.read()

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        from .models import model_from_bytes

        copy = memo[id(self)] = model_from_bytes(self._to_bytes(), _own_classes(self))
        return copy


def _own_classes(model: Model) -> dict[str, type]:
    """Return the classes of layers that are the program's own, which no file brings along."""
    found: dict[str, type] = {}
    waiting = list(model.layers)
    while waiting:
        layer = waiting.pop()
        if isinstance(layer, Model):
            waiting += layer.layers
            continue
        kind = type(layer)
        if kind._table is None and not kind.__module__.startswith("chronicler."):
            found[kind.__name__] = kind
        waiting += [wrap(handle) for _, handle in layer._ready_handle().sublayers]
    return found


def _named_outputs(outputs: Any) -> Any:
    """Return outputs given as a dictionary, each from a layer that is named as its key."""
    if not isinstance(outputs, dict):
        return outputs
    from . import layers

    identity = layers.__getattr__("Identity")
    return {
        key: value if value._symbol.layer.name == key else identity(name=key)(value)
        for key, value in sorted(outputs.items())
    }


def structured_inputs(model: Model, x: Any) -> list[Any]:
    """Return one value for each input."""
    from .data import structured

    return structured(x, model._input_names(x), "inputs")


def _path(filepath: Any, overwrite: bool) -> str:
    path = os.fspath(filepath)
    if not overwrite and os.path.exists(path):
        raise FileExistsError(f"{path!r} is there already: overwrite=True replaces it")
    return path
