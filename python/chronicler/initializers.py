"""What weights start from: keras.initializers."""

from __future__ import annotations

from typing import Any

from . import _core
from ._classes import Described, Namespace, got
from .config import floatx


class Initializer(Described):
    """What weights start from. A subclass of one's own defines `__call__(shape, dtype)`."""

    _kind = "initializers"
    _table: Any = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if self._table is None:
            self._given = kwargs
            return
        super().__init__(*args, **kwargs)
        seed: Any = self._given.get("seed")
        if hasattr(seed, "get_config"):  # a SeedGenerator
            self._given["seed"] = seed.get_config().get("seed")
        described_config("initializers", self)

    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        """Return first values of this shape."""
        from .tensor import Tensor

        name = str(dtype or floatx())
        kind = name if name in ("float32", "float64") else "float32"
        values = _core.initial_values(described_config("initializers", self), tuple(shape), kind)
        return Tensor(values if name == kind else values.astype(name))

    def get_config(self) -> dict[str, Any]:
        """Return the options by name."""
        return {} if self._table is None else super().get_config()

    def clone(self) -> Any:
        """Return another one with the same options."""
        return type(self).from_config(self.get_config())

    def __getattr__(self, name: str) -> Any:
        if self._table is None:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        return super().__getattr__(name)


def described_config(kind: str, value: Any) -> Any:
    """Return what the extension reads of an initializer, regularizer or constraint, checked."""
    if value is None:
        return None
    if isinstance(value, str):
        return _core.described_config(kind, value)
    if isinstance(value, dict):
        if "class_name" not in value:
            raise ValueError(f"a configuration needs class_name, got {value!r}")
        return _core.described_config(
            kind, {"class_name": value["class_name"], "config": value.get("config") or {}}
        )
    if isinstance(value, Described) and value._table is not None and value._kind == kind:
        return _core.described_config(
            kind, {"class_name": value._table.class_name, "config": value.get_config()}
        )
    if isinstance(value, type) and getattr(value, "_kind", None) == kind:
        return described_config(kind, value())
    return None


__getattr__ = Namespace("initializers", Initializer, globals())


def __dir__() -> list[str]:
    return __getattr__.listing(["Initializer", "get", "serialize", "deserialize"])


def get(identifier: Any) -> Any:
    """Return the initializer of this name, configuration, class or object; None for None."""
    return got(__getattr__, Initializer, identifier)


def serialize(initializer: Any) -> Any:
    """Return the configuration that `deserialize` takes."""
    from .saving import serialize_keras_object

    return serialize_keras_object(initializer)


def deserialize(config: Any, custom_objects: Any = None) -> Any:
    """Return the initializer of a configuration."""
    from .saving import deserialize_keras_object

    return deserialize_keras_object(config, custom_objects)
