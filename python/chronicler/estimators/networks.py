"""What the estimators of scikit-learn and sktime have in common: small networks, and training."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from .. import _core, callbacks, layers, models, optimizers

PRESETS = {"gru": "GRU", "lstm": "LSTM", "simple_rnn": "SimpleRNN"}


class Head(NamedTuple):
    """One output of a network."""

    size: int
    activation: str


class Recipe(NamedTuple):
    """How to make a network: the options of an estimator."""

    model: Any
    units: Any
    layers: int
    dropout: float
    bidirectional: bool
    optimizer: Any
    learning_rate: float | None
    metrics: Any
    options: dict[str, Any] | None


class Plan(NamedTuple):
    """How to train a network."""

    epochs: int
    batch_size: int
    validation_split: float
    patience: int | None
    callbacks: Any
    verbose: Any


def check_recipe(recipe: Recipe) -> None:
    """Raise for options that make no network."""
    check_whole("layers", recipe.layers, 1)
    for size in sizes_of(recipe):
        check_whole("units", size, 1)
    _number("dropout", recipe.dropout, 0.0, 1.0)
    if recipe.learning_rate is not None:
        _number("learning_rate", recipe.learning_rate, 0.0, float("inf"))
    known = isinstance(recipe.model, models.Model) or callable(recipe.model)
    if not known and not (isinstance(recipe.model, str) and recipe.model in PRESETS):
        raise ValueError(
            f"model={recipe.model!r}: one of {', '.join(map(repr, PRESETS))}, a function that "
            "returns a model, or a model is needed"
        )


def check_plan(plan: Plan) -> None:
    """Raise for options that train nothing."""
    check_whole("epochs", plan.epochs, 1)
    check_whole("batch_size", plan.batch_size, 1)
    _number("validation_split", plan.validation_split, 0.0, 1.0)
    if plan.patience is not None:
        check_whole("patience", plan.patience, 0)


def check_whole(name: str, value: Any, least: int) -> None:
    """Raise unless an option is a whole number of at least so much."""
    if not isinstance(value, (int, np.integer)) or isinstance(value, bool) or value < least:
        raise ValueError(f"{name}={value!r}: a whole number of at least {least} is needed")


def _number(name: str, value: Any, least: float, limit: float) -> None:
    is_number = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
    if not is_number or not least <= value < limit:
        raise ValueError(f"{name}={value!r}: a number from {least:g} to below {limit:g} is needed")


def sizes_of(recipe: Recipe) -> list[Any]:
    """Return the units of each recurrent layer."""
    if isinstance(recipe.units, (list, tuple)):
        if not recipe.units:
            raise ValueError("units is empty: the units of one layer or more are needed")
        return list(recipe.units)
    return [recipe.units] * recipe.layers


# ---- making a network


def made_network(
    recipe: Recipe, input_shape: tuple[int | None, ...], heads: Sequence[Head],
    losses: Callable[[Any], Any], offered: dict[str, Any], per_step: bool = False,
) -> Any:
    """Return a compiled model of new weights."""
    check_recipe(recipe)
    model = _uncompiled(recipe, input_shape, heads, offered, per_step)
    if not model.compiled:
        model.compile(
            optimizer=optimizer_of(recipe), loss=losses(model),
            metrics=copy.deepcopy(recipe.metrics),
        )
    return model


def _uncompiled(
    recipe: Recipe, input_shape: tuple[int | None, ...], heads: Sequence[Head],
    offered: dict[str, Any], per_step: bool,
) -> Any:
    if isinstance(recipe.model, models.Model):
        return models.clone_model(recipe.model)
    if callable(recipe.model):
        return _built(recipe, input_shape, heads, offered)
    return _preset(recipe, input_shape, heads, per_step)


def _built(
    recipe: Recipe, input_shape: tuple[int | None, ...], heads: Sequence[Head],
    offered: dict[str, Any],
) -> Any:
    """Return what the caller's function makes, given what its parameters name."""
    import inspect

    sizes = [head.size for head in heads]
    activations = [head.activation for head in heads]
    alone = len(heads) == 1
    given = {
        **offered,
        "input_shape": input_shape,
        "outputs": sizes[0] if alone else sizes,
        "activation": activations[0] if alone else activations,
    }
    parameters = inspect.signature(recipe.model).parameters.values()
    if not any(each.kind is each.VAR_KEYWORD for each in parameters):
        names = {each.name for each in parameters}
        given = {name: value for name, value in given.items() if name in names}
    model = recipe.model(**{**given, **(recipe.options or {})})
    if not isinstance(model, models.Model):
        raise TypeError(f"the function model returned {model!r}, which is not a model")
    return model


def _preset(
    recipe: Recipe, input_shape: tuple[int | None, ...], heads: Sequence[Head], per_step: bool
) -> Any:
    kind = getattr(layers, PRESETS[recipe.model])
    symbol = layers.Input(input_shape)
    hidden: Any = symbol
    sizes = sizes_of(recipe)
    for place, units in enumerate(sizes):
        layer = kind(int(units), return_sequences=per_step or place + 1 < len(sizes))
        hidden = (layers.Bidirectional(layer) if recipe.bidirectional else layer)(hidden)
        if recipe.dropout:
            hidden = layers.Dropout(float(recipe.dropout))(hidden)
    outputs = [layers.Dense(head.size, activation=head.activation)(hidden) for head in heads]
    return models.Model(symbol, outputs if len(outputs) > 1 else outputs[0])


def optimizer_of(recipe: Recipe) -> Any:
    """Return an optimizer of its own for one model."""
    made = optimizers.get(recipe.optimizer)
    options = made.get_config()
    if recipe.learning_rate is not None:
        options["learning_rate"] = float(recipe.learning_rate)
    return type(made).from_config(options)


# ---- training


def trained(
    model: Any, plan: Plan, x: Any, y: Any, weights: Any, validation: Any, seed: int
) -> dict[str, list[float]]:
    """Train a model, the order of whose rows the seed fixes; return its history."""
    hooks = list(plan.callbacks or [])
    if plan.patience is not None:
        hooks.append(callbacks.EarlyStopping(
            monitor="loss" if validation is None else "val_loss", patience=int(plan.patience),
            restore_best_weights=True,
        ))
    history = model.fit(
        x, y, epochs=int(plan.epochs), batch_size=int(plan.batch_size),
        sample_weight=weights, validation_data=validation, callbacks=hooks, verbose=plan.verbose,
        seed=int(seed),
    )
    return dict(history.history)


def divided(count: int, share: float, seed: int) -> tuple[Any, Any]:
    """Return the rows to train with and those to validate with, drawn at random; None for all."""
    if not share:
        return None, None
    held = round(count * share)
    if held in (0, count):
        raise ValueError(
            f"validation_split={share:g} of {count} rows leaves none to "
            f"{'validate' if held == 0 else 'train'} with"
        )
    order = np.random.default_rng(seed).permutation(count)
    return np.sort(order[held:]), np.sort(order[:held])


def taken(values: Any, rows: Any) -> Any:
    """Return these rows of an array, or of a list of sequences."""
    return [values[row] for row in rows] if isinstance(values, list) else values[rows]


def merged(x: Any, y: Any, weights: Any) -> tuple[Any, Any, Any]:
    """Return the rows in one order, equal ones as one of their weights' sum.

    For a step on all rows at once this changes nothing but the order in which numbers are added;
    with it, the result is the same to the last bit whether a row comes three times or has weight 3.
    """
    flat = np.column_stack([each.reshape(len(x), -1).astype(np.float64) for each in (x, y)])
    _, first, place = np.unique(flat, axis=0, return_index=True, return_inverse=True)
    sums = np.bincount(place.ravel(), weights=weights, minlength=len(first))
    return x[first], y[first], sums


def mean_one(weights: Any) -> Any:
    """Return weights whose mean is 1, so that a loss is the weighted mean."""
    return np.asarray(weights * (len(weights) / weights.sum()), np.float32)


class Scale:
    """Centre and spread of each column, of the rows that trained."""

    def __init__(self, values: Any, weights: Any) -> None:
        axes = tuple(range(1, values.ndim - 1))
        values = values.astype(np.float64)
        share = weights / weights.sum()
        means = values.mean(axis=axes) if axes else values
        self.center = share @ means
        spread = np.square(values - self.center)
        spread = share @ (spread.mean(axis=axes) if axes else spread)
        spread = np.sqrt(spread)
        # What never changes has nothing to be divided by.
        tiny = 10 * np.finfo(np.float64).eps * np.maximum(np.abs(self.center), 1e-300)
        self.spread = np.where(spread > tiny, spread, 1.0)

    def apply(self, values: Any) -> Any:
        """Return the values as the network reads them."""
        return ((values - self.center) / self.spread).astype(np.float32)

    def invert(self, values: Any) -> Any:
        """Return what the network says in the values' own measure."""
        return np.asarray(values, np.float64) * self.spread + self.center


def seeds_of(seed: int) -> Any:
    """Return a scope in which the layers that are made draw from this seed."""
    return _core.SeedScope(int(seed))
