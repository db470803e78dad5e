"""Preparing sequences, texts and time series before they go into a model."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..utils.text_files import text_dataset_from_directory as text_dataset_from_directory
    from ..utils.timeseries import timeseries_dataset_from_array as timeseries_dataset_from_array
    from . import sequence as sequence
    from . import text as text
    from . import timeseries as timeseries

_MODULES = ("sequence", "text", "timeseries")
_FUNCTIONS = ("text_dataset_from_directory", "timeseries_dataset_from_array")


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(f".{name}", __name__)
    if name in _FUNCTIONS:
        return getattr(import_module("..utils", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted((*_MODULES, *_FUNCTIONS))
