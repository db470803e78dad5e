"""Estimators for sktime: forecasts with intervals, and classes of time series.

>>> from chronicler.sktime import ChroniclerForecaster
>>> forecaster = ChroniclerForecaster(random_state=0).fit(y, fh=[1, 2, 3])
>>> forecaster.predict_interval(coverage=0.9)
"""

from __future__ import annotations

from typing import Any

import numpy as np

try:
    import pandas as pd
    from sktime.classification.base import BaseClassifier
    from sktime.forecasting.base import BaseForecaster, ForecastingHorizon
except ImportError as error:
    raise ImportError(
        f"chronicler.sktime needs sktime 1.0 or later: pip install sktime ({error})"
    ) from error

from .estimators import forecasting, networks
from .estimators.networks import Plan, Recipe

__all__ = ["ChroniclerForecaster", "ChroniclerTimeSeriesClassifier"]


class ChroniclerForecaster(BaseForecaster):  # type: ignore[misc]
    """A recurrent network beside a linear path that forecasts a series, with intervals.

    Windows of the series are read; targets are forecast for several rows at once, as differences
    from the last row. The last fifth of the windows is held out first and tells how far forecasts
    are off (the intervals), how much the recurrent path adds, and when to end; then all rows
    train.

    Parameters
    ----------
    model : {"gru", "lstm", "simple_rnn"} or callable, default "gru"
        The recurrent path: a preset, or a function that returns a model. It is called with those
        of these that its parameters name: input_shape (window, columns), outputs (horizon times
        targets), window, horizon, targets, ahead (columns known ahead, a second input of
        (horizon, ahead)), and the parameters of this estimator.
    units : int or list of int, default 16
        Units of each recurrent layer of a preset; a list makes one layer of each.
    layers : int, default 1
        Recurrent layers of a preset.
    dropout : float, default 0
        The share that is dropped after each recurrent layer of a preset.
    window_length : int, optional
        Rows that are read. None: twice the horizon and at least 24, as far as the rows allow.
    horizon : int, optional
        Rows that are forecast at once; a forecast further ahead goes on from there. None: as many
        as fit was asked for, or 1.
    past_only : list, optional
        Columns of X that are known up to now only; the others are read ahead, too, and are
        needed in predict.
    epochs : int, default 30
        Passes over the windows.
    update_epochs : int, default 3
        Passes over the windows in `update`.
    batch_size : int, default 32
        Windows of a step of training.
    learning_rate : float or None, default 0.005
        None: the optimizer's own.
    optimizer : str or Optimizer, default "adam"
        What moves the weights.
    patience : int or None, default 5
        Training ends after so many epochs that the windows held out did not gain from.
    random_state : int, RandomState or None, default None
        Fixes weights, dropout and the order of windows.
    verbose : int, default 0
        1: a progress bar; 2: a line for each epoch.

    Attributes
    ----------
    model_ : Model
        The recurrent path.
    gain_ : float
        How much of the recurrent path the forecasts take: 0 where it did not help.
    history_ : dict
        The losses of every epoch.
    state_ : list of arrays
        The states of the recurrent layers after the last row.

    Examples
    --------
    >>> from chronicler.sktime import ChroniclerForecaster
    >>> from sktime.datasets import load_airline
    >>> y = load_airline()
    >>> forecaster = ChroniclerForecaster(epochs=2, random_state=0)
    >>> forecaster = forecaster.fit(y, fh=[1, 2, 3])
    >>> forecaster.predict().shape
    (3,)
    >>> forecaster.predict_interval(coverage=0.9).shape
    (3, 2)
    """

    _tags = {
        "authors": "Chronicler",
        "maintainers": "Chronicler",
        "python_dependencies": None,
        "y_inner_mtype": "pd.DataFrame",
        "X_inner_mtype": "pd.DataFrame",
        "capability:multivariate": True,
        "capability:exogenous": True,
        "capability:insample": True,
        "capability:pred_int": True,
        "capability:pred_int:insample": True,
        "capability:missing_values": False,
        "capability:categorical_in_X": False,
        "capability:update": True,
        "capability:random_state": True,
        "property:randomness": "derandomized",
        "requires-fh-in-fit": False,
    }

    # It keeps the rows itself; sktime need not, and from 1.3 on it does not.
    _config = {"remember_data": False}

    def __init__(
        self, model: Any = "gru", units: Any = 16, layers: int = 1, dropout: float = 0.0,
        window_length: int | None = None, horizon: int | None = None, past_only: Any = None,
        epochs: int = 30, update_epochs: int = 3, batch_size: int = 32,
        learning_rate: float | None = 0.005, optimizer: Any = "adam", patience: int | None = 5,
        random_state: Any = None, verbose: int = 0,
    ) -> None:
        self.model = model
        self.units = units
        self.layers = layers
        self.dropout = dropout
        self.window_length = window_length
        self.horizon = horizon
        self.past_only = past_only
        self.epochs = epochs
        self.update_epochs = update_epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.optimizer = optimizer
        self.patience = patience
        self.random_state = random_state
        self.verbose = verbose
        super().__init__()
        self._y = self._X = None  # what sktime remembers if it is told to

    # ---- learning

    def _fit(self, y: Any, X: Any, fh: Any) -> ChroniclerForecaster:
        recipe = Recipe(
            self.model, self.units, self.layers, self.dropout, False, self.optimizer,
            self.learning_rate, None, None,
        )
        plan = Plan(self.epochs, self.batch_size, 0.0, self.patience, None, self.verbose)
        networks.check_recipe(recipe)
        networks.check_plan(plan)
        for name in ("window_length", "horizon"):
            if getattr(self, name) is not None:
                networks.check_whole(name, getattr(self, name), 1)
        networks.check_whole("update_epochs", self.update_epochs, 1)
        self._random = _random_of(self.random_state)
        self._rows, self._beside = y.astype(float), None if X is None else X.astype(float)
        self._columns = [] if X is None else list(X.columns)
        self._freq = getattr(y.index, "freq", None) or getattr(self.cutoff, "freq", None)
        shape = forecasting.chosen_shape(
            len(y), self.window_length, self._asked(fh), y.shape[1], len(self._columns),
            self._known_ahead())
        self._course = forecasting.Course(shape, recipe, plan, self.get_params(deep=False))
        self._course.fit(*self._arrays(), self._next_seed())
        self._show()
        return self

    def _asked(self, fh: Any) -> int:
        if self.horizon is not None:
            return int(self.horizon)
        steps = [] if fh is None else list(fh.to_relative(self.cutoff).to_numpy())
        return max([1, *(int(step) for step in steps)])

    def _known_ahead(self) -> tuple[int, ...]:
        past_only = [] if self.past_only is None else list(self.past_only)
        strange = [name for name in past_only if name not in self._columns]
        if strange and self._columns:
            raise ValueError(f"past_only names {strange[0]!r}, but X has {self._columns}")
        return tuple(
            place for place, name in enumerate(self._columns) if name not in past_only)

    def _update(self, y: Any, X: Any = None, update_params: bool = True) -> ChroniclerForecaster:
        self._rows = _joined(self._rows, y.astype(float))
        if self._beside is not None and X is not None:
            self._beside = _joined(self._beside, X.astype(float)[self._columns])
        if update_params:
            self._course.update(*self._arrays(), int(self.update_epochs), self._next_seed())
        self._show()
        return self

    def _next_seed(self) -> int:
        return int(self._random.randint(np.iinfo(np.int32).max))

    def _arrays(self) -> tuple[Any, Any]:
        """Return the rows up to the cutoff: the targets, and the columns beside."""
        count = int(self._rows.index.searchsorted(self.cutoff[0], side="right"))
        rows = self._rows.iloc[:count]
        return rows.to_numpy(), self._beside_at(rows.index)

    def _beside_at(self, index: Any, coming: Any = None) -> Any:
        """Return the columns beside at these times; where they are not known, what was before."""
        if self._beside is None:
            return np.zeros((len(index), 0))
        known = self._beside
        if coming is not None:
            new = coming[~coming.index.isin(known.index)].astype(float)
            known = _joined(known, new.reindex(columns=self._columns))
        if not index.isin(known.index).all():
            known = known.reindex(known.index.union(index))
        return known.ffill().bfill().reindex(index).to_numpy()

    def _show(self) -> None:
        """Set what can be looked at."""
        self.model_ = self._course.model
        self.gain_ = self._course.gain
        self.history_ = self._course.history
        self.state_ = self._course.state(*self._arrays())

    # ---- forecasts

    def _predict(self, fh: Any, X: Any) -> Any:
        found = self._found(fh, X)
        index = fh.to_absolute_index(self.cutoff)
        return pd.DataFrame(found, index=index, columns=self._rows.columns)

    def _found(self, fh: Any, X: Any) -> Any:
        """Return the forecast of each step of the horizon; of rows that were seen, from before."""
        steps = self._steps(fh)
        y, x = self._arrays()
        found = np.empty((len(steps), y.shape[1]))
        seen = steps <= 0
        if seen.any():
            found[seen] = self._course.one_step(y, x, len(y) - 1 + steps[seen])
        if not seen.all():
            most = int(steps.max())
            found[~seen] = self._course.ahead(
                y, x, self._coming(most, X), most)[steps[~seen] - 1]
        return found

    def _steps(self, fh: Any) -> Any:
        return fh.to_relative(self.cutoff).to_numpy().astype(int)

    def _coming(self, count: int, X: Any) -> Any:
        """Return the columns beside of the rows that come next."""
        if self._course.shape.ahead and X is None:
            names = [self._columns[place] for place in self._course.shape.ahead]
            raise ValueError(
                f"predict needs X with the columns {names} of the rows that are forecast; columns "
                "that are known up to now only are named in past_only"
            )
        most = max(count, self._course.shape.horizon)
        fh = ForecastingHorizon(np.arange(1, most + 1), is_relative=True, freq=self._freq)
        index = fh.to_absolute_index(self.cutoff)
        return self._beside_at(index, X)

    def _predict_quantiles(self, fh: Any, X: Any, alpha: Any) -> Any:
        found = self._found(fh, X)
        spread = self._course.spread(np.maximum(self._steps(fh), 1))
        index = fh.to_absolute_index(self.cutoff)
        columns = self._get_columns(method="predict_quantiles", alpha=alpha)
        levels = {level: self._course.quantile(float(level)) for level in alpha}
        values = [
            found[:, target] + spread[:, target] * levels[level][target]
            for target in range(found.shape[1]) for level in alpha
        ]
        return pd.DataFrame(np.column_stack(values), index=index, columns=columns)

    @classmethod
    def get_test_params(cls, parameter_set: str = "default") -> Any:
        """Return options with which the suite of sktime is quick."""
        return [
            {"units": 4, "epochs": 2, "update_epochs": 1, "random_state": 0},
            {"model": "lstm", "units": 3, "window_length": 4, "horizon": 2, "epochs": 1,
             "update_epochs": 1, "learning_rate": None, "random_state": 1},
        ]


class ChroniclerTimeSeriesClassifier(BaseClassifier):  # type: ignore[misc]
    """A recurrent network that tells classes of time series, of equal or different lengths.

    Parameters
    ----------
    model : {"gru", "lstm", "simple_rnn"}, callable or Model, default "gru"
        As in `chronicler.sklearn.ChroniclerClassifier`, which does the work.
    units : int or list of int, default 32
        Units of each recurrent layer of a preset; a list makes one layer of each.
    layers : int, default 1
        Recurrent layers of a preset.
    dropout : float, default 0
        The share that is dropped after each recurrent layer of a preset.
    bidirectional : bool, default False
        Whether a preset reads the steps in both directions.
    epochs : int, default 50
        Passes over the series.
    batch_size : int, default 32
        Series of a step of training.
    learning_rate : float or None, default 0.005
        None: the optimizer's own.
    optimizer : str or Optimizer, default "adam"
        What moves the weights.
    validation_split : float, default 0
        The share of the series, drawn at random, that validates and is not trained on.
    patience : int, optional
        Training ends after so many epochs without a lower loss.
    class_weight : dict, "balanced" or None, default None
        What each class counts.
    random_state : int, RandomState or None, default None
        Fixes weights, dropout and the order of series.
    verbose : int, default 0
        1: a progress bar; 2: a line for each epoch.

    Attributes
    ----------
    estimator_ : ChroniclerClassifier
        What was trained; `estimator_.model_` is the network, `estimator_.history_` its losses.

    Examples
    --------
    >>> from chronicler.sktime import ChroniclerTimeSeriesClassifier
    >>> from sktime.datasets import load_unit_test
    >>> X, y = load_unit_test(split="train")
    >>> classifier = ChroniclerTimeSeriesClassifier(epochs=2, random_state=0)
    >>> classifier.fit(X, y).predict_proba(X).shape
    (20, 2)
    """

    _tags = {
        "authors": "Chronicler",
        "maintainers": "Chronicler",
        "X_inner_mtype": "df-list",
        "capability:multivariate": True,
        "capability:unequal_length": True,
        "capability:missing_values": False,
        "capability:categorical_in_X": False,
        "capability:predict_proba": True,
        "capability:class_weight": True,
        "capability:random_state": True,
        "property:randomness": "derandomized",
    }

    def __init__(
        self, model: Any = "gru", units: Any = 32, layers: int = 1, dropout: float = 0.0,
        bidirectional: bool = False, epochs: int = 50, batch_size: int = 32,
        learning_rate: float | None = 0.005, optimizer: Any = "adam",
        validation_split: float = 0.0, patience: int | None = None, class_weight: Any = None,
        random_state: Any = None, verbose: int = 0,
    ) -> None:
        self.model = model
        self.units = units
        self.layers = layers
        self.dropout = dropout
        self.bidirectional = bidirectional
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.optimizer = optimizer
        self.validation_split = validation_split
        self.patience = patience
        self.class_weight = class_weight
        self.random_state = random_state
        self.verbose = verbose
        super().__init__()

    def _fit(self, X: Any, y: Any) -> ChroniclerTimeSeriesClassifier:
        from .sklearn import ChroniclerClassifier

        self.estimator_ = ChroniclerClassifier(**self.get_params(deep=False))
        self.estimator_.fit(_sequences(X), y)
        return self

    def _predict(self, X: Any) -> Any:
        return self.estimator_.predict(_sequences(X))

    def _predict_proba(self, X: Any) -> Any:
        return self.estimator_.predict_proba(_sequences(X))

    @classmethod
    def get_test_params(cls, parameter_set: str = "default") -> Any:
        """Return options with which the suite of sktime is quick."""
        return [
            {"units": 4, "epochs": 2, "random_state": 0},
            {"model": "simple_rnn", "units": [4, 3], "bidirectional": True, "epochs": 1,
             "batch_size": 8, "class_weight": "balanced", "random_state": 1},
        ]


def _joined(known: Any, new: Any) -> Any:
    """Return rows and newer ones; of rows that are in both, the newer."""
    if not len(new):
        return known
    if new.index[0] > known.index[-1]:
        return pd.concat([known, new])
    return pd.concat([known[~known.index.isin(new.index)], new]).sort_index()


def _sequences(X: Any) -> Any:
    """Return series as (series, steps, features), or a list of (steps, features)."""
    found = [each.to_numpy(dtype=float) for each in X]
    return np.stack(found) if len({len(each) for each in found}) == 1 else found


def _random_of(given: Any) -> Any:
    from sklearn.utils import check_random_state

    return check_random_state(given)
