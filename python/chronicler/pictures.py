"""Pictures for notebooks: curves as SVG, tables as they are."""

from __future__ import annotations

import html
from typing import Any

_COLOURS = ("#1f77b4", "#d95f02", "#2ca02c", "#7b4fa3", "#8c564b", "#e377c2")
_WIDTH, _HEIGHT = 560, 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 130, 12, 36


def preformatted(text: str) -> str:
    """Return text as HTML that keeps its columns."""
    return f'<pre style="line-height:1.2;font-family:monospace">{html.escape(text)}</pre>'


def curves(history: dict[str, list[float]], epochs: list[int]) -> str:
    """Return the curves of a training as SVG: those of one unit share a picture."""
    if not epochs:
        return preformatted("no epochs yet")
    groups: dict[str, list[str]] = {}
    for key in history:
        groups.setdefault(key.removeprefix("val_"), []).append(key)
    pictures = [_picture(name, keys, history, epochs) for name, keys in groups.items()]
    return '<div style="display:flex;flex-wrap:wrap;gap:12px">' + "".join(pictures) + "</div>"


def _picture(title: str, keys: list[str], history: Any, epochs: list[int]) -> str:
    series = {key: [float(value) for value in history[key]] for key in keys}
    flat = [value for values in series.values() for value in values if value == value]
    low, high = (min(flat), max(flat)) if flat else (0.0, 1.0)
    if low == high:
        low, high = low - 0.5, high + 0.5
    first, last = epochs[0] + 1, max(epochs[-1] + 1, epochs[0] + 2)

    def place(epoch: float, value: float) -> tuple[float, float]:
        x = _LEFT + (epoch - first) / (last - first) * (_WIDTH - _LEFT - _RIGHT)
        y = _TOP + (high - value) / (high - low) * (_HEIGHT - _TOP - _BOTTOM)
        return x, y

    parts = [_axes(title, low, high, first, last, place)]
    for number, (key, values) in enumerate(series.items()):
        colour = _COLOURS[number % len(_COLOURS)]
        points = [place(epoch + 1, value) for epoch, value in zip(epochs, values) if value == value]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        dash = ' stroke-dasharray="5 3"' if key.startswith("val_") else ""
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"{dash}/>')
        if len(points) == 1:
            parts.append(f'<circle cx="{points[0][0]:.1f}" cy="{points[0][1]:.1f}" r="3" fill="{colour}"/>')
        y = _TOP + 14 + 34 * number
        parts.append(
            f'<line x1="{_WIDTH - _RIGHT + 10}" x2="{_WIDTH - _RIGHT + 30}" y1="{y}" y2="{y}" '
            f'stroke="{colour}" stroke-width="2"{dash}/>'
            f'<text x="{_WIDTH - _RIGHT + 36}" y="{y + 4}">{html.escape(key)}</text>'
            f'<text x="{_WIDTH - _RIGHT + 36}" y="{y + 18}" fill="#666">{values[-1]:.4g}</text>'
        )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{_HEIGHT}" '
        f'viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif" font-size="12" fill="#333" '
        'role="img" style="background:#fff">' + "".join(parts) + "</svg>"
    )


def _axes(title: str, low: float, high: float, first: int, last: int, place: Any) -> str:
    parts = []
    for step in range(5):
        value = low + (high - low) * step / 4
        _, y = place(first, value)
        parts.append(
            f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#e3e3e3"/>'
            f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{value:.3g}</text>'
        )
    every = max(1, -(-(last - first) // 8))
    for epoch in range(first, last + 1, every):
        x, _ = place(epoch, low)
        parts.append(f'<text x="{x:.1f}" y="{_HEIGHT - _BOTTOM + 16}" text-anchor="middle">{epoch}</text>')
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    parts.append(f'<text x="{middle}" y="{_HEIGHT - 4}" text-anchor="middle">epoch</text>')
    parts.append(
        f'<text x="12" y="{_HEIGHT / 2}" text-anchor="middle" '
        f'transform="rotate(-90 12 {_HEIGHT / 2})">{html.escape(title)}</text>'
    )
    return "".join(parts)


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
    """Return a forecast after what came before it, with the band between its quantiles."""
    width, height, left, right, top, bottom = 760, 280, 64, 16, 28, 40
    rows = len(past) + len(mean)
    values = [float(v) for part in (past, mean, low, high) if part is not None for v in part]
    known = [value for value in values if value == value] or [0.0, 1.0]
    least, most = min(known), max(known)
    if least == most:
        least, most = least - 0.5, most + 0.5

    def point(row: int, value: float) -> str:
        x = left + row / max(1, rows - 1) * (width - left - right)
        y = top + (most - float(value)) / (most - least) * (height - top - bottom)
        return f"{x:.1f},{y:.1f}"

    parts = []
    for step in range(5):
        value = least + (most - least) * step / 4
        y = point(0, value).split(",")[1]
        parts.append(
            f'<line x1="{left}" x2="{width - right}" y1="{y}" y2="{y}" stroke="#e3e3e3"/>'
            f'<text x="{left - 6}" y="{float(y) + 4:.1f}" text-anchor="end">{value:.4g}</text>'
        )
    begin = len(past)
    if low is not None and high is not None:
        up = [point(begin + row, value) for row, value in enumerate(high)]
        down = [point(begin + row, value) for row, value in enumerate(low)][::-1]
        parts.append(f'<polygon points="{" ".join(up + down)}" fill="#d95f02" opacity="0.2"/>')
    runs: list[list[str]] = [[]]
    for row, value in enumerate(past):
        if value == value:
            runs[-1].append(point(row, value))
        elif runs[-1]:
            runs.append([])
    for run in runs:
        parts.append(f'<polyline points="{" ".join(run)}" fill="none" stroke="#1f77b4" stroke-width="1.8"/>')
    line = [point(begin + row, value) for row, value in enumerate(mean)]
    if runs[-1]:
        line.insert(0, runs[-1][-1])
    parts.append(f'<polyline points="{" ".join(line)}" fill="none" stroke="#d95f02" stroke-width="2"/>')
    every = [*past_labels, *labels]
    for row in sorted({0, begin, rows - 1}):
        x = float(point(row, least).split(",")[0])
        anchor = "start" if row == 0 else "end" if row == rows - 1 else "middle"
        parts.append(f'<text x="{x:.1f}" y="{height - bottom + 18}" text-anchor="{anchor}">'
                     f"{html.escape(str(every[row]))}</text>")
    legend = f"{name}: known (blue), forecast (orange)"
    if low is not None and levels is not None:
        legend += f", band {levels[0]:g} to {levels[1]:g}"
    parts.append(f'<text x="{left}" y="16" font-size="13">{html.escape(legend)}</text>')
    return _svg(width, height, parts)


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
    parts.append(f'<text x="12" y="{y + 32}" fill="#666">blue: for the label, orange: against it</text>')
    return _svg(760, int(y + 48), parts)


def attention_picture(sources: Any, targets: Any, attention: Any) -> str:
    """Return which pieces of the source each piece of the target looked at."""
    cell, left, top = 26, 120, 100
    parts = []
    for column, piece in enumerate(sources):
        x = left + column * cell + cell / 2
        parts.append(f'<text x="{x}" y="{top - 8}" transform="rotate(-60 {x} {top - 8})">'
                     f"{html.escape(piece)}</text>")
    for row, piece in enumerate(targets):
        y = top + row * cell
        parts.append(f'<text x="{left - 8}" y="{y + 17}" text-anchor="end">{html.escape(piece)}</text>')
        for column in range(len(sources)):
            weight = float(attention[row][column])
            parts.append(f'<rect x="{left + column * cell}" y="{y}" width="{cell - 1}" '
                         f'height="{cell - 1}" fill="#1f77b4" opacity="{0.03 + 0.97 * weight:.2f}"/>')
    return _svg(left + cell * len(sources) + 60, top + cell * len(targets) + 12, parts)


def speech_picture(samples: Any, rate: int, words: Any) -> str:
    """Return the loudness of a recording with the words where they are said."""
    import numpy as np

    width, height, left, bottom = 760, 200, 16, 28
    seconds = max(len(samples) / rate, 1e-9)
    count = max(1, min(width - 2 * left, len(samples)))
    peaks = [float(np.abs(part).max()) if len(part) else 0.0 for part in np.array_split(samples, count)]
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
            f'<rect x="{x0:.1f}" y="40" width="{max(2.0, x1 - x0):.1f}" height="140" fill="#d95f02" '
            f'opacity="0.12"/><text x="{(x0 + x1) / 2:.1f}" y="30" text-anchor="middle">'
            f"{html.escape(word)}</text>"
            f'<text x="{(x0 + x1) / 2:.1f}" y="{height - bottom + 24}" text-anchor="middle" '
            f'fill="#666" font-size="10">{probability:.0%}</text>'
        )
    return _svg(width, height, parts)
