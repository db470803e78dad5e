"""11,228 news agency messages on 46 topics: numbers of words."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from ._files import as_objects, find, limited, marked, read_arrays, short_ones, shuffled

_LABELS = (
    "cocoa grain veg-oil earn acq wheat copper housing money-supply coffee sugar trade reserves "
    "ship cotton carcass crude nat-gas cpi money-fx interest gnp meal-feed alum oilseed gold tin "
    "strategic-metal livestock retail ipi iron-steel rubber heat jobs lei bop zinc orange pet-chem "
    "dlr gas silver wpi hog lead"
)


def load_data(
    path: str = "reuters.npz",
    num_words: int | None = None,
    skip_top: int = 0,
    maxlen: int | None = None,
    test_split: float = 0.2,
    seed: int = 113,
    start_char: int | None = 1,
    oov_char: int | None = 2,
    index_from: int = 3,
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
        Only messages with fewer words are kept.
    test_split : float
        The share that is for testing.
    seed : int
        Of the random order.
    start_char : int or None
        What every message begins with.
    oov_char : int or None
        What stands for words left out; None removes them.
    index_from : int
        What is added to the numbers of words.
    """
    xs, labels = read_arrays(find(path, "reuters.load_data"), "x", "y")
    xs, labels = shuffled(seed, xs, labels)
    texts, labels = short_ones(marked(xs, start_char, index_from), labels, maxlen)
    texts = limited(texts, num_words, skip_top, oov_char)
    bound = int(len(texts) * (1 - test_split))
    labels = np.array(labels)
    return (as_objects(texts[:bound]), labels[:bound]), (as_objects(texts[bound:]), labels[bound:])


def get_word_index(path: str = "reuters_word_index.json") -> dict[str, int]:
    """Return the numbers of the words, without `index_from`."""
    with open(find(path, "reuters.get_word_index"), encoding="utf-8") as file:
        return dict(json.load(file))


def get_label_names() -> tuple[str, ...]:
    """Return the names of the topics, in the order of their numbers."""
    return tuple(_LABELS.split())
