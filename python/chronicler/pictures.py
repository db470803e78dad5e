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
