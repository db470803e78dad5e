"""The names under which classes and functions of users are found again when a file is loaded."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, TypeVar

Registered = TypeVar("Registered")

_objects: dict[str, Any] = {}
_names: dict[Any, str] = {}


class _Scope(threading.local):
    def __init__(self) -> None:
        self.objects: dict[str, Any] = {}


_scope = _Scope()


class CustomObjectScope:
    """`with custom_object_scope({"MyLayer": MyLayer}):` loading finds these names.

    Parameters
    ----------
    custom_objects : dict
        From names to classes and functions.
    """

    def __init__(self, custom_objects: dict[str, Any] | None) -> None:
        self.custom_objects = dict(custom_objects or {})
        self._before: dict[str, Any] = {}

    def __enter__(self) -> CustomObjectScope:
        self._before = _scope.objects
        _scope.objects = dict(self.custom_objects)
        return self

    def __exit__(self, *exception: object) -> None:
        _scope.objects = self._before


custom_object_scope = CustomObjectScope


def get_custom_objects() -> dict[str, Any]:
    """Return the dict of everything registered; what is put into it is found, too."""
    return _objects


def scoped_objects() -> dict[str, Any]:
    """Return what the innermost `custom_object_scope` of this thread names."""
    return _scope.objects


def register_keras_serializable(
    package: str = "Custom", name: str | None = None
) -> Callable[[Registered], Registered]:
    """Register a class with `get_config`, or a function, as "package>name"."""

    def register(target: Registered) -> Registered:
        found: Any = target
        if isinstance(found, type) and not hasattr(found, "get_config"):
            raise ValueError(
                f"Class {found.__name__} cannot be registered: it has no get_config(), so files "
                "could not say how to make it. Add one that returns its arguments as a dict."
            )
        key = f"{package}>{name if name is not None else found.__name__}"
        _objects[key] = found
        _names[found] = key
        return target

    return register


def get_registered_name(obj: Any) -> str:
    """Return the name under which `obj` is registered, or else its Python name."""
    try:
        registered = _names.get(obj)
    except TypeError:  # not hashable
        registered = None
    return registered if registered is not None else str(obj.__name__)


def get_registered_object(
    name: str,
    custom_objects: dict[str, Any] | None = None,
    module_objects: dict[str, Any] | None = None,
) -> Any:
    """Return what is known under `name`, or None."""
    for known in (_scope.objects, _objects, custom_objects, module_objects):
        if known and name in known:
            return known[name]
    return None
