"""Data that comes in batches: one's own classes, and what other helpers return."""

from __future__ import annotations

import itertools
import random as python_random
import warnings
from collections.abc import Callable, Iterator
from collections.abc import Sequence as AnySequence
from typing import Any

import numpy as np

from ..tensor import Tensor, array_of


class PyDataset:
    """Base of classes that give batches: override `__getitem__` and `__len__`.

    Parameters
    ----------
    workers : int
        How many threads of `fit` fetch batches.
    use_multiprocessing : bool
        Whether they are processes.
    max_queue_size : int
        How many batches wait at most.
    """

    def __init__(
        self, workers: int = 1, use_multiprocessing: bool = False, max_queue_size: int = 10
    ) -> None:
        self._workers = workers
        self._use_multiprocessing = use_multiprocessing
        self._max_queue_size = max_queue_size

    def _option(self, name: str, default: Any) -> Any:
        if name not in self.__dict__:
            warnings.warn(
                f"{type(self).__name__}.__init__ should call super().__init__(**kwargs), where "
                "kwargs may be workers, use_multiprocessing and max_queue_size.",
                stacklevel=3,
            )
            self.__dict__[name] = default
        return self.__dict__[name]

    @property
    def workers(self) -> int:
        """How many threads of `fit` fetch batches."""
        return int(self._option("_workers", 1))

    @workers.setter
    def workers(self, value: int) -> None:
        self._workers = value

    @property
    def use_multiprocessing(self) -> bool:
        """Whether the workers are processes."""
        return bool(self._option("_use_multiprocessing", False))

    @use_multiprocessing.setter
    def use_multiprocessing(self, value: bool) -> None:
        self._use_multiprocessing = value

    @property
    def max_queue_size(self) -> int:
        """How many batches wait at most."""
        return int(self._option("_max_queue_size", 10))

    @max_queue_size.setter
    def max_queue_size(self, value: int) -> None:
        self._max_queue_size = value

    def __getitem__(self, index: int) -> Any:
        """Return batch number `index`."""
        raise NotImplementedError(
            f"{type(self).__name__} has no __getitem__(self, index) that returns a batch."
        )

    def __iter__(self) -> Iterator[Any]:
        count = self.num_batches
        for index in itertools.count() if count is None else range(count):
            yield self[index]

    @property
    def num_batches(self) -> int | None:
        """The number of batches; None means that they have no end."""
        if hasattr(self, "__len__"):
            return len(self)
        raise NotImplementedError(
            f"{type(self).__name__} has neither __len__ nor a property num_batches."
        )

    def on_epoch_begin(self) -> None:
        """Do something when an epoch begins."""

    def on_epoch_end(self) -> None:
        """Do something when an epoch ends."""


Sequence = PyDataset


class Dataset(PyDataset):
    """Elements by number, with the methods of `tf.data.Dataset` that examples use.

    Parameters
    ----------
    get : callable
        From a number to an element.
    count : int
        How many elements there are.
    on_epoch : callable, optional
        Called when an epoch ends.
    """

    class_names: list[str] | None = None

    def __init__(
        self, get: Callable[[int], Any], count: int, on_epoch: Callable[[], None] | None = None
    ) -> None:
        super().__init__()
        self._get = get
        self._count = count
        self._on_epoch = on_epoch

    @classmethod
    def from_tensor_slices(cls, arrays: Any) -> Dataset:
        """Make one of arrays: its elements are their rows."""
        rows = _checked(arrays)
        return cls(lambda index: pick(rows, index), length_of(rows))

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> Any:
        if not -self._count <= index < self._count:
            raise IndexError(f"There are {self._count} elements; got number {index}.")
        return self._get(index % self._count)

    def __iter__(self) -> Iterator[Any]:
        for index in range(self._count):
            yield self._get(index)
        self.on_epoch_end()

    def on_epoch_end(self) -> None:
        """Shuffle anew if the elements are shuffled."""
        if self._on_epoch is not None:
            self._on_epoch()

    def _like(self, get: Callable[[int], Any], count: int) -> Dataset:
        made = Dataset(get, count, self._on_epoch)
        made.class_names = self.class_names
        return made

    def cardinality(self) -> Tensor:
        """Return the number of elements."""
        return Tensor(np.asarray(self._count, np.int64))

    def take(self, count: int) -> Dataset:
        """Return the first elements; -1 means all."""
        return self._like(self._get, self._count if count < 0 else min(count, self._count))

    def skip(self, count: int) -> Dataset:
        """Return the elements after the first `count`."""
        return self._like(lambda index: self._get(index + count), max(self._count - count, 0))

    def map(self, map_func: Callable[..., Any], num_parallel_calls: Any = None) -> Dataset:
        """Return what a function makes of each element; the parts of a tuple are its arguments."""

        def get(index: int) -> Any:
            element = self._get(index)
            return map_func(*element) if isinstance(element, tuple) else map_func(element)

        return self._like(get, self._count)

    def batch(self, batch_size: int, drop_remainder: bool = False) -> Dataset:
        """Return batches of the elements."""
        if batch_size < 1:
            raise ValueError(f"batch: batch_size is {batch_size}; expected at least 1.")
        count = self._count // batch_size if drop_remainder else -(-self._count // batch_size)

        def get(index: int) -> Any:
            start = index * batch_size
            return stacked(
                [self._get(i) for i in range(start, min(start + batch_size, self._count))]
            )

        return self._like(get, count)

    def unbatch(self) -> Dataset:
        """Return the rows of all batches."""
        sizes = [length_of(self._get(index)) for index in range(self._count)]
        ends = np.cumsum(sizes)

        def get(index: int) -> Any:
            number = int(np.searchsorted(ends, index, side="right"))
            return pick(self._get(number), index - int(ends[number]) + sizes[number])

        return self._like(get, int(ends[-1]) if sizes else 0)

    def shuffle(
        self, buffer_size: int, seed: int | None = None, reshuffle_each_iteration: bool = True
    ) -> Dataset:
        """Return the elements in random order, a new one in each epoch."""
        order = Order(self._count, seed)
        made = self._like(lambda index: self._get(int(order.places[index])), self._count)
        if reshuffle_each_iteration:
            made._on_epoch = order.shuffle
        return made

    def prefetch(self, buffer_size: Any = None) -> Dataset:
        """Return the same: batches are made when they are asked for."""
        return self

    def cache(self, filename: str = "") -> Dataset:
        """Return the same elements, each made only once."""
        kept: dict[int, Any] = {}

        def get(index: int) -> Any:
            if index not in kept:
                kept[index] = self._get(index)
            return kept[index]

        return self._like(get, self._count)

    def as_numpy_iterator(self) -> Iterator[Any]:
        """Yield the elements as NumPy arrays."""
        for element in self:
            yield each(lambda leaf: leaf.numpy() if hasattr(leaf, "numpy") else leaf, element)


class Order:
    """Places in random order; `shuffle` makes another one."""

    def __init__(self, places: Any, seed: int | None) -> None:
        self._random = np.random.RandomState(seed)
        self.places = np.arange(places) if isinstance(places, int) else np.array(places)
        self.shuffle()

    def shuffle(self) -> None:
        """Make another order."""
        self._random.shuffle(self.places)


def each(function: Callable[..., Any], *elements: Any) -> Any:
    """Return `function` of the parts of elements, which are tuples, lists, dicts or single."""
    first = elements[0]
    if isinstance(first, dict):
        return {key: each(function, *(e[key] for e in elements)) for key in first}
    if isinstance(first, (tuple, list)):
        return type(first)(each(function, *parts) for parts in zip(*elements))
    return function(*elements)


def stacked(elements: AnySequence[Any]) -> Any:
    """Return elements as one batch."""
    return each(lambda *leaves: Tensor(np.stack([array_of(leaf) for leaf in leaves])), *elements)


def pick(rows: Any, index: int) -> Any:
    """Return one row of each of the arrays."""
    return each(lambda leaf: Tensor(np.asarray(array_of(leaf)[index])), rows)


def length_of(rows: Any) -> int:
    """Return the length of arrays."""
    while isinstance(rows, (tuple, list, dict)):
        rows = next(iter(rows.values())) if isinstance(rows, dict) else rows[0]
    return len(rows)


def _checked(arrays: Any) -> Any:
    """Return arrays as NumPy's, all of one length."""
    if isinstance(arrays, list) and arrays and not hasattr(arrays[0], "shape"):
        arrays = array_of(arrays)
    if isinstance(arrays, list):
        arrays = tuple(arrays)
    rows = each(array_of, arrays)
    lengths: set[int] = set()
    each(lambda leaf: lengths.add(len(leaf)), rows)
    if len(lengths) != 1:
        raise ValueError(f"The arrays have {sorted(lengths)} rows; expected one length.")
    return rows


def split_dataset(
    dataset: Any,
    left_size: float | None = None,
    right_size: float | None = None,
    shuffle: bool = False,
    seed: int | None = None,
    preferred_backend: str | None = None,
) -> tuple[Dataset, Dataset]:
    """Split data into a left and a right part.

    Parameters
    ----------
    dataset : array, list or tuple of arrays, Dataset or iterable
        What to split: the rows of arrays, the elements of others.
    left_size, right_size : float or int, optional
        A share between 0 and 1, or a number of elements; one of them may be left out.
    shuffle : bool
        Whether the elements are put in random order before.
    seed : int, optional
        For shuffling.
    preferred_backend : str, optional
        Accepted as in Keras.

    Returns
    -------
    two Datasets, whose elements are single samples: `.batch(32)` makes batches
    """
    whole = dataset if isinstance(dataset, Dataset) else _as_dataset(dataset)
    left, right = _sizes(left_size, right_size, len(whole))
    order = list(range(len(whole)))
    if shuffle:
        python_random.Random(python_random.randint(0, 10**6) if seed is None else seed).shuffle(
            order
        )
    parts = order[:left], order[len(order) - right :]
    first, second = (
        Dataset(lambda index, places=places: whole[places[index]], len(places))  # type: ignore[misc]
        for places in parts
    )
    return first, second


def _as_dataset(data: Any) -> Dataset:
    if isinstance(data, (np.ndarray, list, tuple)) or hasattr(data, "_array"):
        return Dataset.from_tensor_slices(data)
    if hasattr(data, "__iter__"):
        elements = list(data)
        return Dataset(lambda index: elements[index], len(elements))
    raise TypeError(
        f"split_dataset: dataset is a {type(data).__name__}; expected arrays, a Dataset or an "
        "iterable."
    )


def _sizes(left: Any, right: Any, total: int) -> tuple[int, int]:
    if left is None and right is None:
        raise ValueError("split_dataset: give left_size or right_size.")
    counts: list[int | None] = []
    for name, size in (("left_size", left), ("right_size", right)):
        if size is None:
            counts.append(None)
            continue
        if isinstance(size, bool) or not isinstance(size, (int, float)):
            raise TypeError(f"split_dataset: {name} is {size!r}; expected a number.")
        most = total if isinstance(size, int) else 1
        if not 0 < size < most:
            raise ValueError(
                f"split_dataset: {name} is {size}; expected a share between 0 and 1, or a whole "
                f"number between 0 and {total}."
            )
        counts.append(size if isinstance(size, int) else round(size * total))
    first, second = counts
    first = total - second if first is None and second is not None else first
    second = total - first if second is None and first is not None else second
    assert first is not None and second is not None
    if first + second > total or not first or not second:
        raise ValueError(
            f"split_dataset: {first} elements left and {second} right, out of {total}; expected "
            "at least one each, and no more than there are."
        )
    return first, second
