"""Keras 3.15.1's own tests, the recurrent ones and some others, unmodified (see keras_shim)."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent

# What each list gives: tests that pass and tests that are left out, each with its reason.
COUNTS = {"recurrent": (65, 14), "others": (63, 0)}


@pytest.mark.parametrize("name", COUNTS)
def test_keras_own_tests_pass(name):
    paths = os.pathsep.join([str(HERE), *sys.path])
    done = subprocess.run(
        [sys.executable, "-m", "keras_shim", name], capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": paths},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    summary = done.stdout.splitlines()[-1]
    print(summary)
    passed, left_out = COUNTS[name]
    assert summary.endswith(f"{passed} passed, {left_out} left out, 0 failed")
