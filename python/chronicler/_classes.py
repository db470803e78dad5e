"""Classes made from the tables of the extension: signature, documentation, configuration.

Nothing here knows any class by name. A class that is added in C++ is in `_core.catalog(kind)`,
and with that in Python.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from importlib import import_module
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
    is_accepted: bool = False  # Keras has it; it has no meaning here


class Table(NamedTuple):
    """A class as the extension describes it."""

    class_name: str
    names: tuple[str, ...]  # other names, by which it is asked for: "mse"
    fields: tuple[Field, ...]
    kind: str = ""

    @property
    def positional(self) -> list[Field]:
        """What may be given by its place, in Keras's order; also what is only accepted."""
        from . import _keras_places

        known = {field.name: field for field in self.fields}
        names = [f.name for f in self.fields if not f.is_shared and not f.is_extra]
        if self.kind == "initializers":  # whose configurations begin with it
            names.sort(key=lambda name: name == "seed")
        found = []
        for name in _keras_places.ordered(self.kind, self.class_name, names):
            if name in known:
                found.append(known[name])
            else:
                default = _keras_places.default_of(self.kind, name)
                found.append(Field(name, "object", default, "", "", False, False, False, "", True))
        return found


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
    if kind in ("losses", "metrics"):
        fields = _with_dtype(fields)
    return Table(class_name, tuple(names), fields, kind)


def _with_dtype(fields: tuple[Field, ...]) -> tuple[Field, ...]:
    """Return the options of a loss or metric with Keras's dtype, which follows the name."""
    if any(field.name == "dtype" for field in fields):
        return fields
    sentence = "accepted as in Keras; sums are kept in float64"
    dtype = Field("dtype", "str?", None, "", sentence, False, False, False, "", True)
    place = next((i for i, field in enumerate(fields) if field.name == "name"), -1) + 1
    return (*fields[:place], dtype, *fields[place:])


def _default(type_: str, text: str) -> Any:
    """Return a default, which the extension gives as text, as Python writes it."""
    if text in ("none", ""):
        return "" if type_ == "str" and text == "" else None
    base = type_.rstrip("?")
    if base.startswith("["):
        parts = [_default(base[1:-1], part.strip()) for part in text.split(",")]
        parts = [int(p) if isinstance(p, float) and p == int(p) else p for p in parts]
        return parts[0] if len(parts) == 1 else tuple(parts)
    if base == "bool":
        return text == "true"
    if base in ("int", "float", "rate", "array"):
        number = float(text)
        return int(number) if base != "float" and number == int(number) else number
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


def other_names(kind: str) -> dict[str, str]:
    """Return the names that stand for classes: l2 and l1_l2 for L2 and L1L2."""
    found = {name: class_name for class_name, (names, _) in tables(kind).items() for name in names}
    if kind == "regularizers":
        found["l1_l2"] = "L1L2"
    return {name: class_name for name, class_name in found.items() if name != class_name}


def nearest(name: str, known: Iterable[str]) -> str:
    """Return a sentence with the names that are spelt most like `name`."""
    known = list(known)
    near = difflib.get_close_matches(name, known, 3, 0.6)
    if near:
        return "did you mean " + " or ".join(repr(each) for each in near) + "?"
    return "known: " + ", ".join(known)


def unknown(kind: str, name: Any) -> ValueError:
    """Return the error for a name that no class goes by."""
    classes = tables(kind).items()
    known = [each for class_name, (names, _) in classes for each in (class_name, *names)]
    return ValueError(f"unknown {KINDS.get(kind, kind)} {name!r}: {nearest(str(name), known)}")


def by_name(entry: Table, args: tuple[Any, ...], given: dict[str, Any]) -> dict[str, Any]:
    """Return what was given by place and by name as one, without what asks for nothing."""
    from . import _keras_places

    if args:
        places = [field.name for field in entry.positional]
        if len(args) > len(places):
            raise TypeError(
                f"{entry.class_name} takes {len(places)} arguments by place "
                f"({', '.join(places)}), got {len(args)}"
            )
        for name, value in zip(places, args):
            if name in given:
                raise TypeError(f"{entry.class_name} got {name} twice")
            given[name] = value
    unsupported = _keras_places.WITHOUT_EFFECT.get(entry.kind)
    if unsupported:
        known = {field.name for field in entry.fields}
        for name in [name for name in given if name in unsupported and name not in known]:
            if given.pop(name) != unsupported[name]:
                raise ValueError(f"{entry.class_name}: {name} is not supported; leave it out")
    return given


def arguments(
    class_name: str, fields: tuple[Field, ...], given: dict[str, Any]
) -> dict[str, Any]:
    """Return what was given, by name; TypeError for what the class does not take."""
    names = {field.name for field in fields}
    for name in given:
        if name not in names:
            raise TypeError(f"{class_name} has no option {name!r}: {nearest(name, sorted(names))}")
    for field in fields:
        if field.is_required and given.get(field.name, _NO_VALUE) is _NO_VALUE:
            raise TypeError(f"{class_name} needs {field.name}: {field.sentence}")
    return given


class _Lazy:
    """A class attribute that is worked out when it is first asked for."""

    def __init__(self, function: str) -> None:
        self._function = function  # of _documents.py

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        from . import _documents

        made = owner if owner is not None else type(instance)
        if self._function == "signature":
            return _documents.signature(made._table)
        return _documents.document(made._kind, made._table)


class Described:
    """What is made of a table: an object with options and a configuration."""

    _kind = ""
    _table: Table

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        given = by_name(self._table, args, kwargs)
        self._given = arguments(type(self).__name__, self._table.fields, given)

    def _core_config(self) -> dict[str, Any]:
        """Return the options that were given, as the extension takes them."""
        accepted = [field.name for field in self._table.fields if field.is_accepted]
        return {name: value for name, value in self._given.items() if name not in accepted}

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
            field.name: self._given.get(field.name, field.default)
            for field in self._table.fields
            if not field.is_accepted
        }

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Any:
        """Make one with the options that `get_config` returned."""
        return cls(**config)

    def __repr__(self) -> str:
        given = ", ".join(f"{name}={value!r}" for name, value in self._given.items())
        return f"{type(self).__name__}({given})"

    def __reduce_ex__(self, protocol: Any) -> Any:
        if self._table is None:  # written in Python: its attributes are what it is
            return object.__reduce_ex__(self, protocol)
        return _again, (type(self), self.get_config())

    def __getstate__(self) -> dict[str, Any]:
        # What the extension made of it is made again.
        return {name: each for name, each in vars(self).items() if not name.startswith("_core_")}


def _again(cls: Any, config: dict[str, Any]) -> Any:
    return cls.from_config(config)


def make_class(kind: str, class_name: str, base: type, module: str) -> Any:
    """Return the class that a table describes, derived from `base`."""
    contents = {
        "_table": table(kind, class_name),
        "_kind": kind,
        "__module__": module,
        "__doc__": _Lazy("document"),
        "__signature__": _Lazy("signature"),
    }
    return type(class_name, (base,), contents)


class Namespace:
    """The classes of a kind as the names of a module, made when they are first asked for."""

    def __init__(
        self,
        kind: str,
        base: type,
        names: dict[str, Any],
        bases: Mapping[str, tuple[str, str]] | None = None,
    ) -> None:
        self._kind = kind
        self._base = base
        self._bases = bases or {}  # module and name of the base of classes with more methods
        self._names = names  # the module's globals
        self._module = names["__name__"]
        # Where Keras has regularizers.l2 for L2; a loss or metric of such a name is a function.
        self._has_other_names = kind in ("initializers", "regularizers", "constraints")

    def __call__(self, name: str) -> Any:
        """Return the class of that name: a module's `__getattr__`."""
        if name not in tables(self._kind):
            class_name = other_names(self._kind).get(name) if self._has_other_names else None
            if class_name is None:
                hint = "" if name.startswith("_") else f": {nearest(name, tables(self._kind))}"
                raise AttributeError(f"module {self._module!r} has no attribute {name!r}{hint}")
            return getattr(_module(self._module), class_name)
        base = self._base
        if name in self._bases:
            module, base_name = self._bases[name]
            base = getattr(import_module(module), base_name)
        made = make_class(self._kind, name, base, self._module)
        self._names[name] = made
        return made

    def get(self, name: str) -> Any:
        """Return the class that goes by this name in any spelling, or None."""
        found = find(self._kind, name)
        return None if found is None else getattr(_module(self._module), found)

    def listing(self, own: Iterable[str] = ()) -> list[str]:
        """Return all names, for dir() and `__all__`."""
        others = other_names(self._kind) if self._has_other_names else ()
        return sorted({*tables(self._kind), *others, *own})


def got(namespace: Namespace, base: type, identifier: Any) -> Any:
    """Return what a name, configuration, class or object stands for: the `get` of a module."""
    from .saving import deserialize_keras_object

    if identifier is None or isinstance(identifier, base):
        return identifier
    if isinstance(identifier, dict):
        return deserialize_keras_object(identifier)
    found = identifier
    if isinstance(identifier, str):
        found = own_class(identifier) or namespace.get(identifier)
    if isinstance(found, type):
        return found()
    if callable(found):
        return found
    raise unknown(namespace._kind, identifier)


def _module(name: str) -> Any:
    import sys

    return sys.modules[name]
