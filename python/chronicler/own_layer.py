"""Layers, and cells of an RNN, that are written in Python."""

from __future__ import annotations

import functools
import inspect
import warnings
from typing import Any

import numpy as np

from . import _core
from ._arguments import UNDECIDED, _flat, current_training, set_training
from ._graph import call_on_symbols, is_symbol
from .cells import DropoutRNNCell
from .layer import LayerBase, LayerVariable, _shapes, remember
from .tensor import Recording, Tensor, Variable, array_of, paused

_warned = False


def warn_slow(what: str) -> None:
    """Say once that code of Python's computes in a model."""
    global _warned
    if _warned:
        return
    _warned = True
    warnings.warn(
        f"{what} is written in Python: NumPy computes it, operation by operation, far slower than "
        "the layers of the library",
        stacklevel=4,
    )


class Layer(LayerBase):
    """The base of all layers, and of those that are written in Python.

    A layer of one's own defines `call`, and if it has weights `build`, which makes them with
    `add_weight`. Its arithmetic is written with `chronicler.ops`, which finds the derivative. It
    is slow beside the layers of the library: NumPy computes each operation.

    A cell of an RNN has `state_size`, and its `call(inputs, states)` returns the output and the
    new states.

    Parameters
    ----------
    name : str, optional
        Name in its model; by default made from the class.
    trainable : bool
        Whether training changes the weights.
    dtype : str, optional
        Type of weights and results: "float32" or "float64".
    activity_regularizer : str or Regularizer, optional
        A penalty on the output.
    """

    supports_masking: Any = False
    stateful: Any = False
    state_size: Any = None
    _variables_here: list[Any]
    _layers_here: list[tuple[str, Any]]
    _new_arguments: tuple[tuple[Any, ...], dict[str, Any]]

    def __init__(
        self,
        *,
        activity_regularizer: Any = None,
        trainable: bool = True,
        dtype: Any = None,
        autocast: bool = True,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        from .config import floatx
        from .layers import compute_dtype, take_input_shape

        self._input_shape_argument = take_input_shape(kwargs, _NoTable)
        if kwargs:
            raise TypeError(f"{type(self).__name__} does not know {sorted(kwargs)}")
        self._name = name or _core.unique_name(type(self).__name__)
        self._trainable = bool(trainable)
        kind = floatx() if dtype is None else compute_dtype(dtype)
        self._autocast = bool(autocast)
        self._core_dtype = kind if kind in ("float32", "float64") else "float32"
        self.activity_regularizer = _regularizer(activity_regularizer)
        own = type(self)
        if own.compute_mask is not Layer.compute_mask and own.supports_masking is False:
            self.supports_masking = True  # who makes masks knows them
        self._started = True

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        """Note what `get_config` needs if the class does not define one."""
        made = object.__new__(cls)
        made.__dict__["_variables_here"] = []
        made.__dict__["_layers_here"] = []
        made.__dict__["_new_arguments"] = (args, kwargs)
        return made

    def __setattr__(self, name: str, value: Any) -> None:
        here = self.__dict__.get("_layers_here")
        if here is not None and not name.startswith("_"):
            for each in _layers_in(value):
                if not any(known is each for _, known in here):
                    here.append((name, each))
            if hasattr(value, "next") and isinstance(getattr(value, "state", None), Variable):
                self._find_seeds().append(value)
        object.__setattr__(self, name, value)

    # ---- what it is

    @property
    def name(self) -> str:
        """The name, unique in a model."""
        return self.__dict__["_name"] if self._handle is None else self._handle.name

    @property
    def trainable(self) -> bool:
        """Whether training changes the weights; setting it sets it for all layers within."""
        return bool(self._trainable if self._handle is None else self._handle.trainable)

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self._trainable = bool(value)
        if self._handle is not None:
            self._handle.trainable = bool(value)
        for _, layer in self._layers_here:
            layer.trainable = value

    @property
    def dtype(self) -> str:
        """The type of weights and results."""
        return self._core_dtype  # type: ignore[no-any-return]

    @property
    def built(self) -> bool:
        """Whether the weights are there."""
        return self._handle is not None and bool(self._handle.built)

    @built.setter
    def built(self, value: bool) -> None:
        """Keras's `build` ends with `self.built = True`; here the library notes it."""

    def _ready_handle(self) -> Any:
        if self._handle is None:
            if "_started" not in self.__dict__:
                raise RuntimeError(
                    f"{type(self).__name__}.__init__ must call super().__init__(**kwargs) first"
                )
            self._handle = _core.own_layer(self, type(self).__name__)
            remember(self)
        return self._handle

    # ---- weights

    def add_weight(
        self,
        shape: Any = None,
        initializer: Any = None,
        dtype: Any = None,
        trainable: bool = True,
        autocast: bool = True,
        regularizer: Any = None,
        constraint: Any = None,
        aggregation: str | None = "none",
        layout: Any = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> Variable:
        """Make a weight; `build` is the place for it.

        Parameters
        ----------
        shape : tuple of int
            Its shape; () if it is left out.
        initializer : str, Initializer or callable, default "glorot_uniform"
            First values.
        trainable : bool
            Whether training changes it.
        regularizer : str or Regularizer, optional
            A penalty on it, added to the loss.
        constraint : str or Constraint, optional
            What it is held to after each step of training.
        name : str, optional
            Its name.
        """
        from . import initializers

        extents = () if shape is None else (shape,) if isinstance(shape, int) else tuple(shape)
        initializer = initializer if initializer is not None else (
            "zeros" if dtype is not None and "int" in str(dtype) else "glorot_uniform"
        )
        count = len(self._variables_here)
        title = name or (f"variable_{count}" if count else "variable")
        if self.__dict__.get("_is_building"):
            variable: Variable = self._core_weight(
                title, extents, initializer, regularizer, constraint, trainable
            )
        else:
            variable = _EarlyVariable(
                self, title, extents, initializers.get(initializer), trainable,
                (regularizer, constraint),
            )
        self._variables_here.append(variable)
        return variable

    add_variable = add_weight

    def _core_weight(
        self, name: str, shape: Any, initializer: Any, regularizer: Any, constraint: Any,
        trainable: bool,
    ) -> LayerVariable:
        from . import initializers
        from .initializers import described_config

        described = described_config("initializers", initializer)
        penalty = described_config("regularizers", regularizer)
        bounds = described_config("constraints", constraint)
        if constraint is not None and bounds is None:
            raise ValueError(
                f"weight {name!r} of layer {self.name!r} cannot take {constraint!r} for "
                "constraint: one of chronicler.constraints is needed"
            )
        self._handle.make_weight(name, shape, described, penalty, bounds, trainable)
        variable = LayerVariable(self._handle.weights[-1], self)
        if penalty is None:
            variable._regularizer = _regularizer(regularizer)  # the layer adds it to the loss
        if described is None and initializer is not None:
            variable.assign(initializers.get(initializer)(shape, dtype=self.dtype))
        return variable

    @property
    def weights(self) -> list[Variable]:
        """All weights: its own, then those of the layers within."""
        found = list(self._variables_here)
        for _, layer in self._layers_here:
            found += layer.weights
        return found

    @property
    def trainable_weights(self) -> list[Variable]:
        """The weights that training changes."""
        if not self.trainable:
            return []
        found = [variable for variable in self._variables_here if variable.trainable]
        for _, layer in self._layers_here:
            found += layer.trainable_weights
        return found

    @property
    def non_trainable_weights(self) -> list[Variable]:
        """The weights that training leaves alone."""
        trained = {id(variable) for variable in self.trainable_weights}
        return [variable for variable in self.weights if id(variable) not in trained]

    def _sublayers(self) -> list[Any]:
        return [layer for _, layer in self._layers_here]

    def _find_seeds(self) -> list[Any]:
        return self.__dict__.setdefault("_seeds", [])  # type: ignore[no-any-return]

    def build(self, input_shape: Any = None) -> None:
        """Make the weights, with `add_weight`. A layer without weights needs none."""
        if not self.__dict__.get("_is_building") and input_shape is not None:
            self._build_for(_shapes(input_shape))

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        build = cls.__dict__.get("build")
        if build is not None and cls.__module__ != f"{__package__}.layers":
            cls.build = _noted(build)  # type: ignore[method-assign]

    def _build_for(self, shapes: list[Any]) -> None:
        handle = self._ready_handle()
        if not handle.built:
            handle.build(shapes)

    # ---- calls

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the outputs; a layer of one's own defines it."""
        raise NotImplementedError(f"{type(self).__name__} does not define call(inputs)")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the layer on symbols, which makes symbols, or on arrays, which computes."""
        from ._arguments import CallArguments

        if any(is_symbol(value) for value in _flat([args, list(kwargs.values())])):
            arguments = CallArguments()
            self._ready_handle()
            self._structure = (_template(args), {k: _template(v) for k, v in kwargs.items()})
            arguments.inputs = [v for v in _flat([args, list(kwargs.values())]) if is_symbol(v)]
            return call_on_symbols(self, arguments)
        training = kwargs.pop("training", None)
        is_left = training is None or training is UNDECIDED
        before = set_training(current_training() if is_left else bool(training))
        self._enter()
        try:
            tensors = [_as_tensor(self, value) for value in args]
            if not self.built:
                self._build_for(_shapes_of(tensors))
            return self._call(tensors, kwargs)
        finally:
            self._leave()
            set_training(before)

    def _call(self, args: list[Any], kwargs: dict[str, Any]) -> Any:
        known = self._call_parameters()
        if kwargs.get("training") is None:
            kwargs.pop("training", None)
        if "training" in known:
            kwargs.setdefault("training", current_training())
        elif "**" not in known:
            kwargs.pop("training", None)
        mask = _masks_of(args[0]) if args else None
        if "mask" in known and kwargs.get("mask") is None and any(
            each is not None for each in _listed(mask)
        ):
            kwargs["mask"] = mask
        result = self.call(*args, **kwargs)
        if self.activity_regularizer is not None:
            self._penalize(_flat(result), self.activity_regularizer)
        if self.supports_masking and args:
            given = kwargs.get("mask")
            self._set_masks(args[0], result, mask if given is None else given)
        return result

    def _set_masks(self, inputs: Any, result: Any, given: Any) -> None:
        """Hang masks on outputs that have none yet."""
        outputs = [each for each in _flat(result) if isinstance(each, Tensor)]
        if all(getattr(output, "_keras_mask", None) is not None for output in outputs):
            return
        found = self.compute_mask(inputs, given)
        for output, mask in zip(outputs, _listed(found)):
            if mask is not None and getattr(output, "_keras_mask", None) is None:
                output._keras_mask = np.asarray(array_of(mask), np.bool_)

    def _call_parameters(self) -> set[str]:
        found = self.__dict__.get("_parameters")
        if found is None:
            parameters = inspect.signature(self.call).parameters
            found = self._parameters = {
                "**" if each.kind is each.VAR_KEYWORD else name
                for name, each in parameters.items()
            }
        return found  # type: ignore[no-any-return]

    # ---- what the extension asks for (python/core/python_layer.h)

    def _core_build(self, shapes: list[Any]) -> None:
        early, self._variables_here = self._variables_here, []
        self._is_building = True
        try:
            for variable in early:
                variable.settle()
                self._variables_here.append(variable)
            structured = self._build_argument(shapes)
            if "input_shape" in inspect.signature(self.build).parameters or structured:
                self.build(*structured)
            else:
                self.build()
        finally:
            self._is_building = False
        self._core_shapes(shapes)  # layers within are built by the first call
        held: dict[str, int] = {}
        for name, layer in self._layers_here:
            path = name if name not in held else f"{name}_{held[name]}"
            held[name] = held.get(name, 0) + 1
            self._handle.hold_layer(path, layer._ready_handle())
        self._place_weights()

    def _build_argument(self, shapes: list[Any]) -> tuple[Any, ...]:
        count = sum(
            1 for each in inspect.signature(self.build).parameters.values()
            if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)
        )
        if self.is_cell:
            shapes = shapes[:1]
        if count > 1 and len(shapes) > 1:
            return tuple(shapes)
        return (shapes[0] if len(shapes) == 1 else shapes,)

    def _place_weights(self) -> None:
        """Let each variable know its place, which was its own until other layers joined."""
        for place, variable in enumerate(self._variables_here):
            variable._weight = self._handle.weights[place]

    @property
    def is_cell(self) -> bool:
        """Whether the layer is a cell of an RNN: it has states."""
        return getattr(self, "state_size", None) is not None

    def _core_shapes(self, shapes: list[Any]) -> list[Any]:
        """Return the shapes of the outputs: what was declared, else what call gives for zeros."""
        if type(self).compute_output_shape is not Layer.compute_output_shape and not self.is_cell:
            found = self.compute_output_shape(shapes[0] if len(shapes) == 1 else shapes)
            return _list_of_shapes(found)
        sizes = [self._tried_shapes(shapes, unknown) for unknown in (2, 3)]
        return [
            tuple(a if a == b else None for a, b in zip(first, second))
            for first, second in zip(*sizes)
        ]

    def _tried_shapes(self, shapes: list[Any], unknown: int) -> list[Any]:
        if self.is_cell and len(shapes) == 1:
            states = self._core_states(shapes[0][0] or unknown)
            shapes = [*shapes, *[state.shape for state in states]]
        arrays = [
            np.zeros([unknown if extent is None else extent for extent in shape], self.dtype)
            for shape in shapes
        ]
        with paused():
            try:
                outputs, _, _ = self._compute([Tensor(array) for array in arrays], [], False)
            except Exception:  # whatever a layer does that needs its masks
                if "mask" not in self._call_parameters():
                    raise
                masks = [np.ones(array.shape[:2], np.bool_) for array in arrays]
                outputs, _, _ = self._compute([Tensor(array) for array in arrays], masks, False)
        for layer in self._flatten_layers():
            layer.__dict__.pop("_losses", None)  # of a call that was none
        return [output.shape for output in outputs]

    def _core_forward(
        self, inputs: list[Any], masks: list[Any], training: bool, keep: bool, batch: Any
    ) -> Any:
        warn_slow(f"layer {self.name!r}")
        if batch != self.__dict__.get("_batch"):
            self._batch = batch
            if isinstance(self, DropoutRNNCell):  # all steps of a batch have one mask
                self.reset_dropout_mask()
                self.reset_recurrent_dropout_mask()
        tensors = [Tensor(array) for array in inputs]
        if not keep:
            outputs, found, _ = self._compute(tensors, masks, training)
            losses = self._added_losses() + self._own_penalties()
            return [_kept(output, self.dtype) for output in outputs], found, None, _sum(losses)
        with Recording() as tape:
            outputs, found, _ = self._compute(tensors, masks, training)
            losses = self._added_losses() + self._own_penalties()
        arrays = [_kept(output, self.dtype) for output in outputs]
        return arrays, found, (tape, tensors, outputs, losses), _sum(losses)

    def _own_penalties(self) -> list[Any]:
        """Return those of regularizers that are written in Python, which the library cannot ask."""
        return [
            variable._regularizer(variable) for variable in self.trainable_weights
            if variable._regularizer is not None
        ]

    def _compute(self, tensors: list[Any], masks: list[Any], training: bool) -> Any:
        """Return (outputs, their masks, whatever call gave) for flat inputs."""
        for tensor, mask in zip(tensors, masks):
            if mask is not None:
                tensor._keras_mask = mask
        before = set_training(training)
        self._enter()
        try:
            args, kwargs = self._structured(tensors)
            result = self._call(args, kwargs)
        finally:
            self._leave()
            set_training(before)
        outputs = [each if isinstance(each, Tensor) else Tensor(each) for each in _flat(result)]
        found = [getattr(output, "_keras_mask", None) for output in outputs]
        return outputs, found, result

    def _structured(self, tensors: list[Any]) -> tuple[list[Any], dict[str, Any]]:
        """Return the arguments of call for the flat inputs."""
        if self.is_cell:
            sizes = self.state_size
            states = tensors[1:]
            return [tensors[0], states if isinstance(sizes, int) else split(states, sizes)], {}
        structure = self.__dict__.get("_structure")
        if structure is None:
            return [tensors[0] if len(tensors) == 1 else tensors], {}
        rest = iter(tensors)
        args = [_filled(each, rest) for each in structure[0]]
        return args, {name: _filled(each, rest) for name, each in structure[1].items()}

    def _core_backward(self, record: Any, gradients: list[Any]) -> Any:
        tape, inputs, outputs, losses = record
        weights = self.weights
        pairs = [(output, each) for output, each in zip(outputs, gradients) if each is not None]
        pairs += [(loss, np.ones(loss.shape, loss.dtype)) for loss in losses]
        if not pairs:
            return [None] * len(inputs), [None] * len(weights)
        found = tape.gradients(
            [output for output, _ in pairs], [each for _, each in pairs], [*inputs, *weights]
        )
        if weights and all(each is None for each in found):
            warnings.warn(
                f"layer {self.name!r}: its outputs do not depend on its inputs and weights as far "
                "as was recorded, so it does not learn; write `call` with chronicler.ops",
                stacklevel=2,
            )
        arrays = [
            None if each is None else np.ascontiguousarray(each, self.dtype) for each in found
        ]
        return arrays[: len(inputs)], arrays[len(inputs):]

    def _core_states(self, batch: int) -> list[Any]:
        if not self.is_cell:
            return []
        first = _flat(self.get_initial_state(batch_size=batch))
        return [np.ascontiguousarray(array_of(state), self.dtype) for state in first]

    def _core_clone(self) -> Any:
        copy = type(self).from_config(self.get_config())
        handle = copy._ready_handle()
        if self.built:
            handle.build([tuple(shape) for shape in self._handle.build_shapes])
            copy.set_weights(self.get_weights())
        return handle

    def _core_object(self) -> Any:
        from .saving import serialize_keras_object

        found = serialize_keras_object(self)
        if self.built and len(self._handle.build_shapes) == 1:
            found["build_config"] = {"input_shape": list(self._handle.build_shapes[0])}
        return found

    # ---- shapes and configuration

    def compute_output_shape(self, *args: Any, **kwargs: Any) -> Any:
        """Return the shape of the output for an input of this shape."""
        shapes: list[Any] = []
        for value in [*args, *kwargs.values()]:
            shapes += _shapes(value)
        self._build_for(shapes)
        found = self._core_shapes(shapes)
        return found[0] if len(found) == 1 else found

    def get_config(self) -> dict[str, Any]:
        """Return the options by name; a class with options of its own adds them."""
        config: dict[str, Any] = {
            "name": self.name, "trainable": self.trainable, "dtype": self.dtype,
        }
        if type(self).__init__ is not Layer.__init__:
            config.update(self._automatic_config())
        return config

    def _automatic_config(self) -> dict[str, Any]:
        """Return the arguments that the object was made with, where they are plain values."""
        args, kwargs = self._new_arguments
        names = list(inspect.signature(type(self).__init__).parameters)[1:]
        given = {**dict(zip(names, args)), **kwargs}
        plain = (bool, int, float, str, list, tuple, dict, type(None))
        return {name: value for name, value in given.items() if isinstance(value, plain)}

    def get_initial_state(self, batch_size: Any = None, **kwargs: Any) -> Any:
        """Return states of zeros for a batch of that size."""
        sizes = _sizes(self.state_size) if self.is_cell else []
        return [Tensor(np.zeros((int(batch_size), *size), self.dtype)) for size in sizes]


def _regularizer(given: Any) -> Any:
    if given is None:
        return None
    from . import regularizers

    return regularizers.get(given)


def _sum(losses: list[Any]) -> float:
    return float(sum(float(np.sum(loss._array)) for loss in losses))


def _noted(build: Any) -> Any:
    """Return a class's `build` that the library knows of, if the program calls it."""

    @functools.wraps(build)
    def noted(self: Any, *args: Any, **kwargs: Any) -> None:
        if self.__dict__.get("_is_building"):
            build(self, *args, **kwargs)
            return
        shapes: list[Any] = []
        for value in [*args, *kwargs.values()]:
            shapes += _shapes(value) if value is not None else []
        self._build_for(shapes)

    return noted


class _NoTable:
    class_name = ""
    fields = ()


class _EarlyVariable(LayerVariable):
    """A weight made before the layer is built: it has numbers of its own until then."""

    _owner: Any

    def __init__(
        self, layer: Any, name: str, shape: Any, initializer: Any, trainable: bool, rest: Any
    ) -> None:
        self._weight = None
        self._owner = layer
        self._name = name
        self._trains_early = trainable
        self._rest = rest
        self._early = array_of(initializer(shape, dtype=layer.dtype), layer.dtype).copy()

    @property
    def _array(self) -> Any:
        return self._early if self._weight is None else self._weight.array

    def _store(self, array: Any) -> None:
        if self._weight is None:
            self._early = array
        else:
            self._weight.set(np.ascontiguousarray(array))

    @property
    def trainable(self) -> bool:
        """Whether an optimizer moves it."""
        return self._trains_early if self._weight is None else bool(self._weight.trainable)

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self._trains_early = bool(value)
        if self._weight is not None:
            self._weight.trainable = bool(value)

    def settle(self) -> None:
        """Move the numbers into the extension."""
        regularizer, constraint = self._rest
        made = self._owner._core_weight(
            self._name, self._early.shape, "zeros", regularizer, constraint, self._trains_early
        )
        made.assign(self._early)
        self._weight = made._weight
        self._regularizer = made._regularizer


class _Place:
    """Stands for a tensor in the arguments of a call."""


_PLACE = _Place()


def _template(value: Any) -> Any:
    """Return the arguments of a call with a mark for each symbol."""
    if is_symbol(value):
        return _PLACE
    if isinstance(value, (list, tuple)):
        return type(value)([_template(each) for each in value])
    if isinstance(value, dict):
        return {name: _template(each) for name, each in value.items()}
    return value


def _filled(template: Any, rest: Any) -> Any:
    if template is _PLACE:
        return next(rest)
    if template is UNDECIDED:
        return current_training()
    if isinstance(template, (list, tuple)):
        return type(template)([_filled(each, rest) for each in template])
    if isinstance(template, dict):
        return {name: _filled(each, rest) for name, each in template.items()}
    return template


def _masks_of(value: Any) -> Any:
    """Return the masks that hang on inputs, in the inputs' structure."""
    if isinstance(value, (list, tuple)):
        return [_masks_of(each) for each in value]
    if isinstance(value, dict):
        return {name: _masks_of(each) for name, each in value.items()}
    return getattr(value, "_keras_mask", None)


def _listed(masks: Any) -> list[Any]:
    if isinstance(masks, dict):
        masks = list(masks.values())
    return list(masks) if isinstance(masks, (list, tuple)) else [masks]


def _layers_in(value: Any) -> list[Any]:
    if isinstance(value, LayerBase):
        return [value]
    if isinstance(value, (list, tuple)):
        return [layer for each in value for layer in _layers_in(each)]
    if isinstance(value, dict):
        return [layer for each in value.values() for layer in _layers_in(each)]
    return []


def _as_tensor(layer: Layer, value: Any) -> Any:
    if isinstance(value, Tensor) or value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (list, tuple)) and any(hasattr(each, "shape") for each in value):
        return type(value)([_as_tensor(layer, each) for each in value])
    if isinstance(value, dict):
        return {name: _as_tensor(layer, each) for name, each in value.items()}
    array = array_of(value)
    if array.dtype.kind == "f" and array.dtype != layer.dtype:
        array = array.astype(layer.dtype)
    return Tensor(array)


def _shapes_of(tensors: list[Any]) -> list[Any]:
    shapes = []
    for value in _flat(tensors):
        if hasattr(value, "shape"):
            shape = tuple(value.shape)
            shapes.append((None, *shape[1:]) if shape else ())
    return shapes


def _list_of_shapes(found: Any) -> list[Any]:
    found = list(found)
    if found and all(isinstance(each, (list, tuple)) for each in found):
        return [tuple(each) for each in found]
    return [tuple(found)]


def _sizes(state_size: Any) -> list[Any]:
    if isinstance(state_size, int):
        return [(state_size,)]
    if isinstance(state_size, tuple) and all(isinstance(each, int) for each in state_size):
        return [state_size] if len(state_size) > 1 and False else [(each,) for each in state_size]
    found: list[Any] = []
    for each in state_size:
        if isinstance(each, int):
            found.append((each,))
        else:
            found += [each] if isinstance(each, tuple) else _sizes(each)
    return found


def split(flat: list[Any], sizes: Any) -> list[Any]:
    """Return states in lists as their sizes are: those of each cell of a stack together."""
    rest = iter(flat)

    def part(size: Any) -> Any:
        return [part(each) for each in size] if isinstance(size, (list, tuple)) else next(rest)

    return [part(size) for size in sizes]


def _kept(output: Tensor, dtype: str) -> Any:
    array = output._array
    if array.dtype.kind == "f" and array.dtype != dtype:
        array = array.astype(dtype)
    if array.dtype.kind in "iu" and array.dtype != np.int32:
        array = array.astype(np.int32)
    return np.ascontiguousarray(array)


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
