"""What the estimators for scikit-learn have in common."""

from __future__ import annotations

from typing import Any

import numpy as np

try:
    from sklearn.base import BaseEstimator
    from sklearn.utils import check_random_state
    from sklearn.utils.validation import (
        _check_sample_weight,
        check_array,
        check_consistent_length,
        check_is_fitted,
        validate_data,
    )
except ImportError as error:
    raise ImportError(
        f"chronicler.sklearn needs scikit-learn 1.6 or later: pip install scikit-learn ({error})"
    ) from error

from . import networks
from .networks import Plan, Recipe, Scale

PARAMETERS = """

    Parameters
    ----------
    model : {{"gru", "lstm", "simple_rnn"}}, callable or Model, default "gru"
        A preset; a function that returns a model; or a model, of which every fit takes a copy
        with new weights. The function is called with those of these that its parameters name:
        input_shape, outputs (the size of the output), activation (that of the output){offered},
        and the parameters of this estimator. What it has compiled itself is trained as it is.
    units : int or list of int, default 32
        Units of each recurrent layer of a preset; a list makes one layer of each.
    layers : int, default 1
        Recurrent layers of a preset.
    dropout : float, default 0
        The share that is dropped after each recurrent layer of a preset.
    bidirectional : bool, default False
        Whether a preset reads the steps in both directions.
    epochs : int, default 50
        Passes over the rows.
    batch_size : int, default 32
        Rows of a step of training.
    learning_rate : float or None, default 0.005
        None: the optimizer's own.
    optimizer : str or Optimizer, default "adam"
        What moves the weights.
    loss : str or Loss, optional
        None: {loss}.
    metrics : list, optional
        What `history_` tells beside the loss.
    validation_split : float, default 0
        The share of the rows, drawn at random, that validates and is not trained on.
    patience : int, optional
        Training ends after so many epochs without a lower loss (of the validation, if there is
        one), and the best weights are kept.
    standardize : bool, default True
        Whether {scaled} brought to mean 0 and spread 1, by the rows that train.
    steps : int, optional
        For X of two dimensions: how many steps a row holds, one after the other. None: each
        column is a step.
    model_options : dict, optional
        Further arguments of the function `model`.
    callbacks : list of Callback, optional
        Hooks into training.
    warm_start : bool, default False
        Whether fit goes on with the weights that are there.
    random_state : int, RandomState or None, default None
        Fixes weights, dropout and the order of rows.
    verbose : int, default 0
        1: a progress bar; 2: a line for each epoch."""


class Estimator(BaseEstimator):  # type: ignore[misc]
    """What the classifier and the regressor have in common."""

    def __init__(
        self, model: Any = "gru", *, units: Any = 32, layers: int = 1, dropout: float = 0.0,
        bidirectional: bool = False, epochs: int = 50, batch_size: int = 32,
        learning_rate: float | None = 0.005, optimizer: Any = "adam", loss: Any = None,
        metrics: Any = None, validation_split: float = 0.0, patience: int | None = None,
        standardize: bool = True, steps: int | None = None,
        model_options: dict[str, Any] | None = None, callbacks: Any = None,
        warm_start: bool = False, random_state: Any = None, verbose: int = 0,
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
        self.loss = loss
        self.metrics = metrics
        self.validation_split = validation_split
        self.patience = patience
        self.standardize = standardize
        self.steps = steps
        self.model_options = model_options
        self.callbacks = callbacks
        self.warm_start = warm_start
        self.random_state = random_state
        self.verbose = verbose

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.target_tags.multi_output = True
        tags.target_tags.required = True
        return tags

    # ---- what goes in

    def _rows(self, X: Any, reset: bool) -> Any:
        """Return X checked: an array, or a list of sequences of different lengths."""
        if _is_sequences(X):
            found = self._sequences(X)
        elif _depth(X) <= 2:
            return validate_data(self, X, reset=reset, dtype="numeric")
        else:
            found = check_array(X, dtype="numeric", allow_nd=True, estimator=self)
        features = found[0].shape[-1]
        if reset:
            self.n_features_in_ = features
            self.__dict__.pop("feature_names_in_", None)
        elif features != self.n_features_in_:
            raise ValueError(
                f"X has {features} features, but {type(self).__name__} is expecting "
                f"{self.n_features_in_} features as input"
            )
        return found

    def _sequences(self, X: Any) -> Any:
        """Return sequences of (steps, features), as one array if they are equally long."""
        checked = [check_array(each, dtype="numeric", estimator=self) for each in X]
        if len({each.shape[1] for each in checked}) > 1:
            raise ValueError("the sequences of X differ in their features: (steps, features)")
        if len({len(each) for each in checked}) == 1:
            return np.stack(checked)
        return checked

    def _fitted_rows(self, X: Any) -> Any:
        """Return X checked, for a network that is there, as it reads it."""
        check_is_fitted(self, "model_")
        X = self._rows(X, reset=False)
        self._check_dimensions(X)
        return self._read(X)

    def _check_dimensions(self, X: Any) -> None:
        if _dimensions(X) != self._dimensions:
            raise ValueError(
                f"X has {_dimensions(X)} dimensions, but {type(self).__name__} was fitted with "
                f"{self._dimensions}"
            )

    def _read(self, X: Any) -> Any:
        """Return what the network reads."""
        if isinstance(X, list):
            return [self._scaled(each) for each in X]
        scaled = self._scaled(X)
        if scaled.ndim != 2:
            return scaled
        columns = scaled.shape[1]
        steps = columns if self.steps is None else self.steps
        if not isinstance(steps, (int, np.integer)) or steps < 1 or columns % steps:
            raise ValueError(
                f"steps={self.steps!r}: the {columns} columns of X do not make so many steps"
            )
        return scaled.reshape(len(scaled), steps, columns // steps)

    def _scaled(self, X: Any) -> Any:
        return X.astype(np.float32) if self._scale is None else self._scale.apply(X)

    def _checked(self, X: Any, y: Any, sample_weight: Any, reset: bool) -> tuple[Any, Any, Any]:
        """Return rows, targets and weights; rows of weight 0 are left out."""
        if y is None:
            raise ValueError(
                f"{type(self).__name__} requires y to be passed, but the target y is None"
            )
        X = self._rows(X, reset)
        y = self._checked_y(y)
        check_consistent_length(X, y)
        if sample_weight is None:
            weights = np.ones(len(y))
        else:
            weights = _check_sample_weight(sample_weight, y, dtype=np.float64)
            if (weights < 0).any():
                raise ValueError("sample_weight must not be negative")
        weights = weights * self._class_weights(y)
        kept = weights > 0
        if kept.all():
            return X, y, weights
        if not kept.any():
            raise ValueError("sample weights and class weights leave only rows of weight zero")
        rows = np.flatnonzero(kept)
        return networks.taken(X, rows), y[rows], weights[rows]

    def _class_weights(self, y: Any) -> Any:
        return 1.0

    # ---- training

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Any:
        """Train on rows.

        Parameters
        ----------
        X : array or frame (rows, columns), array (rows, steps, features), or list of sequences
            A list has arrays (steps, features) of different lengths.
        y : array
            What is to be predicted of each row.
        sample_weight : array, optional
            What each row counts; rows of weight 0 are left out.
        """
        recipe, plan = self._options()
        fresh = not (self.warm_start and hasattr(self, "model_"))
        X, y, weights = self._checked(X, y, sample_weight, reset=fresh)
        self._fit(recipe, plan, X, y, weights, fresh)
        return self

    def _partial_fit(self, X: Any, y: Any, sample_weight: Any) -> Any:
        """Make one pass over more rows, from the weights that are there."""
        recipe, plan = self._options()
        plan = plan._replace(epochs=1, validation_split=0.0, patience=None)
        fresh = not hasattr(self, "model_")
        X, y, weights = self._checked(X, y, sample_weight, reset=fresh)
        self._fit(recipe, plan, X, y, weights, fresh)
        return self

    def _options(self) -> tuple[Recipe, Plan]:
        recipe = Recipe(
            self.model, self.units, self.layers, self.dropout, self.bidirectional, self.optimizer,
            self.learning_rate, self.metrics, self.model_options,
        )
        plan = Plan(
            self.epochs, self.batch_size, self.validation_split, self.patience, self.callbacks,
            self.verbose,
        )
        networks.check_recipe(recipe)
        networks.check_plan(plan)
        return recipe, plan

    def _fit(
        self, recipe: Recipe, plan: Plan, X: Any, y: Any, weights: Any, fresh: bool
    ) -> None:
        if fresh:
            self._dimensions = _dimensions(X)
            self._learn_targets(y)
            self._random = check_random_state(self.random_state)
        else:
            self._check_dimensions(X)
        y = self._codes(y)
        seed = self._next_seed()
        rows, held = networks.divided(len(y), plan.validation_split, seed)
        validation: Any = None
        if held is not None:
            validation = [networks.taken(each, held) for each in (X, y, weights)]
            X, y, weights = (networks.taken(each, rows) for each in (X, y, weights))
        elif isinstance(self.model, str) and len(y) <= plan.batch_size and not isinstance(X, list):
            X, y, weights = networks.merged(X, y, weights)
        if fresh:
            self._scale = _scale_of(X, weights) if self.standardize else None
            self._learn_scale(y, weights)
        x = self._read(X)
        if fresh:
            with networks.seeds_of(seed):
                self.model_ = self._made(recipe, x)
            self.history_: dict[str, list[float]] = {}
            self.n_iter_ = 0
        if validation is not None:
            validation = self._validation(*validation)
        history = networks.trained(
            self.model_, plan, x, self._targets(y), networks.mean_one(weights), validation, seed)
        for key, values in history.items():
            self.history_.setdefault(key, []).extend(values)
        self.n_iter_ = max(len(values) for values in self.history_.values())

    def _next_seed(self) -> int:
        return int(self._random.randint(np.iinfo(np.int32).max))

    def _validation(self, X: Any, y: Any, weights: Any) -> tuple[Any, ...]:
        if isinstance(X, list):
            return self._read(X), self._targets(y)
        return self._read(X), self._targets(y), networks.mean_one(weights)

    def _made(self, recipe: Recipe, x: Any) -> Any:
        if not isinstance(self.model, str) and not isinstance(x, list):
            shape = x.shape[1:]
        elif isinstance(x, list) or x.ndim == 3:
            shape = (None, x[0].shape[-1])  # sequences of any length
        else:
            raise ValueError(
                f"X has {x.ndim} dimensions; a preset reads (rows, steps, features), and for "
                "others model must be a function that makes one"
            )
        offered = {**self.get_params(deep=False), **self._offered()}
        return networks.made_network(
            recipe, shape, self._heads(), self._losses, offered, per_step=self._per_step())

    def _offered(self) -> dict[str, Any]:
        return {}

    def _per_step(self) -> bool:
        return False

    def _outputs(self, X: Any) -> list[Any]:
        """Return what each output of the network says of the rows."""
        x = self._fitted_rows(X)
        found = self.model_.predict(x, batch_size=256, verbose=0)
        if self._dimensions == 3 and isinstance(found, list) and len(shapes_of(self.model_)) == 1:
            found = np.stack(found)  # of sequences, one by one
        return found if isinstance(found, list) else [found]


def _is_sequences(X: Any) -> bool:
    """Return whether X is a list of arrays (steps, features)."""
    is_list = isinstance(X, (list, tuple)) or (isinstance(X, np.ndarray) and X.dtype == object)
    return is_list and len(X) > 0 and all(getattr(each, "ndim", 0) == 2 for each in X)


def _depth(X: Any) -> int:
    """Return the dimensions of what was given as X."""
    return len(X.shape) if hasattr(X, "shape") else int(np.asarray(X).ndim)


def _dimensions(X: Any) -> int:
    return 3 if isinstance(X, list) else int(X.ndim)


def shapes_of(model: Any) -> list[Any]:
    shape = model.output_shape
    return shape if isinstance(shape, list) else [shape]


def _scale_of(X: Any, weights: Any) -> Scale:
    if isinstance(X, list):
        return Scale(np.concatenate(X), np.repeat(weights, [len(each) for each in X]))
    return Scale(X, weights)
