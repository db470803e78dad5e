"""Forecasts of time series, as an estimator."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import _core
from .._classes import arguments, table
from ..tensor import Array
from .estimator import Estimator, existing, is_path, shown_progress


class Forecast:
    """What comes after a series' last row.

    Attributes
    ----------
    targets : list of str
        The columns that are forecast.
    times : list of str
        When each row is; empty without a clock.
    mean : array (horizon, targets)
        The forecast.
    quantiles : dict
        For each level an array (horizon, targets).
    """

    def __init__(self, found: dict[str, Any], series: Any) -> None:
        self.targets: list[str] = found["targets"]
        self.times: list[str] = found["times"]
        self.mean: Array = found["mean"]
        values = found["values"]
        self.quantiles: dict[float, Array] = {
            level: values[:, :, place] for place, level in enumerate(found["quantiles"])
        }
        self._first_row: int = found["first_row"]
        self._series = series

    @property
    def horizon(self) -> int:
        """The rows that are forecast."""
        return len(self.mean)

    def to_frame(self) -> Any:
        """Return the forecast as a pandas DataFrame: a row for each step."""
        import pandas

        columns: dict[str, Array] = {}
        for place, target in enumerate(self.targets):
            columns[target] = self.mean[:, place]
            for level, values in self.quantiles.items():
                columns[f"{target}_q{level:g}"] = values[:, place]
        index = pandas.to_datetime(self.times) if self.times else range(
            self._first_row, self._first_row + self.horizon)
        return pandas.DataFrame(columns, index=index)

    def plot(self, path: Any = None, target: str | None = None, past: int | None = None) -> str:
        """Return the forecast as an SVG picture, and write it to `path` if one is given.

        Parameters
        ----------
        path : str or path, optional
            A file.
        target : str, optional
            Which column; the first by default.
        past : int, optional
            How many rows before the forecast are shown; by default three times its own.
        """
        from ..pictures import forecast_picture

        place = self.targets.index(target) if target else 0
        name = self.targets[place]
        column = self._series.columns.index(name)
        end = self._first_row
        shown = min(end, past if past is not None else max(24, 3 * self.horizon))
        known = self._series.values[end - shown : end, column]
        observed = self._series.observed[end - shown : end, column]
        bands = sorted(self.quantiles)
        low, high = (
            (self.quantiles[bands[0]][:, place], self.quantiles[bands[-1]][:, place])
            if len(bands) >= 2 else (None, None)
        )
        picture = forecast_picture(
            name, np.where(observed, known, np.nan), self._series.labels[end - shown : end],
            self.mean[:, place],
            self.times or [str(end + step + 1) for step in range(self.horizon)],
            low, high, (bands[0], bands[-1]) if bands else None,
        )
        if path is not None:
            with open(os.fspath(path), "w", encoding="utf-8") as file:
                file.write(picture)
        return picture

    def _repr_html_(self) -> str:
        return self.plot()

    def __repr__(self) -> str:
        first = ", ".join(f"{name} {value:.4g}" for name, value in zip(self.targets, self.mean[0]))
        return f"<Forecast of {self.horizon} rows, the first: {first}>"


class Forecaster(Estimator):
    """Forecasts the rows of a time series that come next, with quantiles.

    Scale, lookback and size are chosen from the data; training compares the model with baselines
    that need no network. `Forecaster.options()` lists every option.

    >>> forecaster = Forecaster(horizon=24).fit("energy.csv", target="OT")
    >>> forecaster.report_["verdict"]
    >>> forecaster.predict().to_frame()
    """

    _task = "Forecaster"
    _series: Any = None

    def fit(
        self, data: Any, target: Any = None, *, covariates: Sequence[str] = (),
        future: Sequence[str] = (), time: Any = None, verbose: bool = False, progress: Any = None,
        checkpoint: Any = None, resume: bool = False, **reading: Any,
    ) -> Forecaster:
        """Learn from the rows of a series.

        Parameters
        ----------
        data : path, data frame, array, or list of numbers
            A CSV file, a pandas or polars frame (its index or a column is the time), or an array:
            (rows,), whose column is called "value", or (rows, columns), "value_1", "value_2" ...
        target : str or list of str, optional
            The columns to forecast; not needed where there is one.
        covariates : list of str
            Columns that are inputs, known up to now.
        future : list of str
            Columns that are inputs, known for the rows to forecast, too.
        time : str or list of str, optional
            The column of the time; by default the first that holds dates.
        verbose : bool, default False
            Draws a line of progress.
        progress : callable, optional
            Called with a dict every so often; False pauses the training.
        checkpoint : path, optional
            A file from which an interrupted training goes on with resume=True.

        Raises
        ------
        ValueError
            For a series that is too short or constant, or that cannot be read.
        KeyboardInterrupt
            At Ctrl-C.
        """
        with _file_of(data) as (path, names):
            targets = _names(target) or (names[:1] if names and len(names) == 1 else [])
            if not targets:
                raise ValueError("target is missing: which columns are to be forecast?")
            columns = [*targets, *covariates, *future]
            options = {"columns": columns, **reading}
            if time is not None:
                options["time"] = _names(time)
            series = _core.read_time_series(path, options)
        series.source = _source(data)
        extra = {"covariates": len(covariates), "future": len(future)}
        self._model = _core.forecast_train(
            series, self._run_options(checkpoint, resume, extra),
            shown_progress(verbose, progress))
        self._series = series
        return self

    def predict(self, data: Any = None, ahead: Any = None) -> Forecast:
        """Return what comes after the last row.

        Parameters
        ----------
        data : path, data frame or array, optional
            Newer rows; by default those of `fit`.
        ahead : array (horizon, future columns), optional
            The values of the columns that are known ahead, where the rows do not hold them.
        """
        model, series = self._ready, self._given(data)
        known = None if ahead is None else np.ascontiguousarray(ahead, np.float32)
        return Forecast(model.run(series, known), series)

    def _given(self, data: Any) -> Any:
        if data is None:
            series = self.__dict__.get("_series") or self._ready.history
            if series is None:
                raise ValueError("the model keeps no rows: give those to go on from")
            return series
        with _file_of(data, self._ready.targets) as (path, _):
            series = self._ready.read(path)
        series.source = _source(data)
        return series

    def update(
        self, data: Any, *, verbose: bool = False, progress: Any = None, **options: Any
    ) -> dict[str, Any]:
        """Go on from newer rows; with train=True train on with all of them, too.

        Parameters
        ----------
        data : path, data frame or array
            The rows, with the columns of `fit`; those of times that are known replace them.
        train, epochs, validation_rows, learning_rate, seed
            `chronicler forecast update --help` says what they are.
        """
        given = arguments("update", table("tasks", "Forecaster.update").fields, options)
        self._model, report = self._ready.update(
            self._given(data), given, shown_progress(verbose, progress))
        self._series = None
        return report  # type: ignore[no-any-return]

    @property
    def state_(self) -> dict[str, Array]:
        """The hidden state of each recurrent layer after the last row, for each target."""
        series = self._given(None)
        found: dict[str, Array] = {}
        several = len(self._ready.targets) > 1
        for layer, target, values in self._ready.state(series):
            found[f"{layer}/{target}" if several else layer] = values
        return found

    def backtest(self, data: Any = None, rows: int = 0, every: int = 1, adapt: bool = False,
                 **options: Any) -> Any:
        """Return the errors of forecasts over the last rows, beside the baselines'.

        Parameters
        ----------
        data : frame, array or path, optional
            The series; by default the rows that the model keeps.
        rows : int, default 0
            The last so many; 0: those that the model was not learnt from.
        every : int, default 1
            Rows between two forecasts.
        adapt : bool, default False
            Also "adapted": a copy of the model that keeps learning from rows whose truth has come.
        learning_rate, decay, steps
            How it does: see `chronicler forecast backtest --help`.
        """
        given = {"rows": rows or None, "every": every, "adapt": adapt, **options}
        unknown = set(options) - {"learning_rate", "decay", "steps"}
        if unknown:
            raise TypeError(f"backtest has no option {sorted(unknown)[0]!r}")
        return self._ready.backtest(self._given(data), given)

    def cross_validate(self, data: Any, target: Any = None, folds: int = 5, **given: Any) -> Any:
        """Return the reports of folds, each forecast by a model that learnt from what is before."""
        with _file_of(data) as (path, names):
            targets = _names(target) or (names or [])[:1]
            series = _core.read_time_series(path, {"columns": targets, **given})
        return _core.forecast_cross_validate(series, dict(self._options), folds, None)

    _load_core = staticmethod(_core.forecast_load)

    def __getstate__(self) -> dict[str, Any]:
        state = super().__getstate__()
        series = state.pop("_series", None)
        if series is not None:
            state["_rows"] = (list(series.columns), series.values, series.observed, series.labels,
                              bool(series.time_column))
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        rows = state.pop("_rows", None)
        super().__setstate__(state)
        if rows is not None:
            with _file_of(_Rows(*rows)) as (path, _):
                self._series = self._model.read(path)


class _Rows:
    """Rows that were read before, to be written down again."""

    def __init__(self, columns: Any, values: Any, observed: Any, labels: Any, timed: bool) -> None:
        self.columns = columns
        self.values, self.observed, self.labels, self.timed = values, observed, labels, timed


def _names(value: Any) -> list[str]:
    if value is None:
        return []
    return [value] if isinstance(value, str) else [str(each) for each in value]


def _source(data: Any) -> str:
    """Return what messages call the rows."""
    return existing(data) if isinstance(data, str) or is_path(data) else "the data"


class _file_of:
    """`with _file_of(data) as (path, columns):` a CSV file that holds the data."""

    def __init__(self, data: Any, names: list[str] | None = None) -> None:
        self._data = data
        self._names = names
        self._path: str | None = None

    def __enter__(self) -> tuple[str, list[str] | None]:
        data = self._data
        if isinstance(data, str) or is_path(data):
            return existing(data), None
        handle, self._path = tempfile.mkstemp(suffix=".csv", prefix="series-")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            columns = _write(file, data, self._names)
        return self._path, columns

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        if self._path is None:
            return
        os.unlink(self._path)
        if isinstance(error, ValueError) and self._path in str(error):
            raise ValueError(str(error).replace(self._path, "the data")) from None


def _write(file: Any, data: Any, names: list[str] | None) -> list[str]:
    if isinstance(data, _Rows):
        return _write_rows(file, data)
    if hasattr(data, "write_csv"):  # polars
        file.write(data.write_csv())
        return [str(name) for name in data.columns]
    if hasattr(data, "to_csv"):  # pandas
        if not hasattr(data, "columns"):
            data = data.to_frame(data.name if data.name is not None else (names or ["value"])[0])
        if hasattr(data.index, "to_timestamp"):
            data = data.set_axis(data.index.to_timestamp())
        timed = type(data.index).__name__ == "DatetimeIndex"
        data.to_csv(file, index=timed, index_label="time" if timed else None)
        return [str(name) for name in data.columns]
    array = np.asarray(data, np.float64)
    if array.ndim == 1:
        array = array[:, None]
    if array.ndim != 2:
        raise ValueError(f"a series must be (rows,) or (rows, columns), got shape {array.shape}")
    found = names or (["value"] if array.shape[1] == 1 else
                      [f"value_{place + 1}" for place in range(array.shape[1])])
    file.write(",".join(found) + "\n")
    for row in array:
        file.write(",".join("" if value != value else repr(float(value)) for value in row) + "\n")
    return list(found)


def _write_rows(file: Any, rows: _Rows) -> list[str]:
    quoted = ['"' + name.replace('"', '""') + '"' for name in rows.columns]
    file.write(",".join((["time"] if rows.timed else []) + quoted) + "\n")
    for label, values, seen in zip(rows.labels, rows.values, rows.observed):
        cells = [repr(float(value)) if known else "" for value, known in zip(values, seen)]
        file.write(",".join(([label] if rows.timed else []) + cells) + "\n")
    return list(rows.columns)
