"""Attention, and convolutions that treat channels one by one."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..tensor import Tensor, array_of
from .arithmetic import add, multiply, where
from .convolution import conv
from .elementwise import tanh
from .linear import einsum
from .nonlinear import softmax
from .operation import float_tensor, operation
from .structure import reshape


@operation
def dot_product_attention(
    query: Any,
    key: Any,
    value: Any,
    bias: Any = None,
    mask: Any = None,
    scale: float | None = None,
    is_causal: bool = False,
    flash_attention: Any = None,
    attn_logits_soft_cap: float | None = None,
) -> Tensor:
    """Return the values, weighted by how well their keys fit each query.

    Parameters
    ----------
    query : (batch, T, heads, size)
    key, value : (batch, S, heads, size), or fewer heads, each of which serves several queries
    bias, mask : broadcast to (batch, heads, T, S)
        Added to the scores, and where scores count.
    scale : float, optional
        By default one over the root of size.
    is_causal : bool
        Whether step t sees only the steps up to t.
    flash_attention : optional
        Accepted as in Keras.
    attn_logits_soft_cap : float, optional
        Scores are kept within it by a tanh.
    """
    q, k, v = float_tensor(query), float_tensor(key), float_tensor(value)
    if q.ndim != 4 or k.ndim != 4 or v.ndim != 4:
        raise ValueError(
            "dot_product_attention: query, key and value have 4 axes (batch, steps, heads, size); "
            f"got {q.shape}, {k.shape} and {v.shape}."
        )
    batch, steps, heads, size = q.shape
    groups = heads // k.shape[2] if heads % k.shape[2] == 0 else 0
    if not groups:
        raise ValueError(f"dot_product_attention: {heads} heads of queries, {k.shape[2]} of keys.")
    grouped = reshape(q, (batch, steps, k.shape[2], groups, size))
    scores = einsum("btkgh,bskh->bkgts", grouped, k)
    scores = reshape(scores, (batch, heads, steps, k.shape[1]))
    scores = multiply(scores, 1.0 / float(np.sqrt(size)) if scale is None else scale)
    if attn_logits_soft_cap is not None:
        scores = multiply(tanh(multiply(scores, 1 / attn_logits_soft_cap)), attn_logits_soft_cap)
    if bias is not None:
        scores = add(scores, bias)
    allowed = None if mask is None else array_of(mask).astype(bool)
    if is_causal:
        past = np.tri(steps, k.shape[1], dtype=bool)
        allowed = past if allowed is None else allowed & past
    if allowed is not None:
        lowest = float(np.finfo(scores._array.dtype).min) * 0.7
        scores = where(allowed, scores, lowest)
    weights = reshape(softmax(scores), (batch, k.shape[2], groups, steps, k.shape[1]))
    return reshape(einsum("bkgts,bskh->btkgh", weights, v), (batch, steps, heads, v.shape[-1]))


@operation
def depthwise_conv(
    inputs: Any,
    kernel: Any,
    strides: Any = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Any = 1,
) -> Tensor:
    """Return a convolution of each channel with its own kernels: (*window, channels, times)."""
    k = float_tensor(kernel)
    apart = reshape(k, (*k.shape[:-2], 1, k.shape[-2] * k.shape[-1]))
    return conv(inputs, apart, strides, padding, data_format, dilation_rate)


@operation
def separable_conv(
    inputs: Any,
    depthwise_kernel: Any,
    pointwise_kernel: Any,
    strides: Any = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Any = 1,
) -> Tensor:
    """Return `depthwise_conv`, whose channels are then mixed by `pointwise_kernel`."""
    deep = depthwise_conv(inputs, depthwise_kernel, strides, padding, data_format, dilation_rate)
    return conv(deep, pointwise_kernel, 1, "valid", data_format)
