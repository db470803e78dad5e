"""The tutorial's notebook runs from its first cell to its last, and shows its pictures."""

from __future__ import annotations

import pathlib

import nbformat
import pytest
from nbclient import NotebookClient

FOLDER = pathlib.Path(__file__).parent.parent.parent.parent / "examples" / "python"


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    notebook = nbformat.read(FOLDER / "tutorial.ipynb", as_version=4)
    client = NotebookClient(notebook, timeout=300, resources={
        "metadata": {"path": str(tmp_path_factory.mktemp("notebook"))}})
    return client.execute()


def outputs(notebook):
    return [output for cell in notebook.cells for output in cell.get("outputs", [])]


def test_nothing_fails_or_warns(executed):
    for output in outputs(executed):
        assert output.output_type != "error", output
        assert output.get("name") != "stderr", output.text


def test_curves_are_pictures(executed):
    pages = [output.data["text/html"] for output in outputs(executed)
             if "text/html" in output.get("data", {})]
    curves = [page for page in pages if "<svg" in page]
    assert len(curves) == 3
    assert "SimpleRNN" in curves[0] and "val_loss" in curves[1] and "accuracy" in curves[2]
