"""Texts out of a folder with a folder for each class."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from ..tensor import Tensor
from .dataset import Dataset, Order
from .printing import print_message


def text_dataset_from_directory(
    directory: Any,
    labels: Any = "inferred",
    label_mode: str | None = "int",
    class_names: list[str] | None = None,
    batch_size: int | None = 32,
    max_length: int | None = None,
    shuffle: bool = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: str | None = None,
    follow_links: bool = False,
    format: str = "tf",
    verbose: bool = True,
) -> Any:
    """Return batches of the texts (and classes) of the `.txt` files in a folder.

    Parameters
    ----------
    directory : path
        With `labels="inferred"`, it has a folder for each class.
    labels : "inferred", list of int or None
        Where classes come from; a list is in the order of the sorted paths.
    label_mode : {"int", "binary", "categorical", None}
        Numbers; 0. and 1. in a column; a 1. among zeros; no classes.
    class_names : list of str, optional
        The folders to read, in the order of their numbers.
    batch_size : int or None
        Texts of a batch; None gives single texts.
    max_length : int, optional
        Texts are cut to so many characters.
    shuffle, seed
        Whether the texts come in random order, a new one in each epoch.
    validation_split, subset
        A share of the files, and which side of it: "training", "validation" or "both".
    follow_links : bool
        Whether links to folders are followed.
    format : {"tf", "grain"}
        Accepted as in Keras; the result is the same.
    verbose : bool
        Whether the number of files is printed.
    """
    _check_labels(labels, label_mode, class_names, format)
    _check_split(validation_split, subset, shuffle, seed)
    if labels is None or label_mode is None:
        labels = label_mode = None
    seed = int(np.random.randint(10**6)) if seed is None else seed
    paths, numbers, names = _find(os.fspath(directory), labels, class_names, follow_links, verbose)
    if label_mode == "binary" and len(names or ()) != 2:
        raise ValueError(
            f'When passing `label_mode="binary"`, there must be exactly 2 class_names. '
            f"Received: class_names={names}"
        )
    if shuffle:
        order = np.random.RandomState(seed).permutation(len(paths))
        paths = [paths[place] for place in order]
        numbers = None if numbers is None else numbers[order]
    parts = []
    for side in ("training", "validation") if subset == "both" else (subset,):
        chosen = _side(len(paths), validation_split, side)
        if not len(range(*chosen.indices(len(paths)))):
            raise ValueError(f"No {side or 'text'} files found in directory {directory} (.txt).")
        own = None if numbers is None else _encoded(numbers[chosen], label_mode, len(names or ()))
        again = shuffle and not (subset == "both" and side == "validation")
        part = _texts(paths[chosen], own, batch_size, max_length, seed if again else None)
        part.class_names = names
        parts.append(part)
    return parts if subset == "both" else parts[0]


def _check_labels(labels: Any, label_mode: Any, class_names: Any, format: str) -> None:
    if labels not in ("inferred", None) and not isinstance(labels, (list, tuple)):
        raise ValueError(
            "`labels` is 'inferred', None, or a list of whole numbers, one for each file; "
            f"received: labels={labels!r}"
        )
    if class_names and labels != "inferred":
        raise ValueError(
            f'You can only pass `class_names` if `labels="inferred"`. Received: labels={labels}, '
            f"and class_names={class_names}"
        )
    if label_mode not in ("int", "categorical", "binary", None):
        raise ValueError(
            '`label_mode` argument must be one of "int", "categorical", "binary", or None. '
            f"Received: label_mode={label_mode}"
        )
    if format not in ("tf", "grain"):
        raise ValueError(f'`format` should be either "tf" or "grain". Received: format={format}')


def _check_split(share: float | None, subset: str | None, shuffle: bool, seed: Any) -> None:
    if share and not 0 < share < 1:
        raise ValueError(f"`validation_split` must be between 0 and 1, received: {share}")
    if bool(share) != bool(subset):
        raise ValueError("If `subset` is set, `validation_split` must be set, and inversely.")
    if subset not in ("training", "validation", "both", None):
        raise ValueError(
            f'`subset` must be either "training", "validation" or "both", received: {subset}'
        )
    if share and shuffle and seed is None:
        raise ValueError(
            "If using `validation_split` and shuffling the data, you must provide a `seed` "
            "argument: the two subsets would overlap without one."
        )


def _find(
    directory: str, labels: Any, class_names: Any, follow_links: bool, verbose: bool
) -> tuple[list[str], Any, list[str] | None]:
    """Return the paths of the files, their numbers, and the names of the classes."""
    if not os.path.isdir(directory):
        raise FileNotFoundError(f"text_dataset_from_directory: there is no folder {directory!r}.")
    if labels == "inferred":
        folders = sorted(
            name
            for name in os.listdir(directory)
            if os.path.isdir(os.path.join(directory, name)) and not name.startswith(".")
        )
        if class_names is not None:
            if not set(class_names) <= set(folders):
                raise ValueError(
                    f"class_names is {class_names}, but the folders in {directory} are {folders}."
                )
            folders = list(class_names)
        found = [_files(os.path.join(directory, name), follow_links) for name in folders]
        paths = [path for files in found for path in files]
        numbers: Any = np.repeat(np.arange(len(folders)), [len(f) for f in found]).astype(np.int32)
        names: list[str] | None = folders
    else:
        paths = _files(directory, follow_links)
        numbers = names = None
        if labels is not None:
            if len(labels) != len(paths):
                raise ValueError(
                    f"labels has {len(labels)} numbers, but {directory} has {len(paths)} files."
                )
            numbers = np.asarray(labels, np.int32)
            names = [str(label) for label in sorted(set(labels))]
    if verbose:
        classes = "" if names is None else f" belonging to {len(names)} classes"
        print_message(f"Found {len(paths)} files{classes}.")
    return paths, numbers, names


def _files(folder: str, follow_links: bool) -> list[str]:
    walk = sorted(os.walk(folder, followlinks=follow_links), key=lambda entry: entry[0])
    return [
        os.path.join(root, name)
        for root, _, names in walk
        for name in sorted(names)
        if name.lower().endswith(".txt")
    ]


def _side(count: int, share: float | None, side: str | None) -> slice:
    if not share:
        return slice(None)
    held = int(share * count)
    if side == "training":
        print_message(f"Using {count - held} files for training.")
        return slice(0, count - held)
    print_message(f"Using {held} files for validation.")
    return slice(count - held, None)


def _encoded(numbers: Any, label_mode: str | None, classes: int) -> Any:
    if label_mode == "binary":
        return numbers.astype(np.float32)[:, None]
    if label_mode == "categorical":
        return np.eye(classes, dtype=np.float32)[numbers]
    return numbers


def _texts(
    paths: list[str], labels: Any, batch_size: int | None, max_length: int | None, seed: int | None
) -> Dataset:
    order = None if seed is None else Order(len(paths), seed)

    def read(place: int) -> str:
        with open(paths[place], encoding="utf-8", errors="replace") as file:
            return file.read() if max_length is None else file.read(max_length)

    def get(index: int) -> Any:
        places = np.arange(len(paths)) if order is None else order.places
        if batch_size is None:
            place = places[index]
            text = Tensor(np.array(read(place), object))
            return text if labels is None else (text, Tensor(np.asarray(labels[place])))
        chosen = places[index * batch_size : (index + 1) * batch_size]
        texts = Tensor(np.array([read(place) for place in chosen], object))
        return texts if labels is None else (texts, Tensor(labels[chosen]))

    size = batch_size or 1
    return Dataset(get, -(-len(paths) // size), None if order is None else order.shuffle)
