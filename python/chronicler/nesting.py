"""Values in lists, tuples and dictionaries."""

from __future__ import annotations

from typing import Any


def flat(value: Any) -> list[Any]:
    """Return the values within, in their order."""
    if isinstance(value, dict):
        return [each for part in value.values() for each in flat(part)]
    if isinstance(value, (list, tuple)):
        return [each for part in value for each in flat(part)]
    return [value]


def alone(values: Any) -> Any:
    """Return the one value that there is, or the list of them."""
    values = list(values)
    return values[0] if len(values) == 1 else values
