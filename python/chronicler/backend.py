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
from .dtypes import is_float_dtype, is_int_dtype, result_type, standardize_dtype

__all__ = [
    "backend", "clear_session", "epsilon", "floatx", "get_uid", "image_data_format",
    "is_float_dtype", "is_int_dtype", "is_keras_tensor", "result_type", "set_epsilon",
    "set_floatx", "set_image_data_format", "standardize_dtype",
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


def __getattr__(name: str) -> Any:
    from . import old_backend, ops

    if name in old_backend.SAME:
        return getattr(ops, name)
    found = old_backend.__dict__.get(name)
    if not callable(found) or getattr(found, "__module__", "").startswith("typing"):
        raise AttributeError(
            f"module {__name__!r} has no attribute {name!r}: chronicler.ops has the operations of "
            "Keras 3"
        )
    return found
