"""Runs a list of Keras's test files, or some of them, and prints the counts."""

from __future__ import annotations

import argparse
import sys
import unittest
from importlib import import_module
from typing import Any

from . import modules, wheel
from .lists import LEFT_OUT, LISTS


def _tests_of(suite: Any) -> list[Any]:
    if isinstance(suite, unittest.TestCase):
        return [suite]
    return [test for each in suite for test in _tests_of(each)]




def _load(file: str) -> tuple[list[Any], list[tuple[str, str]]]:
    """Return the tests of a file that run, and (name, reason) of the others."""
    if file in LEFT_OUT:
        source = (wheel.files() / "keras" / "src" / file).read_text()
        return [], [(f"{file}: {line.split('(')[0].split()[1]}", LEFT_OUT[file])
                    for line in source.splitlines() if line.lstrip().startswith("def test")]
    name = "keras.src." + file.removesuffix(".py").replace("/", ".")
    run, out = [], []
    for test in _tests_of(unittest.defaultTestLoader.loadTestsFromModule(import_module(name))):
        if test.id().startswith(name):
            full = f"{file}: {type(test).__name__}.{test._testMethodName}"
            if full in LEFT_OUT:
                out.append((full, LEFT_OUT[full]))
            else:
                run.append(test)
    return run, out


def main() -> int:
    """Return 0 if every test passed that was not left out."""
    parser = argparse.ArgumentParser(prog="keras_shim")
    parser.add_argument("list", help="a list of lists.py, or a file such as layers/rnn/gru_test.py")
    parser.add_argument("-k", dest="pattern", help="only tests with this in their names")
    parser.add_argument("-v", dest="verbose", action="store_true")
    options = parser.parse_args()
    files = LISTS.get(options.list) or options.list.split(",")
    modules.install(wheel.files())
    suite, out = unittest.TestSuite(), []
    for file in files:
        run, excluded = _load(file)
        suite.addTests(test for test in run if (options.pattern or "") in test.id())
        out += excluded
    result = unittest.TextTestRunner(verbosity=2 if options.verbose else 1).run(suite)
    for test, reason in result.skipped:
        print(f"skipped: {test.id()}: {reason}")
    for name, reason in out:
        print(f"left out: {name}: {reason}")
    failed = len(result.failures) + len(result.errors) + len(result.skipped)
    print(f"Keras {wheel.VERSION}, {options.list}: {result.testsRun - failed} passed, "
          f"{len(out)} left out, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
