#!/usr/bin/env python3
"""Writes examples/python/tutorial.ipynb from tutorial.py, whose cells begin with "# %%"."""

from __future__ import annotations

import json
import pathlib
import re

PROGRAM = pathlib.Path(__file__).parent.parent / "examples" / "python" / "tutorial.py"


def cells_of(program: str) -> list[dict[str, object]]:
    """Return the cells of a program as a notebook has them, without outputs."""
    cells = []
    for number, part in enumerate(re.split(r"^# %%", program, flags=re.MULTILINE)[1:]):
        first, _, body = part.partition("\n")
        lines = body.strip("\n").splitlines(keepends=True)
        if "[markdown]" in first:
            text = [re.sub(r"^# ?", "", line) for line in lines]
            cells.append({"cell_type": "markdown", "id": f"cell-{number}", "metadata": {},
                          "source": text})
        else:
            cells.append({"cell_type": "code", "execution_count": None, "id": f"cell-{number}",
                          "metadata": {}, "outputs": [], "source": lines})
    return cells


def notebook_of(program: str) -> str:
    """Return the notebook as its file has it."""
    notebook = {
        "cells": cells_of(program),
        "metadata": {"kernelspec": {"display_name": "Python 3", "language": "python",
                                    "name": "python3"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    PROGRAM.with_suffix(".ipynb").write_text(notebook_of(PROGRAM.read_text()))
