"""What the extension asks of a layer that is written in Python (python/core/python_layer.h)."""

from __future__ import annotations

import inspect
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from ._arguments import _flat, set_training
from .call_structure import filled, kept, list_of_shapes, split
from .cells import DropoutRNNCell
from .layer import LayerBase
from .tensor import Recording, Tensor, array_of, paused

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


def _sum(losses: list[Any]) -> float:
    return float(sum(float(np.sum(loss._array)) for loss in losses))


class AskedLayer(LayerBase):
    """Answers with the layer's own `build` and `call`."""

    if TYPE_CHECKING:  # own_layer.py has them
        _variables_here: list[Any]
        _layers_here: list[Any]
        state_size: Any

        def build(self, input_shape: Any = None) -> None: ...

        def call(self, *args: Any, **kwargs: Any) -> Any: ...

        def _call(self, args: list[Any], kwargs: dict[str, Any]) -> Any: ...

        def _call_parameters(self) -> set[str]: ...

        def _has_own_shapes(self) -> bool: ...

        def get_initial_state(self, batch_size: Any = None, **kwargs: Any) -> Any: ...

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
        if self._has_own_shapes() and not self.is_cell:
            found = self.compute_output_shape(shapes[0] if len(shapes) == 1 else shapes)
            return list_of_shapes(found)
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
            return [kept(output, self.dtype) for output in outputs], found, None, _sum(losses)
        with Recording() as tape:
            outputs, found, _ = self._compute(tensors, masks, training)
            losses = self._added_losses() + self._own_penalties()
        arrays = [kept(output, self.dtype) for output in outputs]
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
        args = [filled(each, rest) for each in structure[0]]
        return args, {name: filled(each, rest) for name, each in structure[1].items()}

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
