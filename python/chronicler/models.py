"""Models: keras.models, and what fit, evaluate and predict do."""

from __future__ import annotations

import itertools
import os
import weakref
from collections.abc import Iterable
from typing import Any

import numpy as np

from . import _core
from ._arguments import UNDECIDED, current_training
from ._graph import KerasTensor, is_symbol
from .batches import Batches, batches_of, is_batches
from .data import as_input, inputs_of, targets_of, weights_of
from .layer import LayerBase, _layers, wrap
from .layers import Input
from .output import shown
from .own_model import OwnModel, filled, shape_symbols
from .tensor import Tensor, array_of, is_recording

_models: weakref.WeakValueDictionary[int, Model] = weakref.WeakValueDictionary()


class Model(OwnModel):
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
        symbols_in, symbols_out = _flat(inputs), _flat(outputs)
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

        raise ValueError(f"no layer is called {name!r}: {nearest(str(name), [x.name for x in layers])}")

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
        return _alone(self.inputs)

    @property
    def output(self) -> Any:
        """The symbol of the output, or a list of them."""
        return _alone(self.outputs)

    @property
    def input_shape(self) -> Any:
        """The shape of the input with the batch, or a list of them."""
        return _alone(self._core.input_shapes)

    @property
    def output_shape(self) -> Any:
        """The shape of the output with the batch, or a list of them."""
        return _alone(self._core.output_shapes)

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
        found = []
        seen: set[int] = set()
        for layer in self.layers:
            for variable in layer.weights:
                place = getattr(getattr(variable, "_weight", None), "place", id(variable))
                if place not in seen:
                    seen.add(place)
                    found.append(variable)
        return found

    @property
    def trainable_weights(self) -> list[Any]:
        """The weights that training changes."""
        trained = {id(v) for layer in self.layers for v in layer.trainable_weights}
        return [variable for variable in self.weights if id(variable) in trained]

    trainable_variables = trainable_weights

    @property
    def non_trainable_weights(self) -> list[Any]:
        """The weights that training leaves alone."""
        trained = {id(v) for layer in self.layers for v in layer.trainable_weights}
        return [variable for variable in self.weights if id(variable) not in trained]

    non_trainable_variables = non_trainable_weights

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
        values = _flat(inputs)
        self._make_ready(inputs)
        if any(is_symbol(value) for value in values):
            symbols = self._core.on_symbols([value._symbol for value in values])
            self._known_as(self._core.as_layer())
            outputs = [KerasTensor(symbol, self.dtype) for symbol in symbols]
            for output in outputs:
                output._layer = self  # type: ignore[attr-defined]
            return self._packed(outputs)
        if is_recording():
            return LayerBase.__call__(self, inputs, **kwargs)
        training = kwargs.pop("training", None)
        training = current_training() if training in (None, UNDECIDED) else bool(training)
        arrays = [as_input(value, self.dtype) for value in structured_inputs(self, inputs)]
        return self._packed([Tensor(array) for array in self._core.call(arrays, training)])

    def _packed(self, outputs: list[Any]) -> Any:
        """Return outputs in the structure that the model was made with."""
        structure = self.__dict__.get("_structure", (None, None))[1]
        if isinstance(structure, (dict, tuple)):
            return filled(structure, iter(outputs))
        return _alone(outputs)

    def predict_on_batch(self, x: Any) -> Any:
        """Return the outputs for one batch."""
        return self.predict(x, batch_size=_length(x), verbose=0)

    # ---- training

    def compile(
        self, optimizer: Any = "rmsprop", loss: Any = None, loss_weights: Any = None,
        metrics: Any = None, weighted_metrics: Any = None, run_eagerly: bool = False,
        steps_per_execution: int = 1, jit_compile: Any = "auto", auto_scale_loss: bool = True,
    ) -> None:
        """Say how the model is trained.

        Parameters
        ----------
        optimizer : str or Optimizer, default "rmsprop"
            What moves the weights.
        loss : str, Loss, callable, or a list or dict of them
            What training makes small; for several outputs one each.
        loss_weights : list or dict, optional
            What each loss counts in the sum.
        metrics, weighted_metrics : list or dict, optional
            What is measured; weighted_metrics heed sample weights.
        run_eagerly, steps_per_execution, jit_compile, auto_scale_loss
            Accepted as in Keras; nothing depends on them.
        """
        from .compiling import compile_options

        if "_core" not in self.__dict__:
            from .optimizers import get

            self._optimizer, self._loss = get(optimizer), loss
            self._compile_later = {
                "optimizer": self._optimizer, "loss": loss, "loss_weights": loss_weights,
                "metrics": metrics, "weighted_metrics": weighted_metrics,
            }
            return
        options, made = compile_options(
            self._core.output_names, optimizer, loss, loss_weights, metrics, weighted_metrics)
        self._core.compile(options)
        self._optimizer = made
        self._loss = loss
        made._take(self._core.optimizer)
        self._quick = False

    @property
    def optimizer(self) -> Any:
        """The optimizer that compile was given."""
        if "_core" not in self.__dict__:
            return self.__dict__.get("_optimizer")
        if self._optimizer is None and self._core.compilation is not None:
            from .optimizers import deserialize

            made = deserialize(self._core.compilation["optimizer"])
            made._take(self._core.optimizer)
            self._optimizer = made
        return self._optimizer

    @property
    def compiled(self) -> bool:
        """Whether compile was called."""
        if "_core" not in self.__dict__:
            return self.__dict__.get("_compile_later") is not None
        return self._core.compilation is not None

    @property
    def loss(self) -> Any:
        """The loss that compile was given."""
        if self._loss is None and self._core.compilation is not None:
            return self._core.compilation["loss"]
        return self._loss

    @property
    def metrics_names(self) -> list[str]:
        """The keys of the results of evaluate."""
        return list(self._core.results)

    @property
    def history(self) -> Any:
        """The History of the last fit."""
        return self._history

    @property
    def stop_training(self) -> bool:
        """Set by a callback: training ends after the epoch."""
        return bool(self._core.stop_training)

    @stop_training.setter
    def stop_training(self, value: bool) -> None:
        self._core.stop_training = bool(value)

    def fit(
        self, x: Any = None, y: Any = None, batch_size: int | None = None, epochs: int = 1,
        verbose: Any = "auto", callbacks: Any = None, validation_split: float = 0.0,
        validation_data: Any = None, shuffle: bool = True, class_weight: Any = None,
        sample_weight: Any = None, initial_epoch: int = 0, steps_per_epoch: int | None = None,
        validation_steps: int | None = None, validation_batch_size: int | None = None,
        validation_freq: int = 1, *, max_seconds: float | None = None,
        max_epochs: float | None = None, seed: int | None = None,
    ) -> Any:
        """Train the model; return a `History`.

        Parameters
        ----------
        x : array, list of arrays, dict, frame, generator, PyDataset or iterable of batches
            Inputs: (N, ...) for each. A list of arrays of different lengths is a list of
            sequences, for a model of one input.
        y : array, list of arrays or dict, optional
            Targets; not with batches, which hold them.
        batch_size : int, default 32
            Rows of a batch.
        epochs : int, default 1
            Passes over the data.
        verbose : "auto", 0, 1 or 2
            0 nothing, 1 a progress bar, 2 a line an epoch.
        callbacks : list of Callback, optional
            Hooks.
        validation_split : float, default 0
            The share of the rows, the last ones, that validates and is not trained on.
        validation_data : tuple (x, y) or (x, y, sample_weight), or batches, optional
            What validates.
        shuffle : bool, default True
            Another order in each epoch.
        class_weight : dict, optional
            What each class counts.
        sample_weight : array, optional
            What each row counts, or each step of it.
        initial_epoch : int, default 0
            The epoch to begin with.
        steps_per_epoch, validation_steps : int, optional
            Batches of an epoch, or of the validation; generators without an end need it.
        validation_freq : int, default 1
            Epochs from one validation to the next.
        max_seconds, max_epochs : float, optional
            Limits instead of `epochs`.
        seed : int, optional
            Fixes the order of the rows.

        Raises
        ------
        ValueError
            For data that do not fit the model, with the place.
        KeyboardInterrupt
            After the batch, with the weights intact.
        """
        from .callbacks import Callback, History

        hooks = [each() if isinstance(each, type) else each for each in _listed(callbacks)]
        for hook in hooks:
            if not isinstance(hook, Callback):
                raise TypeError(f"callbacks must be objects of chronicler.callbacks, got {hook!r}")
        history = next((hook for hook in hooks if isinstance(hook, History)), None) or History()
        x = self._ready_for(x)
        data, targets = self._data(x, y, shuffle)
        validation = self._validation(validation_data)
        options = {
            "batch_size": batch_size or 32,
            "epochs": epochs, "verbose": _verbosity(verbose),
            "validation_split": float(validation_split or 0.0),
            "validation_data": validation, "shuffle": bool(shuffle),
            "class_weight": _class_weight(class_weight),
            "sample_weight": weights_of(sample_weight, self._core.output_names),
            "initial_epoch": initial_epoch, "steps_per_epoch": steps_per_epoch,
            "validation_steps": validation_steps, "validation_batch_size": validation_batch_size,
            "validation_freq": validation_freq if isinstance(validation_freq, int) else 1,
            "max_seconds": max_seconds, "max_epochs": max_epochs, "seed": seed,
        }
        params = {"verbose": options["verbose"], "epochs": epochs, "steps": _steps(
            data, options["batch_size"], steps_per_epoch, options["validation_split"])}
        for hook in [*hooks, history]:
            hook.set_model(self)
            hook.set_params(params)
        options["callbacks"] = [hook._core() for hook in hooks]
        self._history = history
        epoch, found, not_finite, _ = self._run(
            lambda: self._core.fit(data, targets, options), data, validation)
        history.epoch = list(history.epoch) + list(epoch)
        for key, values in found.items():
            history.history.setdefault(key, []).extend(values)
        _warn_not_finite(not_finite)
        return history

    def _ready_for(self, x: Any) -> Any:
        """Return x, after the first of it has made the graph of a model that needs that."""
        if not self._calls_itself or "_core" in self.__dict__ or x is None:
            return x
        if not is_batches(x):
            self._make_ready(x)
            return x
        if hasattr(x, "__getitem__"):
            first = x[0]
        else:
            first = next(iter(x))
            if hasattr(x, "__next__"):
                x = itertools.chain([first], x)
        self._make_ready(first[0] if isinstance(first, tuple) else first)
        return x

    def _data(self, x: Any, y: Any, shuffle: bool) -> tuple[Any, Any]:
        if is_batches(x) or isinstance(x, Batches):
            if y is not None:
                raise ValueError("y is given beside batches, which hold their targets")
            return batches_of(x, self, shuffle), None
        if x is None:
            raise ValueError("x is missing")
        data = inputs_of(x, self._input_names(x), self.dtype)
        return data, targets_of(y, self._output_names(y), self.dtype, isinstance(data, list))

    def _validation(self, given: Any) -> Any:
        if given is None:
            return None
        if is_batches(given):
            return batches_of(given, self)
        if not isinstance(given, (tuple, list)) or len(given) not in (2, 3):
            raise ValueError("validation_data must be (x, y) or (x, y, sample_weight)")
        if is_batches(given[0]):
            return batches_of(given[0], self)
        x, y = self._data(given[0], given[1], False)
        weight = given[2] if len(given) == 3 else None
        if isinstance(x, list):
            return batches_of(_sequence_batches(x, y), self)
        return x, y, weights_of(weight, self._core.output_names)

    def _run(self, run: Any, *sources: Any) -> Any:
        """Run the extension; what a generator raised is raised again."""
        try:
            with shown():
                return run()
        except ValueError:
            for source in sources:
                error = getattr(source, "error", None)
                if error is not None:
                    source.error = None
                    if not isinstance(error, ValueError):
                        raise error from None
            raise

    def evaluate(
        self, x: Any = None, y: Any = None, batch_size: int | None = None, verbose: Any = "auto",
        sample_weight: Any = None, steps: int | None = None, callbacks: Any = None,
        return_dict: bool = False, **kwargs: Any,
    ) -> Any:
        """Return the loss and the metrics over data: a number, a list, or with return_dict a dict."""
        x = self._ready_for(x)
        data, targets = self._data(x, y, False)
        hooks = _listed(callbacks)
        for hook in hooks:
            hook.set_model(self)
        options = {
            "batch_size": batch_size or 32, "verbose": _verbosity(verbose), "steps": steps,
            "sample_weight": weights_of(sample_weight, self._core.output_names),
            "callbacks": [hook._core() for hook in hooks],
        }
        results, not_finite = self._run(
            lambda: self._core.evaluate(data, targets, options), data)
        _warn_not_finite(not_finite)
        if return_dict:
            return results
        return _alone(list(results.values()))

    def predict(
        self, x: Any, batch_size: int | None = None, verbose: Any = "auto",
        steps: int | None = None, callbacks: Any = None,
    ) -> Any:
        """Return the outputs for data, as arrays of NumPy's: one, or a list of them.

        A list of sequences of different lengths gives a list, one output for each.
        """
        if self._quick and type(x) is np.ndarray and x.dtype == np.float32 and (
            x.flags.c_contiguous and callbacks is None and batch_size is None and steps is None
            and x.shape[0] <= 32 and verbose in (0, "auto")
        ):
            return self._packed([self._core.predict_one(x)])
        x = self._ready_for(x)
        data, _ = self._data(x, None, False)
        hooks = _listed(callbacks)
        for hook in hooks:
            hook.set_model(self)
        options = {
            "batch_size": batch_size or 32, "steps": steps,
            "verbose": 0 if verbose == "auto" else _verbosity(verbose),
            "callbacks": [hook._core() for hook in hooks],
        }
        outputs = self._run(lambda: self._core.predict(data, options), data)
        if isinstance(data, list):
            return outputs
        self._quick = len(outputs) == 1 and len(self._core.input_names) == 1
        return self._packed(outputs)

    def train_on_batch(
        self, x: Any, y: Any = None, sample_weight: Any = None, class_weight: Any = None,
        return_dict: bool = False,
    ) -> Any:
        """Make a step on one batch; return its loss and the metrics so far."""
        return self._on_batch("train_on_batch", x, y, sample_weight, class_weight, return_dict)

    def test_on_batch(
        self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False
    ) -> Any:
        """Return the loss and the metrics of one batch."""
        return self._on_batch("test_on_batch", x, y, sample_weight, None, return_dict)

    def _on_batch(
        self, verb: str, x: Any, y: Any, weight: Any, class_weight: Any, return_dict: bool
    ) -> Any:
        data, targets = self._data(self._ready_for(x), y, False)
        if class_weight is not None:
            labels = np.asarray(targets[0])
            labels = labels.argmax(-1) if labels.ndim > 1 and labels.shape[-1] > 1 else labels.ravel()
            weight = np.array([class_weight.get(int(label), 1.0) for label in labels], np.float32)
        given = weights_of(weight, self._core.output_names)
        results = self._run(lambda: getattr(self._core, verb)(data, targets, given))
        return results if return_dict else _alone(list(results.values()))

    def reset_metrics(self) -> None:
        """Begin to count anew, which every pass over data and every batch does by itself."""

    # ---- live streams

    def stream(self, weights: str = "float32") -> Any:
        """Return a live stream: `step(x)` takes one step and keeps the state.

        Parameters
        ----------
        weights : str, default "float32"
            "bfloat16" reads half as much.
        """
        from .stream import Stream

        return Stream.of(self, weights)

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
        return model_from_object({"module": "keras", "class_name": name, "config": config,
                                  "registered_name": None}, custom_objects)

    def __reduce__(self) -> Any:
        return _from_bytes, (self._to_bytes(),)

    def _to_bytes(self) -> bytes:
        import tempfile

        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "model.keras")
            self._core.save(path)
            with open(path, "rb") as file:
                return file.read()

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        copy = memo[id(self)] = _from_bytes(self._to_bytes())
        return copy


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
        self._core.add(layer._handle if isinstance(layer, Model) else layer._ready_handle())
        self._layers = None
        kept = self.__dict__.setdefault("_kept", [])
        kept.append(layer)

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
            known = self._own_symbols = ([id(layer) for layer in layers], inputs, _flat(value))
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


Functional = Model


def live_models() -> list[Any]:
    """Return the models that the program holds."""
    return [model for model in list(_models.values()) if model.built]


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


def clone_model(model: Any, input_tensors: Any = None, clone_function: Any = None, **kwargs: Any) -> Any:
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


def _from_bytes(content: bytes) -> Any:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.keras")
        with open(path, "wb") as file:
            file.write(content)
        return load_model(path)


def _flat(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [each for part in value.values() for each in _flat(part)]
    if isinstance(value, (list, tuple)):
        return [each for part in value for each in _flat(part)]
    return [value]


def _alone(values: Any) -> Any:
    values = list(values)
    return values[0] if len(values) == 1 else values


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _verbosity(verbose: Any) -> int:
    return 1 if verbose == "auto" else int(verbose)


def _class_weight(given: Any) -> dict[int, float]:
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise TypeError(f"class_weight must be a dict from class to weight, got {type(given).__name__}")
    return {int(label): float(weight) for label, weight in given.items()}


def _length(x: Any) -> int:
    first = _flat(x)[0]
    return max(1, len(first)) if hasattr(first, "__len__") else 32


def _steps(data: Any, batch_size: int, given: Any, split: float) -> Any:
    if given is not None:
        return given
    if isinstance(data, Batches):
        return data._size
    rows = len(data) if isinstance(data, list) else len(data[0])
    rows -= int(rows * split) if split else 0
    return -(-rows // batch_size)


def _sequence_batches(x: list[Any], y: Any) -> Any:
    targets = y if isinstance(y, list) else y[0]
    return [
        (sequence[None], target[None] if hasattr(target, "ndim") else np.array([target]))
        for sequence, target in zip(x, targets)
    ]


def _path(filepath: Any, overwrite: bool) -> str:
    path = os.fspath(filepath)
    if not overwrite and os.path.exists(path):
        raise FileExistsError(f"{path!r} is there already: overwrite=True replaces it")
    return path


def _warn_not_finite(reason: str) -> None:
    if not reason:
        return
    import warnings

    warnings.warn(f"the loss was not finite {reason}", RuntimeWarning, stacklevel=3)


__all__ = ["Functional", "Input", "Model", "Sequential", "clone_model", "load_model",
           "model_from_json", "save_model"]
