"""Convolution and pooling over any number of axes, with windows that are views."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import config
from ..tensor import Array, Tensor, record
from .operation import float_tensor, operands, operation, tensor
from .products import contracted


def _numbers(value: Any, count: int, what: str) -> tuple[int, ...]:
    numbers = (value,) * count if isinstance(value, int) else tuple(int(n) for n in value)
    if len(numbers) == 1:
        numbers = numbers * count
    if len(numbers) != count or min(numbers) < 1:
        raise ValueError(f"{what} is {value!r}; expected {count} whole numbers of at least 1.")
    return numbers


def _same(sizes: Any, extents: Any, strides: Any) -> list[tuple[int, int]]:
    """Return how much padding gives `size / stride` windows, rounded up."""
    widths = []
    for size, extent, stride in zip(sizes, extents, strides):
        missing = max((-(-size // stride) - 1) * stride + extent - size, 0)
        widths.append((missing // 2, missing - missing // 2))
    return widths


def _windows(a: Array, extents: Any, strides: Any, dilations: Any) -> Array:
    """Return the windows of (batch, *places, channels): (batch, *places, channels, *window)."""
    axes = tuple(range(1, 1 + len(extents)))
    spans = tuple((n - 1) * d + 1 for n, d in zip(extents, dilations))
    if any(size < span for size, span in zip(a.shape[1:], spans)):
        raise ValueError(
            f"The window spans {spans} steps, but the input has {a.shape[1:-1]}. "
            "Give longer input, a smaller window, or padding='same'."
        )
    view = np.lib.stride_tricks.sliding_window_view(a, spans, axis=axes)
    steps = tuple(slice(None, None, stride) for stride in strides)
    gaps = tuple(slice(None, None, dilation) for dilation in dilations)
    index = (slice(None), *steps, slice(None), *gaps)
    return view[index]


def _add_windows(total: Array, parts: Array, strides: Any, dilations: Any) -> None:
    """Add the gradient of windows, shaped as `_windows` returns them, to that of their array."""
    count = len(strides)
    places = parts.shape[1 : 1 + count]
    for offset in np.ndindex(parts.shape[2 + count :]):
        steps = (
            slice(o * d, o * d + (n - 1) * s + 1, s)
            for o, d, n, s in zip(offset, dilations, places, strides)
        )
        here, there = (slice(None), *steps), (..., *offset)
        total[here] += parts[there]


class _Layout:
    """Padding and the order of axes, and the way back of a gradient."""

    def __init__(self, x: Any, padding: str, data_format: str | None, what: str) -> None:
        self.first = config.standardize_data_format(data_format) == "channels_first"
        self.padding = str(padding).lower()
        if self.padding not in ("valid", "same", "causal"):
            raise ValueError(f"{what}: padding is {padding!r}; expected 'valid' or 'same'.")
        if x.ndim < 3:
            raise ValueError(
                f"{what}: the input has the shape {x.shape}; expected (batch, steps, channels)."
            )
        self.array: Array = np.moveaxis(x._array, 1, -1) if self.first else x._array
        self.count = x.ndim - 2
        self.widths = [(0, 0)] * self.count

    def padded(self, spans: Any, strides: Any, value: Any = 0) -> Array:
        if self.padding == "valid":
            return self.array
        if self.padding == "causal":
            self.widths = [(span - 1, 0) for span in spans]
        else:
            self.widths = _same(self.array.shape[1:-1], spans, strides)
        return np.pad(self.array, [(0, 0), *self.widths, (0, 0)], constant_values=value)

    def out(self, result: Array) -> Array:
        return np.moveaxis(result, -1, 1) if self.first else result

    def into(self, gradient: Array) -> Array:
        return np.moveaxis(gradient, 1, -1) if self.first else gradient

    def unpadded(self, total: Array) -> Array:
        sizes = self.array.shape[1:-1]
        steps = (slice(low, low + n) for (low, _), n in zip(self.widths, sizes))
        index = (slice(None), *steps)
        return self.out(total[index])


@operation
def conv(
    inputs: Any,
    kernel: Any,
    strides: Any = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Any = 1,
) -> Tensor:
    """Return the convolution of `inputs` with `kernel`: (*window, channels in, channels out)."""
    x, k, xa, ka = operands(float_tensor(inputs), float_tensor(kernel))
    layout = _Layout(x, padding, data_format, "conv")
    count = layout.count
    stride = _numbers(strides, count, "conv: strides")
    dilation = _numbers(dilation_rate, count, "conv: dilation_rate")
    if ka.ndim != count + 2:
        raise ValueError(f"conv: the kernel has the shape {ka.shape}; expected {count + 2} axes.")
    spans = [(n - 1) * d + 1 for n, d in zip(ka.shape, dilation)]
    padded = layout.padded(spans, stride).astype(xa.dtype, copy=False)
    groups = padded.shape[-1] // ka.shape[-2] if ka.shape[-2] else 0
    if groups * ka.shape[-2] != padded.shape[-1] or not groups or ka.shape[-1] % groups:
        raise ValueError(
            f"conv: the input has {padded.shape[-1]} channels, the kernel takes {ka.shape[-2]}."
        )
    windows = _windows(padded, ka.shape[:count], stride, dilation)
    kernels = np.split(ka, groups, -1)
    inputs_of = np.split(windows, groups, 1 + count)
    inner = (list(range(1 + count, 2 + 2 * count)), [count, *range(count)])
    result = np.concatenate([contracted(w, part, inner) for w, part in zip(inputs_of, kernels)], -1)

    def by_inputs(g: Array) -> Array:
        pieces = np.split(layout.into(g), groups, -1)
        back = [contracted(p, part, ([-1], [-1])) for p, part in zip(pieces, kernels)]
        total = np.zeros(padded.shape, g.dtype)
        parts = np.concatenate([np.moveaxis(b, -1, 1 + count) for b in back], 1 + count)
        _add_windows(total, parts, stride, dilation)
        return layout.unpadded(total)

    def by_kernel(g: Array) -> Array:
        pieces = np.split(layout.into(g), groups, -1)
        axes = list(range(1 + count))
        back = [contracted(w, p, (axes, axes)) for w, p in zip(inputs_of, pieces)]
        return np.concatenate([np.moveaxis(b, 0, count) for b in back], -1)

    return record(layout.out(result), (x, k), (by_inputs, by_kernel))


@operation
def max_pool(
    inputs: Any,
    pool_size: Any,
    strides: Any = None,
    padding: str = "valid",
    data_format: str | None = None,
) -> Tensor:
    """Return the largest of each window."""
    x = tensor(inputs)
    layout = _Layout(x, padding, data_format, "max_pool")
    count = layout.count
    extent = _numbers(pool_size, count, "max_pool: pool_size")
    stride = extent if strides is None else _numbers(strides, count, "max_pool: strides")
    kind = x._array.dtype
    lowest = -np.inf if kind.kind == "f" else np.iinfo(kind).min
    padded = layout.padded(extent, stride, lowest)
    windows = _windows(padded, extent, stride, (1,) * count)
    flat = windows.reshape(*windows.shape[: 2 + count], -1)
    best = flat.argmax(-1)

    def derivative(g: Array) -> Array:
        parts = np.zeros(flat.shape, g.dtype)
        np.put_along_axis(parts, best[..., None], layout.into(g)[..., None], -1)
        total = np.zeros(padded.shape, g.dtype)
        _add_windows(total, parts.reshape(windows.shape), stride, (1,) * count)
        return layout.unpadded(total)

    result = np.take_along_axis(flat, best[..., None], -1)[..., 0]
    return record(layout.out(result), (x,), (derivative,))


@operation
def average_pool(
    inputs: Any,
    pool_size: Any,
    strides: Any = None,
    padding: str = "valid",
    data_format: str | None = None,
) -> Tensor:
    """Return the mean of each window; padding does not count."""
    x = float_tensor(inputs)
    layout = _Layout(x, padding, data_format, "average_pool")
    count = layout.count
    extent = _numbers(pool_size, count, "average_pool: pool_size")
    stride = extent if strides is None else _numbers(strides, count, "average_pool: strides")
    padded = layout.padded(extent, stride)
    inside = np.pad(
        np.ones((1, *layout.array.shape[1:-1], 1), padded.dtype), [(0, 0), *layout.widths, (0, 0)]
    )
    axes = tuple(range(2 + count, 2 + 2 * count))
    once = (1,) * count
    windows = _windows(padded, extent, stride, once)
    number = _windows(inside, extent, stride, once).sum(axes)

    def derivative(g: Array) -> Array:
        share = layout.into(g) / number
        parts = np.broadcast_to(share.reshape(share.shape + once), windows.shape)
        total = np.zeros(padded.shape, g.dtype)
        _add_windows(total, parts, stride, once)
        return layout.unpadded(total)

    return record(layout.out(windows.sum(axes) / number), (x,), (derivative,))


@operation
def conv_transpose(
    inputs: Any,
    kernel: Any,
    strides: Any = 1,
    padding: str = "valid",
    output_padding: Any = None,
    data_format: str | None = None,
    dilation_rate: Any = 1,
) -> Tensor:
    """Return the convolution that goes back: `kernel` is (*window, channels out, channels in)."""
    x, k, xa, ka = operands(float_tensor(inputs), float_tensor(kernel))
    layout = _Layout(x, "valid", data_format, "conv_transpose")
    count = layout.count
    stride = _numbers(strides, count, "conv_transpose: strides")
    dilation = _numbers(dilation_rate, count, "conv_transpose: dilation_rate")
    a = layout.array.astype(xa.dtype, copy=False)
    if ka.ndim != count + 2 or ka.shape[-1] != a.shape[-1]:
        raise ValueError(
            f"conv_transpose: the kernel has the shape {ka.shape}; expected {count + 2} axes, the "
            f"last of which has the {a.shape[-1]} channels of the input."
        )
    extra: Any = (None,) * count
    if output_padding is not None:
        extra = (output_padding,) * count if isinstance(output_padding, int) else output_padding
    spans = [(n - 1) * d + 1 for n, d in zip(ka.shape, dilation)]
    cuts = [
        _cut_back(n, span, s, str(padding).lower(), more)
        for n, span, s, more in zip(a.shape[1:-1], spans, stride, extra)
    ]
    sizes = [(n - 1) * s + span for n, span, s in zip(a.shape[1:-1], spans, stride)]
    sizes = [max(size, low + length) for size, (low, length) in zip(sizes, cuts)]
    steps = tuple(slice(low, low + length) for low, length in cuts)
    index = (slice(None), *steps)

    def spread(parts: Array) -> Array:
        total = np.zeros((len(a), *sizes, ka.shape[-2]), parts.dtype)
        _add_windows(total, np.moveaxis(parts, -1, 1 + count), stride, dilation)
        return total[index]

    def windows_of(g: Array) -> Array:
        whole = np.zeros((len(a), *sizes, ka.shape[-2]), g.dtype)
        whole[index] = layout.into(g)
        found = _windows(whole, ka.shape[:count], stride, dilation)
        places = tuple(slice(0, n) for n in a.shape[1:-1])
        inside = (slice(None), *places)
        return found[inside]

    axes = (list(range(1 + count, 2 + 2 * count)), [count, *range(count)])

    def by_kernel(g: Array) -> Array:
        places = list(range(1 + count))
        back = contracted(windows_of(g), a, (places, places))
        return np.moveaxis(back, 0, count)

    return record(
        layout.out(spread(contracted(a, ka, ([-1], [-1])))),
        (x, k),
        (lambda g: layout.out(contracted(windows_of(g), ka, axes)), by_kernel),
    )


def _cut_back(size: int, span: int, stride: int, padding: str, extra: Any) -> tuple[int, int]:
    """Return where the output begins in all that was spread out, and how long it is."""
    if padding not in ("valid", "same"):
        raise ValueError(f"conv_transpose: padding is {padding!r}; expected 'valid' or 'same'.")
    if extra is None:
        length = size * stride + (max(span - stride, 0) if padding == "valid" else 0)
    elif padding == "same":
        length = (size - 1) * stride + span + extra - span // 2 * 2
    else:
        length = (size - 1) * stride + span + extra
    if padding == "valid":
        return 0, length
    return max((size - 1) * stride + span - length, 0) // 2, length
