"""Docstrings: every class that is made of a table says what it is, what it takes and where from."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest
from chronicler import _classes, _documents

MODULES = {
    "layers": "layers",
    "losses": "losses",
    "metrics": "metrics",
    "optimizers": "optimizers",
    "schedules": "optimizers.schedules",
    "callbacks": "callbacks",
    "initializers": "initializers",
    "regularizers": "regularizers",
    "constraints": "constraints",
}
ALL = [(kind, name) for kind in MODULES for name in _classes.tables(kind)]


def made(kind, name):
    return getattr(importlib.import_module(f"chronicler.{MODULES[kind]}"), name)


@pytest.mark.parametrize(("kind", "name"), ALL)
def test_every_class_says_what_it_is(kind, name):
    text = made(kind, name).__doc__
    first = text.split("\n\n")[0]
    assert first.rstrip().endswith((".", ":")) and len(first) > 4
    assert not first.startswith(f"The {_classes.KINDS[kind]} "), "no comment in its header"
    assert all(len(line) <= 100 for line in text.splitlines())


@pytest.mark.parametrize(("kind", "name"), ALL)
def test_every_option_is_explained(kind, name):
    if "_table" not in vars(made(kind, name)) or name == "InputLayer":
        return  # written in Python
    lines = made(kind, name).__doc__.splitlines()
    for field in _classes.table(kind, name).fields:
        place = next(i for i, line in enumerate(lines) if line.startswith(f"{field.name} : "))
        assert lines[place + 1].startswith("    ")
        assert field.is_required or "default" in lines[place]


def test_a_newcomer_finds_equation_shapes_and_source():
    text = made("layers", "LSTM").__doc__
    assert "Hochreiter and Schmidhuber 1997" in text
    assert "c = f c' + i g" in text
    assert "to the last h (B, units)" in " ".join(text.split())
    assert "In shapes: B rows of the batch, T steps, F features." in text
    assert "units : int\n    Numbers of the output, and of each state (at least 1).\n" in text
    assert "Huber 1964" in made("losses", "Huber").__doc__
    text = " ".join(made("losses", "MeanSquaredError").__doc__.split())
    assert "By name: 'mean_squared_error', 'mse'" in text
    assert "Kingma and Ba 2015" in made("optimizers", "Adam").__doc__


def test_nothing_of_cpp_is_left():
    for kind, name in ALL:
        text = made(kind, name).__doc__
        for foreign in ("std::", "kernels/", "{.", "nullptr", "::"):
            assert foreign not in text, (kind, name, foreign)


def test_a_class_without_a_comment_still_has_a_docstring(monkeypatch):
    monkeypatch.setattr(_documents, "_texts", dict)
    text = _documents.document("layers", _classes.table("layers", "Dense"))
    assert text.startswith("The layer Dense.") and "units : int" in text


def test_documents_cost_nothing_at_import():
    code = (
        "import sys; from chronicler import layers, losses; layers.LSTM(2); losses.Huber();"
        "assert not {'chronicler._documents', 'json'} & set(sys.modules) - before"
    )
    code = "import sys, numpy; before = set(sys.modules);" + code
    subprocess.run([sys.executable, "-c", code], check=True)
