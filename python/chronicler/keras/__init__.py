"""Keras's own module tree, for code that was written for Keras.

>>> import chronicler.keras as keras
>>> from chronicler.keras.layers import LSTM
>>> from chronicler.keras.preprocessing.sequence import pad_sequences

Every module below is the one of the same name in `chronicler`: the objects are the same.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from typing import Any

import chronicler

__version__ = "3.15.1"
"""The version of Keras whose behaviour this is."""



def version() -> str:
    """Return the version of Keras whose behaviour this is."""
    return __version__


_HERE = __name__ + "."
# Where Keras has a module of another name, or in another place.
_PLACES = {
    "metrics.metrics": "metrics",
    "losses.losses": "losses",
    "mixed_precision": "dtype_policies",
}


class _Alias(MetaPathFinder, Loader):
    """Finds chronicler.keras.X: the module chronicler.X itself."""

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> Any:
        """Return what imports a module of this tree."""
        return ModuleSpec(fullname, self) if fullname.startswith(_HERE) else None

    def create_module(self, spec: ModuleSpec) -> Any:
        """Return the module of chronicler."""
        name = spec.name.removeprefix(_HERE)
        name = _PLACES.get(name, name)
        try:
            return _Held(import_module(f"chronicler.{name}"))
        except ModuleNotFoundError as error:
            if error.name is None or not error.name.startswith("chronicler."):
                raise
            raise ModuleNotFoundError(
                f"there is no module {spec.name!r}; chronicler.keras has "
                f"{', '.join(dir(chronicler))}",
                name=spec.name,
            ) from None

    def exec_module(self, module: Any) -> None:
        """Put the module itself in place of what the import system was given."""
        sys.modules[module.name] = module.module


class _Held:
    """A module on its way through the import system, which writes into what it is given."""

    def __init__(self, module: Any) -> None:
        self.module = module

    @property
    def name(self) -> str:
        """The name in this tree."""
        return str(self.__dict__["__spec__"].name)


# In front: the folders of the stubs (keras/utils/__init__.pyi) are modules to the finder of files.
sys.meta_path.insert(0, _Alias())


def __getattr__(name: str) -> Any:
    if name in ("Functional",):
        return chronicler.Model
    try:
        return import_module(_HERE + name) if _is_module(name) else getattr(chronicler, name)
    except AttributeError:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None


def _is_module(name: str) -> bool:
    return name in chronicler._MODULES or name in ("backend", "mixed_precision")


def __dir__() -> list[str]:
    return [*dir(chronicler), "backend"]
