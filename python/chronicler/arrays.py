"""From whatever holds numbers to a NumPy array."""

from __future__ import annotations

from typing import Any

import numpy as np

from .dtypes import numpy_dtype
from .operators import Numeric

Array = np.ndarray[Any, np.dtype[Any]]

_RAGGED = (
    "Lists of different lengths are no array: pad them first (utils.pad_sequences), or give one "
    "array each."
)


def array_of(value: Any, dtype: Any = None) -> Array:
    """Return the numbers of a tensor, variable, array, list or number as a NumPy array.

    Without `dtype`, numbers and lists of Python become int32, bool or `floatx()`.
    """
    if isinstance(value, Numeric):
        array = value._array
    elif isinstance(value, np.ndarray):
        array = value if type(value) is np.ndarray else np.asarray(value)
        if array.dtype.kind not in "biuf":
            _check_kind(array)
    else:
        return _from_python(value, dtype)
    if dtype is None:
        return array
    kind = dtype if isinstance(dtype, np.dtype) else numpy_dtype(dtype)
    return array if array.dtype == kind else array.astype(kind)


def _from_python(value: Any, dtype: Any) -> Array:
    is_numpy = isinstance(value, np.generic)  # float64 among them, which is a Python float, too
    is_python = isinstance(value, (bool, int, float, list, tuple, range)) and not is_numpy
    if not is_python and not is_numpy:
        value = _host_array(value)
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ValueError(_RAGGED) from error
    if array.dtype.kind == "O" and array.size and isinstance(array.flat[0], (list, tuple)):
        raise ValueError(_RAGGED)  # NumPy before 1.24 makes an array of lists of it
    _check_kind(array)
    if dtype is not None:
        kind = dtype if isinstance(dtype, np.dtype) else numpy_dtype(dtype)
        return array.astype(kind, copy=False)
    if is_python and array.dtype.kind == "f":
        return array.astype(numpy_dtype(None), copy=False)
    if is_python and array.dtype == np.int64 and _fits_int32(array):
        return array.astype(np.int32)
    return array


def _check_kind(array: Array) -> None:
    """Refuse what is neither numbers nor texts."""
    if array.dtype.kind not in "biufUSO":
        raise TypeError(f"Chronicler computes with real numbers: got {array.dtype}.")
    if array.dtype.kind == "O" and array.size and not isinstance(array.flat[0], (str, bytes)):
        kind = type(array.flat[0]).__name__
        raise TypeError(
            f"The array holds objects ({kind}), not numbers. Convert it with "
            "array.astype('float32'), or pad lists of different lengths (utils.pad_sequences)."
        )


def _fits_int32(array: Array) -> bool:
    return bool(array.size == 0 or (array.min() >= -(2**31) and array.max() < 2**31))


def _host_array(value: Any) -> Any:
    """Return what `value` offers as an array of this machine's memory."""
    device = getattr(value, "device", None)
    if device is not None and getattr(device, "type", "cpu") not in ("cpu", device):
        raise TypeError(
            f"The array is on the device {device}. Chronicler computes on the CPU: move it first "
            "(torch: x.cpu())."
        )
    if getattr(value, "_is_symbol", False):
        raise TypeError(
            f"{value!r} has no numbers yet: it is a place in a graph. "
            "Use chronicler.ops on it, or a layer."
        )
    if not hasattr(value, "__array__") and hasattr(value, "__dlpack__"):
        return np.from_dlpack(value)
    return value


def with_type(array: Array, dtype: Any, copy: bool | None) -> Array:
    if dtype is not None and np.dtype(dtype) != array.dtype:
        if copy is False:
            raise ValueError(f"{array.dtype} becomes {dtype} only in a copy.")
        return array.astype(dtype)
    return array.copy() if copy else array
