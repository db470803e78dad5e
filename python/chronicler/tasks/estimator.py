"""What the five tasks have in common: options by their tables, progress, files."""

from __future__ import annotations

import os
import sys
from typing import Any

from .. import _core
from .._classes import arguments, table
from .._documents import document_fields, signature


class Estimator:
    """A task: made with options, taught by `fit`, kept by `save` and `load`."""

    _task = ""
    _model: Any = None

    def __init__(self, **options: Any) -> None:
        self._options = arguments(self._task, self._table().fields, options)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.__signature__ = _LazySignature()  # type: ignore[attr-defined]

    @classmethod
    def _table(cls) -> Any:
        return table("tasks", cls._task)

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the options that were given, by name."""
        return dict(self._options)

    def set_params(self, **options: Any) -> Any:
        """Set options, for the next `fit`."""
        self._options.update(arguments(self._task, self._table().fields, options))
        return self

    @classmethod
    def options(cls) -> str:
        """Return every option with its default, range and a sentence."""
        return "\n".join(document_fields(cls._table()))

    @property
    def _ready(self) -> Any:
        if self._model is None:
            raise ValueError(f"this {self._task} has learnt nothing yet: call fit, or load a file")
        return self._model

    @property
    def report_(self) -> Any:
        """What training measured, beside its baselines."""
        return self._ready.report

    def save(self, path: Any) -> None:
        """Write the model to a .keras file, which the command line reads, too."""
        self._ready.save(os.fspath(path))

    def _run_options(
        self, checkpoint: Any, resume: bool, extra: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        found = {**self._options, **(extra or {})}
        if checkpoint is not None:
            found["checkpoint"] = os.fspath(checkpoint)
        found["resume"] = bool(resume)
        return found

    def __repr__(self) -> str:
        given = ", ".join(f"{name}={value!r}" for name, value in self._options.items())
        return f"{self._task}({given})"

    def __getstate__(self) -> dict[str, Any]:
        state = dict(self.__dict__)
        if state.pop("_model", None) is not None:
            state["_bytes"] = self._to_bytes()
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        content = state.pop("_bytes", None)
        self.__dict__.update(state)
        if content is not None:
            self._model = _from_bytes(self._load_core, content)

    @staticmethod
    def _load_core(path: str, /) -> Any:
        raise NotImplementedError

    def _to_bytes(self) -> bytes:
        import tempfile

        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "model.keras")
            self._model.save(path)
            with open(path, "rb") as file:
                return file.read()

    @classmethod
    def load(cls, path: Any) -> Any:
        """Return the model in a file that `save` or the command line wrote."""
        name = os.fspath(path)
        if not os.path.exists(name):
            raise FileNotFoundError(f"there is no file {name!r}")
        made = cls()
        made._model = cls._load_core(name)
        return made


class _LazySignature:
    def __get__(self, instance: Any, owner: Any = None) -> Any:
        import inspect

        found = signature(owner._table())
        parameters = [each.replace(kind=each.KEYWORD_ONLY) for each in found.parameters.values()]
        return inspect.Signature(parameters)


def _from_bytes(load: Any, content: bytes) -> Any:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.keras")
        with open(path, "wb") as file:
            file.write(content)
        return load(path)


def shown_progress(verbose: Any, own: Any = None) -> Any:
    """Return what draws a line of progress; None where nothing is to be shown."""
    if own is not None:
        return own
    return Line() if verbose else None


class Line:
    """One line that is redrawn: share of the run, epoch, loss, validation, time left."""

    def __init__(self) -> None:
        self._width = 0
        out = sys.stdout
        self._redraws = out is not None and (
            out.isatty() or type(out).__module__.startswith("ipykernel")
        )

    def __call__(self, now: dict[str, Any]) -> bool:
        """Draw what is known now."""
        if not self._redraws and not now["is_epoch"]:
            return True
        parts = [f"{now['share']:4.0%}", f"epoch {now['epochs']:.1f}", f"loss {now['loss']:.4g}"]
        if now["networks"] > 1:
            parts.insert(0, f"network {now['network']}/{now['networks']}")
        if now["validation"] is not None:
            parts.append(f"validation {now['validation']:.4g}")
        parts.append(f"{now['seconds_left']:.0f} s left")
        text = "  ".join(parts)
        if self._redraws:
            print("\r" + text.ljust(self._width), end="", flush=True)
            self._width = len(text)
            if now["share"] >= 1.0 and now["network"] == now["networks"]:
                print()
        else:
            print(text, flush=True)
        return True


def is_path(value: Any) -> bool:
    """Return whether the value names a file."""
    return hasattr(value, "__fspath__") or (
        isinstance(value, str) and "\n" not in value and len(value) < 4096 and os.path.exists(value)
    )


def existing(path: Any) -> str:
    """Return a path that is known to be there."""
    name = os.fspath(path)
    if not os.path.exists(name):
        raise FileNotFoundError(f"there is no file {name!r}")
    return name


def column_of(frame: Any, name: str) -> list[str]:
    """Return a column of a data frame as texts."""
    if name not in list(frame.columns):
        from .._classes import nearest

        known = [str(column) for column in frame.columns]
        raise ValueError(f"there is no column {name!r}: {nearest(name, known)}")
    return [str(value) for value in frame[name].to_list()]


def texts_of(value: Any) -> list[str]:
    """Return texts from a list, an array or a column."""
    if isinstance(value, str):
        return [value]
    if hasattr(value, "to_list"):
        value = value.to_list()
    elif hasattr(value, "tolist"):
        value = value.tolist()
    found = list(value)
    for place, text in enumerate(found):
        if not isinstance(text, str):
            raise TypeError(f"texts must be str, got {type(text).__name__} at place {place}")
    return found


__all__ = ["Estimator", "Line", "column_of", "existing", "is_path", "shown_progress", "texts_of",
           "_core"]
