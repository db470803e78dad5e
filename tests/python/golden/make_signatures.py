"""Write `keras_signatures.json`: the parameters of the classes of Keras 3.15.1.

Run with Keras's Python: `python tests/python/golden/make_signatures.py`. Of each parameter: name,
kind, and the default as Python writes it.
"""

from __future__ import annotations

import importlib
import inspect
import json
from pathlib import Path
from typing import Any

import keras

MODULES = (
    "layers",
    "losses",
    "metrics",
    "optimizers",
    "optimizers.schedules",
    "callbacks",
    "initializers",
    "regularizers",
    "constraints",
)
KINDS = {
    inspect.Parameter.POSITIONAL_ONLY: "positional only",
    inspect.Parameter.POSITIONAL_OR_KEYWORD: "positional",
    inspect.Parameter.KEYWORD_ONLY: "keyword",
    inspect.Parameter.VAR_POSITIONAL: "*",
    inspect.Parameter.VAR_KEYWORD: "**",
}


def shown(default: Any) -> str | None:
    """Return a default as JSON can hold it; an object by the name of its class or function."""
    if default is inspect.Parameter.empty:
        return None
    name = getattr(default, "__name__", type(default).__name__)
    plain = (bool, int, float, str, tuple, list, type(None))
    return repr(default) if isinstance(default, plain) else f"<{name}>"


def parameters(made: type) -> list[list[Any]]:
    """Return name, kind and default of what a class takes."""
    found = inspect.signature(made.__init__).parameters.values()
    return [[each.name, KINDS[each.kind], shown(each.default)] for each in list(found)[1:]]


def is_for_pictures(made: type) -> bool:
    """Return whether a class has no use for sequences: none such is here."""
    return "2D" in made.__name__ or "3D" in made.__name__ or ".image_preprocessing." in made.__module__


def main() -> None:
    """Write the file beside this script."""
    classes: dict[str, dict[str, Any]] = {}
    for module in MODULES:
        home = importlib.import_module(f"keras.{module}")
        classes[module] = {
            name: parameters(made)
            for name, made in sorted(vars(home).items())
            if isinstance(made, type) and not is_for_pictures(made)
        }
    target = Path(__file__).with_name("keras_signatures.json")
    lines = [
        json.dumps(module)
        + ": {\n"
        + ",\n".join(f"{json.dumps(name)}: {json.dumps(rows)}" for name, rows in each.items())
        + "\n}"
        for module, each in classes.items()
    ]
    version = f'"keras": {json.dumps(keras.__version__)}'
    target.write_text("{\n" + ",\n".join([version, *lines]) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
