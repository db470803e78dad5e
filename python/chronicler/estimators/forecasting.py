"""What a forecaster computes with: windows, a linear path, a recurrent one beside it, and spread.

All arrays hold rows of one series in order: y (rows, targets), x (rows, columns beside).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from .. import layers, models
from . import networks
from .networks import Plan, Recipe

_RIDGES = (0.01, 0.1, 1.0, 10.0, 100.0, 1000.0)
_FEWEST_HELD = 8  # windows that are held out, for them to tell how far forecasts are off


class Shape(NamedTuple):
    """How much a forecaster reads and says."""

    window: int  # rows read
    horizon: int  # rows forecast at once
    targets: int
    columns: int  # beside the targets
    ahead: tuple[int, ...]  # which of the columns are known for the rows that are forecast


def chosen_shape(
    rows: int, window: int | None, horizon: int, targets: int, columns: int,
    ahead: tuple[int, ...],
) -> Shape:
    """Return what so many rows allow."""
    if rows < 3:
        raise ValueError(f"a forecaster needs 3 rows to learn from, got {rows}")
    horizon = max(1, min(horizon, rows // 3))
    wanted = max(2 * horizon, 24) if window is None else window
    longest = rows - horizon - 1 if window is not None else (rows - horizon) // 2
    return Shape(max(1, min(wanted, longest)), horizon, targets, columns, ahead)


class Scaling:
    """Mean and spread of the rows that trained."""

    def __init__(self, y: Any, x: Any) -> None:
        self._y = networks.Scale(y, np.ones(len(y)))
        self._x = networks.Scale(x, np.ones(len(x)))
        self.y_spread = self._y.spread

    def of_y(self, y: Any) -> Any:
        """Return targets as they are computed with."""
        return (y - self._y.center) / self._y.spread

    def of_x(self, x: Any) -> Any:
        """Return other columns as they are computed with."""
        return (x - self._x.center) / self._x.spread

    def back(self, y: Any) -> Any:
        """Return targets in their own measure."""
        return y * self._y.spread + self._y.center


class Windows(NamedTuple):
    """Windows of a series, cut before each of some rows, and what is known of the rows after."""

    past: Any  # (windows, rows, targets + columns), the targets less their last row
    last: Any  # (windows, targets)
    ahead: Any  # (windows, horizon, columns that are known ahead)


def windows_before(y: Any, x: Any, ends: Any, ahead: Any, shape: Shape) -> Windows:
    """Return the windows that end before each row of `ends`.

    Before the first row the series is taken to have stood still; before any row it is at its mean.
    """
    places = ends[:, None] + np.arange(-shape.window, 0)
    known = np.maximum(places, 0)
    past, beside = y[known], x[known]
    empty = ends <= 0
    past[empty], beside[empty] = 0.0, 0.0
    last = past[:, -1]
    return Windows(np.concatenate([past - last[:, None], beside], 2), last, ahead)


def rows_ahead(x: Any, ends: Any, shape: Shape) -> Any:
    """Return the columns that are known ahead of the rows from each of `ends` on."""
    places = np.minimum(ends[:, None] + np.arange(shape.horizon), len(x) - 1)
    return x[places][:, :, list(shape.ahead)]


class Linear:
    """Least squares with a ridge: from a window, and what is known ahead, to the horizon."""

    def __init__(self, shape: Shape) -> None:
        self._shape = shape
        self._weights: Any = None
        self._effect: Any = None

    def fit(self, windows: Windows, wanted: Any, ridge: float) -> None:
        """Solve for the weights; `wanted` (windows, horizon, targets) is less the last row."""
        shape = self._shape
        left = wanted
        if shape.ahead:
            # What the columns do to the target in their own row, whatever came before.
            rows = _changes(windows, shape).reshape(-1, len(shape.ahead))
            targets = wanted.reshape(-1, shape.targets)
            self._effect = _solved(rows, targets, ridge * shape.horizon)
            left = wanted - self._of_columns(windows)
        rows = _flat(windows, shape)
        self._weights = _solved(rows, left.reshape(len(left), -1), ridge)

    def predict(self, windows: Windows) -> Any:
        """Return (windows, horizon, targets), less the last row."""
        shape = self._shape
        found = _flat(windows, shape) @ self._weights
        found = found.reshape(-1, shape.horizon, shape.targets)
        return found + self._of_columns(windows) if shape.ahead else found

    def _of_columns(self, windows: Windows) -> Any:
        return _changes(windows, self._shape) @ self._effect


def _changes(windows: Windows, shape: Shape) -> Any:
    """Return how the columns known ahead differ from their last known row."""
    places = [shape.targets + column for column in shape.ahead]
    return windows.ahead - windows.past[:, -1:, places]


def _flat(windows: Windows, shape: Shape) -> Any:
    """Return all that is known of a window as one row, and a 1."""
    count = len(windows.past)
    known = [windows.past.reshape(count, -1), np.ones((count, 1))]
    if shape.ahead:
        known.append(_changes(windows, shape).reshape(count, -1))
    return np.concatenate(known, 1)


def _solved(rows: Any, wanted: Any, ridge: float) -> Any:
    """Return the weights that make the squares of errors and of `ridge` times them least."""
    count, width = rows.shape
    if width <= count:
        return np.linalg.solve(rows.T @ rows + ridge * np.eye(width), rows.T @ wanted)
    return rows.T @ np.linalg.solve(rows @ rows.T + ridge * np.eye(count), wanted)


# ---- the recurrent path


def made_network(recipe: Recipe, shape: Shape, offered: dict[str, Any]) -> Any:
    """Return a model from a window, and what is known ahead, to the horizon, and its states."""
    networks.check_recipe(recipe)
    read = (None, shape.targets + shape.columns)
    if not isinstance(recipe.model, str):
        heads = [networks.Head(shape.horizon * shape.targets, "linear")]
        given = {**offered, "window": shape.window, "horizon": shape.horizon,
                 "targets": shape.targets, "ahead": len(shape.ahead)}
        return networks.made_network(
            recipe, (shape.window, read[1]), heads, lambda model: "mse", given), None
    past = layers.Input(read)
    hidden, states = _encoded(recipe, past)
    inputs = [past]
    if shape.ahead:
        ahead = layers.Input((shape.horizon, len(shape.ahead)))
        inputs.append(ahead)
        repeated = layers.RepeatVector(shape.horizon)(hidden)
        joined = layers.Concatenate()([repeated, ahead])
        kind = getattr(layers, networks.PRESETS[recipe.model])
        joined = kind(int(networks.sizes_of(recipe)[-1]), return_sequences=True)(joined)
        outputs = layers.Dense(shape.targets, kernel_initializer="zeros")(joined)
    else:
        flat = layers.Dense(shape.horizon * shape.targets, kernel_initializer="zeros")(hidden)
        outputs = layers.Reshape((shape.horizon, shape.targets))(flat)
    model = models.Model(inputs if shape.ahead else past, outputs)
    model.compile(optimizer=networks.optimizer_of(recipe), loss="mse", metrics=recipe.metrics)
    return model, models.Model(past, states)


def _encoded(recipe: Recipe, past: Any) -> tuple[Any, list[Any]]:
    """Return what recurrent layers make of a window, and their states at its end."""
    kind = getattr(layers, networks.PRESETS[recipe.model])
    sizes = networks.sizes_of(recipe)
    hidden, states = past, []
    for place, units in enumerate(sizes):
        found = kind(int(units), return_sequences=place + 1 < len(sizes), return_state=True)(hidden)
        hidden = found[0]
        states += list(found[1:])
        if recipe.dropout:
            hidden = layers.Dropout(float(recipe.dropout))(hidden)
    return hidden, states


class Course:
    """A linear and a recurrent path, trained on windows of one series.

    The last fifth of the windows is held out first: it chooses the ridge, ends the training, and
    tells how much the recurrent path adds and how far forecasts are off. Then both paths learn
    from all.
    """

    def __init__(self, shape: Shape, recipe: Recipe, plan: Plan, offered: dict[str, Any]) -> None:
        self.shape = shape
        self._recipe = recipe
        self._plan = plan
        self._offered = offered
        self._ridge = 10.0  # where too few windows are there to choose
        self.gain = 0.0
        self.history: dict[str, list[float]] = {}
        self.errors: Any = None  # of held-out windows: (windows, horizon, targets)
        self.model: Any = None
        self._states: Any = None

    def fit(self, y: Any, x: Any, seed: int) -> None:
        """Learn from a whole series."""
        shape = self.shape
        count = len(y) - shape.window - shape.horizon + 1
        held = count // 5
        self._scale(y, x)
        if held >= _FEWEST_HELD:
            rows = len(y) - held
            trial = Course(shape, self._recipe, self._plan, self._offered)
            trial._scale(y[:rows], x[:rows])
            epochs = trial._try(y, x, count - held - shape.horizon + 1, seed)
            self._ridge, self.gain, self.history = trial._ridge, trial.gain, trial.history
            self.errors = trial.errors * trial.scaling.y_spread / self.scaling.y_spread
        else:
            self.errors = self._errors_of_steps(y)
            epochs = min(self._plan.epochs, 5)
        self._learn(*self._examples(y, x, np.arange(shape.window, shape.window + max(count, 0))),
                    epochs, seed)

    def _scale(self, y: Any, x: Any) -> None:
        self.scaling = Scaling(y, x)

    def _try(self, y: Any, x: Any, train: int, seed: int) -> int:
        """Learn from the first windows, measure on the last; return how many epochs were best."""
        shape = self.shape
        count = len(y) - shape.window - shape.horizon + 1
        held = count // 5
        first = np.arange(shape.window, shape.window + max(train, 1))
        last = np.arange(shape.window + count - held, shape.window + count)
        examples, wanted = self._examples(y, x, first)
        checks, right = self._examples(y, x, last)
        errors = []
        for ridge in _RIDGES:
            self._linear = Linear(shape)
            self._linear.fit(examples, wanted, ridge)
            errors.append(float(np.square(right - self._linear.predict(checks)).mean()))
        self._ridge = _RIDGES[int(np.argmin(errors))]
        self._learn(examples, wanted, self._plan.epochs, seed, (checks, right))
        left = right - self._linear.predict(checks)
        found = self._recurrent(checks)
        # The share of the recurrent path that leaves least of the errors.
        self.gain = float(np.clip((left * found).sum() / max(np.square(found).sum(), 1e-12), 0, 1))
        self.errors = left - self.gain * found
        return int(np.argmin(self.history.get("val_loss", [0.0]))) + 1

    def _errors_of_steps(self, y: Any) -> Any:
        """Return errors as a walk would make them, where too few rows are there to measure."""
        scaled = self.scaling.of_y(y)
        steps = np.diff(scaled, axis=0)
        steps = steps - steps.mean(axis=0) if len(steps) > 1 else steps
        growth = np.sqrt(np.arange(1, self.shape.horizon + 1))
        return steps[:, None, :] * growth[None, :, None]

    def _examples(self, y: Any, x: Any, ends: Any) -> tuple[Windows, Any]:
        y, x = self.scaling.of_y(y), self.scaling.of_x(x)
        windows = windows_before(y, x, ends, rows_ahead(x, ends, self.shape), self.shape)
        wanted = y[ends[:, None] + np.arange(self.shape.horizon)] - windows.last[:, None]
        return windows, wanted

    def _learn(
        self, windows: Windows, wanted: Any, epochs: int, seed: int, checks: Any = None
    ) -> None:
        """Fit both paths anew."""
        self._linear = Linear(self.shape)
        self._linear.fit(windows, wanted, self._ridge)
        with networks.seeds_of(seed):
            self.model, self._states = made_network(self._recipe, self.shape, self._offered)
        self._train(windows, wanted, epochs, seed, checks)

    def _train(
        self, windows: Windows, wanted: Any, epochs: int, seed: int, checks: Any = None
    ) -> None:
        """Train the recurrent path on what the linear one leaves."""
        plan = self._plan._replace(epochs=epochs)
        validation = None
        if checks is None:
            plan = plan._replace(patience=None)
        else:
            validation = self._inputs(checks[0]), self._left(*checks)
        if len(wanted):
            history = networks.trained(
                self.model, plan, self._inputs(windows), self._left(windows, wanted), None,
                validation, seed)
            for key, values in history.items():
                self.history.setdefault(key, []).extend(values)

    def _left(self, windows: Windows, wanted: Any) -> Any:
        left = (wanted - self._linear.predict(windows)).astype(np.float32)
        return left.reshape(len(left), *self.model.output_shape[1:])

    def _inputs(self, windows: Windows) -> Any:
        inputs = [windows.past.astype(np.float32)]
        if len(self.model.input_names) > 1:
            inputs.append(windows.ahead.astype(np.float32))
        return inputs if len(inputs) > 1 else inputs[0]

    def _recurrent(self, windows: Windows) -> Any:
        found = self.model.predict(self._inputs(windows), batch_size=256, verbose=0)
        return found.astype(np.float64).reshape(-1, self.shape.horizon, self.shape.targets)

    def update(self, y: Any, x: Any, epochs: int, seed: int) -> None:
        """Learn from a series that has grown, from the weights that are there."""
        shape = self.shape
        ends = np.arange(shape.window, len(y) - shape.horizon + 1)
        windows, wanted = self._examples(y, x, ends)
        if len(ends):
            self._linear.fit(windows, wanted, self._ridge)
        self._train(windows, wanted, epochs, seed)

    # ---- forecasts

    def _direct(self, windows: Windows) -> Any:
        found = self._linear.predict(windows)
        if self.gain:
            found = found + self.gain * self._recurrent(windows)
        return found + windows.last[:, None]

    def one_step(self, y: Any, x: Any, ends: Any) -> Any:
        """Return what was to be expected of each of these rows from those before."""
        y, x, ends = self.scaling.of_y(y), self.scaling.of_x(x), np.maximum(ends, 0)
        windows = windows_before(y, x, ends, rows_ahead(x, ends, self.shape), self.shape)
        return self.scaling.back(self._direct(windows)[:, 0])

    def ahead(self, y: Any, x: Any, coming: Any, steps: int) -> Any:
        """Return the forecast of the rows that come next; `coming` has the columns beside."""
        y, x, coming = self.scaling.of_y(y), self.scaling.of_x(x), self.scaling.of_x(coming)
        found = np.empty((0, self.shape.targets))
        while len(found) < steps:  # beyond the horizon a forecast stands for the rows
            joined = np.concatenate([x, coming])
            end = np.array([len(y)])
            windows = windows_before(
                y, joined, end, rows_ahead(joined, end, self.shape), self.shape)
            block = self._direct(windows)[0]
            found = np.concatenate([found, block])
            y = np.concatenate([y, block])
            x, coming = joined[: len(x) + len(block)], coming[len(block):]
        return self.scaling.back(found[:steps])

    def state(self, y: Any, x: Any) -> list[Any]:
        """Return the states of the recurrent layers after the last row."""
        if self._states is None:
            return []
        end = np.array([len(y)])
        y, x = self.scaling.of_y(y), self.scaling.of_x(x)
        windows = windows_before(y, x, end, rows_ahead(x, end, self.shape), self.shape)
        found = self._states.predict(windows.past.astype(np.float32), verbose=0)
        return [each[0] for each in (found if isinstance(found, list) else [found])]

    # ---- spread

    def spread(self, steps: Any) -> Any:
        """Return the standard deviation of the errors so many steps ahead: (steps, targets)."""
        deviations = np.sqrt(np.square(self.errors).mean(axis=0))
        deviations = np.maximum.accumulate(deviations, axis=0)
        places = np.clip(steps, 1, self.shape.horizon) - 1
        beyond = np.sqrt(np.maximum(steps / self.shape.horizon, 1.0))
        return deviations[places] * beyond[:, None] * self.scaling.y_spread

    def quantile(self, level: float) -> Any:
        """Return how many standard deviations from the forecast a quantile is, for each target."""
        from statistics import NormalDist

        deviations = np.maximum(np.sqrt(np.square(self.errors).mean(axis=0)), 1e-12)
        ratios = (self.errors / deviations).reshape(-1, self.shape.targets)
        found = np.quantile(ratios, level, axis=0)
        if len(ratios) * min(level, 1 - level) >= 1:
            return found
        # Beyond what was seen: the normal distribution's, if that is further off.
        normal = NormalDist().inv_cdf(min(max(level, 1e-9), 1 - 1e-9))
        return np.minimum(found, normal) if level < 0.5 else np.maximum(found, normal)
