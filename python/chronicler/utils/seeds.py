"""Seeds of everything that is random, and other state of the whole process."""

from __future__ import annotations

import random as python_random
import sys
from typing import Any

import numpy as np

_seed: list[int] = []


def set_random_seed(seed: int) -> None:
    """Seed Python's, NumPy's and Chronicler's random numbers."""
    if not isinstance(seed, int) or isinstance(seed, bool):
        raise ValueError(
            f"Expected `seed` argument to be an integer. Received: seed={seed} (of type "
            f"{type(seed)})"
        )
    from ..random import reset_global_seed_generator

    _seed[:] = [seed]
    python_random.seed(seed)
    np.random.seed(seed % 2**32)
    reset_global_seed_generator()
    core = sys.modules.get("chronicler._core")
    if core is not None and hasattr(core, "set_seed"):
        core.set_seed(seed)


def get_random_seed() -> int | None:
    """Return what `set_random_seed` was given last, or None."""
    return _seed[0] if _seed else None


def clear_session(free_memory: bool = True) -> None:
    """Let automatic names of layers and variables begin anew."""
    from ..random import reset_global_seed_generator
    from ..tensor import reset_names

    reset_names()
    reset_global_seed_generator()
    core = sys.modules.get("chronicler._core")
    if core is not None and hasattr(core, "clear_session"):
        core.clear_session()


def is_keras_tensor(x: Any) -> bool:
    """Return whether x is a symbol of a graph."""
    return bool(getattr(x, "_is_symbol", False))
