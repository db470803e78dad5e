"""Loops and branches. They run at once, so Python's own do as well."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..tensor import Tensor
from ..tree import flatten, map_structure
from .operation import operation, tensor


def _rows(structure: Any) -> list[Any]:
    """Return the slices of nested tensors along their first axis."""
    whole = map_structure(tensor, structure)
    sizes = {leaf.shape[0] for leaf in flatten(whole) if leaf is not None}
    if len(sizes) != 1:
        raise ValueError(f"The tensors have first axes of sizes {sorted(sizes)}; expected one.")
    return [map_structure(lambda leaf: leaf[row], whole) for row in range(sizes.pop())]


def _stacked(results: Sequence[Any]) -> Any:
    from .structure import stack

    return map_structure(lambda *parts: None if parts[0] is None else stack(list(parts)), *results)


@operation
def scan(
    f: Callable[..., Any],
    init: Any,
    xs: Any = None,
    length: int | None = None,
    reverse: bool = False,
    unroll: Any = 1,
) -> tuple[Any, Any]:
    """Return the last carry and all results of `carry, y = f(carry, x)` over the slices of xs."""
    if not callable(f):
        raise TypeError(f"scan: f is {f!r}; expected a function of (carry, x).")
    if xs is None and length is None:
        raise ValueError("scan: give xs or length.")
    inputs = [None] * int(length or 0) if xs is None else _rows(xs)
    if length is not None and length != len(inputs):
        raise ValueError(f"scan: length is {length}, but xs has {len(inputs)} slices.")
    carry = map_structure(lambda leaf: leaf if leaf is None else tensor(leaf), init)
    results: list[Any] = []
    for x in reversed(inputs) if reverse else inputs:
        carry, y = f(carry, x)
        results.append(y)
    if reverse:
        results.reverse()
    return carry, (_stacked(results) if results else None)


@operation
def associative_scan(
    f: Callable[..., Any], elems: Any, reverse: bool = False, axis: int = 0
) -> Any:
    """Return the running results of `f(a, b)` over the slices along `axis`."""
    from .structure import concatenate, moveaxis

    moved = map_structure(lambda leaf: moveaxis(tensor(leaf), axis, 0), elems)
    count = flatten(moved)[0].shape[0]
    order = range(count - 1, -1, -1) if reverse else range(count)
    results: list[Any] = []
    for place in order:
        part = map_structure(lambda leaf: leaf[place : place + 1], moved)
        results.append(part if not results else f(results[-1], part))
    if reverse:
        results.reverse()
    return map_structure(lambda *parts: moveaxis(concatenate(list(parts)), 0, axis), *results)


@operation
def while_loop(
    cond: Callable[..., Any],
    body: Callable[..., Any],
    loop_vars: Any,
    maximum_iterations: int | None = None,
) -> Any:
    """Return the variables after running `body` while `cond` holds."""
    single = not isinstance(loop_vars, (list, tuple))
    state = (loop_vars,) if single else tuple(loop_vars)
    state = map_structure(tensor, state)
    count = 0
    while (maximum_iterations is None or count < maximum_iterations) and bool(cond(*state)):
        new = body(*state)
        state = tuple(new) if isinstance(new, (list, tuple)) else (new,)
        count += 1
    return state[0] if single else type(loop_vars)(state)


@operation
def fori_loop(lower: Any, upper: Any, body_fun: Callable[..., Any], init_val: Any) -> Any:
    """Return the value after `value = body_fun(i, value)` for each i from lower to upper."""
    value = init_val
    for index in range(int(lower), int(upper)):
        value = body_fun(Tensor(np.asarray(index, np.int32)), value)
    return value


@operation
def cond(pred: Any, true_fn: Callable[[], Any], false_fn: Callable[[], Any]) -> Any:
    """Return the result of one of two functions."""
    return true_fn() if bool(pred) else false_fn()


@operation
def switch(index: Any, branches: Sequence[Callable[..., Any]], *operands: Any) -> Any:
    """Return the result of the branch that `index` names; beyond the ends, the nearest."""
    place = min(max(int(index), 0), len(branches) - 1)
    return branches[place](*operands)


@operation
def map(f: Callable[..., Any], xs: Any) -> Any:
    """Return the results of `f` for each slice of xs, stacked."""
    return _stacked([f(row) for row in _rows(xs)])


@operation
def vectorized_map(function: Callable[..., Any], elements: Any) -> Any:
    """Return the results of `function` for each slice of the elements, stacked."""
    return _stacked([function(row) for row in _rows(elements)])


def vectorize(
    pyfunc: Callable[..., Any], *, excluded: Any = None, signature: str | None = None
) -> Callable[..., Any]:
    """Return a function that applies `pyfunc` to each element of its (broadcast) arguments."""
    if signature is not None or excluded:
        raise ValueError("vectorize: signature and excluded are not there; use vectorized_map.")

    def function(*args: Any) -> Any:
        from .structure import broadcast_to, ravel, reshape

        tensors = [tensor(arg) for arg in args]
        shape = np.broadcast_shapes(*(value.shape for value in tensors))
        flat = [ravel(broadcast_to(value, shape)) for value in tensors]
        results = [pyfunc(*(value[place] for value in flat)) for place in range(flat[0].size)]
        return map_structure(lambda leaf: reshape(leaf, shape), _stacked(results))

    return function
