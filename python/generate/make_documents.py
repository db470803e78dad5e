"""Write what the C++ sources say of each class into a file that the Python classes read.

    python python/generate/make_documents.py OUTPUT

OUTPUT is JSON: {kind: {class: [first sentence, rest]}}. A class's text is the comment above its
struct of options and above its factory in the public headers, or behind either on the same line;
the opening comment of the header says what its classes are, where the header is theirs alone.
Initializers, regularizers and constraints have a comment above their row in
src/layers/options/. Standard library only.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
HEADERS = ROOT / "include" / "chronicler"
# Of each kind: what its factories return.
POINTERS = {
    "LayerPtr": "layers",
    "LossPtr": "losses",
    "MetricPtr": "metrics",
    "OptimizerPtr": "optimizers",
    "SchedulePtr": "schedules",
    "CallbackPtr": "callbacks",
}
ROWS = ("initializers", "regularizers", "constraints")
_FACTORY = re.compile(rf"^({'|'.join(POINTERS)}) (\w+)\(")
_STRUCT = re.compile(r"^struct (\w+)Options \{")
_ROW = re.compile(r'^      \{"(\w+)",')
# Says nothing of the class.
_STOCK = re.compile(r"^Keras's names, order and defaults; fields\(\) says what each option is\.$")
_ABBREVIATION = re.compile(r"(?:e\.g|i\.e|et al|cf|\b[A-Z])\.$")


class Comment(NamedTuple):
    """A block of comment lines and what stands behind a declaration, at a line of code."""

    above: str
    behind: str
    code: str
    follows: bool  # the line before is a declaration, too: the comment above it may be for both


def commented_lines(text: str) -> Iterator[Comment]:
    """Return every line of code with the comment above it and the one behind it."""
    above: list[str] = []
    before = ""
    for line in text.splitlines():
        stripped = line.strip()
        if stripped.startswith("//"):
            above.append(stripped[2:].removeprefix(" "))
            continue
        code, _, behind = line.partition("  // ")
        if stripped:
            yield Comment(joined(above), behind.strip(), code, bool(before) and not above)
        above, before = [], stripped  # a comment that stands alone is of no declaration


def joined(lines: list[str]) -> str:
    """Return comment lines as paragraphs; lines that are set in stay lines, if they are no C++."""
    paragraphs: list[str] = [""]
    set_in: list[str] = []
    for line in [*lines, ""]:
        if line.startswith("  "):
            set_in.append("    " + line.strip())
            continue
        if set_in and not any(";" in each for each in set_in):
            paragraphs += ["\n".join(set_in), ""]
        set_in = []
        if not line:
            paragraphs.append("")
        else:
            paragraphs[-1] += (" " if paragraphs[-1] else "") + line
    return "\n\n".join(each for each in paragraphs if each.strip())


def opening(text: str) -> str:
    """Return the comment that a file begins with, without what is for readers of C++."""
    lines = []
    for line in text.splitlines():
        if not line.startswith("//"):
            break
        lines.append(line[2:].removeprefix(" "))
    return re.sub(r"; its kernel is [\w/]+\.h", "", joined(lines))


def classes_of(text: str) -> dict[str, dict[str, str]]:
    """Return {kind: {class: what stands at its declarations}} of a header."""
    structs: dict[str, str] = {}
    found: dict[str, dict[str, str]] = {}
    shared, is_group = "", False
    for comment in commented_lines(text):
        struct, factory = _STRUCT.match(comment.code), _FACTORY.match(comment.code)
        own = "" if _STOCK.match(comment.above) else comment.above
        if struct:
            structs[struct[1]] = sentences(own, comment.behind)
        if not factory:
            continue
        if comment.above or not comment.follows:
            shared, is_group = own, bool(comment.behind)
        elif not is_group:
            shared = ""
        kind = found.setdefault(POINTERS[factory[1]], {})
        if factory[2] not in kind:
            kind[factory[2]] = sentences(structs.get(factory[2], ""), comment.behind, shared)
    return found


def sentences(*parts: str) -> str:
    """Return the parts one after another, each with its full stop."""
    kept = [part.strip() for part in parts if part.strip()]
    ended = [part.endswith((".", ":")) or "\n" in part for part in kept]
    return " ".join(part if is_whole else part + "." for part, is_whole in zip(kept, ended))


def with_opening(first: str, own: str, name: str, is_alone: bool) -> list[str]:
    """Return [first sentence, rest] of a class; its header's opening says what it is if alone."""
    if own and not is_alone:
        return split(own)
    first = first.removeprefix(f"{name}: ")
    return split(f"{first}\n\n{own}" if own else first)


def split(text: str) -> list[str]:
    """Return the first sentence, of a formula too, and the rest."""
    if re.match(r"(a|[a-z]{2,}) (?![-+*/=])", text):
        text = text[0].upper() + text[1:]
    head = text.split("\n\n")[0]
    for match in re.finditer(r"[.](?= )", head):
        if not _ABBREVIATION.search(head[: match.end()]):
            return [text[: match.end()], text[match.end() :].strip()]
    rest = text[len(head) :].strip()
    return [head if head.endswith((".", ":")) or not head else head + ".", rest]


def rows_of(text: str) -> dict[str, list[str]]:
    """Return {class: [first sentence, rest]} of a table of rows."""
    found = {}
    for comment in commented_lines(text):
        row = _ROW.match(comment.code)
        if row and comment.above:
            found[row[1]] = split(comment.above)
    return found


def documents() -> dict[str, dict[str, list[str]]]:
    """Return all texts: {kind: {class: [first sentence, rest]}}."""
    found: dict[str, dict[str, list[str]]] = {kind: {} for kind in POINTERS.values()}
    for header in sorted(HEADERS.rglob("*.h")):
        text = header.read_text(encoding="utf-8")
        first = opening(text)
        # The opening comment of callbacks.h or schedules.h is of the kind, not of its classes.
        is_general = header.parent in (HEADERS / "training", HEADERS)
        for kind, classes in classes_of(text).items():
            for name, own in classes.items():
                if not name[0].isupper():  # get(), from()
                    continue
                is_alone = len(classes) == 1 and not is_general
                found[kind][name] = with_opening("" if is_general else first, own, name, is_alone)
    for kind in ROWS:
        source = ROOT / "src" / "layers" / "options" / f"{kind}.cc"
        found[kind] = rows_of(source.read_text(encoding="utf-8"))
    return found


def main() -> None:
    """Write the file, unless it is as it should be."""
    target = Path(sys.argv[1])
    text = json.dumps(documents(), indent=0, ensure_ascii=False) + "\n"
    if not target.exists() or target.read_text(encoding="utf-8") != text:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
