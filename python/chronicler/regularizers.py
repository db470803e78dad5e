"""Penalties on weights and outputs, added to the loss: keras.regularizers."""

from __future__ import annotations

from typing import Any

from . import _core
from ._classes import Described, Namespace, got
from .config import floatx
from .initializers import described_config


class Regularizer(Described):
    """A penalty. A subclass of one's own defines `__call__(x)`."""

    _kind = "regularizers"
    _table: Any = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if self._table is None:
            self._given = kwargs
            return
        super().__init__(*args, **kwargs)
        described_config("regularizers", self)

    def __call__(self, x: Any) -> Any:
        """Return the penalty on `x`, one number."""
        import numpy as np

        from .tensor import array_of, record

        given = array_of(x)
        array = given.astype(np.float64)
        config = described_config("regularizers", self)
        kind = given.dtype if given.dtype.kind == "f" else np.dtype(floatx())
        return record(
            np.array(_core.penalty_of(config, array), kind), (x,),
            (lambda gradient: (_core.penalty_slope(config, array) * gradient).astype(kind),),
        )

    def get_config(self) -> dict[str, Any]:
        """Return the options by name."""
        return {} if self._table is None else super().get_config()

    def __getattr__(self, name: str) -> Any:
        if self._table is None:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        return super().__getattr__(name)


__getattr__ = Namespace("regularizers", Regularizer, globals())


def __dir__() -> list[str]:
    return __getattr__.listing(["Regularizer", "get", "serialize", "deserialize"])


def get(identifier: Any) -> Any:
    """Return the regularizer of this name, configuration, class or object; None for None."""
    return got(__getattr__, Regularizer, identifier)


def serialize(regularizer: Any) -> Any:
    """Return the configuration that `deserialize` takes."""
    from .saving import serialize_keras_object

    return serialize_keras_object(regularizer)


def deserialize(config: Any, custom_objects: Any = None) -> Any:
    """Return the regularizer of a configuration."""
    from .saving import deserialize_keras_object

    return deserialize_keras_object(config, custom_objects)
