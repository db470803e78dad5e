"""Sequences of different lengths to one array."""

from __future__ import annotations

from typing import Any

import numpy as np


def pad_sequences(
    sequences: Any,
    maxlen: int | None = None,
    dtype: Any = "int32",
    padding: str = "pre",
    truncating: str = "pre",
    value: Any = 0.0,
) -> Any:
    """Return sequences of different lengths as one array.

    Parameters
    ----------
    sequences : list of sequences
        Of numbers, texts or arrays of one shape.
    maxlen : int, optional
        The length of all; by default that of the longest.
    dtype : str or type
        The type of the array; `object` for texts of different lengths.
    padding, truncating : {"pre", "post"}
        Where short ones get `value`, and where long ones lose elements.
    value : float or str
        What fills short ones.
    """
    for name, choice in (("padding", padding), ("truncating", truncating)):
        if choice not in ("pre", "post"):
            raise ValueError(f"pad_sequences: {name} is {choice!r}; expected 'pre' or 'post'.")
    if not hasattr(sequences, "__len__"):
        raise ValueError("`sequences` must be iterable: pad_sequences needs a list of sequences.")
    for number, sequence in enumerate(sequences):
        if not hasattr(sequence, "__len__"):
            raise ValueError(
                "`sequences` must be a list of iterables. "
                f"Found non-iterable at position {number}: {sequence!r}"
            )
    lengths = [len(sequence) for sequence in sequences]
    shape = next((np.asarray(s).shape[1:] for s, n in zip(sequences, lengths) if n), ())
    length = max(lengths, default=0) if maxlen is None else int(maxlen)
    _check_fill(value, dtype)
    result = np.full((len(lengths), length, *shape), value, dtype=dtype)
    for number, sequence in enumerate(sequences):
        if not lengths[number] or not length:
            continue
        kept = sequence[-length:] if truncating == "pre" else sequence[:length]
        part = np.asarray(kept, dtype=dtype)
        if part.shape[1:] != shape:
            raise ValueError(
                f"pad_sequences: the elements of sequence {number} have the shape "
                f"{part.shape[1:]}, those before it {shape}."
            )
        place = slice(None, len(part)) if padding == "post" else slice(length - len(part), None)
        result[number, place] = part
    return result


def _check_fill(value: Any, dtype: Any) -> None:
    is_text = dtype is object or np.issubdtype(dtype, np.str_) or np.issubdtype(dtype, np.bytes_)
    if isinstance(value, str) and not is_text and dtype != "object":
        raise ValueError(
            f"`dtype` {dtype} is not compatible with `value`'s type: {type(value)}\n"
            "You should set `dtype=object` for variable length strings."
        )
