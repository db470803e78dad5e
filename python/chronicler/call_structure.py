"""The arguments of a layer's call: tensors in lists and dictionaries, their shapes, and back."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._arguments import UNDECIDED, _flat, current_training
from ._graph import is_symbol
from .layer import LayerBase
from .tensor import Tensor, array_of


class Place:
    """Stands for a tensor in the arguments of a call."""


PLACE = Place()


def template(value: Any) -> Any:
    """Return the arguments of a call with a mark for each symbol."""
    if is_symbol(value):
        return PLACE
    if isinstance(value, (list, tuple)):
        return type(value)([template(each) for each in value])
    if isinstance(value, dict):
        return {name: template(each) for name, each in value.items()}
    return value


def filled(template: Any, rest: Any) -> Any:
    if template is PLACE:
        return next(rest)
    if template is UNDECIDED:
        return current_training()
    if isinstance(template, (list, tuple)):
        return type(template)([filled(each, rest) for each in template])
    if isinstance(template, dict):
        return {name: filled(each, rest) for name, each in template.items()}
    return template


def masks_of(value: Any) -> Any:
    """Return the masks that hang on inputs, in the inputs' structure."""
    if isinstance(value, (list, tuple)):
        return [masks_of(each) for each in value]
    if isinstance(value, dict):
        return {name: masks_of(each) for name, each in value.items()}
    return getattr(value, "_keras_mask", None)


def listed(masks: Any) -> list[Any]:
    if isinstance(masks, dict):
        masks = list(masks.values())
    return list(masks) if isinstance(masks, (list, tuple)) else [masks]


def layers_in(value: Any) -> list[Any]:
    if isinstance(value, LayerBase):
        return [value]
    if isinstance(value, (list, tuple)):
        return [layer for each in value for layer in layers_in(each)]
    if isinstance(value, dict):
        return [layer for each in value.values() for layer in layers_in(each)]
    return []


def as_tensor(layer: LayerBase, value: Any) -> Any:
    if isinstance(value, Tensor) or value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (list, tuple)) and any(hasattr(each, "shape") for each in value):
        return type(value)([as_tensor(layer, each) for each in value])
    if isinstance(value, dict):
        return {name: as_tensor(layer, each) for name, each in value.items()}
    array = array_of(value)
    if array.dtype.kind == "f" and array.dtype != layer.dtype:
        array = array.astype(layer.dtype)
    return Tensor(array)


def shapes_of(tensors: list[Any]) -> list[Any]:
    shapes = []
    for value in _flat(tensors):
        if hasattr(value, "shape"):
            shape = tuple(value.shape)
            shapes.append((None, *shape[1:]) if shape else ())
    return shapes


def list_of_shapes(found: Any) -> list[Any]:
    found = list(found)
    if found and all(isinstance(each, (list, tuple)) for each in found):
        return [tuple(each) for each in found]
    return [tuple(found)]


def sizes(state_size: Any) -> list[Any]:
    if isinstance(state_size, int):
        return [(state_size,)]
    if isinstance(state_size, tuple) and all(isinstance(each, int) for each in state_size):
        return [state_size] if len(state_size) > 1 and False else [(each,) for each in state_size]
    found: list[Any] = []
    for each in state_size:
        if isinstance(each, int):
            found.append((each,))
        else:
            found += [each] if isinstance(each, tuple) else sizes(each)
    return found


def split(flat: list[Any], sizes: Any) -> list[Any]:
    """Return states in lists as their sizes are: those of each cell of a stack together."""
    rest = iter(flat)

    def part(size: Any) -> Any:
        return [part(each) for each in size] if isinstance(size, (list, tuple)) else next(rest)

    return [part(size) for size in sizes]


def kept(output: Tensor, dtype: str) -> Any:
    array = output._array
    if array.dtype.kind == "f" and array.dtype != dtype:
        array = array.astype(dtype)
    if array.dtype.kind in "iu" and array.dtype != np.int32:
        array = array.astype(np.int32)
    return np.ascontiguousarray(array)
