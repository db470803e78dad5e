"""Configurations as text and back, in which a tuple stays a tuple."""

from __future__ import annotations

import json
from typing import Any

_MARK = "(tuple)"


def as_text(config: Any) -> str:
    """Return a configuration as JSON; TypeError for what JSON cannot say."""
    return json.dumps(_marked(config), sort_keys=True, indent=1)


def from_text(text: str) -> Any:
    """Return the configuration that `as_text` wrote."""
    return json.loads(text, object_hook=_unmarked)


def _marked(value: Any) -> Any:
    if isinstance(value, tuple):
        return {_MARK: [_marked(each) for each in value]}
    if isinstance(value, list):
        return [_marked(each) for each in value]
    if isinstance(value, dict):
        return {key: _marked(each) for key, each in value.items()}
    return value


def _unmarked(value: dict[str, Any]) -> Any:
    return tuple(value[_MARK]) if set(value) == {_MARK} else value
