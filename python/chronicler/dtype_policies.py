"""In which type a layer computes, and in which it keeps its weights."""

from __future__ import annotations

import warnings
from typing import Any

from . import config
from .dtypes import standardize_dtype

_warned: set[str] = set()


def computed(name: str) -> str:
    """Return the type in which a policy of this name computes here: none is below float32."""
    if not name.endswith("float16"):
        return name
    if name not in _warned:
        _warned.add(name)
        warnings.warn(
            f"Chronicler computes in float32 where Keras's {name!r} asks for less", stacklevel=4)
    return "float32"


class DTypePolicy:
    """The types of a layer: one for both, for Chronicler does not mix them.

    Policies of less than 32 bits are taken, and compute in float32.

    Parameters
    ----------
    name : str
        "float32" or "float64" (or another name of a type).
    source_name : str, optional
        Accepted as in Keras.
    """

    _keras_module = "keras"

    def __init__(self, name: str | None = None, source_name: str | None = None) -> None:
        name = config.floatx() if name is None else name
        if not isinstance(name, str):
            raise TypeError(f"DTypePolicy: name is {name!r}; expected a text such as 'float32'.")
        mixed = name in ("mixed_float16", "mixed_bfloat16")
        self._name = name if mixed else standardize_dtype(name)
        computed(self._name)

    @property
    def name(self) -> str:
        """The name."""
        return self._name

    @property
    def compute_dtype(self) -> str:
        """The type of outputs."""
        return computed(self._name)

    @property
    def variable_dtype(self) -> str:
        """The type of weights."""
        return computed(self._name)

    @property
    def quantization_mode(self) -> None:
        """None: there is no quantization in training."""
        return None

    def convert_input(self, x: Any, autocast: bool, dtype: Any) -> Any:
        """Return x in the type `dtype` if it holds real numbers."""
        from . import ops

        x = ops.convert_to_tensor(x)
        return ops.cast(x, dtype) if autocast and x.dtype.startswith("float") else x

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return {"name": self._name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> DTypePolicy:
        """Make one of a config."""
        return cls(**config)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DTypePolicy) and other.name == self._name

    def __hash__(self) -> int:
        return hash(self._name)

    def __repr__(self) -> str:
        return f'<DTypePolicy "{self._name}">'


FloatDTypePolicy = DTypePolicy
Policy = DTypePolicy


def dtype_policy() -> DTypePolicy:
    """Return the types of layers by default."""
    found: DTypePolicy = config.dtype_policy()
    return found


def set_dtype_policy(policy: Any) -> None:
    """Set the types of layers by default."""
    config.set_dtype_policy(policy)


global_policy = dtype_policy
set_global_policy = set_dtype_policy


def serialize(dtype_policy: DTypePolicy) -> Any:
    """Return the configuration that `deserialize` takes."""
    from .serialization import serialize_keras_object

    return serialize_keras_object(dtype_policy)


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """Return the policy of a configuration."""
    from .serialization import deserialize_keras_object

    return deserialize_keras_object(
        config,
        custom_objects=custom_objects,
        module_objects={"DTypePolicy": DTypePolicy, "FloatDTypePolicy": DTypePolicy},
    )


def get(identifier: Any) -> DTypePolicy:
    """Return the policy of a name, a config or a policy; None is the default."""
    if identifier is None:
        return config.dtype_policy()  # type: ignore[no-any-return]
    if isinstance(identifier, DTypePolicy):
        return identifier
    if isinstance(identifier, dict):
        return DTypePolicy.from_config(identifier["config"])
    if isinstance(identifier, str):
        return DTypePolicy(identifier)
    return DTypePolicy(standardize_dtype(identifier))
