"""Nested lists, tuples and dicts: keras.tree.

A dict's values come in the order of its sorted keys, those of an OrderedDict as they stand.
"""

from __future__ import annotations

import warnings
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable
from typing import Any


class MAP_TO_NONE:
    """What a function given to `traverse` returns to put None in a place."""


def is_nested(structure: Any) -> bool:
    """Return whether it is a list, a tuple or a dict, and no leaf."""
    return isinstance(structure, (list, tuple, dict, deque))


def _keys(structure: Any) -> list[Any]:
    """Return the keys of the parts: of a dict, or their places."""
    if isinstance(structure, OrderedDict):
        return list(structure)
    if isinstance(structure, dict):
        return sorted(structure)
    return list(range(len(structure)))


def _parts(structure: Any) -> list[Any]:
    return [structure[key] for key in _keys(structure)]


def _like(structure: Any, parts: list[Any]) -> Any:
    """Return parts, in the order of `_keys`, as a structure of the same kind."""
    if isinstance(structure, dict):
        made = dict(zip(_keys(structure), parts))
        ordered = ((key, made[key]) for key in structure)
        if isinstance(structure, defaultdict):
            return defaultdict(structure.default_factory, ordered)
        return type(structure)(ordered)
    if hasattr(structure, "_fields"):
        return type(structure)(*parts)
    return type(structure)(parts)


def flatten(structure: Any) -> list[Any]:
    """Return the leaves in order."""
    if not is_nested(structure):
        return [structure]
    return [leaf for part in _parts(structure) for leaf in flatten(part)]


def flatten_with_path(structure: Any) -> list[tuple[tuple[Any, ...], Any]]:
    """Return (path, leaf) for each leaf in order."""
    if not is_nested(structure):
        return [((), structure)]
    return [
        ((name, *path), leaf)
        for name, part in zip(_keys(structure), _parts(structure))
        for path, leaf in flatten_with_path(part)
    ]


def map_structure(func: Callable[..., Any], *structures: Any, none_is_leaf: bool = True) -> Any:
    """Return what a function makes of the leaves of structures of one shape, in that shape."""
    _check(func, structures)
    first = structures[0]
    for other in structures[1:]:
        assert_same_structure(first, other)
    return _mapped(func, structures, none_is_leaf)


def _mapped(func: Callable[..., Any], structures: tuple[Any, ...], none_is_leaf: bool) -> Any:
    first = structures[0]
    if first is None and not none_is_leaf:
        return None
    if not is_nested(first):
        return func(*structures)
    groups = zip(*(_parts(structure) for structure in structures))
    return _like(first, [_mapped(func, group, none_is_leaf) for group in groups])


def _check(func: Any, structures: tuple[Any, ...]) -> None:
    if not callable(func):
        raise TypeError(f"`func` must be callable. Received: func={func!r}")
    if not structures:
        raise ValueError("Must provide at least one structure.")


def map_structure_up_to(shallow_structure: Any, func: Callable[..., Any], *structures: Any) -> Any:
    """As `map_structure`, but what lies deeper than `shallow_structure` is a leaf."""
    _check(func, structures)
    if not is_nested(shallow_structure):
        return func(*structures)
    for structure in structures:
        _same_level(shallow_structure, structure)
    parts = [_parts(structure) for structure in structures]
    return _like(
        shallow_structure,
        [
            map_structure_up_to(shallow, func, *group)
            for shallow, *group in zip(_parts(shallow_structure), *parts)
        ],
    )


def _kind(structure: Any) -> Any:
    return dict if isinstance(structure, dict) else type(structure)


def _same_level(a: Any, b: Any) -> None:
    same = is_nested(a) == is_nested(b)
    if same and is_nested(a):
        same = _kind(a) is _kind(b) and len(a) == len(b)
        same = same and (not isinstance(a, dict) or set(a) == set(b))
    if not same:
        raise ValueError(f"The two structures don't have the same nested structure: {a!r}, {b!r}.")


def assert_same_structure(a: Any, b: Any, check_types: bool | None = None) -> None:
    """Raise ValueError if two structures differ in more than their leaves."""
    if check_types is not None:
        warnings.warn(
            "assert_same_structure: check_types has no effect; assert_same_paths looks at paths "
            "only.",
            DeprecationWarning,
            stacklevel=2,
        )
    _same_level(a, b)
    if is_nested(a):
        for first, second in zip(_parts(a), _parts(b)):
            assert_same_structure(first, second)


def assert_same_paths(a: Any, b: Any) -> None:
    """Raise ValueError if two structures have leaves at other places; lists may be tuples."""
    first = {path for path, _ in flatten_with_path(a)}
    second = {path for path, _ in flatten_with_path(b)}
    if first != second:
        raise ValueError(
            f"`a` and `b` don't have the same paths: {sorted(map(str, first ^ second))} are in "
            "one of them only."
        )


def pack_sequence_as(structure: Any, flat_sequence: Iterable[Any]) -> Any:
    """Return leaves, in the order of `flatten`, in the shape of a structure."""
    if not hasattr(flat_sequence, "__iter__"):
        raise TypeError(f"flat_sequence must be iterable: got {flat_sequence!r}.")
    leaves = list(flat_sequence)
    count = len(flatten(structure))
    if len(leaves) != count:
        raise ValueError(f"The structure has {count} leaves, flat_sequence {len(leaves)}.")
    rest = iter(leaves)
    return _mapped(lambda _: next(rest), (structure,), True)


def traverse(func: Callable[[Any], Any], structure: Any, top_down: bool = True) -> Any:
    """Return a structure in which what a function returns for each part stands in its place.

    Parameters
    ----------
    func : callable
        Returns None to leave a part (and to go on inside it), `MAP_TO_NONE` to put None there.
    structure : nested
        The structure.
    top_down : bool
        Whether a part is looked at before the parts inside it.
    """
    if not callable(func):
        raise TypeError(f"`func` must be callable. Received: func={func!r}")
    if top_down:
        found = func(structure)
        if found is not None:
            return None if found is MAP_TO_NONE else found
        if not is_nested(structure):
            return structure
        return _like(structure, [traverse(func, part, True) for part in _parts(structure)])
    if is_nested(structure):
        structure = _like(structure, [traverse(func, part, False) for part in _parts(structure)])
    found = func(structure)
    if found is None:
        return structure
    return None if found is MAP_TO_NONE else found


def lists_to_tuples(structure: Any) -> Any:
    """Return the structure with tuples in place of lists."""
    return traverse(
        lambda part: tuple(part) if isinstance(part, list) else None, structure, top_down=False
    )


def map_shape_structure(func: Callable[[Any], Any], structure: Any) -> Any:
    """As `map_structure`, where lists and tuples of whole numbers and None are leaves."""
    if not callable(func):
        raise TypeError(f"`func` must be callable. Received: func={func!r}")

    def visit(part: Any) -> Any:
        if isinstance(part, (list, tuple)) and all(
            size is None or isinstance(size, int) for size in part
        ):
            found = func(part)
            return MAP_TO_NONE if found is None else found
        return None

    return traverse(visit, structure)
