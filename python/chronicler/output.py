"""Where progress goes: a terminal, a notebook, or whatever stands for standard output."""

from __future__ import annotations

import sys
from typing import Any

from . import _core


class shown:
    """`with shown():` what the extension prints goes where Python's print goes."""

    __slots__ = ("_is_set",)

    def __enter__(self) -> None:
        out = sys.stdout
        self._is_set = out is not None and not _is_standard(out)
        if self._is_set:
            _core.set_output(lambda text: _write(out, text), _is_notebook(out))
        elif out is not None:
            out.flush()

    def __exit__(self, *exception: object) -> None:
        if self._is_set:
            _core.set_output(None, False)


def _write(out: Any, text: str) -> None:
    out.write(text)
    out.flush()


def _is_standard(out: Any) -> bool:
    standard: Any = sys.__stdout__
    if out is not standard:
        return False
    try:
        return bool(out.fileno() == 1)
    except (OSError, ValueError, AttributeError):
        return False


def _is_notebook(out: Any) -> bool:
    return type(out).__module__.startswith("ipykernel")
