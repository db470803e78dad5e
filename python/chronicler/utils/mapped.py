"""Arrays in .npy files that are far larger than memory."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from .. import _core
from ..tensor import Array

__all__ = ["csv_to_npy", "map_npy", "map_npy_folder", "npy_sequences"]


def map_npy(path: str | os.PathLike[str]) -> Array:
    """Return the array of a .npy file, mapped: its numbers are read as they are used.

    The array can only be read. `fit(bptt=...)`, `evaluate` and `predict` give its pages back to the
    system behind themselves, which they may not do with those of `np.load(path, mmap_mode="r")`:
    such an array is taken without copying, too, but its pages count as the program's memory until
    the system wants them back. The file must hold float32, float64, int32 or bool in the order of
    C; `np.save(path, np.ascontiguousarray(array, "float32"))` converts another one once.
    """
    array: Array = _core.map_npy(os.fspath(path))
    return array


def map_npy_folder(folder: str | os.PathLike[str]) -> list[Array]:
    """Return the arrays of a folder's .npy files, mapped, in the order of their names."""
    return [_core.map_npy(path) for path in _core.npy_files(os.fspath(folder))]


def csv_to_npy(
    csv: str | os.PathLike[str], npy: str | os.PathLike[str], columns: Sequence[str] = (),
    missing: str = "error", dtype: str = "float32", as_sequence: bool = False,
) -> int:
    """Turn a CSV file of any size into a .npy file, row by row; return the number of rows.

    Parameters
    ----------
    csv, npy : path
        The file that is read, and the one that is written.
    columns : list of str, optional
        Their names, in this order; all by default.
    missing : "error" or "nan"
        What an empty cell is.
    dtype : "float32", "float64" or "int32"
        Of the array.
    as_sequence : bool, default False
        The rows are the steps of one sequence: shape (1, rows, columns).
    """
    if missing not in ("error", "nan"):
        raise ValueError(f'missing is "error" or "nan", got {missing!r}')
    return int(_core.csv_to_npy(
        os.fspath(csv), os.fspath(npy), list(columns), missing == "nan", dtype, as_sequence))


def npy_sequences(
    x: Any, y: Any = None, sample_weight: Any = None, *, batch_size: int = 32,
    max_padding: float = 0.05, shuffle: bool = True,
) -> Any:
    """Return batches of sequences in .npy files, neighbours in length, for fit and evaluate.

    Lengths are read from the headers, and the numbers of a file when its batch has its turn.

    Parameters
    ----------
    x : folder, or list of paths
        A file (steps, features) for each sequence, or (steps,) of ids.
    y : folder, list of paths, or array, optional
        A file with a target for each step, or an array with a row for each sequence.
    sample_weight : array, optional
        What each sequence counts.
    batch_size : int, default 32
        Sequences of a batch, at most.
    max_padding : float, default 0.05
        The share of a batch's steps that may be padding.
    shuffle : bool, default True
        Another order in each epoch.
    """
    y_files = None if y is None or not _are_paths(y) else _paths(y)
    rows = None if y is None or y_files is not None else _rows(y)
    weight = None if sample_weight is None else _rows(sample_weight)
    return _core.npy_batches(_paths(x), y_files, rows, weight, batch_size, max_padding, shuffle)


def _are_paths(given: Any) -> bool:
    if isinstance(given, (str, os.PathLike)):
        return True
    return isinstance(given, (list, tuple)) and bool(given) and isinstance(
        given[0], (str, os.PathLike))


def _paths(given: str | os.PathLike[str] | Iterable[str | os.PathLike[str]]) -> list[str]:
    if isinstance(given, (str, os.PathLike)):
        return list(_core.npy_files(os.fspath(given)))
    return [os.fspath(path) for path in given]


def _rows(given: Any) -> Array:
    array = np.asarray(given)
    kind: Any = np.int32 if array.dtype.kind in "iu" else np.float32
    rows: Array = np.ascontiguousarray(array, kind)
    return rows
