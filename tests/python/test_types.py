"""Types: mypy --strict over the package, its stubs, the examples and programs of users.

The stubs are made anew from the extension that is installed. mypy keeps what it knows in
build/mypy, so that only the first run is slow.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import chronicler
import pytest
from chronicler import _classes, _core

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "python"
WORK = ROOT / "build" / "mypy"
PROGRAMS = sorted((Path(__file__).parent / "typed").glob("*.py"))
EXAMPLES = sorted((ROOT / "examples" / "python").glob("*.py"))


@pytest.fixture(scope="module")
def stubs(tmp_path_factory):
    """Return a folder with the stubs of the extension that the tests use."""
    folder = tmp_path_factory.mktemp("stubs")
    documents = Path(chronicler.__file__).with_name("_documents.json")
    subprocess.run(
        [sys.executable, SOURCE / "generate" / "make_stubs.py", _core.__file__, documents, folder],
        check=True,
    )
    return folder


def updated(target: Path, sources: dict[str, Path]) -> Path:
    """Make a folder hold these files and no others; mypy goes by their times."""
    wanted = {target / name for name in sources}
    for file in target.rglob("*.py*"):
        if file.is_file() and file not in wanted:
            file.unlink()
    for name, source in sources.items():
        place = target / name
        place.parent.mkdir(parents=True, exist_ok=True)
        if not place.exists() or place.read_bytes() != source.read_bytes():
            shutil.copyfile(source, place)
    return target


def package_files() -> dict[str, Path]:
    files = [*SOURCE.rglob("chronicler/**/*.py"), SOURCE / "chronicler" / "py.typed"]
    return {str(file.relative_to(SOURCE)): file for file in files}


def mypy(folder: Path, *arguments: object) -> str:
    """Run mypy in a folder; what it says, without its last line if all is well."""
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file", ROOT / "pyproject.toml",
         "--cache-dir", WORK / f"cache-{folder.name}", *map(str, arguments)],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.stdout + done.stderr if done.returncode else ""


def test_the_sources(stubs):
    files = {**package_files(), "chronicler/_core.pyi": stubs / "_core.pyi"}
    assert mypy(updated(WORK / "sources", files), "-p", "chronicler") == ""


@pytest.fixture(scope="module")
def installed(stubs):
    """Return a folder with the package as it is installed."""
    made = {f"chronicler/{file.relative_to(stubs)}": file for file in stubs.rglob("*.pyi")}
    return updated(WORK / "installed", {**package_files(), **made})


def test_the_stubs_and_all_programs(installed):
    modules = [file.relative_to(installed) for file in installed.rglob("*.pyi")]
    assert mypy(installed, *modules, *PROGRAMS, *EXAMPLES) == ""


def test_what_is_wrong_is_found(installed, tmp_path):
    program = tmp_path / "wrong.py"
    program.write_text(
        "from chronicler import layers, losses, optimizers\n"
        "layers.LSTM(64, retrun_sequences=True)\n"
        'layers.Dense("ten")\n'
        "layers.LTSM(64)\n"
        "losses.Huber(delta=[1])\n"
        'optimizers.Adam(beta_1="0.9")\n',
        encoding="utf-8",
    )
    found = mypy(installed, program)
    assert re.findall(r"wrong\.py:(\d): error", found) == ["2", "3", "4", "5", "6"], found


def test_every_class_has_a_stub(stubs):
    places = {"optimizers": "optimizers/__init__", "schedules": "optimizers/schedules"}
    for kind in _classes.KINDS:
        module = places.get(kind, kind)
        text = (stubs / f"{module}.pyi").read_text(encoding="utf-8")
        for name in _classes.tables(kind):
            assert f"\nclass {name}(" in text, (kind, name)


def test_the_stub_of_a_layer(stubs):
    text = (stubs / "layers.pyi").read_text(encoding="utf-8")
    dense = text[text.index("\nclass Dense(") :]
    assert "\n        units: int,\n        activation: ActivationLike | None = None," in dense
    assert "GlobalAvgPool1D = GlobalAveragePooling1D" in text
    assert "from .wrappers import Lambda as Lambda" in text
    assert "def Input(" in text and "\ndef add(" in text


def test_the_stubs_do_not_stand_in_the_way_of_modules(installed):
    # keras/utils/__init__.pyi makes a folder, which Python takes for a package of its own.
    code = (
        f"import chronicler; chronicler.__path__.insert(0, {str(installed / 'chronicler')!r});"
        "import chronicler.keras as keras;"
        "from chronicler.keras.utils import to_categorical;"
        "assert keras.utils.to_categorical is chronicler.utils.to_categorical is to_categorical"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
