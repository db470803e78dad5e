"""What weights are held to after each step of training: keras.constraints."""

from __future__ import annotations

from typing import Any

from . import _core
from ._classes import Described, Namespace, got
from .initializers import described_config


class Constraint(Described):
    """What weights are held to. A subclass of one's own defines `__call__(w)`."""

    _kind = "constraints"
    _table: Any = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if self._table is None:
            self._given = kwargs
            return
        super().__init__(*args, **kwargs)
        described_config("constraints", self)

    def __call__(self, w: Any) -> Any:
        """Return `w` moved into what is allowed."""
        from .tensor import Tensor, array_of

        array = array_of(w, "float64")
        held = _core.constrained(described_config("constraints", self), array)
        return Tensor(held.astype(array_of(w).dtype))

    def get_config(self) -> dict[str, Any]:
        """Return the options by name."""
        return {} if self._table is None else super().get_config()

    def __getattr__(self, name: str) -> Any:
        if self._table is None:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        return super().__getattr__(name)


__getattr__ = Namespace("constraints", Constraint, globals())


def __dir__() -> list[str]:
    return __getattr__.listing(["Constraint", "get", "serialize", "deserialize"])


def get(identifier: Any) -> Any:
    """Return the constraint of this name, configuration, class or object; None for None."""
    return got(__getattr__, Constraint, identifier)


def serialize(constraint: Any) -> Any:
    """Return the configuration that `deserialize` takes."""
    from .saving import serialize_keras_object

    return serialize_keras_object(constraint)


def deserialize(config: Any, custom_objects: Any = None) -> Any:
    """Return the constraint of a configuration."""
    from .saving import deserialize_keras_object

    return deserialize_keras_object(config, custom_objects)
