"""The package as it is installed: what importing costs, its version, the command `chronicler`."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import chronicler
import pytest

COMMAND = Path(sys.executable).with_name("chronicler")


def python(code: str, **environment: str) -> str:
    """Run code in a Python of its own and return what it prints."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def run(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run the installed command."""
    command = [COMMAND, *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, check=False)


def test_the_version_is_the_projects():
    assert chronicler.__version__ == metadata.version("chronicler")


def test_what_it_needs_is_declared():
    needs = {re.match(r"[\w-]+", line).group() for line in metadata.requires("chronicler")}
    assert needs == {"numpy", "nanobind-backend"}


def test_every_function_of_its_libraries_is_there():
    # A library left out of the wheel, or one without a function, would show at its first call only.
    python("from chronicler import _core", LD_BIND_NOW="1")


def test_what_is_inside_has_its_licence():
    files = [str(file) for file in metadata.files("chronicler")]
    texts = {Path(file).name for file in files if "/licenses/third-party/" in file}
    needed = {"libzip.txt", "libsndfile.txt", "sentencepiece.txt", "nanobind.txt", "LGPL-2.1"}
    assert needed <= texts
    declared = metadata.metadata("chronicler").get_all("License-File")
    assert all(f"third-party/{name}" in declared for name in ("libzip.txt", "nanobind.txt"))
    libraries = [file for file in files if file.startswith("chronicler.libs/")]
    assert any("libsndfile" in file for file in libraries)
    assert not any("libcrypto" in file for file in libraries)


def test_importing_imports_nothing_else():
    # NumPy comes with the first use of an array; the command never needs it.
    loaded = python(
        "import sys, chronicler; import chronicler._command;"
        "print([m for m in sys.modules if m.split('.')[0] in"
        " ('numpy', 'json', 'inspect', 'dataclasses', 'typing_extensions')])"
    )
    assert loaded.strip() == "[]"


def test_the_command_says_its_version():
    done = run("--version")
    assert (done.returncode, done.stdout) == (0, f"chronicler {chronicler.__version__}\n")


@pytest.mark.parametrize(
    ("arguments", "status"),
    [((), 2), (("demo", "--hlep"), 2), (("summary", "none.keras"), 1)],
)
def test_the_command_fails_as_the_program_does(arguments, status):
    done = run(*arguments)
    assert done.returncode == status
    assert done.stdout == ""
    assert done.stderr.startswith("error: ")
    assert "Traceback" not in done.stderr


def test_the_command_has_the_data_of_its_demo_with_it(tmp_path):
    done = run("demo", "--quick", "-o", "out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert any((tmp_path / "out").iterdir())


def write_rows(folder: Path, rows: int) -> None:
    lines = ["day,sales", *(f"{day},{day * day % 97}" for day in range(rows))]
    (folder / "sales.csv").write_text("\n".join(lines) + "\n")


TRAIN = ["forecast", "train", "sales.csv", "--target", "sales", "--horizon", "2"]


def test_the_command_trains_a_forecast(tmp_path):
    write_rows(tmp_path, 120)
    done = run(*TRAIN, "--units", "4", "--epochs", "1", "-o", "sales.keras", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "sales.keras").is_file()


def test_ctrl_c_ends_the_command_as_it_ends_the_program(tmp_path):
    write_rows(tmp_path, 3000)
    process = subprocess.Popen(
        [COMMAND, *TRAIN, "--units", "96", "--networks", "5", "-o", "sales.keras"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
    )
    assert process.stderr is not None
    assert process.stderr.readline()  # it has begun
    process.send_signal(signal.SIGINT)
    _, rest = process.communicate(timeout=60)
    assert process.returncode == 130, rest
    assert rest.endswith("interrupted\n")


def test_a_closed_pipe_ends_the_command_quietly():
    # The reader ends after a line: the program is ended by the signal, as a program is.
    shell = f"'{COMMAND}' --help-markdown | head -n 1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.returncode in (0, 128 + signal.SIGPIPE)
