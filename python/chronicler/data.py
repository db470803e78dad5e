"""From what people have (arrays, lists, frames, texts) to what the extension takes."""

from __future__ import annotations

from typing import Any

import numpy as np

from .tensor import Array, Tensor, Variable, array_of


def as_input(value: Any, dtype: str) -> Any:
    """Return one input: a contiguous array of a type the extension takes, or a list of texts."""
    array = host_array(value)
    kind = array.dtype.kind
    if kind == "f":
        return np.ascontiguousarray(array, dtype)
    if kind in "iu":
        return np.ascontiguousarray(whole_numbers(array), np.int32)
    if kind == "b":
        return np.ascontiguousarray(array)
    return texts_of(array)


def as_target(value: Any, dtype: str = "float32") -> Any:
    """Return targets: numbers of the model's type, or labels."""
    array = host_array(value)
    if array.dtype.kind in "fb":
        return np.ascontiguousarray(array, dtype)
    if array.dtype.kind in "iu":
        return np.ascontiguousarray(whole_numbers(array), np.int32)
    raise TypeError(
        f"targets must be numbers, got an array of {array.dtype}; make numbers of labels first"
    )


def as_weight(value: Any) -> Any:
    """Return sample weights as float32."""
    return np.ascontiguousarray(host_array(value), np.float32)


def step_input(value: Any) -> Any:
    """Return one step of a stream as float32."""
    return np.ascontiguousarray(host_array(value), np.float32)


def host_array(value: Any) -> Array:
    """Return what holds numbers, in whatever library, as an array of NumPy's."""
    if type(value) is np.ndarray:
        array = value
    elif isinstance(value, (Tensor, Variable)):
        array = value._array
    elif hasattr(value, "to_numpy") and not isinstance(value, type):
        array = np.asarray(value.to_numpy())
    else:
        array = array_of(value)
    if array.dtype.kind == "O":
        return _from_objects(array)
    if array.dtype.kind in "cmMV":
        raise TypeError(
            f"an array of {array.dtype} is not one of numbers that a network computes with"
        )
    return array


def _from_objects(array: Array) -> Array:
    """Return an array of objects as one of numbers or texts, if it is that."""
    flat = array.ravel()
    if flat.size and all(isinstance(each, (str, bytes)) for each in flat):
        return array
    if flat.size and all(isinstance(each, (int, float, bool, np.generic)) for each in flat):
        return array.astype(np.float64)
    if flat.size and hasattr(flat[0], "__len__"):
        lengths = sorted({len(each) for each in flat})
        raise ValueError(
            f"an array of objects holds {flat.size} sequences of {len(lengths)} different lengths "
            f"({lengths[0]} to {lengths[-1]}); give a list of arrays, or pad them with "
            "chronicler.utils.pad_sequences"
        )
    kinds = sorted({type(each).__name__ for each in flat})
    raise TypeError(f"an array of objects ({', '.join(kinds[:3])}) is not one of numbers")


def whole_numbers(array: Array) -> Array:
    """Return whole numbers, checked to fit into int32."""
    if array.dtype.itemsize >= 4 and array.dtype != np.int32 and array.size:
        least, most = array.min(), array.max()
        if least < -(2**31) or most >= 2**31:
            raise ValueError(
                f"whole numbers from {least} to {most} do not fit into int32; ids and labels must "
                "be below 2147483648, and numbers that are none should be floats"
            )
    return array


def texts_of(array: Array) -> list[str]:
    """Return an array of texts, (N,) or (N, 1), as a list."""
    if array.ndim == 0:
        array = array.reshape(1)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        raise ValueError(f"texts must come as (N,) or (N, 1), got shape {array.shape}")
    return [each.decode() if isinstance(each, bytes) else str(each) for each in array]


def is_ragged(value: Any) -> bool:
    """Return whether a list or array of objects holds sequences, each an array of its own."""
    if isinstance(value, np.ndarray):
        return bool(
            value.dtype.kind == "O" and value.ndim == 1 and value.size
            and all(hasattr(each, "__len__") and not isinstance(each, str) for each in value)
        )
    if not isinstance(value, (list, tuple)) or not value:
        return False
    first = value[0]
    if hasattr(first, "ndim"):
        return bool(first.ndim >= 1)
    if isinstance(first, (list, tuple)):
        return len({len(each) for each in value}) > 1
    return False


def structured(value: Any, names: list[str], what: str) -> list[Any]:
    """Return one value for each input or output from a list, a dictionary or one alone."""
    if isinstance(value, dict):
        missing = [name for name in names if name not in value]
        if missing:
            raise ValueError(f"{what} has no {missing[0]!r}; the model has {', '.join(names)}")
        return [value[name] for name in names]
    if len(names) > 1:
        if not isinstance(value, (list, tuple)) or len(value) != len(names):
            got = f"{len(value)}" if isinstance(value, (list, tuple)) else "one"
            raise ValueError(
                f"{what} must be a list of {len(names)} arrays ({', '.join(names)}), got {got}"
            )
        return list(value)
    if isinstance(value, (list, tuple)) and len(value) == 1 and hasattr(value[0], "shape"):
        return [value[0]]
    return [value]


def inputs_of(value: Any, names: list[str], dtype: str) -> Any:
    """Return x as the extension takes it: a tuple of arrays, or a list of sequences."""
    if len(names) == 1 and not isinstance(value, dict):
        alone = isinstance(value, (list, tuple)) and len(value) == 1 and hasattr(value[0], "shape")
        if not alone and is_ragged(value):
            arrays = [as_input(each, dtype) for each in value]
            if len({array.shape for array in arrays}) > 1 or isinstance(value, np.ndarray):
                return arrays
            return (np.stack(arrays),)
    return tuple(as_input(each, dtype) for each in structured(value, names, "x"))


def targets_of(value: Any, names: list[str], dtype: str, is_list: bool) -> Any:
    """Return y as the extension takes it; None stays None."""
    if value is None:
        return None
    if is_list and is_ragged(value):
        return [as_target(each, dtype) for each in value]
    return tuple(
        None if each is None else as_target(each, dtype)
        for each in structured(value, names, "y")
    )


def weights_of(value: Any, names: list[str]) -> Any:
    """Return sample weights: None, or one array for all outputs or for each."""
    if value is None:
        return None
    if isinstance(value, dict):
        return tuple(as_weight(value[name]) for name in names)
    if isinstance(value, (list, tuple)) and value and hasattr(value[0], "shape"):
        return tuple(as_weight(each) for each in value)
    return (as_weight(value),)
