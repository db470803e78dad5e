"""The symbols that a layer was called on and gave: `layer.input` and `layer.output`."""

from __future__ import annotations

import weakref
from collections.abc import Iterable
from typing import Any

from ._graph import KerasTensor

_first_calls: weakref.WeakKeyDictionary[Any, Any] = weakref.WeakKeyDictionary()


def note_call(layer: Any, outputs: list[Any]) -> None:
    """Remember what a layer's first call on symbols gave, as long as somebody holds it."""
    known = _first_calls.get(layer)
    if known is None or known() is None:
        _first_calls[layer] = weakref.ref(outputs[0])


def output_of(layer: Any) -> Any:
    """Return the symbol of a layer's output, or a list of them."""
    symbol = _symbol_of(layer)
    found = [KerasTensor(each, layer.dtype) for each in symbol.outputs]
    return found[0] if len(found) == 1 else found


def input_of(layer: Any) -> Any:
    """Return the symbol of a layer's input, or a list of them."""
    symbol = _symbol_of(layer)
    found = [KerasTensor(each, each.layer.dtype) for each in symbol.inputs]
    return found[0] if len(found) == 1 else found


def _symbol_of(layer: Any) -> Any:
    noted = _first_calls.get(layer)
    output = None if noted is None else noted()
    if output is not None:
        return output._symbol
    from .models import live_models

    address = layer._handle.address if layer._handle is not None else None
    for model in live_models():
        for symbol in _walk(each._symbol for each in model.outputs):
            if symbol.layer.address == address:
                return symbol
    raise AttributeError(
        f"layer {layer.name!r} was never called on symbols, so it has no input and output; put it "
        "into a model first"
    )


def _walk(ends: Iterable[Any]) -> Iterable[Any]:
    """Yield all symbols from which these were made."""
    waiting = list(ends)
    seen = set(waiting)
    while waiting:
        symbol = waiting.pop()
        yield symbol
        for each in symbol.inputs:
            if each not in seen:
                seen.add(each)
                waiting.append(each)
