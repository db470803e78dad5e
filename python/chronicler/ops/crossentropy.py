"""Cross-entropies, from probabilities or from logits."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from .. import config
from ..tensor import Array, Tensor, record
from .nonlinear import logistic
from .operation import float_tensor, operation, tensor


def _logits(output: Any, from_logits: bool, what: str) -> tuple[Any, bool]:
    """Return the argument of the softmax or sigmoid that made `output`, if one did."""
    logits = getattr(output, "_keras_logits", None)
    if logits is None:
        return float_tensor(output), from_logits
    if from_logits:
        warnings.warn(
            f"{what}: from_logits=True, but the output comes from a softmax or a sigmoid, so it "
            "is no logits.",
            stacklevel=4,
        )
    return logits, True


def _same_shape(target: Any, output: Any, what: str) -> None:
    if target.shape != output.shape:
        raise ValueError(
            f"{what}: the target has the shape {target.shape}, the output {output.shape}; "
            "expected the same shape."
        )


@operation
def binary_crossentropy(target: Any, output: Any, from_logits: bool = False) -> Tensor:
    """Return the cross-entropy of yes or no, elementwise."""
    target = tensor(target)
    output, from_logits = _logits(output, from_logits, "binary_crossentropy")
    _same_shape(target, output, "binary_crossentropy")
    a = output._array
    t = target._array.astype(a.dtype, copy=False)
    if from_logits:
        loss = np.maximum(a, 0) - a * t + np.log1p(np.exp(-np.abs(a)))
        return record(loss, (target, output), (lambda g: -g * a, lambda g: g * (logistic(a) - t)))
    p, inside = _clipped(a)
    loss = -(t * np.log(p) + (1 - t) * np.log(1 - p))
    return record(
        loss,
        (target, output),
        (
            lambda g: g * (np.log(1 - p) - np.log(p)),
            lambda g: g * inside * ((1 - t) / (1 - p) - t / p),
        ),
    )


def _clipped(a: Array) -> tuple[Array, Array]:
    small = config.epsilon()
    low, high = a.dtype.type(small), a.dtype.type(1.0 - small)
    return np.minimum(np.maximum(a, low), high), (a >= low) & (a <= high)


@operation
def categorical_crossentropy(
    target: Any, output: Any, from_logits: bool = False, axis: int = -1
) -> Tensor:
    """Return the cross-entropy of shares of classes along `axis`."""
    target = tensor(target)
    output, from_logits = _logits(output, from_logits, "categorical_crossentropy")
    _same_shape(target, output, "categorical_crossentropy")
    if not target.ndim:
        raise ValueError("categorical_crossentropy: a number has no classes; expected an axis.")
    t = target._array.astype(output._array.dtype, copy=False)
    if from_logits:
        return _from_logits(target, t, output, axis)
    return _from_shares(target, t, output, axis)


def _from_logits(target: Any, t: Array, output: Any, axis: int) -> Tensor:
    a = output._array
    distance = a - a.max(axis=axis, keepdims=True)
    logarithm = distance - np.log(np.exp(distance).sum(axis=axis, keepdims=True))
    total = t.sum(axis=axis, keepdims=True)

    def by_output(g: Array) -> Array:
        return np.asarray(np.expand_dims(g, axis) * (np.exp(logarithm) * total - t))

    return record(
        -(t * logarithm).sum(axis=axis),
        (target, output),
        (lambda g: -np.expand_dims(g, axis) * logarithm, by_output),
    )


def _from_shares(target: Any, t: Array, output: Any, axis: int) -> Tensor:
    a = output._array
    total = a.sum(axis=axis, keepdims=True)
    p, inside = _clipped(a / total)

    def by_output(g: Array) -> Array:
        slope = -np.expand_dims(g, axis) * t / p * inside
        return np.asarray((slope - (slope * a).sum(axis=axis, keepdims=True) / total) / total)

    return record(
        -(t * np.log(p)).sum(axis=axis),
        (target, output),
        (lambda g: -np.expand_dims(g, axis) * np.log(p), by_output),
    )


@operation
def sparse_categorical_crossentropy(
    target: Any, output: Any, from_logits: bool = False, axis: int = -1
) -> Tensor:
    """Return the cross-entropy of numbers of classes."""
    output, from_logits = _logits(output, from_logits, "sparse_categorical_crossentropy")
    if axis not in (-1, output.ndim - 1):
        raise ValueError(f"sparse_categorical_crossentropy: axis is {axis}; expected the last one.")
    index = tensor(target)._array.astype(np.int64)
    if index.ndim == output.ndim and index.shape[-1] == 1:
        index = index[..., 0]
    if index.shape != output.shape[:-1]:
        raise ValueError(
            f"sparse_categorical_crossentropy: the target has the shape {index.shape}, the output "
            f"{output.shape}; expected the same shape but for the last axis."
        )
    a = output._array
    places = index[..., None]
    valid = (places >= 0) & (places < a.shape[-1])
    places = np.where(valid, places, 0)
    if not from_logits:
        p, inside = _clipped(a)
        a = np.log(p)
    distance = a - a.max(axis=-1, keepdims=True)
    logarithm = distance - np.log(np.exp(distance).sum(axis=-1, keepdims=True))
    chosen = np.where(valid, np.take_along_axis(logarithm, places, -1), np.nan)

    def derivative(g: Array) -> Array:
        slope = np.exp(logarithm)
        np.put_along_axis(slope, places, np.take_along_axis(slope, places, -1) - 1, -1)
        slope = slope * g[..., None]
        return np.asarray(slope if from_logits else slope * inside / p)

    return record(-chosen[..., 0].astype(a.dtype), (output,), (derivative,))
