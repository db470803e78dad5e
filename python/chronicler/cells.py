"""Dropout for cells of an RNN that are written in Python."""

from __future__ import annotations

from typing import Any


class DropoutRNNCell:
    """Adds dropout to a cell: one mask for the inputs and one for the state, kept for all steps.

    The cell has `dropout`, `recurrent_dropout` (shares from 0 to 1) and `seed_generator` (a
    `chronicler.random.SeedGenerator`), and multiplies what it gets with the masks. With
    `dropout_mask_count` a mask is a list of as many, one for each gate.
    """

    dropout: float
    recurrent_dropout: float
    seed_generator: Any

    def get_dropout_mask(self, step_input: Any) -> Any:
        """Return the mask of the inputs of this call; None without dropout."""
        return self._mask("_dropout_mask", self.dropout, step_input)

    def get_recurrent_dropout_mask(self, step_input: Any) -> Any:
        """Return the mask of the state of this call; None without dropout."""
        return self._mask("_recurrent_dropout_mask", self.recurrent_dropout, step_input)

    def reset_dropout_mask(self) -> None:
        """Draw another mask for the inputs next time: an RNN calls it after each batch."""
        self._dropout_mask: Any = None

    def reset_recurrent_dropout_mask(self) -> None:
        """Draw another mask for the state next time."""
        self._recurrent_dropout_mask: Any = None

    def _mask(self, name: str, rate: float, like: Any) -> Any:
        mask = self.__dict__.get(name)
        if mask is None and rate > 0:
            mask = self._draw(like, rate)
            object.__setattr__(self, name, mask)
        return mask

    def _draw(self, like: Any, rate: float) -> Any:
        from . import ops, random

        ones = ops.ones_like(like)
        count = getattr(self, "dropout_mask_count", None)
        masks = [random.dropout(ones, rate, seed=self.seed_generator) for _ in range(count or 1)]
        return masks[0] if count is None else masks
