"""The programs in keras_examples, which are written for Keras, run with Chronicler on little data.

`keras_examples/run.py` compares them with Keras itself, on the whole.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import pathlib
import subprocess
import sys
import tarfile

import pytest

FOLDER = pathlib.Path(__file__).parent / "keras_examples"


def reviews(folder):
    """Two reviews of each kind in each of ten folds."""
    with tarfile.open(folder / "review_polarity.tar.gz", "w:gz") as archive:
        for kind, word in (("pos", "fine"), ("neg", "dull")):
            for number in range(20):
                text = f"a {word} film number {number} ".encode() * 3
                entry = tarfile.TarInfo(f"txt_sentoken/{kind}/cv{number % 10}{number:02d}_1.txt")
                entry.size = len(text)
                archive.addfile(entry, io.BytesIO(text))


def play(folder):
    with gzip.open(folder / "input.txt.gz", "wt", encoding="utf-8") as file:
        file.write("To be, or not to be: that is the question.\n" * 60)


def weather(folder):
    names = ("origin", "temp", "dewp", "humid", "wind_speed", "pressure", "visib")
    with gzip.open(folder / "weather.csv.gz", "wt", encoding="utf-8") as file:
        file.write(",".join(names) + "\n")
        for hour in range(900):
            numbers = [str((hour * step) % 37 + step) for step in range(1, 7)]
            file.write(f"JFK,{','.join(numbers[:5])},{'NA' if hour == 40 else numbers[5]}\n")


DATA = {"sentiment": reviews, "characters": play, "weather": weather}


@pytest.mark.parametrize("name", ["sentiment", "addition", "characters", "weather", "masking"])
def test_runs(name, tmp_path):
    DATA.get(name, lambda folder: None)(tmp_path)
    environment = {**os.environ, "KERAS": "chronicler.keras", "CHRONICLER_QUICK": "1",
                   "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(
        [sys.executable, str(FOLDER / f"{name}.py"), str(tmp_path), "1"], env=environment,
        capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    line = next(line for line in done.stdout.splitlines() if line.startswith("REPORT "))
    found = json.loads(line.removeprefix("REPORT "))
    assert found["weights"] and found["history"]["loss"][-1] > 0
