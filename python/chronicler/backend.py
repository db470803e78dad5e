"""keras.backend: what code of Keras 2 still asks for."""

from __future__ import annotations

from typing import Any

from . import _core
from .config import (
    backend,
    epsilon,
    floatx,
    image_data_format,
    set_epsilon,
    set_floatx,
    set_image_data_format,
)

__all__ = [
    "backend", "clear_session", "epsilon", "floatx", "get_uid", "image_data_format",
    "is_keras_tensor", "set_epsilon", "set_floatx", "set_image_data_format",
]


def clear_session(free_memory: bool = True) -> None:
    """Begin the automatic names anew."""
    _core.clear_session()


def get_uid(prefix: str = "") -> int:
    """Return the next number of a name."""
    name: str = _core.unique_name(prefix)
    tail = name.rsplit("_", 1)[-1]
    return int(tail) + 1 if tail.isdigit() else 1


def is_keras_tensor(x: Any) -> bool:
    """Return whether the value belongs to a graph."""
    from ._graph import is_symbol

    return is_symbol(x)
