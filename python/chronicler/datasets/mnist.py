"""70,000 pictures of handwritten digits, 28 by 28: a sequence of 28 rows each."""

from __future__ import annotations

from typing import Any

from ._files import find, read_arrays


def load_data(path: str = "mnist.npz") -> Any:
    """Return (x_train, y_train), (x_test, y_test), numbers from 0 to 255 and digits."""
    names = ("x_train", "y_train", "x_test", "y_test")
    x_train, y_train, x_test, y_test = read_arrays(find(path, "mnist.load_data"), *names)
    return (x_train, y_train), (x_test, y_test)
