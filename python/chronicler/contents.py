"""What a layer holds besides its weights: other layers, rows of seeds, and penalties."""

from __future__ import annotations

import itertools
import threading
from typing import TYPE_CHECKING, Any

import numpy as np

from .tensor import Array, Variable

# Options without which, at zero, a layer draws no random numbers. Those with recurrent dropout have
# a row of seeds in any case, as Keras's have.
_RATES = ("rate", "stddev", "dropout")


_numbers = itertools.count(1)


class _Calls(threading.local):
    """The calls of layers that go on in a thread, one within the other."""

    depth = 0
    number = 0  # of the outermost one


calls = _Calls()


class Contents:
    """The part of a layer that looks through it and the layers in it."""

    _handle: Any
    _table: Any

    if TYPE_CHECKING:

        @property
        def weights(self) -> list[Variable]: ...
        @property
        def trainable_weights(self) -> list[Variable]: ...

    def _sublayers(self) -> list[Any]:
        """Return the layers that the layer holds itself."""
        from .layer import wrap

        return [wrap(handle) for _, handle in self._handle.sublayers]

    def _flatten_layers(self, include_self: bool = True, recursive: bool = True) -> list[Any]:
        """Return the layers in it, each once; the layer itself first."""
        found: dict[int, Any] = {id(self): self} if include_self else {}
        waiting = self._sublayers()
        while waiting:
            layer = waiting.pop(0)
            if id(layer) in found or layer is self:
                continue
            found[id(layer)] = layer
            if recursive:
                waiting = layer._sublayers() + waiting
        return list(found.values())

    # ---- seeds

    @property
    def _seed_generators(self) -> list[Any]:
        """The rows of seeds of the layer itself."""
        kept: list[Any] | None = self.__dict__.get("_seeds")
        if kept is None:
            kept = self.__dict__["_seeds"] = self._find_seeds()
        return kept

    def _find_seeds(self) -> list[Any]:
        handle = self._handle
        address = handle.seed_address
        if address is None or any(each.seed_address == address for _, each in handle.sublayers):
            return []
        names = {field.name for field in self._table.fields} if self._table else set()
        config = handle.config["config"]
        rates = [config[name] for name in _RATES if name in names]
        if rates and not any(rates) and "recurrent_dropout" not in names:
            return []
        return [_layer_seed(handle, config.get("seed"))]

    @property
    def variables(self) -> list[Variable]:
        """The weights, and the states of the rows of seeds."""
        states: dict[int, Variable] = {}
        for layer in self._flatten_layers():
            for generator in layer._seed_generators:
                states[id(generator)] = generator.state
        return [*self.weights, *states.values()]

    @property
    def non_trainable_variables(self) -> list[Variable]:
        """The variables that training leaves alone."""
        trained = {id(variable) for variable in self.trainable_weights}
        return [variable for variable in self.variables if id(variable) not in trained]

    @property
    def trainable_variables(self) -> list[Variable]:
        """The weights that training changes."""
        return self.trainable_weights

    # ---- penalties

    def add_loss(self, loss: Any) -> None:
        """Add a number, or a list of them, to the loss; `call` is the place for it."""
        from .tensor import Tensor

        for each in loss if isinstance(loss, (list, tuple)) else [loss]:
            if not isinstance(each, Tensor):
                raise ValueError(
                    "`add_loss()` can only be called from inside `build()` or `call()`, on a "
                    f"tensor input. Received invalid value: {each}"
                )
            call, losses = self.__dict__.get("_losses", (None, []))
            if call != calls.number:
                losses = []
            losses.append(each)
            self.__dict__["_losses"] = calls.number, losses

    def _enter(self) -> None:
        """Begin a call: what the one before added is no longer a loss."""
        if calls.depth == 0:
            calls.number = next(_numbers)
        calls.depth += 1
        self.__dict__["_entry"] = calls.number

    def _leave(self) -> None:
        """End a call."""
        calls.depth -= 1

    def _added_losses(self) -> list[Any]:
        """Return what the last call of the layer added to the loss, here and in layers within."""
        entry = self.__dict__.get("_entry", 0)
        found: list[Any] = []
        for layer in self._flatten_layers():
            call, losses = layer.__dict__.get("_losses", (0, []))
            if call >= entry:
                found += losses
        return found

    @property
    def losses(self) -> list[Any]:
        """What the last call added to the loss, and the penalties of weights now."""
        found = self._added_losses()
        for variable in self.trainable_weights:
            regularizer = variable.regularizer
            if regularizer is not None:
                found.append(regularizer(variable))
        return found

    def _penalize(self, outputs: list[Any], regularizer: Any) -> None:
        """Add the penalty of an activity regularizer, for the mean row."""
        from . import ops
        from .tensor import Tensor

        for output in outputs:
            if isinstance(output, Tensor) and output.dtype.startswith("float"):
                loss = regularizer(output)
                rows = output.shape[0] if output.shape else 1
                self.add_loss(ops.divide(loss, float(rows)) if rows else loss)


class _SeedState(Variable):
    """Where the random numbers of a layer of the library come from: its seed, and a count."""

    def __init__(self, handle: Any, seed: int | None) -> None:
        self._handle = handle
        self._given = seed
        self._count = 0
        super().__init__(np.zeros(2, np.int64), trainable=False, name="seed_generator_state")

    def _set_up(self, array: Array) -> None:
        """Keep nothing: the layer has the number."""

    @property
    def _array(self) -> Array:
        seed = self._handle.seed if self._given is None else self._given
        return np.array([np.uint64(seed).astype(np.int64), self._count], np.int64)

    def _store(self, array: Array) -> None:
        if self._given is None:
            self._handle.seed = int(array[0].astype(np.uint64))
        self._count = int(array[1])


def _layer_seed(handle: Any, seed: int | None) -> Any:
    from .random import SeedGenerator

    generator = SeedGenerator(seed)
    generator.state = _SeedState(handle, seed)
    return generator


__all__ = ["Contents", "calls"]
