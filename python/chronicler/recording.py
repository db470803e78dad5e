"""The list of operations that ran, and the walk back over it that gives derivatives."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

from .arrays import Array, array_of
from .operators import Numeric


class _Tapes(threading.local):
    """The recordings that are open on this thread, the outermost first."""

    def __init__(self) -> None:
        self.open: list[Recording] = []


tapes = _Tapes()


def is_recording() -> bool:
    """Return whether operations of this thread are noted now."""
    return bool(tapes.open)


class Part:
    """The gradient of one part of an array: `value` belongs at `index`, the rest is zero."""

    __slots__ = ("index", "repeats", "value")

    def __init__(self, index: Any, value: Array, repeats: bool) -> None:
        self.index = index
        self.value = value
        self.repeats = repeats


class paused:
    """`with paused():` nothing is recorded on this thread."""

    __slots__ = ("_open",)

    def __enter__(self) -> None:
        self._open = tapes.open
        tapes.open = []

    def __exit__(self, *exception: object) -> None:
        tapes.open = self._open


class Recording:
    """`with Recording() as tape:` notes operations; `tape.gradients` walks them backwards.

    Recordings may be nested: each notes everything that runs inside it. One may be asked for
    gradients several times, inside its block or after it.
    """

    __slots__ = ("_entries",)

    def __init__(self) -> None:
        self._entries: list[Any] = []

    def __enter__(self) -> Recording:
        tapes.open = [*tapes.open, self]
        return self

    def __exit__(self, *exception: object) -> None:
        tapes.open = [tape for tape in tapes.open if tape is not self]

    def gradients(
        self, outputs: Any, output_gradients: Any = None, sources: Any = ()
    ) -> list[Array | None]:
        """Return the gradients of the outputs, weighted and summed, by each of the sources.

        Parameters
        ----------
        outputs : Tensor or sequence of Tensor
            What was computed while recording.
        output_gradients : array or sequence of arrays and None, optional
            The weight of each element of the outputs; by default all ones.
        sources : Tensor, Variable or sequence of them
            By what to differentiate.

        Returns
        -------
        list of arrays
            One for each source: an array of its shape, or None if no output depends on it.
        """
        outputs = _as_list(outputs)
        sources = _as_list(sources)
        output_gradients = (
            [None] * len(outputs) if output_gradients is None else _as_list(output_gradients)
        )
        if len(output_gradients) != len(outputs):
            raise ValueError(
                f"gradients: {len(outputs)} outputs, but {len(output_gradients)} gradients of "
                "outputs. Give one for each output."
            )
        totals = _Totals(sources)
        for output, gradient in zip(outputs, output_gradients):
            _start(totals, output, gradient)
        with paused():
            self._walk_back(totals, self._reached_from(sources))
        return [totals.get(source) for source in sources]

    def _reached_from(self, sources: list[Any]) -> set[int]:
        """Return the ids of everything that depends on a source: only that needs gradients."""
        reached = {id(source) for source in sources}
        for results, inputs, _ in self._entries:
            for value in inputs:
                if id(value) in reached:
                    if type(results) is tuple:
                        reached.update([id(result) for result in results])
                    else:
                        reached.add(id(results))
                    break
        return reached

    def _walk_back(self, totals: _Totals, reached: set[int]) -> None:
        for results, inputs, derivatives in reversed(self._entries):
            if type(results) is tuple:
                _joint_step(totals, reached, results, inputs, derivatives)
                continue
            gradient = totals.take(results)
            if gradient is None or id(results) not in reached:
                continue
            for value, derivative in zip(inputs, derivatives):
                if id(value) in reached:
                    totals.add(value, derivative(gradient))


def _joint_step(
    totals: _Totals, reached: set[int], results: Any, inputs: Any, derivative: Any
) -> None:
    gradients = [totals.take(result) for result in results]
    if all(gradient is None for gradient in gradients):
        return
    if not any(id(value) in reached for value in inputs):
        return
    filled = [
        np.zeros(result.shape, result._array.dtype) if gradient is None else gradient
        for result, gradient in zip(results, gradients)
    ]
    for value, part in zip(inputs, derivative(filled)):
        if part is not None and id(value) in reached:
            totals.add(value, part if isinstance(part, Part) else array_of(part))


def _start(totals: _Totals, output: Any, gradient: Any) -> None:
    if not isinstance(output, Numeric):
        raise TypeError(f"gradients: an output is a Tensor; got {type(output).__name__}.")
    array = output._array
    if array.dtype.kind != "f":
        raise ValueError(f"gradients: an output has the type {output.dtype}, which has none.")
    if gradient is None:
        totals.add(output, np.ones(array.shape, array.dtype))
        return
    gradient = array_of(gradient, array.dtype)
    if gradient.shape != array.shape:
        raise ValueError(
            f"gradients: an output has the shape {array.shape}, its gradient {gradient.shape}."
        )
    totals.add(output, gradient)


class _Totals:
    """The gradients found so far. Those of sources stay, others go once they were used."""

    def __init__(self, sources: list[Any]) -> None:
        for source in sources:
            if not isinstance(source, Numeric):
                raise TypeError(
                    f"gradients: a source is a Tensor or a Variable; got {type(source).__name__}."
                )
        self._kept = {id(source) for source in sources}
        self._totals: dict[int, Array] = {}
        self._own: set[int] = set()  # totals that were made here, so may be added to in place

    def get(self, value: Any) -> Array | None:
        return self._totals.get(id(value))

    def take(self, value: Any) -> Array | None:
        key = id(value)
        return self._totals.get(key) if key in self._kept else self._totals.pop(key, None)

    def add(self, value: Any, gradient: Any) -> None:
        key = id(value)
        array = value._array
        if array.dtype.kind != "f":
            return
        total = self._totals.get(key)
        if type(gradient) is Part:
            self._add_part(key, array, total, gradient)
            return
        if gradient.dtype != array.dtype:
            gradient = gradient.astype(array.dtype)
        if total is None:
            self._totals[key] = gradient
            self._own.discard(key)
        elif key in self._own:
            total += gradient
        else:
            self._totals[key] = np.asarray(total + gradient)
            self._own.add(key)

    def _add_part(self, key: int, array: Array, total: Array | None, part: Part) -> None:
        if total is None:
            total = np.zeros(array.shape, array.dtype)
        elif key not in self._own:
            total = np.array(total)
        self._totals[key] = total
        self._own.add(key)
        if part.repeats:
            np.add.at(total, part.index, part.value)
        else:
            total[part.index] += part.value


def _as_list(values: Any) -> list[Any]:
    return list(values) if isinstance(values, (list, tuple)) else [values]
