"""Keras's example data, read from where Keras keeps it; nothing is downloaded."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import boston_housing as boston_housing
    from . import california_housing as california_housing
    from . import fashion_mnist as fashion_mnist
    from . import imdb as imdb
    from . import mnist as mnist
    from . import reuters as reuters

_MODULES = ("boston_housing", "california_housing", "fashion_mnist", "imdb", "mnist", "reuters")
_IMAGES = ("cifar10", "cifar100")


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(f".{name}", __name__)
    if name in _IMAGES:
        raise AttributeError(
            f"Chronicler has no datasets.{name}: colour pictures are not what recurrent networks "
            f"are for. There are {', '.join(_MODULES)}."
        )
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return list(_MODULES)
