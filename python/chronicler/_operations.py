"""Functions of `chronicler.ops` as operations in the graph of a model."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from . import _core
from ._graph import KerasTensor, is_symbol
from .layer import wrap

# Parameters that are tensors, and so are arguments of the operation; all others are its options.
_TENSORS = ("x", "x1", "x2", "xs", "a", "b", "condition", "inputs", "arrays", "tensors", "v", "key")
# Functions whose names are not those of Keras's classes in snake case.
_CLASSES = {"abs": "Absolute", "get_item": "GetItem", "max": "Max", "min": "Min",
            "amax": "Max", "amin": "Min", "relu6": "Relu6", "true_divide": "TrueDivide"}
_names: dict[str, str] = {}


def operation_call(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Return the symbols that a function of `ops` makes of symbols."""
    class_name = _class_of(name)
    if class_name is not None:
        try:
            return _built_in(name, class_name, args, kwargs)
        except ValueError as error:
            if _is_about_shapes(error):
                raise
    return _as_layer(name, args, kwargs)


def _class_of(name: str) -> str | None:
    if not _names:
        for each in _core.operation_names():
            _names[_core.snake_case(each)] = each
    return _CLASSES.get(name) if _CLASSES.get(name) in _names.values() else _names.get(name)


def _is_about_shapes(error: ValueError) -> bool:
    return "shape" in str(error)


def _built_in(name: str, class_name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Return what an operation of the extension makes; ValueError for what it does not take."""
    from . import ops

    bound = inspect.signature(getattr(ops, name)).bind(*args, **kwargs)
    tensors: list[Any] = []
    options: dict[str, Any] = {}
    for parameter, value in bound.arguments.items():
        if parameter == "args":
            tensors += list(value)
        elif parameter in _TENSORS:
            tensors.append(value)
        else:
            options[parameter] = _option(value)
    symbols: list[Any] = []
    described = {
        "module": "keras.src.ops",
        "class_name": class_name,
        "config": {"name": _core.unique_name(class_name)},
        "inbound_nodes": [{
            "args": [_argument(value, symbols, class_name) for value in tensors],
            "kwargs": options,
        }],
    }
    layer = wrap(_core.operation_at(described))
    found = _core.call_layer(layer._handle, symbols, None, None, False, False, False)
    kind = _dtype_of(class_name, tensors, options)
    outputs = [KerasTensor(symbol, kind) for symbol in found]
    return outputs[0] if len(outputs) == 1 else outputs


def _option(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _argument(value: Any, symbols: list[Any], class_name: str) -> Any:
    if is_symbol(value):
        symbols.append(value._symbol)
        return {"class_name": "__keras_tensor__", "config": {}}
    if class_name == "GetItem":
        return _key(value)
    if isinstance(value, (list, tuple)) and any(is_symbol(each) for each in value):
        return [_argument(each, symbols, class_name) for each in value]
    if isinstance(value, (bool, int, float)):
        return value
    array = np.asarray(value)
    return array.item() if array.ndim == 0 else {
        "class_name": "__numpy__", "config": {"value": array.tolist(), "dtype": str(array.dtype)}}


def _key(key: Any) -> Any:
    """Return what stands between brackets as Keras's files have it."""
    if isinstance(key, tuple):
        return [_key(each) for each in key]
    if isinstance(key, slice):
        return {"class_name": "__slice__", "config": {
            "start": key.start, "stop": key.stop, "step": key.step}}
    if key is Ellipsis:
        return {"class_name": "__ellipsis__", "config": {}}
    return None if key is None else int(key)


_TRUTHS = ("Equal", "NotEqual", "Less", "LessEqual", "Greater", "GreaterEqual", "LogicalAnd",
           "LogicalOr", "LogicalNot", "LogicalXor", "IsNan", "Any", "All")


def _dtype_of(class_name: str, tensors: list[Any], options: dict[str, Any]) -> str:
    if class_name in _TRUTHS:
        return "bool"
    if class_name == "Cast":
        return str(options.get("dtype", "float32"))
    if class_name in ("Argmax", "Argmin"):
        return "int32"
    listed = [value if isinstance(value, (list, tuple)) else [value] for value in tensors]
    kinds = [each.dtype for values in listed for each in values if is_symbol(each)]
    floats = [kind for kind in kinds if kind.startswith("float")]
    return (floats or kinds or ["float32"])[0]


class _Place:
    """Where a symbol stands among the arguments of a function."""

    def __init__(self, number: int) -> None:
        self.number = number


def _as_layer(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Return what a function makes that the extension has not: a layer written in Python."""
    from .own_layer import Layer

    symbols: list[Any] = []
    template = _with_places((args, kwargs), symbols)

    class FunctionLayer(Layer):
        """A function of chronicler.ops in a graph."""

        supports_masking = True

        def call(self, inputs: Any) -> Any:
            from .ops.operation import OPERATIONS

            values = inputs if isinstance(inputs, (list, tuple)) else [inputs]
            own_args, own_kwargs = _filled(template, values)
            return OPERATIONS[name](*own_args, **own_kwargs)

    layer = FunctionLayer(name=_core.unique_name(name.title().replace("_", "")))
    return layer(symbols if len(symbols) > 1 else symbols[0])


def _with_places(value: Any, symbols: list[Any]) -> Any:
    """Return arguments with places where symbols stood, which are appended to a list."""
    if is_symbol(value):
        symbols.append(value)
        return _Place(len(symbols) - 1)
    if isinstance(value, (list, tuple)):
        return type(value)(_with_places(each, symbols) for each in value)
    if isinstance(value, dict):
        return {key: _with_places(each, symbols) for key, each in value.items()}
    return value


def _filled(value: Any, values: Any) -> Any:
    """Return arguments with values in the places of symbols."""
    if isinstance(value, _Place):
        return values[value.number]
    if isinstance(value, (list, tuple)):
        return type(value)(_filled(each, values) for each in value)
    if isinstance(value, dict):
        return {key: _filled(each, values) for key, each in value.items()}
    return value
