"""Contexts of Keras that choose a place or a prefix of names."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def device(device_name: str) -> Iterator[None]:
    """Run what is inside on a device; there is the CPU only."""
    kind = str(device_name).strip("/").rpartition("device:")[2].partition(":")[0].lower()
    if kind != "cpu":
        raise ValueError(f"device: {device_name!r}: Chronicler computes on the CPU; use 'cpu'.")
    yield


class name_scope:
    """Accepted for code written for Keras: names of layers stay what they are."""

    def __init__(self, name: str, caller: Any = None) -> None:
        if not isinstance(name, str) or "/" in name:
            raise ValueError(f"name_scope: name is {name!r}; expected a text without '/'.")
        self.name = name

    def __enter__(self) -> name_scope:
        return self

    def __exit__(self, *exception: object) -> None:
        return None
