"""Nests: values in lists, tuples and dictionaries, as keras.tree handles them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def is_nested(value: Any) -> bool:
    """Return whether the value is a list, tuple or dictionary."""
    return isinstance(value, (list, tuple, dict))


def _items(nest: Any) -> list[tuple[Any, Any]]:
    """Return (key, value) of a nest: dictionaries in the order of their keys."""
    if isinstance(nest, dict):
        return [(key, nest[key]) for key in sorted(nest)]
    return list(enumerate(nest))


def _like(nest: Any, values: list[Any]) -> Any:
    """Return a nest of the same kind with these values."""
    if isinstance(nest, dict):
        by_key = dict(zip(sorted(nest), values))
        return type(nest)((key, by_key[key]) for key in nest)
    return type(nest)(*values) if hasattr(nest, "_fields") else type(nest)(values)


def flatten(nest: Any) -> list[Any]:
    """Return the leaves."""
    if not is_nested(nest):
        return [nest]
    return [leaf for _, value in _items(nest) for leaf in flatten(value)]


def map_structure(function: Callable[..., Any], *nests: Any, **options: Any) -> Any:
    """Return a nest of what the function makes of the leaves of all nests."""
    first = nests[0]
    if not is_nested(first):
        return function(*nests)
    for nest in nests[1:]:
        assert_same_structure(first, nest, deep=False)
    return _like(first, [
        map_structure(function, *(nest[key] for nest in nests)) for key, _ in _items(first)])


def map_structure_up_to(shallow: Any, function: Callable[..., Any], *nests: Any) -> Any:
    """As `map_structure`, with the structure of `shallow`: what lies below it is a leaf."""
    if not is_nested(shallow):
        return function(*nests)
    for nest in nests:
        assert_same_structure(shallow, nest, deep=False)
    return _like(shallow, [
        map_structure_up_to(value, function, *(nest[key] for nest in nests))
        for key, value in _items(shallow)])


def is_shape(value: Any) -> bool:
    """Return whether the value is a shape: a tuple or list of numbers and None."""
    return isinstance(value, (list, tuple)) and all(
        each is None or isinstance(each, int) for each in value)


def map_shape_structure(function: Callable[[Any], Any], nest: Any) -> Any:
    """As `map_structure`, for a nest of shapes."""
    if is_shape(nest):
        return function(tuple(nest))
    return _like(nest, [map_shape_structure(function, value) for _, value in _items(nest)])


def assert_same_structure(first: Any, second: Any, deep: bool = True, **options: Any) -> None:
    """Raise ValueError if the nests differ in their shape."""
    if not is_nested(first) and not is_nested(second):
        return
    if isinstance(first, dict) != isinstance(second, dict) or not is_nested(second):
        raise ValueError(f"the nests differ: {first!r} and {second!r}")
    if [key for key, _ in _items(first)] != [key for key, _ in _items(second)]:
        raise ValueError(f"the nests differ: {first!r} and {second!r}")
    if not deep:
        return
    for key, value in _items(first):
        assert_same_structure(value, second[key])


def pack_sequence_as(structure: Any, leaves: list[Any]) -> Any:
    """Return the leaves in a nest of this structure."""
    rest = iter(leaves)
    return map_structure(lambda _: next(rest), structure)
