"""Operations without a row in `op_cases.py`: loops, branches, conversions, own gradients."""

from __future__ import annotations

import sys
import types

import numpy as np
import pytest
from chronicler import ops
from chronicler.ops.operation import OPERATIONS
from chronicler.tensor import Recording, Tensor, Variable

ones = np.ones((2, 3), np.float32)


def test_scan_runs_and_differentiates():
    x, w = Tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), Variable(2.0)

    def step(carry, row):
        carry = carry * w + row
        return carry, carry * 10.0

    with Recording() as tape:
        last, all_ = ops.scan(step, ops.zeros(2), x)
    assert last.tolist() == [15, 22]
    assert all_.tolist() == [[10, 20], [50, 80], [150, 220]]
    by_w, by_x = tape.gradients(last, None, [w, x])
    assert by_x.tolist() == [[4, 4], [2, 2], [1, 1]]
    assert by_w.tolist() == (4 * 1 + 3) + (4 * 2 + 4)  # w w a + w b + c by w: 2 w a + b
    backwards, _ = ops.scan(step, ops.zeros(2), x, reverse=True)
    assert backwards.tolist() == [5 * 4 + 3 * 2 + 1, 6 * 4 + 4 * 2 + 2]
    count, none = ops.scan(lambda carry, _: (carry + 1, None), 0, length=4)
    assert int(count) == 4 and none is None
    carry, ys = ops.scan(
        lambda c, x: ({"n": c["n"] + x[0]}, [x[1], None]), {"n": 0}, (np.arange(3), np.arange(3.0))
    )
    assert int(carry["n"]) == 3 and ys[0].tolist() == [0, 1, 2] and ys[1] is None
    with pytest.raises(TypeError):
        ops.scan(None, 0, x)
    with pytest.raises(ValueError, match="xs or length"):
        ops.scan(step, 0)
    with pytest.raises(ValueError, match="slices"):
        ops.scan(step, ops.zeros(2), x, length=2)


def test_other_loops():
    assert ops.while_loop(lambda i: i < 5, lambda i: (i + 2,), (1,))[0].tolist() == 5
    assert ops.while_loop(lambda i: i < 5, lambda i: i + 2, 0).tolist() == 6
    i, total = ops.while_loop(
        lambda i, t: True, lambda i, t: (i + 1, t + i), (0, 0.0), maximum_iterations=4
    )
    assert int(i) == 4 and float(total) == 6.0
    assert int(ops.fori_loop(1, 4, lambda i, v: v + i, 10)) == 16
    assert ops.map(lambda row: ops.sum(row), ones).tolist() == [3, 3]
    assert ops.vectorized_map(lambda pair: pair[0] * pair[1], [ones, 2 * ones]).shape == (2, 3)
    running = ops.associative_scan(lambda a, b: a + b, np.arange(5.0))
    assert running.tolist() == [0, 1, 3, 6, 10]
    running = ops.associative_scan(lambda a, b: a + b, ones, reverse=True, axis=1)
    assert running.tolist() == [[3, 2, 1]] * 2
    assert ops.vectorize(lambda a, b: a * b + 1)(ones, 2.0).tolist() == [[3, 3, 3]] * 2


def test_branches():
    x = Tensor([1.0, 2.0])
    with Recording() as tape:
        y = ops.cond(x[0] > 0, lambda: x * 3, lambda: x * 5)
        z = ops.switch(7, [lambda v: v, lambda v: v * 7], x)
    assert tape.gradients([y, z], None, x)[0].tolist() == [10, 10]
    assert ops.switch(Tensor(0), [lambda: 1, lambda: 2]) == 1


def test_conversions():
    v = Variable(ones)
    assert isinstance(ops.convert_to_tensor(v), Tensor)
    assert ops.convert_to_tensor(ones).numpy() is ones
    assert ops.convert_to_numpy(v) is not v._array
    assert isinstance(ops.convert_to_numpy([1, 2]), np.ndarray)
    assert ops.is_tensor(ops.ones(2)) and not ops.is_tensor(ones)
    assert ops.shape(v) == (2, 3) and ops.shape([[1, 2]]) == (1, 2)
    assert ops.ndim(v) == 2 and int(ops.size(v)) == 6
    assert ops.dtype(v) == "float32" and ops.dtype(1) == "int32"
    with pytest.raises(ValueError, match="dense"):
        ops.convert_to_tensor(ones, sparse=True)
    assert ops.nn.relu is ops.relu and ops.numpy.sum is ops.sum
    assert not hasattr(ops.nn, "matmul") and not hasattr(ops.numpy, "relu")


def test_where_without_choices_gives_indices():
    rows, columns = ops.where(np.array([[0, 1], [1, 0]]))
    assert rows.tolist() == [0, 1] and columns.tolist() == [1, 0]


def test_own_gradient():
    @ops.custom_gradient
    def log1pexp(x):
        """Say what it does."""
        e = ops.exp(x)

        def grad(*args, upstream=None):
            if upstream is None:
                (upstream,) = args
            return ops.multiply(upstream, 1.0 - 1.0 / ops.add(1, e))

        return ops.log(1 + e), grad

    x = Tensor([0.5, 100.0])
    with Recording() as tape:
        y = log1pexp(x) * 2.0
    assert log1pexp.__doc__ == "Say what it does."
    np.testing.assert_allclose(tape.gradients(y, None, x)[0], [2 / (1 + np.exp(-0.5)), 2.0], 1e-6)


def test_own_gradient_of_several():
    class Layer:
        def __init__(self):
            self.factor = 3.0

        @ops.custom_gradient
        def both(self, x, y):
            return (x + y, x * y), lambda a, b: (None, a * self.factor, b)

    with pytest.raises(TypeError):  # `self` has no gradient to be given: use a nested function
        Layer().both()

    @ops.custom_gradient
    def both(x, y):
        return (x + y, x * y), lambda a, b: (a * 3.0, b)

    x, y = Tensor([1.0]), Tensor([2.0])
    with Recording() as tape:
        total, product = both(x, y)
        z = total * 10.0 + product
    assert [g.tolist() for g in tape.gradients(z, None, [x, y])] == [[30], [1]]
    assert tape.gradients(total, None, [x, y])[1].tolist() == [0]

    @ops.custom_gradient
    def wrong(x, y):
        return x + y, lambda up: (up,)

    with Recording() as tape:
        z = wrong(x, y)
    with pytest.raises(ValueError, match="2 arguments"):
        tape.gradients(z, None, x)


def test_symbols_go_to_the_graph(monkeypatch):
    calls = []
    graph = types.ModuleType("chronicler._graph")
    graph.call_operation = lambda name, args, kwargs: calls.append((name, args, kwargs)) or name
    monkeypatch.setitem(sys.modules, "chronicler._graph", graph)

    class Symbol:
        _is_symbol = True
        shape, dtype = (None, 3), "float32"

    s = Symbol()
    assert ops.add(s, 1) == "add" and ops.multiply(ones, s) == "multiply"
    assert ops.concatenate([ones, s], axis=1) == "concatenate"
    assert ops.sum(x=s, axis=0) == "sum" and ops.abs(s) == "absolute"
    assert ops.get_item(s, (slice(None), 0)) == "get_item"
    assert calls[2] == ("concatenate", ([ones, s],), {"axis": 1})
    assert len(calls) == 6
    assert ops.convert_to_tensor(s) is s and ops.shape(s) == (None, 3) and ops.is_tensor(s)
    assert all(name in OPERATIONS for name, _, _ in calls)
    with pytest.raises(TypeError, match="no numbers yet"):
        Tensor(s)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: ops.concatenate([]), "at least one tensor"),
        (lambda: ops.split(ones, 2, axis=1), "divide"),
        (lambda: ops.unstack(ones, num=4), "num=4"),
        (lambda: ops.pad(ones, ((1, 1), (1, 1), (1, 1))), "pad_width"),
        (lambda: ops.pad(ones, 1, mode="wrap-around"), "mode"),
        (lambda: ops.top_k(ones, 4), "last axis"),
        (lambda: ops.sum(ones, axis=1).reshape, None),
        (lambda: ops.one_hot([1], 2, sparse=True), "dense"),
        (lambda: ops.einsum("ij,jk->ik", ones), "operands"),
        (lambda: ops.conv(ones, ones), "batch, steps, channels"),
        (lambda: ops.conv(np.ones((1, 2, 1)), np.ones((3, 1, 1))), "longer input"),
        (lambda: ops.conv(np.ones((1, 5, 3)), np.ones((3, 2, 1))), "channels"),
        (lambda: ops.binary_crossentropy(np.ones(2), np.ones(3)), "same shape"),
        (lambda: ops.sparse_categorical_crossentropy(np.ones(3), ones), "same shape"),
        (lambda: ops.cast(ones, "float12"), "Invalid dtype"),
        (lambda: ops.scatter_update(ones, [[0, 0]], [1.0], "sub"), "reduction"),
        (lambda: ops.slice(ones, (0,), (1,)), "dimensions"),
        (lambda: ops.norm(ones, ord="x", axis=1), "ord"),
        (lambda: ops.norm(ones, ord=5, axis=(0, 1)), "ord"),
        (lambda: ops.normalize(ones, order=0), "order"),
        (lambda: ops.moveaxis(ones, 0, 5), None),
        (lambda: ops.transpose(ones, (0, 2)), "axis 2"),
        (lambda: Tensor(ones)[5], "shape"),
    ],
)
def test_errors_say_what(call, text):
    with pytest.raises((ValueError, TypeError, IndexError, AttributeError), match=text):
        call()


def test_crossentropy_of_a_softmax_is_that_of_its_logits():
    logits = Tensor(np.array([[200.0, 0.0, -200.0]], np.float32))
    target = np.array([[0.0, 0.0, 1.0]], np.float32)
    with Recording() as tape:
        loss = ops.categorical_crossentropy(target, ops.softmax(logits))
    assert loss.tolist() == [400]
    assert tape.gradients(loss, None, logits)[0].tolist() == [[1, 0, -1]]
    with Recording() as tape:
        loss = ops.binary_crossentropy([0.0], ops.sigmoid(np.array([300.0], np.float32)))
    assert loss.tolist() == [300]
    with pytest.warns(UserWarning, match="from_logits"):
        ops.sparse_categorical_crossentropy([0], ops.softmax(logits), from_logits=True)


def test_classes_out_of_range_have_no_loss():
    loss = ops.sparse_categorical_crossentropy(np.array([-1, 1]), np.full((2, 2), 0.5))
    assert np.isnan(loss.numpy()[0]) and np.isfinite(loss.numpy()[1])


def test_symmetric_matrices():
    """Derivatives of what reads one triangle, through a matrix that is made symmetric."""
    rng = np.random.RandomState(3)
    x, weight = rng.normal(size=(3, 3)) + 3 * np.eye(3), rng.normal(size=(3, 3))

    def of(function):
        def total(array):
            a = Tensor(array) if isinstance(array, np.ndarray) else array
            made = function(ops.matmul(a, ops.transpose(a)))
            return ops.sum(made * weight[: made.shape[0]] if made.ndim == 2 else made * weight[0])

        return total

    for function in (
        ops.cholesky,
        lambda m: ops.cholesky(m, upper=True),
        lambda m: ops.eigh(m)[0],
    ):
        total = of(function)
        source = Tensor(x)
        with Recording() as tape:
            y = total(source)
        found = tape.gradients(y, None, source)[0]
        for place in np.ndindex(3, 3):
            step = np.zeros((3, 3))
            step[place] = 1e-6
            expected = (float(total(x + step)) - float(total(x - step))) / 2e-6
            assert abs(found[place] - expected) < 1e-6 * max(1, abs(expected))
    values, vectors = ops.eigh(x @ x.T)
    np.testing.assert_allclose(vectors * values @ vectors.T, x @ x.T, atol=1e-12)
    u, s, v = ops.svd(x, full_matrices=False)
    np.testing.assert_allclose(u * s @ v, x, atol=1e-12)
    assert ops.linalg.inv is ops.inv
    for call in (lambda: ops.inv(np.ones((2, 3))), lambda: ops.inv(np.zeros((2, 2)))):
        with pytest.raises(ValueError, match="inv"):
            call()
    with pytest.raises(ValueError, match="cholesky"):
        ops.cholesky(-np.eye(2))


@pytest.mark.parametrize(
    ("pattern", "sizes", "text"),
    [
        ("a b c", {}, "'->'"),
        ("a b -> a b", {}, "names 2 axes"),
        ("a b c -> a b", {}, "same axes"),
        ("a (b c) d -> a b c d", {}, "all but one"),
        ("a (b c) d -> a b c d", {"b": 4}, "does not make"),
    ],
)
def test_patterns_that_do_not_fit(pattern, sizes, text):
    with pytest.raises(ValueError, match=text):
        ops.rearrange(np.ones((2, 3, 4)), pattern, **sizes)
