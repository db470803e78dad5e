"""506 districts of Boston: 13 numbers each, and the median value of houses."""

from __future__ import annotations

from typing import Any

from ._files import divided, find, read_arrays


def load_data(path: str = "boston_housing.npz", test_split: float = 0.2, seed: int = 113) -> Any:
    """Return (x_train, y_train), (x_test, y_test).

    One of the columns, "B", rests on a racist assumption; take `california_housing` if you can.
    """
    x, y = read_arrays(find(path, "boston_housing.load_data"), "x", "y")
    return divided(x, y, test_split, seed)
