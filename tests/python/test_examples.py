"""Every program in examples/python runs to its end, with few epochs."""

from __future__ import annotations

import os
import pathlib
import runpy
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parent.parent.parent
FOLDER = ROOT / "examples" / "python"
PROGRAMS = sorted(path.stem for path in FOLDER.glob("*.py"))


def run(folder, name, *arguments):
    environment = {**os.environ, "CHRONICLER_QUICK": "1", "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(
        [sys.executable, str(FOLDER / f"{name}.py"), *arguments], cwd=folder, env=environment,
        capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    return done.stdout


@pytest.mark.parametrize("name", PROGRAMS)
def test_runs(name, tmp_path):
    assert run(tmp_path, name)


def test_a_colleagues_file(tmp_path):
    golden = next((ROOT / "tests" / "golden" / "lstm_two_layers_odd").glob("*.keras"))
    assert "LSTM" in run(tmp_path, "from_keras", str(golden))


def test_the_notebook_is_the_tutorial():
    written = runpy.run_path(str(ROOT / "scripts" / "notebook.py"))
    program = (FOLDER / "tutorial.py").read_text()
    assert (FOLDER / "tutorial.ipynb").read_text() == written["notebook_of"](program), (
        "tutorial.ipynb is not what tutorial.py says: ./scripts/notebook.py writes it anew")
