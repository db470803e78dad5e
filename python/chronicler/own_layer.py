"""Layers, and cells of an RNN, that are written in Python."""

from __future__ import annotations

import functools
import inspect
from typing import Any

import numpy as np

from . import _core
from ._arguments import UNDECIDED, _flat, current_training, set_training
from ._graph import call_on_symbols, is_symbol
from .asked_layer import AskedLayer
from .call_structure import as_tensor, layers_in, listed, masks_of, shapes_of, sizes, template
from .layer import LayerVariable, _shapes, remember
from .tensor import Tensor, Variable, array_of


class Layer(AskedLayer):
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
            for each in layers_in(value):
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
            self._structure = (template(args), {k: template(v) for k, v in kwargs.items()})
            arguments.inputs = [v for v in _flat([args, list(kwargs.values())]) if is_symbol(v)]
            return call_on_symbols(self, arguments)
        training = kwargs.pop("training", None)
        is_left = training is None or training is UNDECIDED
        before = set_training(current_training() if is_left else bool(training))
        self._enter()
        try:
            tensors = [as_tensor(self, value) for value in args]
            if not self.built:
                self._build_for(shapes_of(tensors))
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
        mask = masks_of(args[0]) if args else None
        if "mask" in known and kwargs.get("mask") is None and any(
            each is not None for each in listed(mask)
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
        for output, mask in zip(outputs, listed(found)):
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

    # ---- shapes and configuration

    def _has_own_shapes(self) -> bool:
        return type(self).compute_output_shape is not Layer.compute_output_shape

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
        found = sizes(self.state_size) if self.is_cell else []
        return [Tensor(np.zeros((int(batch_size), *size), self.dtype)) for size in found]


def _regularizer(given: Any) -> Any:
    if given is None:
        return None
    from . import regularizers

    return regularizers.get(given)


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
