"""70,000 pictures of clothes, 28 by 28: a sequence of 28 rows each."""

from __future__ import annotations

import gzip
from typing import Any

import numpy as np

from ._files import find


def load_data() -> Any:
    """Return (x_train, y_train), (x_test, y_test), numbers from 0 to 255 and kinds of clothes."""
    parts = []
    for name in ("train", "t10k"):
        labels = _read(f"{name}-labels-idx1-ubyte.gz", 8)
        parts.append((_read(f"{name}-images-idx3-ubyte.gz", 16).reshape(-1, 28, 28), labels))
    return tuple(parts)


def _read(name: str, header: int) -> Any:
    path = find(name, "fashion_mnist.load_data", "fashion-mnist")
    with gzip.open(path, "rb") as file:
        return np.frombuffer(file.read(), np.uint8, offset=header)
