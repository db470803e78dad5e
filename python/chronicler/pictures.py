"""Pictures for notebooks: curves as SVG, tables as they are."""

from __future__ import annotations

import html
from typing import Any

from . import _core


def preformatted(text: str) -> str:
    """Return text as HTML that keeps its columns."""
    return f'<pre style="line-height:1.2;font-family:monospace">{html.escape(text)}</pre>'


def curves(history: dict[str, list[float]], epochs: list[int]) -> str:
    """Return the curves of a training as SVG: those of one key share a picture."""
    from .insight import LineChart

    if not epochs:
        return preformatted("no epochs yet")
    groups: dict[str, list[str]] = {}
    for key in history:
        groups.setdefault(key.removeprefix("val_"), []).append(key)
    places = [epoch + 1 for epoch in epochs]
    pictures = [
        LineChart(
            {key: (places, history[key]) for key in sorted(keys, key=len)},
            title=name, x_label="epoch", y_label=name,
        ).svg(width=560, height=280)
        for name, keys in groups.items()
    ]
    parts = [f'<div style="flex:1 1 400px;max-width:560px">{picture}</div>' for picture in pictures]
    return '<div style="display:flex;flex-wrap:wrap;gap:12px">' + "".join(parts) + "</div>"


def written(picture: str, path: Any) -> str:
    """Return the picture, and write it to the file if there is one."""
    if path is not None:
        import os

        with open(os.fspath(path), "w", encoding="utf-8") as file:
            file.write(picture)
    return picture


def _svg(width: int, height: int, parts: list[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12" fill="#333" '
        'role="img" style="background:#fff">' + "".join(parts) + "</svg>"
    )


def forecast_picture(
    name: str, past: Any, past_labels: Any, mean: Any, labels: Any, low: Any, high: Any,
    levels: Any,
) -> str:
    """Return a forecast after what came before it, with the outer quantiles."""
    begin = len(past)
    last = [(0.0, float(past[-1]))] if begin and past[-1] == past[-1] else []
    ahead = [float(step) for step in range(0 if last else 1, len(mean) + 1)]

    def line(title: str, values: Any, dashed: bool) -> tuple[Any, ...]:
        y = [value for _, value in last] + [float(value) for value in values]
        return title, ahead, y, dashed, 1

    rows = [float(row) for row in range(1 - begin, 1)]
    known = ("known", rows, [float(value) for value in past], False, 0)
    lines = [known, line("forecast", mean, False)]
    if low is not None and high is not None:
        bounds = zip(levels, (low, high))
        lines += [line(f"{level:g} quantile", each, True) for level, each in bounds]
    chart = _core.line_chart(
        f"{name}: {labels[0]} to {labels[-1]}", "rows from the last known one", name, False, lines,
        [(0.0, str(past_labels[-1]))],
    )
    return chart.svg(720, 340)  # type: ignore[no-any-return]


def word_picture(label: str, probability: float, words: Any) -> str:
    """Return the words of a text, each on the colour of what it did for the label."""
    largest = max([abs(weight) for _, weight in words] or [0.0]) or 1.0
    parts = [f'<text x="12" y="20" font-size="14">{html.escape(label)} ({probability:.0%})</text>']
    x, y = 12.0, 48.0
    for word, weight in words:
        size = 7.6 * len(word) + 10
        if x + size > 748:
            x, y = 12.0, y + 28
        colour = "#1f77b4" if weight > 0 else "#d95f02"
        parts.append(
            f'<rect x="{x:.1f}" y="{y - 16}" width="{size:.1f}" height="22" rx="3" fill="{colour}" '
            f'opacity="{0.08 + 0.6 * abs(weight) / largest:.2f}"/>'
            f'<text x="{x + 5:.1f}" y="{y}" font-family="monospace">{html.escape(word)}</text>'
        )
        x += size + 4
    legend = "blue: for the label, orange: against it"
    parts.append(f'<text x="12" y="{y + 32}" fill="#666">{legend}</text>')
    return _svg(760, int(y + 48), parts)


def attention_picture(sources: Any, targets: Any, attention: Any) -> str:
    """Return which pieces of the source each piece of the target looked at."""
    values = [float(weight) for row in attention for weight in row]
    return _core.alignment_svg("attention", list(sources), list(targets), values)  # type: ignore[no-any-return]


def speech_picture(samples: Any, rate: int, words: Any) -> str:
    """Return the loudness of a recording with the words where they are said."""
    import numpy as np

    width, height, left, bottom = 760, 200, 16, 28
    seconds = max(len(samples) / rate, 1e-9)
    count = max(1, min(width - 2 * left, len(samples)))
    pieces = np.array_split(samples, count)
    peaks = [float(np.abs(piece).max()) if len(piece) else 0.0 for piece in pieces]
    loudest = max(peaks) or 1.0
    middle, reach = 110, 60
    parts = []
    for place, peak in enumerate(peaks):
        x = left + place / count * (width - 2 * left)
        size = peak / loudest * reach
        parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{middle - size:.1f}" '
                     f'y2="{middle + size:.1f}" stroke="#1f77b4"/>')
    for word, begin, end, probability in words:
        x0 = left + begin / seconds * (width - 2 * left)
        x1 = left + end / seconds * (width - 2 * left)
        parts.append(
            f'<rect x="{x0:.1f}" y="40" width="{max(2.0, x1 - x0):.1f}" height="140" '
            'fill="#d95f02" '
            f'opacity="0.12"/><text x="{(x0 + x1) / 2:.1f}" y="30" text-anchor="middle">'
            f"{html.escape(word)}</text>"
            f'<text x="{(x0 + x1) / 2:.1f}" y="{height - bottom + 24}" text-anchor="middle" '
            f'fill="#666" font-size="10">{probability:.0%}</text>'
        )
    return _svg(width, height, parts)
