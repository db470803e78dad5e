"""What a network remembers, and pictures of it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from . import _core
from .pictures import written
from .tensor import Array


class LineChart:
    """Lines through points, drawn as SVG, in a terminal, or in a notebook.

    Parameters
    ----------
    series : dict
        For each name a sequence of y, or a pair (x, y). A name that begins with "val_" is dashed,
        and has the colour of the same name without it.
    title, x_label, y_label : str
        What stands at the chart and its axes.
    log_y : bool, default False
        A logarithmic axis.
    marks : sequence of (x, text)
        Vertical lines with a word beside each.
    """

    def __init__(
        self, series: Mapping[str, Any], *, title: str = "", x_label: str = "", y_label: str = "",
        log_y: bool = False, marks: Sequence[tuple[float, str]] = (),
    ) -> None:
        names = list(series)
        lines = []
        for place, (name, given) in enumerate(series.items()):
            x, y = given if isinstance(given, tuple) and len(given) == 2 else ((), given)
            base = name.removeprefix("val_")
            colour = names.index(base) if base in names else place
            lines.append((name, _numbers(x), _numbers(y), name.startswith("val_"), colour % 6))
        self._core = _core.line_chart(
            title, x_label, y_label, log_y, lines, [(float(x), text) for x, text in marks])

    def svg(self, path: Any = None, width: int = 720, height: int = 340) -> str:
        """Return the picture, and write it to a file if one is given."""
        return written(self._core.svg(width, height), path)

    def text(self, width: int = 72, height: int = 14) -> str:
        """Return the chart for a terminal."""
        return self._core.text(width, height, False)  # type: ignore[no-any-return]

    def _repr_html_(self) -> str:
        return self.svg()

    def __str__(self) -> str:
        return self.text()


class HeatMap:
    """Numbers as shades: (rows, columns).

    Parameters
    ----------
    values : array (rows, columns)
        What is not finite is left empty.
    title, x_label, y_label : str
        What stands at the picture and its axes.
    """

    def __init__(
        self, values: Any, *, title: str = "", x_label: str = "", y_label: str = ""
    ) -> None:
        rows = np.atleast_2d(np.asarray(values, np.float64)).tolist()
        self._core = _core.heat_map(title, x_label, y_label, rows, 1.0)

    def svg(self, path: Any = None, width: int = 720, height: int = 340) -> str:
        """Return the picture, and write it to a file if one is given."""
        return written(self._core.svg(width, height), path)

    def _repr_html_(self) -> str:
        return self.svg()


class Report:
    """A page to look at: text, tables and charts in one HTML file that needs nothing else."""

    def __init__(self, title: str) -> None:
        self._core = _core.Report(title)

    def heading(self, text: str) -> Report:
        """Begin a part."""
        self._core.heading(text)
        return self

    def paragraph(self, text: str) -> Report:
        """Add a paragraph."""
        self._core.paragraph(text)
        return self

    def verdict(self, text: str) -> Report:
        """Add a paragraph that is meant to be read first."""
        self._core.verdict(text)
        return self

    def table(
        self, header: Sequence[str], rows: Sequence[Sequence[Any]], caption: str = ""
    ) -> Report:
        """Add a table: the first column holds names, the others numbers."""
        cells = [[each if isinstance(each, str) else f"{each:.4g}" for each in row] for row in rows]
        self._core.table(caption, list(header), cells)
        return self

    def chart(self, chart: LineChart | HeatMap) -> Report:
        """Add a chart."""
        if isinstance(chart, HeatMap):
            self._core.heat_map(chart._core)
        else:
            self._core.chart(chart._core)
        return self

    def summary(self, model: Any) -> Report:
        """Add the summary of a model."""
        self._core.preformatted(model._core.summary_text(None, False))
        return self

    def write(self, path: Any) -> None:
        """Write the page."""
        self._core.write(os.fspath(path))

    def _repr_html_(self) -> str:
        return self._core.html()  # type: ignore[no-any-return]


def gradient_flow(
    model: Any, x: Any, y: Any, *, loss: Any = None, output: str = ""
) -> dict[str, Array]:
    """Return how much of the loss's gradient reaches each step back, for each recurrent layer.

    Parameters
    ----------
    model : Model
        Weights and states stay as they are.
    x, y : arrays
        Sequences and their targets.
    loss : str or Loss, optional
        By default the one of compile.
    output : str, optional
        The model's output that y is for.

    Returns
    -------
    dict of arrays
        For each layer: [k] is |dL/dh| of its output k steps before the last one.
    """
    from . import losses
    from .data import as_target, inputs_of

    found = _core.gradient_flow(
        model._core, inputs_of(x, model._input_names(x), model.dtype),
        as_target(y, model.dtype), output, losses.compiled(loss))
    return {layer: np.asarray(norm) for layer, norm in found}


def steps_until(norm: Any, share: float) -> int | None:
    """Return from which step back every norm is below `share` of the last step's; None if never.

    0.5 gives the half-life, 0.001 the gradient's horizon.
    """
    return _core.steps_until(_numbers(norm), share)  # type: ignore[no-any-return]


def _numbers(values: Any) -> list[float]:
    return [float(value) for value in np.asarray(values, np.float64).ravel()]
