"""Texts to numbers of words, as Keras 2 does it (Keras 3 has the layer TextVectorization)."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

_FILTERS = '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n'
_MODES = ("binary", "count", "tfidf", "freq")


def text_to_word_sequence(
    input_text: str, filters: str = _FILTERS, lower: bool = True, split: str = " "
) -> list[str]:
    """Return the words of a text, without the characters in `filters`."""
    text = input_text.lower() if lower else input_text
    text = text.translate({ord(letter): split for letter in filters})
    return [word for word in text.split(split) if word]


def one_hot(
    input_text: str,
    n: int,
    filters: str = _FILTERS,
    lower: bool = True,
    split: str = " ",
    analyzer: Callable[[str], list[str]] | None = None,
) -> list[int]:
    """Return a number from 1 to before n for each word: Python's `hash`, which changes by run."""
    return hashing_trick(
        input_text,
        n,
        hash_function=hash,
        filters=filters,
        lower=lower,
        split=split,
        analyzer=analyzer,
    )


def hashing_trick(
    text: str,
    n: int,
    hash_function: Any = None,
    filters: str = _FILTERS,
    lower: bool = True,
    split: str = " ",
    analyzer: Callable[[str], list[str]] | None = None,
) -> list[int]:
    """Return a number from 1 to before n for each word: its hash, modulo n - 1.

    Parameters
    ----------
    text : str
        The text.
    n : int
        Numbers are smaller.
    hash_function : {None, "md5"} or callable
        None is Python's `hash`, which changes from run to run; "md5" does not.
    filters, lower, split, analyzer
        How words are found.
    """
    if hash_function is None:
        hash_function = hash
    elif hash_function == "md5":
        hash_function = _md5
    if analyzer is not None:
        words = analyzer(text)
    else:
        words = text_to_word_sequence(text, filters=filters, lower=lower, split=split)
    return [int(hash_function(word) % (n - 1) + 1) for word in words]


def _md5(word: str) -> int:
    return int(hashlib.md5(word.encode(), usedforsecurity=False).hexdigest(), 16)


class Tokenizer:
    """Numbers the words of texts, the most frequent first; 0 stays free for padding.

    Parameters
    ----------
    num_words : int, optional
        Only numbers below it are given out; the others are out of vocabulary.
    filters : str
        Characters that separate words.
    lower : bool
        Whether texts are put in lower case.
    split : str
        What stands between words.
    char_level : bool
        Whether characters are numbered, not words.
    oov_token : str, optional
        The word that stands for all others; it has the number 1.
    analyzer : callable, optional
        From a text to its words.
    """

    def __init__(
        self,
        num_words: int | None = None,
        filters: str = _FILTERS,
        lower: bool = True,
        split: str = " ",
        char_level: bool = False,
        oov_token: str | None = None,
        analyzer: Callable[[str], list[str]] | None = None,
        **kwargs: Any,
    ) -> None:
        num_words = kwargs.pop("nb_words", num_words)
        self.document_count: int = kwargs.pop("document_count", 0)
        if kwargs:
            raise TypeError(f"Tokenizer: unknown arguments {sorted(kwargs)}.")
        self.num_words = num_words
        self.filters = filters
        self.lower = lower
        self.split = split
        self.char_level = char_level
        self.oov_token = oov_token
        self.analyzer = analyzer
        self.word_counts: OrderedDict[str, int] = OrderedDict()
        self.word_docs: defaultdict[str, int] = defaultdict(int)
        self.index_docs: defaultdict[int, int] = defaultdict(int)
        self.word_index: dict[str, int] = {}
        self.index_word: dict[int, str] = {}

    def _words(self, text: Any) -> Any:
        """Return the words of a text; a list is one of words already."""
        if isinstance(text, list):
            return [word.lower() for word in text] if self.lower else text
        if self.char_level:
            return text.lower() if self.lower else text
        if self.analyzer is not None:
            return self.analyzer(text)
        return text_to_word_sequence(text, self.filters, self.lower, self.split)

    def fit_on_texts(self, texts: Any) -> None:
        """Count the words of texts, and number them."""
        for text in texts:
            self.document_count += 1
            words = self._words(text)
            for word in words:
                self.word_counts[word] = self.word_counts.get(word, 0) + 1
            for word in set(words):
                self.word_docs[word] += 1
        ranked = sorted(self.word_counts, key=self.word_counts.__getitem__, reverse=True)
        vocabulary = ranked if self.oov_token is None else [self.oov_token, *ranked]
        self.word_index = {word: number for number, word in enumerate(vocabulary, 1)}
        self.index_word = {number: word for word, number in self.word_index.items()}
        for word, count in self.word_docs.items():
            self.index_docs[self.word_index[word]] = count

    def fit_on_sequences(self, sequences: Any) -> None:
        """Count in how many sequences each number comes."""
        self.document_count += len(sequences)
        for sequence in sequences:
            for number in set(sequence):
                self.index_docs[number] += 1

    def texts_to_sequences(self, texts: Any) -> list[list[int]]:
        """Return the numbers of the words of each text."""
        return list(self.texts_to_sequences_generator(texts))

    def texts_to_sequences_generator(self, texts: Any) -> Iterator[list[int]]:
        """Yield the numbers of the words of each text."""
        unknown = self.word_index.get(self.oov_token) if self.oov_token is not None else None
        for text in texts:
            numbers = [self._known(self.word_index.get(w), unknown) for w in self._words(text)]
            yield [number for number in numbers if number is not None]

    def _known(self, number: int | None, unknown: int | None) -> int | None:
        """Return a number, or that of unknown words if it is not one of those given out."""
        if number is None or (self.num_words and number >= self.num_words):
            return unknown
        return number

    def sequences_to_texts(self, sequences: Any) -> list[str]:
        """Return the words of each sequence, with spaces between them."""
        return list(self.sequences_to_texts_generator(sequences))

    def sequences_to_texts_generator(self, sequences: Any) -> Iterator[str]:
        """Yield the words of each sequence, with spaces between them."""
        unknown = self.word_index.get(self.oov_token) if self.oov_token is not None else None
        for sequence in sequences:
            numbers = [
                self._known(number if number in self.index_word else None, unknown)
                for number in sequence
            ]
            yield " ".join(self.index_word[n] for n in numbers if n is not None)

    def texts_to_matrix(self, texts: Any, mode: str = "binary") -> Any:
        """Return a row for each text; see `sequences_to_matrix`."""
        return self.sequences_to_matrix(self.texts_to_sequences(texts), mode=mode)

    def sequences_to_matrix(self, sequences: Any, mode: str = "binary") -> Any:
        """Return a row for each sequence, with a column for each number.

        Parameters
        ----------
        sequences : list of lists of int
            The sequences.
        mode : {"binary", "count", "freq", "tfidf"}
            1 if the number comes, how often, which share, or the share weighted by rarity.
        """
        if mode not in _MODES:
            raise ValueError(f"Unknown vectorization mode: {mode!r}; expected one of {_MODES}.")
        columns = self.num_words or (len(self.word_index) + 1 if self.word_index else 0)
        if not columns:
            raise ValueError("Specify a dimension (`num_words`), or fit on some text data first.")
        if mode == "tfidf" and not self.document_count:
            raise ValueError("Fit the Tokenizer on some data before using tfidf mode.")
        matrix = np.zeros((len(sequences), columns))
        for row, sequence in zip(matrix, sequences):
            for number, count in Counter(n for n in sequence if n < columns).items():
                row[number] = self._weight(mode, number, count, len(sequence))
        return matrix

    def _weight(self, mode: str, number: int, count: int, length: int) -> float:
        if mode == "binary":
            return 1.0
        if mode == "count":
            return float(count)
        if mode == "freq":
            return count / length
        rarity = np.log(1 + self.document_count / (1 + self.index_docs.get(number, 0)))
        return float((1 + np.log(count)) * rarity)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments and what was counted, the latter as JSON."""
        config: dict[str, Any] = {
            name: getattr(self, name)
            for name in (
                *("num_words", "filters", "lower", "split", "char_level", "oov_token"),
                "document_count",
            )
        }
        for name in ("word_counts", "word_docs", "index_docs", "index_word", "word_index"):
            config[name] = json.dumps(getattr(self, name))
        return config

    def to_json(self, **kwargs: Any) -> str:
        """Return all of it as JSON, for `tokenizer_from_json`."""
        return json.dumps(
            {"class_name": type(self).__name__, "config": self.get_config()}, **kwargs
        )


def tokenizer_from_json(json_string: str) -> Tokenizer:
    """Return the Tokenizer that `to_json` wrote, Chronicler's or Keras's."""
    config = dict(json.loads(json_string)["config"])
    counted = {
        name: json.loads(config.pop(name))
        for name in ("word_counts", "word_docs", "index_docs", "index_word", "word_index")
    }
    tokenizer = Tokenizer(**config)
    tokenizer.word_counts = OrderedDict(counted["word_counts"])
    tokenizer.word_docs = defaultdict(int, counted["word_docs"])
    tokenizer.word_index = counted["word_index"]
    by_number = {
        name: {int(number): value for number, value in counted[name].items()}
        for name in ("index_docs", "index_word")
    }
    tokenizer.index_docs = defaultdict(int, by_number["index_docs"])
    tokenizer.index_word = by_number["index_word"]
    return tokenizer
