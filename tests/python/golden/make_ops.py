"""Write `keras_ops.json`: what Keras 3.15.1 gives for the cases of `op_cases.py`.

Run with Keras's Python: `python tests/python/golden/make_ops.py`.
"""

from __future__ import annotations

import inspect
import json
import pathlib
import sys

import numpy as np

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

import keras
from op_cases import BINARY_TYPES, CASES, DTYPES, ELSEWHERE, UNARY_TYPES

LETTERS = dict(zip((*DTYPES, "uint32", "int16"), "bUicl" + "hfd" + "us"))


def single(value):
    if isinstance(value, np.ndarray):
        return value.astype(np.float32) if value.dtype == np.float64 else value
    return [single(part) for part in value] if isinstance(value, list) else value


def plain(value):
    if isinstance(value, (list, tuple)):
        return [plain(part) for part in value]
    array = np.asarray(value)
    numbers = array.ravel().tolist()
    if array.dtype.kind == "f":
        numbers = [float(f"{number:.8g}") for number in numbers]
    return {"dtype": array.dtype.name, "shape": list(array.shape), "numbers": numbers}


def types_of(function, count):
    letters = ""
    for kinds in np.ndindex(*(len(DTYPES),) * count):
        arrays = [np.ones((2, 2), DTYPES[kind]) for kind in kinds]
        try:
            result = function(*(keras.ops.convert_to_tensor(array) for array in arrays))
            result = result[0] if isinstance(result, (list, tuple)) else result
            letters += LETTERS.get(keras.backend.standardize_dtype(result.dtype), "?")
        except Exception:
            letters += "-"
    return letters


def binary(name):
    function = getattr(keras.ops, name)
    if name in ("concatenate", "stack"):
        return lambda a, b: function([a, b])
    if name == "where":
        return lambda a, b: function(np.ones((2, 2), bool), a, b)
    return function


def main() -> None:
    values, refused = {}, {}
    for case in CASES:
        function = getattr(keras.ops, case.name, None)
        if function is None:
            continue
        try:
            result = function(*(single(arg) for arg in case.args), **single_all(case.kwargs))
            values[case.id] = plain(result)
        except Exception as error:
            refused[case.id] = f"{type(error).__name__}"
            print(case.id, str(error)[:200])
    types = {name: types_of(getattr(keras.ops, name), 1) for name in UNARY_TYPES}
    types |= {name: types_of(binary(name), 2) for name in BINARY_TYPES}
    signatures = {
        name: str(inspect.signature(getattr(keras.ops, name)))
        for name in sorted({case.name for case in CASES} | ELSEWHERE)
        if hasattr(keras.ops, name)
    }
    document = {
        "keras": keras.__version__,
        "values": values,
        "refused": refused,
        "letters": {letter: name for name, letter in LETTERS.items()},
        "types": types,
        "signatures": signatures,
    }
    text = "{\n" + ",\n".join(
        f"{json.dumps(key)}: {json.dumps(part, separators=(',', ':'))}"
        for key, part in document.items()
    )
    (HERE / "keras_ops.json").write_text(text + "\n}\n")


def single_all(kwargs):
    return {key: single(value) for key, value in kwargs.items()}


main()
