"""25,000 film reviews to train with and 25,000 to test: numbers of words, and liked or not."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from ._files import as_objects, find, limited, marked, read_arrays, short_ones


def load_data(
    path: str = "imdb.npz",
    num_words: int | None = None,
    skip_top: int = 0,
    maxlen: int | None = None,
    seed: int = 113,
    start_char: int | None = 1,
    oov_char: int | None = 2,
    index_from: int = 3,
    **kwargs: Any,
) -> Any:
    """Return (x_train, y_train), (x_test, y_test); each x is a vector of lists of numbers.

    Parameters
    ----------
    path : str
        The file in Keras's folder of data sets.
    num_words : int, optional
        Only numbers below it are kept: those of the most frequent words.
    skip_top : int
        Numbers below it are left out.
    maxlen : int, optional
        Only reviews with fewer words are kept.
    seed : int
        Of the random order.
    start_char : int or None
        What every review begins with.
    oov_char : int or None
        What stands for words left out; None removes them.
    index_from : int
        What is added to the numbers of words.
    """
    if kwargs:
        raise TypeError(f"imdb.load_data: unknown arguments {sorted(kwargs)}.")
    names = ("x_train", "y_train", "x_test", "y_test")
    x_train, y_train, x_test, y_test = read_arrays(find(path, "imdb.load_data"), *names)
    random = np.random.RandomState(seed)  # one generator for both, as in Keras
    first, second = np.arange(len(x_train)), np.arange(len(x_test))
    random.shuffle(first)
    random.shuffle(second)
    parts = []
    for x, y in ((x_train[first], y_train[first]), (x_test[second], y_test[second])):
        parts.append(short_ones(marked(x, start_char, index_from), y, maxlen))
    texts = limited(parts[0][0] + parts[1][0], num_words, skip_top, oov_char)
    labels = np.concatenate([parts[0][1], parts[1][1]])
    bound = len(parts[0][0])
    return (as_objects(texts[:bound]), labels[:bound]), (as_objects(texts[bound:]), labels[bound:])


def get_word_index(path: str = "imdb_word_index.json") -> dict[str, int]:
    """Return the numbers of the words, without `index_from`."""
    with open(find(path, "imdb.get_word_index"), encoding="utf-8") as file:
        return dict(json.load(file))
