"""Names of number types, and which type two of them give (Keras's rules)."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import config

INT_TYPES = ("uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64")
FLOAT_TYPES = ("float16", "float32", "float64")
ALLOWED_DTYPES = ("bool", *INT_TYPES, *FLOAT_TYPES, "string")

_PYTHON_TYPES: dict[Any, str] = {
    bool: "bool",
    int: "int64",
    "int": "int64",
    float: "float32",
    "float": "float32",
    str: "string",
}
_NAMES: dict[Any, str] = {np.dtype(name): name for name in ALLOWED_DTYPES if name != "string"}
_DTYPES: dict[str, np.dtype[Any]] = {name: dtype for dtype, name in _NAMES.items()}

# Each type and those just above it; "int" and "float" are the weak types of Python's numbers.
_ABOVE = {
    "bool": ("int",),
    "int": ("uint8", "int8"),
    "uint8": ("int16", "uint16"),
    "uint16": ("int32", "uint32"),
    "uint32": ("int64", "uint64"),
    "uint64": ("float",),
    "int8": ("int16",),
    "int16": ("int32",),
    "int32": ("int64",),
    "int64": ("float",),
    "float": ("float16",),
    "float16": ("float32",),
    "float32": ("float64",),
    "float64": (),
}


def _all_above(name: str) -> frozenset[str]:
    found = {name}
    for upper in _ABOVE[name]:
        found |= _all_above(upper)
    return frozenset(found)


_UPPER = {name: _all_above(name) for name in _ABOVE}


def name_of(dtype: np.dtype[Any]) -> str:
    """Return the name of a NumPy type; `dtype.name` is ten times as slow."""
    name = _NAMES.get(dtype)
    if name is None:
        name = "string" if dtype.kind in "USO" else dtype.name
        _NAMES[dtype] = name
    return name


def standardize_dtype(dtype: Any) -> str:
    """Return the name of a type that is given as a name, a NumPy type or a Python type."""
    if dtype is None:
        return config.floatx()
    if dtype.__hash__ is not None:
        dtype = _PYTHON_TYPES.get(dtype, dtype)
    if isinstance(dtype, str):
        name = dtype
    else:
        name = getattr(dtype, "name", None) or getattr(dtype, "__name__", None) or str(dtype)
        name = name.rsplit(".", 1)[-1]
    if name not in ALLOWED_DTYPES:
        raise ValueError(
            f"Invalid dtype: {dtype!r}. Chronicler computes with {', '.join(ALLOWED_DTYPES)}."
        )
    return name


def numpy_dtype(dtype: Any) -> np.dtype[Any]:
    """Return the NumPy type of a type that is given in any way; None is `floatx`."""
    found = _DTYPES.get(dtype) if type(dtype) is str else None
    if found is None:
        name = standardize_dtype(dtype)
        found = _DTYPES[name] if name != "string" else np.dtype("O")
    return found


def is_float_dtype(dtype: Any) -> bool:
    """Return whether `dtype` is a type of real numbers."""
    return standardize_dtype(dtype).startswith("float")


def is_int_dtype(dtype: Any) -> bool:
    """Return whether `dtype` is a type of whole numbers."""
    return standardize_dtype(dtype) in INT_TYPES


def result_type(*types: Any) -> str:
    """Return the type that an operation on these types gives.

    Python's `int` and `float` are weak: they take the type of the others.
    """
    if not types:
        return config.floatx()
    return name_of(common_dtype(*(t if t is int or t is float else numpy_dtype(t) for t in types)))


_common: dict[Any, np.dtype[Any]] = {}


def common_dtype(*types: Any) -> np.dtype[Any]:
    """Return `result_type` of NumPy types, and `int` or `float` for weak ones, as NumPy's type."""
    key = (config.floatx(), types)
    found = _common.get(key)
    if found is None:
        found = _common[key] = _join(types)
    return found


def _join(types: tuple[Any, ...]) -> np.dtype[Any]:
    # `is`, for NumPy's int64 equals `int`.
    names = {t.__name__ if t is int or t is float else name_of(t) for t in types}
    if len(names) == 1 and next(iter(names)) not in ("int", "float"):
        return _canonical(next(iter(names)))
    if "string" in names:
        raise ValueError("A text and a number have no common type: convert one of them first.")
    bounds = frozenset.intersection(*(_UPPER[name] for name in names))
    least = next(name for name in bounds if bounds <= _UPPER[name])
    return _canonical(least)


def _canonical(name: str) -> np.dtype[Any]:
    bits = config.floatx()[-2:]
    name = {"int": f"int{bits}", "float": f"float{bits}", "uint64": "uint32"}.get(name, name)
    return _DTYPES[name] if name != "string" else np.dtype("O")
