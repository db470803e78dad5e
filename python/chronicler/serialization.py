"""From objects with `get_config` to dicts of plain values as they stand in files, and back.

A class says with `_keras_module`, such as "keras.layers", that it is one of Keras's; functions are
found by their names in `activations`, `losses` and the like. Everything else is registered.
"""

from __future__ import annotations

import sys
import threading
import types
from importlib import import_module
from typing import Any

import numpy as np

from . import registration
from .dtypes import standardize_dtype

_PLAIN = (str, int, float, bool)
_FUNCTION_MODULES = (
    "activations",
    "constraints",
    "initializers",
    "losses",
    "metrics",
    "optimizers",
    "regularizers",
)
_REFUSED = (  # names that do something; a file names what it consists of
    "load_model",
    "save_model",
    "load_weights",
    "save_weights",
    "clear_session",
    "enable_unsafe_deserialization",
    "model_from_json",
    "get_file",
    "text_dataset_from_directory",
    "timeseries_dataset_from_array",
    "serialize_keras_object",
    "deserialize_keras_object",
    "register_keras_serializable",
)


class _State(threading.local):
    def __init__(self) -> None:
        self.written: dict[int, dict[str, Any]] | None = None
        self.read: dict[Any, Any] | None = None


_state = _State()


class ObjectSharingScope:
    """`with ObjectSharingScope():` an object that comes twice is one object again when loaded."""

    def __enter__(self) -> ObjectSharingScope:
        _state.written, _state.read = {}, {}
        return self

    def __exit__(self, *exception: object) -> None:
        _state.written = _state.read = None


def enable_unsafe_deserialization() -> None:
    """Refuse: Chronicler never runs code that a file holds."""
    raise ValueError(
        "Chronicler does not run code that a file holds (Python lambdas). Make the function a "
        "named one, and register it with @chronicler.saving.register_keras_serializable()."
    )


def serialize_keras_object(obj: Any) -> Any:
    """Return `obj` as plain values that JSON can hold."""
    if obj is None or isinstance(obj, _PLAIN):
        return obj
    if isinstance(obj, (list, tuple)):
        parts = [serialize_keras_object(part) for part in obj]
        return tuple(parts) if isinstance(obj, tuple) else parts
    if isinstance(obj, dict):
        return {key: serialize_keras_object(part) for key, part in obj.items()}
    special = _special(obj)
    if special is not None:
        return special.get("item", special)
    if isinstance(obj, types.FunctionType) and obj.__name__ == "<lambda>":
        raise ValueError(
            "A lambda cannot be written to a file: it has no name by which it is found again. "
            "Make it a function with a name (def …), and register it with "
            "@chronicler.saving.register_keras_serializable()."
        )
    return _object_config(obj)


def _special(obj: Any) -> dict[str, Any] | None:
    if isinstance(obj, bytes):
        return {"class_name": "__bytes__", "config": {"value": obj.decode()}}
    if isinstance(obj, slice):
        bounds = {"start": obj.start, "stop": obj.stop, "step": obj.step}
        bounds = {key: serialize_keras_object(part) for key, part in bounds.items()}
        return {"class_name": "__slice__", "config": bounds}
    if obj is Ellipsis:
        return {"class_name": "__ellipsis__", "config": {}}
    if isinstance(obj, np.ndarray) and obj.ndim:
        return {
            "class_name": "__numpy__",
            "config": {"value": obj.tolist(), "dtype": standardize_dtype(obj.dtype)},
        }
    if isinstance(obj, (np.ndarray, np.generic)):
        return {"item": obj.item()}
    if isinstance(obj, np.dtype):
        return {"item": standardize_dtype(obj)}
    if getattr(obj, "_is_symbol", False):
        history = getattr(obj, "_keras_history", None)
        history = [history[0].name, *list(history)[1:]] if history else history
        return {
            "class_name": "__keras_tensor__",
            "config": {"shape": obj.shape, "dtype": obj.dtype, "keras_history": history},
        }
    if hasattr(obj, "_array") and hasattr(obj, "numpy") and not hasattr(obj, "get_config"):
        return {
            "class_name": "__tensor__",
            "config": {"value": obj.numpy().tolist(), "dtype": obj.dtype},
        }
    return None


def _object_config(obj: Any) -> dict[str, Any]:
    kind = type(obj)
    if isinstance(obj, types.FunctionType):
        inner: Any = registration.get_registered_name(obj)
    elif hasattr(obj, "get_config"):
        inner = obj.get_config()
        if not isinstance(inner, dict):
            raise TypeError(f"get_config() of {obj!r} returned {type(inner).__name__}, not a dict.")
        inner = {key: serialize_keras_object(part) for key, part in inner.items()}
    elif hasattr(obj, "__name__"):
        inner = registration.get_registered_name(obj)
    else:
        raise TypeError(
            f"{obj!r} of type {kind.__name__} cannot be written to a file: the class has no "
            "get_config(). Add one that returns the arguments of its constructor as a dict."
        )
    module = public_module(kind)
    config = {
        "module": module if module is not None else kind.__module__,
        "class_name": kind.__name__,
        "config": inner,
        "registered_name": None if module is not None else registration.get_registered_name(kind),
    }
    for key in ("build_config", "compile_config"):
        method = getattr(obj, f"get_{key}", None)
        part = method() if method is not None else None
        if part is not None:
            config[key] = {name: serialize_keras_object(value) for name, value in part.items()}
    if config["module"] == "__main__":
        config["module"] = None
    _note_written(obj, config)
    return config


def public_module(kind: type) -> str | None:
    """Return the module of Keras's that a class belongs to; None for a class of a user."""
    named = vars(kind).get("_keras_module")
    if named is not None:
        return str(named)
    if not kind.__module__.startswith("chronicler."):
        return None
    home = import_module(kind.__module__)
    if getattr(home, kind.__name__, None) is not kind:
        return None
    return "keras." + str(kind.__module__).removeprefix("chronicler.")


def _note_written(obj: Any, config: dict[str, Any]) -> None:
    if _state.written is None:
        return
    earlier = _state.written.setdefault(id(obj), config)
    if earlier is not config:
        config["shared_object_id"] = earlier["shared_object_id"] = id(obj)


def deserialize_keras_object(
    config: Any,
    custom_objects: dict[str, Any] | None = None,
    safe_mode: bool = True,
    **kwargs: Any,
) -> Any:
    """Return the object that `serialize_keras_object` wrote as `config`.

    Parameters
    ----------
    config : dict, list or plain value
        What was written.
    custom_objects : dict, optional
        Classes and functions by name, besides those that are registered.
    safe_mode : bool
        Accepted as in Keras; Chronicler never runs code that a config holds.
    module_objects : dict, optional
        Where names alone are looked up.
    """
    module_objects = kwargs.pop("module_objects", None)
    if kwargs:
        raise TypeError(f"deserialize_keras_object: unknown arguments {sorted(kwargs)}.")
    known = {
        **(custom_objects or {}),
        **registration.scoped_objects(),
        **registration.get_custom_objects(),
    }
    if config is None:
        return None
    if isinstance(config, str) and known.get(config) is not None:
        return known[config]
    if isinstance(config, (list, tuple)):
        return [deserialize_keras_object(part, custom_objects) for part in config]
    if module_objects is not None:
        found = _from_module_objects(config, known, module_objects)
        if found is not None:
            return found
    if isinstance(config, _PLAIN):
        return config
    if not isinstance(config, dict):
        raise TypeError(f"A config is a dict, a list or a plain value: got {config!r}.")
    if "class_name" not in config or "config" not in config:
        return {key: deserialize_keras_object(p, custom_objects) for key, p in config.items()}
    return _from_config(config, known)


def _from_module_objects(config: Any, known: dict[str, Any], objects: dict[str, Any]) -> Any:
    """Return what a name, or a dict that names a class of `objects`, stands for; or None."""
    if isinstance(config, str):
        return objects.get(config, config)
    if not isinstance(config, dict):
        return None
    if "class_name" not in config:
        raise ValueError(f"A config without class_name: {config!r}.")
    name, inner = config["class_name"], config.get("config")
    if name in known or config.get("registered_name") in known:
        return None
    if isinstance(inner, str):
        return objects.get(inner) if inner not in known else None
    kind = objects.get(name)
    if isinstance(kind, type):
        return _made(kind, inner or {}, config)
    return kind


def _from_config(config: dict[str, Any], known: dict[str, Any]) -> Any:
    name, inner = config["class_name"], config["config"]
    special = _SPECIAL.get(name)
    if special is not None:
        return special(inner)
    if name == "function":
        if not isinstance(inner, str):
            raise TypeError(f"A function's config is its name: got {inner!r}.")
        return _find(inner, inner, config, known)
    inner = {} if inner is None else inner
    if not isinstance(inner, dict):
        raise TypeError(f"The config of {name} is a dict: got {inner!r}.")
    shared = config.get("shared_object_id")
    if shared is not None and _state.read is not None and shared in _state.read:
        return _state.read[shared]
    kind = _find(name, config.get("registered_name") or name, config, known)
    if isinstance(kind, types.FunctionType):
        return kind
    with registration.CustomObjectScope(known):
        instance = _made(kind, inner, config)
    if shared is not None and _state.read is not None:
        _state.read[shared] = instance
    return instance


def _made(kind: Any, inner: dict[str, Any], config: dict[str, Any]) -> Any:
    if not hasattr(kind, "from_config"):
        raise TypeError(f"Class {kind.__name__} has no from_config(), so it cannot be made.")
    try:
        instance = kind.from_config(inner)
    except TypeError as error:
        raise TypeError(
            f"{kind.__name__}.from_config() failed: {error}. Arguments that are objects are made "
            f"by the class's own from_config(). The config is {inner!r}."
        ) from error
    build, compiled = config.get("build_config"), config.get("compile_config")
    if build and not getattr(instance, "built", True):
        instance.build_from_config(build)
        instance.built = True
    if compiled and hasattr(instance, "compile_from_config"):
        instance.compile_from_config(compiled)
    return instance


def _find(name: str, registered: str, config: dict[str, Any], known: dict[str, Any]) -> Any:
    found = registration.get_registered_object(registered, custom_objects=known)
    if found is not None:
        return found
    module = config.get("module") or ""
    if module == "builtins" and config["class_name"] == "function":
        for place in _FUNCTION_MODULES:
            found = _public(f"chronicler.{place}", name)
            if found is not None:
                return found
        for key, value in known.items():
            if ">" not in name and key.endswith(f">{name}"):
                return value
    elif module == "keras" or module.startswith("keras."):
        if name in _REFUSED:
            raise ValueError(f"{module}.{name} is no part of a model; the file is not loaded.")
        for place in _places(module):
            found = _public(place, name)
            if found is not None:
                return found
        # A layer of a module that the program has loaded under Keras's name.
        found = vars(sys.modules.get(module, object)).get(name)
        if isinstance(found, type) and hasattr(found, "from_config"):
            return found
    what = "function" if config["class_name"] == "function" else "class"
    raise TypeError(
        f"Could not find the {what} {name!r} (module {module or None!r}). If it is your own, "
        "register it with @chronicler.saving.register_keras_serializable(), or pass it: "
        f"custom_objects={{{registered!r}: …}}."
    )


def _places(module: str) -> list[str]:
    """Return where a module of Keras's is here: keras.src.models.functional is in models."""
    path = module.removeprefix("keras").removeprefix(".").removeprefix("src.").split(".")
    places = [".".join(["chronicler", *path[:length]]) for length in range(len(path), 0, -1)]
    return [place.rstrip(".") for place in places]


def _public(module: str, name: str) -> Any:
    if name.startswith("_"):
        return None
    try:
        return getattr(import_module(module), name, None)
    except ImportError:
        return None


def _tensor(inner: dict[str, Any]) -> Any:
    from .tensor import Tensor

    return Tensor(np.array(inner["value"], inner["dtype"]))


def _symbol(inner: dict[str, Any]) -> Any:
    symbol = import_module("chronicler").KerasTensor(inner["shape"], dtype=inner["dtype"])
    symbol._pre_serialization_keras_history = inner.get("keras_history")
    return symbol


def _lambda(inner: Any) -> Any:
    raise ValueError(
        "The config holds a Python lambda, which is code. Chronicler does not run code of a file: "
        "make it a named function, register it, and save the model again."
    )


_SPECIAL = {
    "__bytes__": lambda inner: inner["value"].encode(),
    "__ellipsis__": lambda inner: Ellipsis,
    "__slice__": lambda inner: slice(
        *(deserialize_keras_object(inner[bound]) for bound in ("start", "stop", "step"))
    ),
    "__numpy__": lambda inner: np.array(inner["value"], inner["dtype"]),
    "__tensor__": _tensor,
    "__keras_tensor__": _symbol,
    "__lambda__": _lambda,
}
