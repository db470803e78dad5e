"""What utilities give for fixed input; run with Keras's modules and with Chronicler's.

`keras` has `utils` and `datasets`, `old` is `preprocessing` of Keras 2 (`sequence` and `text`).
"""

from __future__ import annotations

import contextlib
import io
import os
import random
from typing import Any

import numpy as np

TEXTS = ["The cat sat, on the mat!", "A dog; the cat... ran", "dog dog dog", ""]
SIGNATURES = {
    "utils": "Progbar PyDataset clear_session get_custom_objects get_file get_registered_name "
    "get_registered_object normalize pack_x_y_sample_weight pad_sequences "
    "register_keras_serializable deserialize_keras_object serialize_keras_object set_random_seed "
    "split_dataset text_dataset_from_directory timeseries_dataset_from_array to_categorical "
    "unpack_x_y_sample_weight is_keras_tensor",
}


def plain(value: Any) -> Any:
    """Return a value as JSON has it, with the type of arrays."""
    if hasattr(value, "numpy"):
        value = value.numpy()
    if isinstance(value, (np.ndarray, np.generic)) and value.ndim == 0:
        value = value.item()
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, np.ndarray):
        if value.dtype == object:
            return [plain(part) for part in value]
        if value.dtype.kind == "f":
            return [str(value.dtype), np.round(value, 6).tolist()]
        return [str(value.dtype), value.tolist()]
    if isinstance(value, (list, tuple)):
        return [plain(part) for part in value]
    if isinstance(value, dict):
        return {str(key): plain(part) for key, part in value.items()}
    return value


def arrays(utils: Any) -> dict[str, Any]:
    """Return what helpers for arrays give."""
    x = np.array([[3.0, 4.0], [0.0, 0.0], [1.0, -1.0]])
    ragged = [[1], [2, 3], [], [4, 5, 6]]
    return {
        "to_categorical": utils.to_categorical([0, 2, 1]),
        "to_categorical:column": utils.to_categorical(np.array([[1], [0]]), num_classes=3),
        "to_categorical:2d": utils.to_categorical([[0, 1], [1, 1]], 2),
        "normalize": utils.normalize(x),
        "normalize:l1": utils.normalize(x, axis=-1, order=1),
        "pad": utils.pad_sequences(ragged),
        "pad:post": utils.pad_sequences(ragged, maxlen=2, padding="post", truncating="post"),
        "pad:pre": utils.pad_sequences(ragged, maxlen=2, value=-1, dtype="float32"),
        "pad:vectors": utils.pad_sequences([[[1, 2]], [[3, 4], [5, 6]]], padding="post"),
        "pad:texts": utils.pad_sequences([["a"], ["b", "c"]], dtype=object, value="-"),
        "pack": [utils.pack_x_y_sample_weight(1), utils.pack_x_y_sample_weight(1, 2, 3)],
        "unpack": [utils.unpack_x_y_sample_weight((1, 2)), utils.unpack_x_y_sample_weight([1])],
    }


def windows(utils: Any) -> dict[str, Any]:
    """Return windows over series."""
    make = utils.timeseries_dataset_from_array
    data = np.arange(20.0).reshape(10, 2)
    goals = np.arange(10) * 10
    return {
        "plain": list(make(data, None, 3, batch_size=4)),
        "targets": list(make(data, goals, 3, batch_size=4)),
        "ahead": list(make(data[:-3], goals[3:], 3)),
        "stride": list(make(data, goals, 2, sequence_stride=3, sampling_rate=2)),
        "range": list(make(data, goals, 2, start_index=2, end_index=8, batch_size=3)),
        "single": list(make(data, goals, 2, batch_size=None, end_index=4)),
    }


def old_sequence(sequence: Any) -> dict[str, Any]:
    """Return what Keras 2's helpers for sequences give."""
    data = np.arange(20).reshape(10, 2)
    results: dict[str, Any] = {"table": sequence.make_sampling_table(6, 0.1)}
    for name, options in {
        "plain": {},
        "stride": {"stride": 2, "sampling_rate": 2, "batch_size": 2},
        "range": {"start_index": 1, "end_index": 7, "reverse": True, "batch_size": 3},
    }.items():
        generator = sequence.TimeseriesGenerator(data, data[:, 0], length=3, **options)
        results[name] = [generator[number] for number in range(len(generator))]
    random.seed(3)
    results["skipgrams"] = sequence.skipgrams([1, 2, 0, 3], 5, window_size=1, seed=7)
    random.seed(4)
    results["skipgrams:table"] = sequence.skipgrams(
        [1, 2, 3, 4], 5, 2, 0.5, False, True, sequence.make_sampling_table(5, 0.1)
    )
    return results


def old_text(text: Any) -> dict[str, Any]:
    """Return what Keras 2's helpers for texts give."""
    results: dict[str, Any] = {
        "words": text.text_to_word_sequence(TEXTS[0]),
        "words:split": text.text_to_word_sequence("a_b-C", filters="-", lower=False, split="_"),
        "hashing": text.hashing_trick(TEXTS[1], 7, "md5"),
        "one_hot": len(text.one_hot(TEXTS[1], 7)),
    }
    for name, options in {
        "plain": {},
        "few": {"num_words": 3},
        "unknown": {"num_words": 4, "oov_token": "<?>"},
        "letters": {"char_level": True, "lower": False},
    }.items():
        tokenizer = text.Tokenizer(**options)
        tokenizer.fit_on_texts(TEXTS)
        rows = tokenizer.texts_to_sequences([*TEXTS, "a bird sat"])
        results[name] = {
            "index": tokenizer.word_index,
            "docs": sorted(tokenizer.word_docs.items()),
            "rows": rows,
            "back": tokenizer.sequences_to_texts(rows),
            "config": {k: v for k, v in tokenizer.get_config().items() if k != "word_docs"
                       and k != "index_docs"},
            "matrix": {
                mode: tokenizer.texts_to_matrix(TEXTS, mode)
                for mode in ("binary", "count", "freq", "tfidf")
            },
        }
        again = text.tokenizer_from_json(tokenizer.to_json())
        results[name]["again"] = again.texts_to_sequences(TEXTS)
    lists = text.Tokenizer()
    lists.fit_on_texts([["A", "b"], ["b"]])
    lists.fit_on_sequences([[1, 1], [2]])
    results["lists"] = [lists.word_index, lists.document_count, dict(lists.index_docs)]
    return results


def folder(utils: Any, root: str) -> dict[str, Any]:
    """Return what is read of a folder of texts."""
    for place in ("b", "a", "a/more", ".hidden"):
        os.makedirs(os.path.join(root, place), exist_ok=True)
    for number in range(4):
        with open(os.path.join(root, "ab"[number % 2], f"{number}.txt"), "w") as file:
            file.write(f"text number {number}")
    for place in ("a/more/9.txt", "a/no.md", "top.txt"):
        with open(os.path.join(root, place), "w") as file:
            file.write(f"in {place}")
    read = utils.text_dataset_from_directory
    results: dict[str, Any] = {}
    shown = io.StringIO()
    with contextlib.redirect_stdout(shown):
        for name, options in {
            "plain": {},
            "binary": {"label_mode": "binary", "batch_size": 3},
            "categorical": {"label_mode": "categorical", "class_names": ["b", "a"]},
            "none": {"labels": None, "max_length": 5},
            "list": {"labels": [0, 1, 2, 1, 0, 2]},
            "single": {"batch_size": None},
            "training": {"validation_split": 0.4, "subset": "training"},
            "validation": {"validation_split": 0.4, "subset": "validation"},
        }.items():
            found = read(root, shuffle=False, **options)
            results[name] = [list(found), found.class_names]
        both = read(root, shuffle=False, validation_split=0.4, subset="both")
        results["both"] = [list(part) for part in both]
        first = read(root, seed=3, validation_split=0.4, subset="validation", batch_size=9)
        results["shuffled"] = sorted(text for batch, _ in first for text in plain(batch))
    results["shown"] = shown.getvalue()
    return results


def write_files(root: str) -> None:
    """Write small files such as Keras's data sets are."""
    rng = np.random.RandomState(0)

    def texts(count: int) -> np.ndarray:
        result = np.empty(count, object)
        result[:] = [rng.randint(1, 30, rng.randint(2, 9)).tolist() for _ in range(count)]
        return result

    x, y = texts(12), rng.randint(0, 2, 12)
    np.savez(f"{root}/imdb.npz", x_train=x, y_train=y, x_test=texts(8), y_test=y[:8])
    np.savez(f"{root}/reuters.npz", x=texts(15), y=rng.randint(0, 46, 15))
    np.savez(f"{root}/boston_housing.npz", x=rng.normal(size=(10, 2)), y=rng.normal(size=10))
    np.savez(f"{root}/california_housing.npz", x=rng.normal(size=(10, 2)), y=rng.normal(size=10))
    images = rng.randint(0, 255, (3, 2, 2), np.uint8)
    np.savez(f"{root}/mnist.npz", x_train=images, y_train=y[:3], x_test=images[:1], y_test=y[:1])


def datasets(datasets: Any) -> dict[str, Any]:
    """Return what is read of the files of `write_files`."""
    return {
        "imdb": datasets.imdb.load_data(),
        "imdb:words": datasets.imdb.load_data(num_words=15, skip_top=5, maxlen=8),
        "imdb:left out": datasets.imdb.load_data(num_words=15, oov_char=None, seed=4),
        "imdb:bare": datasets.imdb.load_data(start_char=None, index_from=0),
        "reuters": datasets.reuters.load_data(),
        "reuters:words": datasets.reuters.load_data(num_words=12, test_split=0.4, seed=5),
        "reuters:bare": datasets.reuters.load_data(start_char=None, index_from=0, oov_char=None),
        "reuters:names": datasets.reuters.get_label_names(),
        "boston": datasets.boston_housing.load_data(),
        "california": datasets.california_housing.load_data(test_split=0.3, seed=1),
        "mnist": datasets.mnist.load_data(),
    }
