"""Estimators for scikit-learn: pipelines, cross-validation, grid search.

>>> from chronicler.sklearn import ChroniclerClassifier
>>> classifier = ChroniclerClassifier("gru", units=32, epochs=20, random_state=0)
>>> classifier.fit(X, y).predict(X)
"""

from __future__ import annotations

from typing import Any

import numpy as np

# isort: off
from .estimators.networks import Head, Scale
from .estimators.base import PARAMETERS, Estimator, shapes_of  # first: says what is missing
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.metrics import r2_score
from sklearn.utils import compute_sample_weight
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import check_array, column_or_1d

__all__ = ["ChroniclerClassifier", "ChroniclerRegressor"]


class ChroniclerRegressor(RegressorMixin, Estimator):  # type: ignore[misc]
    __doc__ = """A recurrent network that predicts numbers.""" + PARAMETERS.format(
        offered="", loss="the mean squared error", scaled="features and targets are"
    ) + """

    Attributes
    ----------
    model_ : Model
        The trained network.
    history_ : dict
        The loss, and what else was measured, of every epoch.
    n_iter_ : int
        Epochs that were trained.
    n_features_in_, feature_names_in_
        As in all of scikit-learn; for three dimensions the features of a step.
    """

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> ChroniclerRegressor:
        """Make one pass over these rows, from the weights that are there."""
        return self._partial_fit(X, y, sample_weight)  # type: ignore[no-any-return]

    def predict(self, X: Any) -> Any:
        """Return the numbers predicted of each row, in the shape of y."""
        found = self._outputs(X)[0].astype(np.float64)
        shape = self._shape
        if not self._per_step():
            found = found.reshape(len(found), *shape)
        elif len(shape) == 1:
            found = found[..., 0]
        return found if self._y_scale is None else self._y_scale.invert(found)

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return the coefficient of determination, R2."""
        if np.ndim(y) <= 2:
            return super().score(X, y, sample_weight)  # type: ignore[no-any-return]
        found, wanted = self.predict(X), np.asarray(y)
        return float(r2_score(wanted.reshape(len(wanted), -1), found.reshape(len(found), -1),
                              sample_weight=sample_weight))

    def _checked_y(self, y: Any) -> Any:
        return check_array(y, ensure_2d=False, allow_nd=True, dtype="numeric", input_name="y",
                           estimator=self)

    def _learn_targets(self, y: Any) -> None:
        self._shape = y.shape[1:]

    def _codes(self, y: Any) -> Any:
        same = y.shape[2:] == self._shape[1:] if self._per_step() else y.shape[1:] == self._shape
        if not same:
            raise ValueError(
                f"y has shape {y.shape}, but the first rows had {(None, *self._shape)}"
            )
        return y.astype(np.float64)

    def _learn_scale(self, y: Any, weights: Any) -> None:
        self._y_scale = Scale(y, weights) if self.standardize else None

    def _targets(self, y: Any) -> Any:
        scaled = y.astype(np.float32) if self._y_scale is None else self._y_scale.apply(y)
        return scaled[:, None] if scaled.ndim == 1 else scaled

    def _heads(self) -> list[Head]:
        return [Head(int(self._shape[-1]) if self._shape else 1, "linear")]

    def _losses(self, model: Any) -> Any:
        return "mse" if self.loss is None else self.loss

    def _per_step(self) -> bool:
        return len(self._shape) == 2


class ChroniclerClassifier(ClassifierMixin, Estimator):  # type: ignore[misc]
    __doc__ = """A recurrent network that predicts classes.""" + PARAMETERS.format(
        offered=", classes", scaled="features are",
        loss="categorical cross-entropy; binary for labels that may come together",
    ) + """
    class_weight : dict, list of dict, "balanced" or None, default None
        What each class counts.

    Attributes
    ----------
    classes_ : array, or list of arrays
        The classes, of each output where there are several.
    model_ : Model
        The trained network.
    history_ : dict
        The loss, and what else was measured, of every epoch.
    n_iter_ : int
        Epochs that were trained.
    n_features_in_, feature_names_in_
        As in all of scikit-learn; for three dimensions the features of a step.
    """

    def __init__(
        self, model: Any = "gru", *, units: Any = 32, layers: int = 1, dropout: float = 0.0,
        bidirectional: bool = False, epochs: int = 50, batch_size: int = 32,
        learning_rate: float | None = 0.005, optimizer: Any = "adam", loss: Any = None,
        metrics: Any = None, validation_split: float = 0.0, patience: int | None = None,
        standardize: bool = True, steps: int | None = None,
        model_options: dict[str, Any] | None = None, callbacks: Any = None,
        warm_start: bool = False, random_state: Any = None, verbose: int = 0,
        class_weight: Any = None,
    ) -> None:
        super().__init__(
            model, units=units, layers=layers, dropout=dropout,
            bidirectional=bidirectional, epochs=epochs, batch_size=batch_size,
            learning_rate=learning_rate, optimizer=optimizer, loss=loss,
            metrics=metrics, validation_split=validation_split, patience=patience,
            standardize=standardize, steps=steps, model_options=model_options,
            callbacks=callbacks, warm_start=warm_start, random_state=random_state,
            verbose=verbose,
        )
        self.class_weight = class_weight

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags

    def partial_fit(
        self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None
    ) -> ChroniclerClassifier:
        """Make one pass over these rows, from the weights that are there.

        The first call needs `classes`: all that will come; for several outputs a list of them.
        """
        self._all_classes = classes
        try:
            return self._partial_fit(X, y, sample_weight)  # type: ignore[no-any-return]
        finally:
            del self._all_classes

    def predict(self, X: Any) -> Any:
        """Return the class of each row."""
        chances = self._chances(X)
        if self._kind == "labels":
            return (chances[0] > 0.5).astype(self._y_type)
        found = [classes.take(each.argmax(1)) for classes, each in zip(self._classes(), chances)]
        return found[0] if self._kind == "classes" else np.stack(found, 1)

    def predict_proba(self, X: Any) -> Any:
        """Return how likely each class is: (rows, classes), or a list of such for several outputs.

        For labels that may come together: (rows, labels).
        """
        chances = self._chances(X)
        return chances if self._kind == "several" else chances[0]

    def predict_log_proba(self, X: Any) -> Any:
        """Return the logarithms of `predict_proba`."""
        with np.errstate(divide="ignore"):
            chances = self.predict_proba(X)
            return [np.log(x) for x in chances] if self._kind == "several" else np.log(chances)

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return the share of the rows all of whose classes were predicted."""
        if self._kind != "several":
            return super().score(X, y, sample_weight)  # type: ignore[no-any-return]
        right = (self.predict(X) == np.asarray(y)).all(1)
        return float(np.average(right, weights=sample_weight))

    def _chances(self, X: Any) -> list[Any]:
        """Return for each output how likely each class is."""
        found = [each.astype(np.float64) for each in self._outputs(X)]
        if self._kind == "labels":
            return found
        losses = _per_output(self.model_.loss, len(found))
        return [
            _normalized(each, len(classes), loss)
            for each, classes, loss in zip(found, self._classes(), losses)
        ]

    # ---- targets

    def _checked_y(self, y: Any) -> Any:
        check_classification_targets(y)
        y = check_array(y, ensure_2d=False, dtype=None, input_name="y", estimator=self)
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        return y

    def _class_weights(self, y: Any) -> Any:
        if self.class_weight is None:
            return 1.0
        return compute_sample_weight(self.class_weight, y)

    def _learn_targets(self, y: Any) -> None:
        given = getattr(self, "_all_classes", None)
        kind = type_of_target(y)
        self._y_type = y.dtype
        if kind == "multilabel-indicator":
            self._kind = "labels"
            self.classes_: Any = np.arange(y.shape[1])
        elif y.ndim == 2:
            self._kind = "several"
            self.classes_ = [np.unique(column) for column in y.T] if given is None else [
                np.unique(each) for each in given]
        else:
            self._kind = "classes"
            self.classes_ = np.unique(y if given is None else given)

    def _classes(self) -> list[Any]:
        return self.classes_ if self._kind == "several" else [self.classes_]

    def _codes(self, y: Any) -> Any:
        """Return the places of classes: (rows,), or (rows, outputs)."""
        if self._kind == "labels":
            if y.ndim != 2 or y.shape[1] != len(self.classes_):
                raise ValueError(f"y has shape {y.shape}, expected (rows, {len(self.classes_)})")
            return y.astype(np.int64)
        columns: list[Any] = list(y.T) if self._kind == "several" else [y]
        if y.ndim != (2 if self._kind == "several" else 1) or len(columns) != len(self._classes()):
            raise ValueError(f"y has shape {y.shape}, which is not that of the first rows")
        found = [_places(column, classes) for column, classes in zip(columns, self._classes())]
        return np.stack(found, 1) if self._kind == "several" else found[0]

    def _learn_scale(self, y: Any, weights: Any) -> None:
        """Classes have no scale."""

    def _heads(self) -> list[Head]:
        if self._kind == "labels":
            return [Head(len(self.classes_), "sigmoid")]
        return [Head(max(2, len(classes)), "softmax") for classes in self._classes()]

    def _offered(self) -> dict[str, Any]:
        return {"classes": self.classes_}

    def _losses(self, model: Any) -> Any:
        if self.loss is not None:
            return self.loss
        if self._kind == "labels":
            return "binary_crossentropy"
        found = [
            "binary_crossentropy" if shape[-1] == 1 and len(classes) == 2
            else "sparse_categorical_crossentropy"
            for shape, classes in zip(shapes_of(model), self._classes())
        ]
        return found if len(found) > 1 else found[0]

    def _targets(self, codes: Any) -> Any:
        """Return the targets in the form that the loss of the network reads."""
        if self._kind == "labels":
            return codes.astype(np.float32)
        columns: Any = codes.T if self._kind == "several" else [codes]
        found = [
            _target(column, len(classes), shape, loss)
            for column, classes, shape, loss in zip(
                columns, self._classes(), shapes_of(self.model_),
                _per_output(self.model_.loss, len(columns)))
        ]
        return found if len(found) > 1 else found[0]


def _places(column: Any, classes: Any) -> Any:
    found = np.searchsorted(classes, column).clip(0, len(classes) - 1)
    strange = classes[found] != column
    if strange.any():
        raise ValueError(
            f"y has the class {column[strange].tolist()[0]!r}, which is not among the classes "
            f"{classes.tolist()}"
        )
    return found


def _target(codes: Any, count: int, shape: Any, loss: Any) -> Any:
    name = str(getattr(loss, "name", None) or getattr(loss, "__name__", None) or loss)
    if shape[-1] == 1 and count == 2:
        return codes.astype(np.float32)[:, None]
    if "sparse" in name:
        return codes.astype(np.int32)
    return np.eye(shape[-1], dtype=np.float32)[codes]


def _per_output(losses: Any, count: int) -> list[Any]:
    if isinstance(losses, dict):
        return list(losses.values())
    return list(losses) if isinstance(losses, (list, tuple)) else [losses] * count


def _normalized(found: Any, count: int, loss: Any) -> Any:
    """Return chances whose sum is 1, of what the network gave."""
    config = loss.get_config() if hasattr(loss, "get_config") else {}
    if config.get("from_logits") or (found < 0).any():
        found = found - found.max(axis=1, keepdims=True) if found.shape[1] > 1 else found
        found = np.exp(found) if found.shape[1] > 1 else 1.0 / (1.0 + np.exp(-found))
    if found.shape[1] == 1 and count == 2:
        return np.column_stack([1.0 - found, found])
    found = found[:, :count]  # where there is but one class, the network has two outputs
    return found / found.sum(axis=1, keepdims=True)
