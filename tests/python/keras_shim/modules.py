"""The modules `keras` and `keras.src.…` that Keras's tests import: Chronicler under those names."""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import sys
import types
from importlib import import_module
from pathlib import Path
from typing import Any

# Where the names of a module of Keras's internals are, if not under the same path.
_PLACES = {
    "backend": ["ops", "dtypes", "config", "tensor", "_graph", ""],
    "backend.common": ["dtypes", "tensor", "_graph", "config"],
    "backend.common.global_state": ["utils"],
    "backend.common.keras_tensor": ["_graph"],
    "backend.common.variables": ["tensor", "dtypes"],
    "backend.config": ["config"],
    "backend.random": ["random"],
    "dtype_policies.dtype_policy": ["dtype_policies", "config"],
    "layers.rnn.dropout_rnn_cell": ["cells"],
    "random.seed_generator": ["random"],
    "saving.serialization_lib": ["serialization", "saving"],
    "saving.object_registration": ["registration"],
    "saving.saving_lib": ["saving"],
    "trainers.data_adapters.py_dataset_adapter": ["utils"],
}


class _Module(types.ModuleType):
    """One module of Keras's: its names come from Chronicler."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        path = self.__name__.removeprefix("keras").removeprefix(".").removeprefix("src")
        path = path.removeprefix(".")
        own = _own(path)
        if name in own:
            return own[name]
        if _is_module(f"{path}.{name}".lstrip(".")):
            return import_module(f"{self.__name__}.{name}")
        for place in _places(path):
            try:
                found = getattr(import_module(f"chronicler.{place}".rstrip(".")), name, None)
            except ImportError:
                continue
            if found is not None and not isinstance(found, types.ModuleType):
                return found
        raise AttributeError(f"Chronicler has nothing for {self.__name__}.{name}")


def _places(path: str) -> list[str]:
    if path in _PLACES:
        return _PLACES[path]
    parts = path.split(".") if path else []
    return [".".join(parts[:length]) for length in range(len(parts), 0, -1)] or [""]


_MODULES = (
    "activations", "backend", "backend.common", "backend.config", "backend.random", "callbacks",
    "constraints", "datasets", "dtype_policies", "dtype_policies.dtype_policy",
    "initializers", "layers", "losses", "metrics",
    "models", "ops", "optimizers", "optimizers.schedules", "random", "regularizers", "saving",
    "saving.serialization_lib", "saving.object_registration", "saving.saving_lib", "src",
    "testing", "tree", "utils",
)


def _is_module(path: str) -> bool:
    return path in _MODULES


def _own(path: str) -> dict[str, Any]:
    """Return the names that are the shim's."""
    if path == "testing":
        from . import case

        return {"TestCase": case.TestCase, **dict.fromkeys(_DEVICES, _no)}
    if path == "testing.test_case":
        return _own("testing")
    if path == "tree":
        from . import nests

        return vars(nests)
    if path == "ops":
        return {"random": import_module("chronicler.random")}
    if path == "backend":
        kinds = ("SPARSE_TENSORS", "RAGGED_TENSORS", "COMPLEX_DTYPES")
        return {"backend": lambda: "chronicler", **{f"SUPPORTS_{kind}": False for kind in kinds}}
    return {}


# Processors that a CPU library is not run on.
_DEVICES = (
    "uses_gpu", "uses_tpu", "jax_uses_gpu", "jax_uses_tpu", "tensorflow_uses_gpu",
    "tensorflow_uses_tpu", "torch_uses_gpu",
)


def _no() -> bool:
    return False


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds `keras.…`: a test file in the folder, or a module made here."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find_spec(self, name: str, path: Any, target: Any = None) -> Any:
        if name != "keras" and not name.startswith("keras."):
            return None
        last = name.rpartition(".")[2]
        if not last.islower():  # a class, which is no module
            return None
        if last.endswith("_test"):
            file = self._folder.joinpath(*name.split(".")).with_suffix(".py")
            return importlib.util.spec_from_file_location(name, file)
        return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec: Any) -> Any:
        return _Module(spec.name)

    def exec_module(self, module: Any) -> None:
        """Nothing to run: the names come when they are asked for."""


def install(folder: Path) -> None:
    """Let this process import Keras's test files, and what they import."""
    if "keras" in sys.modules:
        raise RuntimeError("Keras is imported already: the shim needs a process of its own")
    sys.dont_write_bytecode = True
    sys.meta_path.insert(0, _Finder(folder))
