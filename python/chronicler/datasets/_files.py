"""Where the files lie, and how arrays are read from them without running what they hold."""

from __future__ import annotations

import io
import os
import pickle
import zipfile
from typing import Any

import numpy as np

from ..utils.files import keras_home


def find(name: str, loader: str, *folders: str) -> str:
    """Return the path of a file in Keras's folder of data sets.

    Raises FileNotFoundError, which says where to put it; `loader` is Keras's function that fetches
    it.
    """
    folder = os.path.join(keras_home(), "datasets", *folders)
    path = name if os.path.isabs(name) else os.path.join(folder, name)
    if not os.path.isfile(path):
        raise FileNotFoundError(
            f"There is no file {path}. Chronicler downloads nothing: keras.datasets.{loader}() of "
            f"Keras, on a machine with a network, puts {os.path.basename(path)} into "
            f"{os.path.join('~', '.keras', 'datasets', *folders)}. Copy it from there to here."
        )
    return path


class _ArraysOnly(pickle.Unpickler):
    """Reads pickled arrays of lists. Every other class is refused, so that no file runs code."""

    def find_class(self, module: str, name: str) -> Any:
        if name == "_reconstruct" and module in ("numpy.core.multiarray", "numpy._core.multiarray"):
            return _reconstruct
        if (module, name) == ("_codecs", "encode"):  # how old files spell bytes
            return lambda text, encoding: text.encode("latin1")
        if module == "numpy" and name in ("ndarray", "dtype"):
            return getattr(np, name)
        raise ValueError(
            f"The file asks for {module}.{name}, which is no array: it is damaged, or not the file "
            "that Keras puts there."
        )


def _reconstruct(kind: Any, shape: Any, code: Any) -> Any:
    if kind is not np.ndarray:
        raise ValueError("The file holds an object that is no array.")
    return np.ndarray.__new__(np.ndarray, shape, code)


def read_arrays(path: str, *names: str) -> list[Any]:
    """Return arrays of an `.npz` file, those of lists, too."""
    try:
        with zipfile.ZipFile(path) as archive:
            return [_read(archive.read(f"{name}.npy")) for name in names]
    except (zipfile.BadZipFile, KeyError, pickle.UnpicklingError, EOFError) as error:
        raise ValueError(
            f"The file {path} is damaged, or not the one that Keras puts there: {error}."
        ) from error


def _read(content: bytes) -> Any:
    stream = io.BytesIO(content)
    version = np.lib.format.read_magic(stream)
    reader = (
        np.lib.format.read_array_header_1_0
        if version == (1, 0)
        else np.lib.format.read_array_header_2_0
    )
    _, _, dtype = reader(stream)
    if dtype.hasobject:
        return _ArraysOnly(stream).load()
    return np.load(io.BytesIO(content), allow_pickle=False)


def shuffled(seed: int, *arrays: Any) -> list[Any]:
    """Return arrays in one random order, that of Keras for this seed."""
    order = np.arange(len(arrays[0]))
    np.random.RandomState(seed).shuffle(order)
    return [array[order] for array in arrays]


def divided(x: Any, y: Any, test_split: float, seed: int) -> Any:
    """Return (x_train, y_train), (x_test, y_test) of rows in random order."""
    if not 0 <= test_split < 1:
        raise ValueError(f"test_split is {test_split}; expected a number from 0 to before 1.")
    x, y = shuffled(seed, x, y)
    bound = int(len(x) * (1 - test_split))
    return (np.array(x[:bound]), np.array(y[:bound])), (np.array(x[bound:]), np.array(y[bound:]))


def marked(xs: Any, start_char: int | None, index_from: int | None) -> list[list[int]]:
    """Return texts with the mark of the start, and numbers moved up to make room for marks."""
    shift = index_from or 0
    start = [] if start_char is None else [start_char]
    return [start + [word + shift for word in text] for text in xs]


def short_ones(xs: list[Any], labels: Any, maxlen: int | None) -> tuple[list[Any], Any]:
    """Return the texts that are shorter than `maxlen`, and their labels."""
    if not maxlen:
        return xs, labels
    kept = [number for number, text in enumerate(xs) if len(text) < maxlen]
    if not kept:
        raise ValueError(f"No text is shorter than maxlen={maxlen}. Increase maxlen.")
    return [xs[number] for number in kept], [labels[number] for number in kept]


def limited(
    xs: list[Any], num_words: int | None, skip_top: int, oov_char: int | None
) -> list[list[int]]:
    """Return texts with the numbers out of range replaced, or left out."""
    if not num_words:
        num_words = max(max(text) for text in xs)
    if oov_char is None:
        return [[word for word in text if skip_top <= word < num_words] for text in xs]
    return [[word if skip_top <= word < num_words else oov_char for word in text] for text in xs]


def as_objects(texts: list[Any]) -> Any:
    """Return a vector of lists; `np.array` would make a matrix of lists of one length."""
    array = np.empty(len(texts), object)
    array[:] = texts
    return array
