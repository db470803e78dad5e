"""20,640 districts of California: 8 numbers each, and the median value of houses."""

from __future__ import annotations

from typing import Any

from ._files import divided, find, read_arrays


def load_data(
    version: str = "large",
    path: str = "california_housing.npz",
    test_split: float = 0.2,
    seed: int = 113,
) -> Any:
    """Return (x_train, y_train), (x_test, y_test); "small" has the first 600 districts only."""
    if version not in ("large", "small"):
        raise ValueError(
            f"california_housing.load_data: version is {version!r}; expected 'large' or 'small'."
        )
    x, y = read_arrays(find(path, "california_housing.load_data"), "x", "y")
    count = 600 if version == "small" else len(x)
    return divided(x[:count], y[:count], test_split, seed)
