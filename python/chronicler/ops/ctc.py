"""Connectionist temporal classification (Graves and others 2006): loss and decoding."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..tensor import Array, Tensor, array_of, record
from .operation import constant, float_tensor, operation, positive_axis


@operation
def ctc_loss(
    target: Any, output: Any, target_length: Any, output_length: Any, mask_index: int = 0
) -> Tensor:
    """Return the negative log-likelihood of label sequences that are shorter than their inputs.

    Parameters
    ----------
    target : (batch, labels)
        Numbers of labels.
    output : (batch, steps, classes)
        Logits.
    target_length, output_length : (batch,)
        How many labels and steps of each sequence count.
    mask_index : int
        The class that means no label.
    """
    output = float_tensor(output)
    if output.ndim != 3:
        raise ValueError(f"ctc_loss: output has the shape {output.shape}; expected 3 axes.")
    logits = output._array
    labels = array_of(target).astype(np.int64)
    counts = array_of(target_length).astype(np.int64).reshape(-1)
    steps = array_of(output_length).astype(np.int64).reshape(-1)
    if labels.ndim != 2 or not len(labels) == len(logits) == len(counts) == len(steps):
        raise ValueError(
            f"ctc_loss: {len(logits)} sequences, but target has the shape {labels.shape}, and "
            f"there are {len(counts)} and {len(steps)} lengths."
        )
    blank = positive_axis(mask_index, logits.shape[2], "mask_index")
    logs = _log_softmax(logits.astype(np.float64))
    paths = _Paths(labels, counts, steps, blank)
    forward = paths.forward(logs)
    likelihood = paths.likelihood(forward)

    def derivative(g: Array) -> Array:
        share = paths.shares(logs, forward, likelihood)
        slope = np.where(paths.is_step[:, :, None], np.exp(logs) - share, 0)
        slope[~np.isfinite(likelihood)] = 0
        return np.asarray(slope * g[:, None, None], g.dtype)

    return record(np.asarray(-likelihood, logits.dtype), (output,), (derivative,))


def _log_softmax(a: Array) -> Array:
    a = a - a.max(-1, keepdims=True)
    return np.asarray(a - np.log(np.exp(a).sum(-1, keepdims=True)))


class _Paths:
    """All ways to stretch labels over steps, with blanks before, between and after them."""

    def __init__(self, labels: Array, counts: Array, steps: Array, blank: int) -> None:
        batch, most = labels.shape
        self.places = np.full((batch, 2 * most + 1), blank)
        self.places[:, 1::2] = labels
        self.counts, self.steps = counts, steps
        self.rows = np.arange(batch)
        before = np.full_like(self.places, blank)
        before[:, 2:] = self.places[:, :-2]
        # From a label to the next one without a blank, unless they are equal.
        self.can_skip = (self.places != blank) & (self.places != before)
        self.is_step = np.zeros((batch, 0), bool)

    def _moves(self, logs: Array) -> Array:
        return np.take_along_axis(logs, self.places[:, None, :], -1)

    def forward(self, logs: Array) -> Array:
        """Return the log-likelihoods of the beginnings of paths: (batch, steps, places)."""
        length = logs.shape[1]
        self.is_step = np.arange(length) < self.steps[:, None]
        emitted = self._moves(logs)
        result = np.full(emitted.shape, -np.inf)
        result[:, 0, :2] = emitted[:, 0, :2]
        result[self.counts == 0, 0, 1:] = -np.inf
        for step in range(1, length):
            last = result[:, step - 1]
            total = np.logaddexp(last, _moved(last, 1))
            total = np.where(self.can_skip, np.logaddexp(total, _moved(last, 2)), total)
            result[:, step] = total + emitted[:, step]
        return result

    def _ends(self) -> tuple[Array, Array]:
        return 2 * self.counts, np.maximum(2 * self.counts - 1, 0)

    def likelihood(self, forward: Array) -> Array:
        """Return the log-likelihood of each sequence."""
        last = forward[self.rows, np.maximum(self.steps - 1, 0)]
        blank, label = (last[self.rows, end] for end in self._ends())
        both = np.logaddexp(blank, label)
        return np.asarray(np.where(self.counts == 0, blank, both))

    def shares(self, logs: Array, forward: Array, likelihood: Array) -> Array:
        """Return how much of the likelihood goes through each class at each step."""
        emitted = self._moves(logs)
        batch, length, places = emitted.shape
        skips_in = np.zeros_like(self.can_skip)
        skips_in[:, :-2] = self.can_skip[:, 2:]
        backward = np.full((batch, places), -np.inf)
        share = np.zeros(logs.shape)
        start = np.full((batch, places), -np.inf)
        for end in self._ends():
            start[self.rows, end] = 0
        for step in range(length - 1, -1, -1):
            if step + 1 < length:
                later = backward + emitted[:, step + 1]
                total = np.logaddexp(later, _moved(later, -1))
                backward = np.where(skips_in, np.logaddexp(total, _moved(later, -2)), total)
            backward = np.where((self.steps == step + 1)[:, None], start, backward)
            with np.errstate(invalid="ignore"):
                through = np.exp(forward[:, step] + backward - likelihood[:, None])
            through = np.where(np.isfinite(through) & self.is_step[:, step, None], through, 0)
            np.add.at(share[:, step], (self.rows[:, None], self.places), through)
        return share


def _moved(a: Array, by: int) -> Array:
    result = np.full_like(a, -np.inf)
    if by > 0:
        result[:, by:] = a[:, :-by]
    else:
        result[:, :by] = a[:, -by:]
    return result


@operation
def ctc_decode(
    inputs: Any,
    sequence_lengths: Any,
    strategy: str = "greedy",
    beam_width: int = 100,
    top_paths: int = 1,
    merge_repeated: bool = True,
    mask_index: int = 0,
) -> tuple[Tensor, Tensor]:
    """Return the most likely label sequences of logits, and how likely they are.

    Parameters
    ----------
    inputs : (batch, steps, classes)
        Logits.
    sequence_lengths : (batch,)
        How many steps of each count.
    strategy : {"greedy", "beam_search"}
        The best class of each step, or the best sequences of labels.
    beam_width, top_paths : int
        Of the search: how many sequences are followed, and returned.
    merge_repeated : bool
        Of the greedy way: whether equal neighbours are one label.
    mask_index : int
        The class that means no label.

    Returns
    -------
    labels : (paths, batch, steps) of int32
        With -1 after the last label.
    scores : (batch, paths)
        Greedy: the negative sum of the best logits; else log-likelihoods.
    """
    logits = float_tensor(inputs)._array
    lengths = array_of(sequence_lengths).astype(np.int64).reshape(-1)
    blank = positive_axis(mask_index, logits.shape[2], "mask_index")
    if strategy == "greedy":
        labels, scores = _greedy(logits, lengths, blank, merge_repeated)
    elif strategy == "beam_search":
        labels, scores = _beams(logits, lengths, blank, beam_width, top_paths)
    else:
        raise ValueError(
            f"ctc_decode: strategy is {strategy!r}; expected 'greedy' or 'beam_search'."
        )
    return constant(labels), constant(np.asarray(scores, logits.dtype))


def _greedy(logits: Array, lengths: Array, blank: int, merge_repeated: bool) -> tuple[Array, Array]:
    batch, steps, _ = logits.shape
    best, inside = logits.argmax(-1), np.arange(steps) < lengths[:, None]
    scores = -np.where(inside, logits.max(-1), 0).sum(1, keepdims=True)
    kept = inside & (best != blank)
    if merge_repeated:
        kept[:, 1:] &= best[:, 1:] != best[:, :-1]
    labels = np.full((1, batch, steps), -1, np.int32)
    for row in range(batch):
        found = best[row, kept[row]]
        labels[0, row, : len(found)] = found
    return labels, scores


def _beams(
    logits: Array, lengths: Array, blank: int, width: int, paths: int
) -> tuple[Array, Array]:
    batch, steps, _ = logits.shape
    logs = _log_softmax(logits.astype(np.float64))
    labels = np.full((paths, batch, steps), -1, np.int32)
    scores = np.full((batch, paths), -np.inf)
    for row in range(batch):
        found = _search(logs[row, : lengths[row]], blank, width)[:paths]
        for number, (sequence, score) in enumerate(found):
            labels[number, row, : len(sequence)] = sequence
            scores[row, number] = score
    return labels, scores


def _search(logs: Array, blank: int, width: int) -> list[tuple[tuple[int, ...], float]]:
    """Return the most likely label sequences of one input, the best first."""
    # For each sequence the log-likelihoods of paths that end in a blank, and in its last label.
    beams: dict[tuple[int, ...], tuple[float, float]] = {(): (0.0, -np.inf)}
    for step in logs:
        later: dict[tuple[int, ...], tuple[float, float]] = {}
        for sequence, (ends_blank, ends_label) in beams.items():
            total = float(np.logaddexp(ends_blank, ends_label))
            repeated = ends_label + step[sequence[-1]] if sequence else -np.inf
            _grow(later, sequence, total + step[blank], repeated)
            for label in range(len(step)):
                if label == blank:
                    continue
                start = ends_blank if sequence and label == sequence[-1] else total
                _grow(later, (*sequence, label), -np.inf, start + step[label])
        ranked = sorted(later.items(), key=lambda item: -np.logaddexp(*item[1]))
        beams = dict(ranked[:width])
    ranked = sorted(beams.items(), key=lambda item: -np.logaddexp(*item[1]))
    return [(sequence, float(np.logaddexp(*ends))) for sequence, ends in ranked]


def _grow(
    beams: dict[tuple[int, ...], tuple[float, float]],
    sequence: tuple[int, ...],
    ends_blank: float,
    ends_label: float,
) -> None:
    before = beams.get(sequence, (-np.inf, -np.inf))
    beams[sequence] = (
        float(np.logaddexp(before[0], ends_blank)),
        float(np.logaddexp(before[1], ends_label)),
    )
