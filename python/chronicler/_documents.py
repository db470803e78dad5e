"""Docstrings and signatures of the classes that are made of tables.

What a class is, its equation and its source stand in the headers of C++; the build takes them out
of there (python/generate/make_documents.py) into _documents.json. All else is in the tables.
"""

from __future__ import annotations

import json
import re
import textwrap
from functools import cache
from inspect import Parameter, Signature
from pathlib import Path
from typing import Any

from ._classes import KINDS, Field, Table

# How what a class of the kind makes is used.
_USE = {
    "layers": (
        "A layer: call it on a symbol (`chronicler.Input`), which makes a symbol, or on an array."
    ),
    "losses": (
        "A loss: `loss(y_true, y_pred, sample_weight=None)` is one number, or with reduction "
        '"none" one for each prediction. In the equation y is y_true and p is y_pred, (B, ..., D) '
        "if nothing else is said."
    ),
    "metrics": (
        "A metric: `update_state(y_true, y_pred, sample_weight=None)` counts a batch, `result()` "
        "is the value so far, `reset_state()` begins anew."
    ),
    "optimizers": (
        "An optimizer, for `model.compile(optimizer=...)`. `learning_rate` may be a schedule, and "
        "may be set while training."
    ),
    "schedules": "A learning-rate schedule: called with a step, counted from 0, it gives the rate.",
    "callbacks": "A callback, for `model.fit(..., callbacks=[...])`.",
    "initializers": "An initializer: called with a shape, it gives values of that shape.",
    "regularizers": "A regularizer: called with values, it gives the penalty on them, one number.",
    "constraints": (
        "A constraint: called with weights, it gives them moved into what is allowed. In training "
        "it is applied after each step."
    ),
}
_AXES = {
    "B": "rows of the batch",
    "T": "steps",
    "Tq": "steps of the query",
    "Tv": "steps of the value",
    "F": "features",
    "U": "units",
}
_TYPE_WORDS = {
    "rate": "float or schedule",
    "activation": "str or callable",
    "initializer": "str or Initializer",
    "regularizer": "str or Regularizer",
    "constraint": "str or Constraint",
    "shape": "tuple of int",
    "layer": "Layer",
}


FILE = Path(__file__).with_name("_documents.json")


@cache
def _texts() -> dict[str, dict[str, list[str]]]:
    if not FILE.exists():  # an extension that was put there by hand
        return {}
    texts: dict[str, dict[str, list[str]]] = json.loads(FILE.read_text(encoding="utf-8"))
    return texts


def type_words(type_: str) -> str:
    """Return a field's type as documentation has it."""
    if type_.endswith("?"):
        return type_words(type_[:-1]) + " or None"
    if type_.startswith("["):
        return "list of " + type_words(type_[1:-1])
    return _TYPE_WORDS.get(type_, type_)


def document(kind: str, entry: Table) -> str:
    """Return the docstring of a class."""
    first, rest = _texts().get(kind, {}).get(entry.class_name, ["", ""])
    first = first or f"The {KINDS[kind]} {entry.class_name}."
    others = [name for name in entry.names if name != entry.class_name]
    use = _USE[kind]
    if others:
        use += " By name: " + ", ".join(repr(name) for name in others) + "."
    paragraphs = [*_paragraphs(_in_python(first, kind)), *_paragraphs(use)]
    paragraphs += _paragraphs(_in_python(rest, kind)) + _paragraphs(_axes(first + rest))
    text = "\n\n".join(paragraphs)
    if entry.fields:
        text += "\n\nParameters\n----------\n" + "\n".join(document_fields(entry))
    return text + "\n\nRaises\n------\n" + _raises(kind)


def _in_python(text: str, kind: str) -> str:
    """Return a comment of C++ in the words of Python."""
    text = re.sub(r"\ban Error\b", "a ValueError", text)
    return text.replace("{", "[").replace("}", "]") if kind == "layers" else text


def _paragraphs(text: str) -> list[str]:
    """Return the paragraphs of a text, wrapped; equations, which are set in, as they are."""
    parts = [part for part in text.split("\n\n") if part]
    return [part if part.startswith("    ") else textwrap.fill(part, 80) for part in parts]


def _axes(text: str) -> str:
    """Return a sentence that says what the letters of shapes stand for."""
    shapes = " ".join(re.findall(r"\(B[^()]*\)", text))
    if not shapes:
        return ""
    known = [name for name in _AXES if re.search(rf"\b{name}\b", shapes)]
    return "In shapes: " + ", ".join(f"{name} {_AXES[name]}" for name in known) + "."


def _raises(kind: str) -> str:
    called = {
        "layers": " or, when it is called, for inputs of another shape or type",
        "losses": " or, when it is called, for targets that do not fit the predictions",
        "metrics": " or, in update_state, for targets that do not fit the predictions",
    }.get(kind, "")
    return (
        "TypeError\n    For an option that there is not (the nearest names are in the message).\n"
        f"ValueError\n    For a value out of range{called}."
    )


def document_fields(entry: Table) -> list[str]:
    """Return a paragraph of documentation for each field."""
    lines = []
    for field in entry.fields:
        words = type_words(field.type)
        if not field.is_required:
            words += f", default {field.shown or repr(shown_default(field))}"
        sentence = field.sentence[:1].upper() + field.sentence[1:]
        if field.range:
            sentence += f" ({field.range})"
        lines.append(f"{field.name} : {words}")
        lines += textwrap.wrap(sentence + ".", 76, initial_indent="    ", subsequent_indent="    ")
    return lines


def shown_default(field: Field) -> Any:
    """Return a default as signatures have it: no name means one that is made of the class."""
    return None if field.name == "name" and not field.default else field.default


def signature(entry: Table) -> Signature:
    """Return the signature that help() and editors show."""
    parameters = []
    seen_default = False
    for field in entry.positional:
        # One that is needed after one that is not: Python has no place for it, it shows None.
        is_needed = field.is_required and not seen_default
        default = Parameter.empty if is_needed else shown_default(field)
        seen_default = seen_default or not is_needed
        parameters.append(
            Parameter(field.name, Parameter.POSITIONAL_OR_KEYWORD, default=default)
        )
    by_place = {parameter.name for parameter in parameters}
    for field in entry.fields:
        if field.name not in by_place:
            default = shown_default(field)
            parameters.append(Parameter(field.name, Parameter.KEYWORD_ONLY, default=default))
    return Signature(parameters)
