"""Classes made from the tables of the extension: signature, documentation, configuration.

Nothing here knows any class by name. A class that is added in C++ is in `_core.catalog(kind)`,
and with that in Python.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from . import _core

# What a class of this kind is called in messages and documents.
KINDS = {
    "layers": "layer",
    "losses": "loss",
    "metrics": "metric",
    "optimizers": "optimizer",
    "schedules": "learning-rate schedule",
    "callbacks": "callback",
    "initializers": "initializer",
    "regularizers": "regularizer",
    "constraints": "constraint",
}
_NO_VALUE = object()


class Field(NamedTuple):
    """One option of a class."""

    name: str
    type: str
    default: Any
    range: str
    sentence: str
    is_required: bool
    is_shared: bool  # all classes of its kind have it
    is_extra: bool  # Keras has not
    shown: str = ""  # what stands for the default, where that is a choice: "from the data"


class Table(NamedTuple):
    """A class as the extension describes it."""

    class_name: str
    names: tuple[str, ...]  # other names, by which it is asked for: "mse"
    fields: tuple[Field, ...]

    @property
    def positional(self) -> list[Field]:
        """The fields that may be given by their place, in Keras's order."""
        own = [field for field in self.fields if not field.is_shared and not field.is_extra]
        return own


_catalogs: dict[str, dict[str, Any]] = {}


def tables(kind: str) -> dict[str, Any]:
    """Return the raw tables of a kind, by class name."""
    found = _catalogs.get(kind)
    if found is None:
        found = _catalogs[kind] = _core.catalog(kind)
    return found


def table(kind: str, class_name: str) -> Table:
    """Return the table of one class."""
    names, rows = tables(kind)[class_name]
    fields = tuple(
        Field(name, type_, _default(type_, text), range_, sentence, required, shared, extra, shown)
        for name, type_, text, range_, sentence, required, shared, extra, shown in rows
    )
    return Table(class_name, tuple(names), fields)


def _default(type_: str, text: str) -> Any:
    """Return a default, which the extension gives as text, as Python writes it."""
    if text in ("none", ""):
        return "" if type_ == "str" and text == "" else None
    base = type_.rstrip("?")
    if base == "bool":
        return text == "true"
    if base in ("int", "float", "rate"):
        number = float(text)
        return int(number) if base == "int" and number == int(number) else number
    if base.startswith("["):
        item = base[1:-1]
        return [_default(item, part.strip()) for part in text.split(",")]
    if base == "activation" and text == "linear":
        return None
    return text


def own_class(name: str) -> Any:
    """Return the class or function that the program has registered under this name, or None."""
    import sys

    # Nobody has registered anything before the module was imported.
    module = sys.modules.get(f"{__package__}.saving")
    return None if module is None else module.registered(name)


def find(kind: str, name: str) -> str | None:
    """Return the class that goes by this name, in any of its spellings; None if there is none."""
    classes = tables(kind)
    if name in classes:
        return name
    for class_name, (names, _) in classes.items():
        if name in names:
            return class_name
    snake = name.lower().replace("_", "")
    for class_name in classes:
        if class_name.lower() == snake:
            return class_name
    return None


def nearest(name: str, known: Iterable[str]) -> str:
    """Return a sentence with the names that are spelt most like `name`."""
    known = list(known)
    near = difflib.get_close_matches(name, known, 3, 0.6)
    if near:
        return "did you mean " + " or ".join(repr(each) for each in near) + "?"
    return "known: " + ", ".join(known)


def unknown(kind: str, name: Any) -> ValueError:
    """Return the error for a name that no class goes by."""
    known = [each for class_name, (names, _) in tables(kind).items() for each in (class_name, *names)]
    return ValueError(f"unknown {KINDS.get(kind, kind)} {name!r}: {nearest(str(name), known)}")


def arguments(
    class_name: str, fields: tuple[Field, ...], args: tuple[Any, ...], given: dict[str, Any]
) -> dict[str, Any]:
    """Return what was given, by name; TypeError for what the class does not take."""
    if args:
        places = [field.name for field in fields if not field.is_shared and not field.is_extra]
        if len(args) > len(places):
            raise TypeError(
                f"{class_name} takes {len(places)} arguments by place "
                f"({', '.join(places)}), got {len(args)}"
            )
        for name, value in zip(places, args):
            if name in given:
                raise TypeError(f"{class_name} got {name} twice")
            given[name] = value
    names = {field.name for field in fields}
    for name in given:
        if name not in names:
            raise TypeError(f"{class_name} has no option {name!r}: {nearest(name, sorted(names))}")
    for field in fields:
        if field.is_required and given.get(field.name, _NO_VALUE) is _NO_VALUE:
            raise TypeError(f"{class_name} needs {field.name}: {field.sentence}")
    return given


_TYPE_WORDS = {
    "bool": "bool",
    "int": "int",
    "float": "float",
    "str": "str",
    "rate": "float or schedule",
    "activation": "str or callable",
    "initializer": "str or Initializer",
    "regularizer": "str or Regularizer",
    "constraint": "str or Constraint",
    "shape": "tuple of int",
    "layer": "Layer",
    "array": "array",
    "object": "object",
}


def type_words(type_: str) -> str:
    """Return a field's type as documentation has it."""
    if type_.endswith("?"):
        return type_words(type_[:-1]) + " or None"
    if type_.startswith("["):
        return "list of " + type_words(type_[1:-1])
    return _TYPE_WORDS.get(type_, type_)


def document(kind: str, entry: Table) -> str:
    """Return the docstring of a class."""
    others = [name for name in entry.names if name != entry.class_name]
    lines = [f"The {KINDS[kind]} {entry.class_name}."]
    if others:
        lines[0] = lines[0][:-1] + ", also " + ", ".join(repr(name) for name in others) + "."
    if entry.fields:
        lines += ["", "Parameters", "----------"]
    return "\n".join([*lines, *document_fields(entry)])


def document_fields(entry: Table) -> list[str]:
    """Return a paragraph of documentation for each field."""
    lines = []
    for field in entry.fields:
        words = type_words(field.type)
        if not field.is_required:
            words += f", default {field.shown or repr(field.default)}"
        sentence = field.sentence[:1].upper() + field.sentence[1:]
        if field.range:
            sentence += f"; {field.range}"
        lines += [f"{field.name} : {words}", f"    {sentence}."]
    return lines


def signature(entry: Table) -> Any:
    """Return the signature that help() and editors show."""
    import inspect

    kind = inspect.Parameter
    parameters = []
    for field in entry.positional:
        default = kind.empty if field.is_required else field.default
        parameters.append(kind(field.name, kind.POSITIONAL_OR_KEYWORD, default=default))
    seen_default = False
    for place, parameter in enumerate(parameters):
        if parameter.default is not kind.empty:
            seen_default = True
        elif seen_default:  # Python has no place for it: it shows None
            parameters[place] = parameter.replace(default=None)
    for field in entry.fields:
        if field.is_shared or field.is_extra:
            parameters.append(kind(field.name, kind.KEYWORD_ONLY, default=field.default))
    return inspect.Signature(parameters)


class _LazyText:
    """A class attribute that is worked out when it is first asked for."""

    def __init__(self, make: Callable[[Any], Any], name: str) -> None:
        self._make = make
        self._name = name

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self._make(owner if owner is not None else type(instance))


class Described:
    """What is made of a table: an object with options and a configuration."""

    _kind = ""
    _table: Table

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._given = arguments(type(self).__name__, self._table.fields, args, kwargs)

    def _option(self, name: str) -> Any:
        given = self.__dict__.get("_given")
        if given is not None:
            if name in given:
                return given[name]
            for field in self._table.fields:
                if field.name == name:
                    return field.default
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        return self._option(name)

    def get_config(self) -> dict[str, Any]:
        """Return the options by name, as `from_config` takes them."""
        return {
            field.name: self._given.get(field.name, field.default) for field in self._table.fields
        }

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Any:
        """Make one with the options that `get_config` returned."""
        return cls(**config)

    def __repr__(self) -> str:
        given = ", ".join(f"{name}={value!r}" for name, value in self._given.items())
        return f"{type(self).__name__}({given})"

    def __reduce__(self) -> Any:
        return _again, (type(self), self.get_config())


def _again(cls: Any, config: dict[str, Any]) -> Any:
    return cls.from_config(config)


def make_class(kind: str, class_name: str, base: type, module: str) -> Any:
    """Return the class that a table describes, derived from `base`."""
    entry = table(kind, class_name)
    made = type(
        class_name,
        (base,),
        {"_table": entry, "_kind": kind, "__module__": module, "__doc__": document(kind, entry)},
    )
    made.__signature__ = _LazyText(lambda cls: signature(cls._table), "__signature__")  # type: ignore[attr-defined]
    return made


class Namespace:
    """The classes of a kind as the names of a module, made when they are first asked for."""

    def __init__(self, kind: str, base: type, names: dict[str, Any]) -> None:
        self._kind = kind
        self._base = base
        self._names = names  # the module's globals
        self._module = names["__name__"]

    def __call__(self, name: str) -> Any:
        """Return the class of that name: a module's `__getattr__`."""
        if name not in tables(self._kind):
            raise AttributeError(f"module {self._module!r} has no attribute {name!r}")
        made = make_class(self._kind, name, self._base, self._module)
        self._names[name] = made
        return made

    def get(self, name: str) -> Any:
        """Return the class that goes by this name in any spelling, or None."""
        found = find(self._kind, name)
        return None if found is None else getattr(_module(self._module), found)

    def listing(self, own: Iterable[str] = ()) -> list[str]:
        """Return all names, for dir() and `__all__`."""
        return sorted({*tables(self._kind), *own})


def _module(name: str) -> Any:
    import sys

    return sys.modules[name]
