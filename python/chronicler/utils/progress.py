"""A line that says how far a loop is, and is drawn again and again."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable
from typing import Any

import numpy as np

from .printing import print_message


class Progbar:
    """A progress bar.

    Parameters
    ----------
    target : int or None
        The number of steps, None if it is not known.
    width : int
        Characters of the bar.
    verbose : {0, 1, 2}
        Nothing, a line that is redrawn, or one line at the end.
    interval : float
        Seconds between two drawings at least.
    stateful_metrics : iterable of str, optional
        Values that are shown as they are; the others are averaged over steps.
    stateless_metrics : iterable of str, optional
        Values that are averaged; the others are shown as they are.
    unit_name : str
        What a step is called.
    """

    def __init__(
        self,
        target: int | None,
        width: int = 20,
        verbose: int = 1,
        interval: float = 0.05,
        stateful_metrics: Iterable[str] | None = None,
        stateless_metrics: Iterable[str] | None = None,
        unit_name: str = "step",
    ) -> None:
        if stateful_metrics is not None and stateless_metrics is not None:
            raise ValueError("Progbar: give stateful_metrics or stateless_metrics, not both.")
        self.target = target
        self.width = width
        self.verbose = verbose
        self.interval = interval
        self.unit_name = unit_name
        self.stateful_metrics = None if stateful_metrics is None else set(stateful_metrics)
        self.stateless_metrics = None if stateless_metrics is None else set(stateless_metrics)
        self._redraws = sys.stdout.isatty() or "ipykernel" in sys.modules
        self._colours = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        self._seen = 0
        self._sums: dict[str, tuple[Any, int]] = {}
        self._start = self._drawn = time.time()
        self._first_step: float | None = None
        self._drawn -= interval
        self._length = 0

    def update(self, current: int, values: Any = None, finalize: bool | None = None) -> None:
        """Show step `current` and values, a list of pairs (name, value of the last step)."""
        if finalize is None:
            finalize = self.target is not None and current >= self.target
        for name, value in values or []:
            self._note(name, value, current, finalize)
        self._seen = current
        now = time.time()
        each = self._seconds_of_a_step(current, now)
        if self.verbose == 1:
            if now - self._drawn < self.interval and not finalize:
                return
            self._draw(current, now, each, finalize)
        elif self.verbose == 2 and finalize and self.target:
            count = f"{current:{len(str(self.target))}d}/{self.target}"
            print_message(
                f"{count} - {now - self._start:.0f}s - {self._speed(each)}{self._values()}"
            )
        self._drawn = now

    def add(self, n: int, values: Any = None) -> None:
        """Show `n` steps more."""
        self.update(self._seen + n, values)

    def _note(self, name: str, value: Any, current: int, finalize: bool) -> None:
        if self.stateless_metrics is not None:
            averaged = name in self.stateless_metrics
        else:
            averaged = name not in (self.stateful_metrics or ())
        if not averaged or finalize:
            self._sums[name] = (value, 1)
            return
        steps = max(current - self._seen, 1)
        total, count = self._sums.get(name, (0, 0))
        self._sums[name] = (total + value * steps, count + steps)

    def _seconds_of_a_step(self, current: int, now: float) -> float:
        """Return the mean time of a step; the first one, which prepares things, is left out."""
        if not current:
            return 0.0
        if self._first_step is not None and current > 1:
            seconds = (now - self._first_step) / (current - 1)
        else:
            seconds = (now - self._start) / current
        if current == 1:
            self._first_step = now
        return seconds

    def _draw(self, current: int, now: float, each: float, finalize: bool) -> None:
        if self.target:
            bar = f"{current:{len(str(self.target))}d}/{self.target}"
            full = min(int(self.width * current / self.target), self.width)
            line = f"{self._paint(bar, '1')} {self._paint('━' * full, '32')}"
            line += self._paint("━" * (self.width - full), "37")
            plain = len(bar) + 1 + self.width
        else:
            line = f"{current:7d}/Unknown"
            plain = len(line)
        left = now - self._start
        if self.target and not finalize:
            left = each * (self.target - current)
        rest = f" {_duration(left, bool(self.target) and not finalize)} {self._speed(each)}"
        rest += self._values()
        plain += len(rest)
        blank = " " * max(self._length - plain, 0)
        self._length = 0 if finalize else plain
        begin = "\r" if self._redraws else ""
        end = "\n" if finalize or not self._redraws else ""
        print_message(f"{begin}{line}{rest}{blank}{end}", line_break=False)

    def _paint(self, text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self._colours and text else text

    def _speed(self, seconds: float) -> str:
        if seconds >= 1 or seconds == 0:
            return f"{seconds:.0f}s/{self.unit_name}"
        if seconds >= 1e-3:
            return f"{seconds * 1e3:.0f}ms/{self.unit_name}"
        return f"{seconds * 1e6:.0f}us/{self.unit_name}"

    def _values(self) -> str:
        text = ""
        for name, (total, count) in self._sums.items():
            mean = float(np.mean(np.asarray(total))) / max(1, count)
            text += f" - {name}: {mean:.4f}" if abs(mean) > 1e-3 else f" - {name}: {mean:.4e}"
        return text


def _duration(seconds: float, remaining: bool) -> str:
    if remaining and seconds > 3600:
        return f"{seconds // 3600:.0f}:{seconds % 3600 // 60:02.0f}:{seconds % 60:02.0f}"
    if remaining and seconds > 60:
        return f"{seconds // 60:.0f}:{seconds % 60:02.0f}"
    return f"{seconds:.0f}s"
