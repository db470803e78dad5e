"""Pictures of models: what to use in their place."""

from __future__ import annotations

from typing import Any

_INSTEAD = (
    "{}: Chronicler draws no graphs with graphviz. model.summary() prints the layers with their "
    "shapes, a model as the last line of a notebook's cell shows them as a table, and "
    "chronicler.insight charts what it learns. keras.utils.plot_model draws the saved .keras file."
)


def plot_model(model: Any, to_file: str = "model.png", **kwargs: Any) -> None:
    """Raise an error that says what to use instead."""
    raise NotImplementedError(_INSTEAD.format("plot_model"))


def model_to_dot(model: Any, **kwargs: Any) -> None:
    """Raise an error that says what to use instead."""
    raise NotImplementedError(_INSTEAD.format("model_to_dot"))
