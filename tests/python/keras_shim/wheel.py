"""The files of Keras's wheel, which scripts/check-python unpacks, else pip fetches here."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

_TESTS = Path(__file__).resolve().parents[1]
VERSION = (_TESTS / "unpacked.txt").read_text().partition("keras==")[2].split()[0]


def files() -> Path:
    """Return the folder that holds `keras/src/…`."""
    given = os.environ.get("CHRONICLER_KERAS_WHEEL")
    folder = Path(given) if given else _TESTS.parents[1] / "build" / "keras-wheel" / VERSION
    if not (folder / "keras").exists():
        _fetch(folder)
    return folder


def _fetch(folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(
        [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest",
         str(folder.parent), f"keras=={VERSION}"],
        check=True,
    )
    with zipfile.ZipFile(next(folder.parent.glob(f"keras-{VERSION}-*.whl"))) as archive:
        archive.extractall(folder)
