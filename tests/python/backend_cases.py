"""Functions of the old keras.backend with fixed arguments, and nested structures."""

from __future__ import annotations

from collections import OrderedDict, defaultdict, deque, namedtuple
from typing import Any

import numpy as np
from util_cases import plain

_random = np.random.RandomState(11)
X = np.round(_random.normal(size=(2, 3)), 3).astype(np.float32)
Y = np.round(_random.normal(size=(2, 3, 4)), 3).astype(np.float32)
Z = np.round(_random.normal(size=(2, 4, 3)), 3).astype(np.float32)
P = np.array([[0.2, 0.7, 0.1], [0.5, 0.25, 0.25]], np.float32)

CALLS: dict[str, tuple[str, tuple[Any, ...], dict[str, Any]]] = {}
_ALONE = (
    "abs exp square sign sin cos tanh sigmoid hard_sigmoid softmax softplus softsign relu elu "
    "round sum mean std var max min prod argmax argmin any all transpose flatten batch_flatten "
    "cumsum cumprod expand_dims l2_normalize zeros_like ones_like cast_to_floatx int_shape "
    "count_params"
)
for _name in _ALONE.split():
    if _name not in ("any", "all", "hard_sigmoid"):
        CALLS[_name] = (_name, (X,), {})
CALLS |= {
    "log": ("log", (P,), {}),
    "sqrt": ("sqrt", (P,), {}),
    "any": ("any", (X > 0,), {"axis": 1}),
    "all": ("all", (X > 0,), {"axis": 1}),
    "mean:axis": ("mean", (X,), {"axis": -1, "keepdims": True}),
    "pow": ("pow", (X, 2), {}),
    "clip": ("clip", (X, -0.5, 0.5), {}),
    "clip:none": ("clip", (X, 0.0, None), {}),
    "relu:all": ("relu", (X,), {"alpha": 0.1, "max_value": 0.5}),
    "maximum": ("maximum", (X, 0.1), {}),
    "minimum": ("minimum", (X, 0.1), {}),
    "greater": ("greater", (X, 0.1), {}),
    "equal": ("equal", (X, X), {}),
    "concatenate": ("concatenate", ([X, P],), {}),
    "stack": ("stack", ([X, P],), {}),
    "dot": ("dot", (X, Y[0]), {}),
    "batch_dot": ("batch_dot", (Y, Z), {}),
    "batch_dot:axes": ("batch_dot", (Y, Z), {"axes": (2, 1)}),
    "batch_dot:one": ("batch_dot", (X, P), {"axes": 1}),
    "batch_dot:mixed": ("batch_dot", (X, Y), {"axes": (1, 1)}),
    "permute_dimensions": ("permute_dimensions", (Y, (1, 0, 2)), {}),
    "repeat": ("repeat", (X, 2), {}),
    "repeat_elements": ("repeat_elements", (X, 2, 1), {}),
    "reverse": ("reverse", (X, 1), {}),
    "tile": ("tile", (X, (2, 1)), {}),
    "reshape": ("reshape", (X, (3, 2)), {}),
    "squeeze": ("squeeze", (X[:1], 0), {}),
    "gather": ("gather", (X, np.array([1, 0, 1])), {}),
    "one_hot": ("one_hot", (np.array([1, 0]), 3), {}),
    "arange": ("arange", (4,), {}),
    "arange:to": ("arange", (1, 4, 2), {}),
    "eye": ("eye", (2,), {}),
    "zeros": ("zeros", ((2,),), {}),
    "ones": ("ones", ((2,), "int32"), {}),
    "constant": ("constant", (2,), {"shape": (2, 2)}),
    "bias_add": ("bias_add", (X, X[0]), {}),
    "temporal_padding": ("temporal_padding", (Y,), {"padding": (1, 0)}),
    "in_top_k": ("in_top_k", (P, np.array([0, 2]), 2), {}),
    "binary_crossentropy": ("binary_crossentropy", (np.ones_like(P), P), {}),
    "categorical_crossentropy": ("categorical_crossentropy", (P[::-1].copy(), P), {}),
    "switch": ("switch", (X > 0, X, P), {}),
    "ndim": ("ndim", (Y,), {}),
}


def old_backend(backend: Any) -> dict[str, Any]:
    """Return what the functions give."""
    return {
        key: plain(getattr(backend, name)(*_constants(backend, args), **kwargs))
        for key, (name, args, kwargs) in CALLS.items()
    }


def _constants(backend: Any, args: tuple[Any, ...]) -> list[Any]:
    """Return arrays as tensors: functions of Keras 2 took nothing else."""

    def constant(value: Any) -> Any:
        if isinstance(value, list):
            return [constant(part) for part in value]
        return backend.constant(value, dtype=value.dtype) if hasattr(value, "dtype") else value

    return [constant(value) for value in args]


Point = namedtuple("Point", "b a")
NESTED = [{"b": 1, "a": (2, [3])}, OrderedDict([("z", 4), ("y", 5)]), Point(6, 7), None, []]


def trees(tree: Any) -> dict[str, str]:
    """Return what functions for nested structures give, as text; or the kind of their error."""
    found: dict[str, str] = {}

    def note(key: str, call: Any) -> None:
        try:
            found[key] = repr(call())
        except Exception as error:
            found[key] = type(error).__name__

    down: list[Any] = []
    up: list[Any] = []
    note("flatten", lambda: tree.flatten(NESTED))
    note("leaf", lambda: tree.flatten(3))
    note("none", lambda: tree.flatten(None))
    note("path", lambda: tree.flatten_with_path(NESTED))
    note("map", lambda: tree.map_structure(lambda x: [x], NESTED))
    note("two", lambda: tree.map_structure(max, {"b": 1, "a": [2]}, {"a": [3], "b": 4}))
    note("not none", lambda: tree.map_structure(lambda x: 0, [None, 1], none_is_leaf=False))
    note("kinds", lambda: tree.map_structure(max, [1], (1,)))
    note("lengths", lambda: tree.map_structure(max, [1], [1, 2]))
    note("nothing", lambda: tree.map_structure(max))
    note("no function", lambda: tree.map_structure(3, [1]))
    note("up to", lambda: tree.map_structure_up_to({"a": 0}, lambda x: x, {"a": [1]}))
    note("not up to", lambda: tree.map_structure_up_to([0, 0], str, [1]))
    note("pack", lambda: tree.pack_sequence_as(NESTED, range(8)))
    note("pack few", lambda: tree.pack_sequence_as([1, 2], [1]))
    note("pack one", lambda: tree.pack_sequence_as(0, [9]))
    note("pack number", lambda: tree.pack_sequence_as([1], 5))
    note("same", lambda: tree.assert_same_structure(NESTED, NESTED))
    note("keys", lambda: tree.assert_same_structure([1, {"a": 2}], [1, {"b": 2}]))
    note("dicts", lambda: tree.assert_same_structure({"a": 1}, OrderedDict(a=1)))
    note("paths", lambda: tree.assert_same_paths([1, (2,)], (1, [2])))
    note("other paths", lambda: tree.assert_same_paths([1], [1, 2]))
    note("down", lambda: tree.traverse(down.append, [(1, 2), [3], {"a": 4}]))
    note("up", lambda: tree.traverse(up.append, [(1, 2), [3], {"a": 4}], top_down=False))
    note("put", lambda: tree.traverse(lambda x: tree.MAP_TO_NONE if x == 3 else None, [(1,), 3]))
    note("tuples", lambda: tree.lists_to_tuples([1, {"a": [2, (3, [4])]}]))
    note("shapes", lambda: tree.map_shape_structure(lambda s: s[::-1], {"a": (1, None), "b": [2]}))
    note("nested", lambda: [tree.is_nested(x) for x in ([], (), {}, 1, "a", None, {1}, deque())])
    note("default", lambda: tree.map_structure(str, defaultdict(int, {"b": 1, "a": 2})))
    note("deque", lambda: tree.map_structure(str, deque([1, 2])))
    found["seen"] = repr([down, up])
    return found
