"""Operations on symbols: a model of one operation gives what the operation gives at once."""

from __future__ import annotations

import chronicler
import numpy as np
import pytest
from chronicler import layers, models, ops
from op_cases import CASES

# A model's output has the batch in front, so these have no place in a graph.
WITHOUT_BATCH = {"reshape", "squeeze", "softmax:all"}
# The shape of their result is found with zeros, which have no inverse.
NOT_OF_ZEROS = {"inv", "solve", "solve:vector", "solve_triangular", "solve_triangular:lower"}


def single(value):
    if isinstance(value, np.ndarray) and value.dtype == np.float64:
        return value.astype(np.float32)
    return [single(part) for part in value] if isinstance(value, list) else value


def first(result):
    return result[0] if isinstance(result, (list, tuple)) else result


def eager(case):
    args = [single(arg) for arg in case.args]
    return first(getattr(ops, case.name)(*args, **{k: single(v) for k, v in case.kwargs.items()}))


GRAPH_CASES = [
    case
    for case in CASES
    if case.by
    and isinstance(case.args[case.by[0]], np.ndarray)
    and case.args[case.by[0]].ndim
    and case.id not in WITHOUT_BATCH | NOT_OF_ZEROS
    and eager(case).ndim
]


@pytest.mark.parametrize("case", GRAPH_CASES, ids=lambda case: case.id)
def test_a_model_of_one_operation(case):
    args = [single(arg) for arg in case.args]
    kwargs = {key: single(value) for key, value in case.kwargs.items()}
    place = case.by[0]
    array = args[place]
    args[place] = symbol = layers.Input(array.shape[1:], batch_size=array.shape[0])
    made = first(getattr(ops, case.name)(*args, **kwargs))
    wanted = eager(case).numpy()
    assert isinstance(made, chronicler.KerasTensor) and made.dtype == wanted.dtype
    assert len(made.shape) == wanted.ndim
    assert all(size in (None, real) for size, real in zip(made.shape, wanted.shape))
    found = np.asarray(models.Model(symbol, made)(array))
    np.testing.assert_allclose(found, wanted, rtol=2e-5, atol=2e-6)


def test_several_symbols():
    rng = np.random.RandomState(0)
    arrays = [rng.normal(size=(2, 3, 2, 4)).astype(np.float32) for _ in range(3)]
    query, key, value = (layers.Input((3, 2, 4)) for _ in range(3))
    made = ops.dot_product_attention(query, key, value=value, is_causal=True)
    model = models.Model([query, key, value], made)
    wanted = ops.dot_product_attention(*arrays, is_causal=True).numpy()
    np.testing.assert_allclose(np.asarray(model(arrays)), wanted, rtol=1e-5, atol=1e-6)
    joined = ops.logaddexp(query, ops.einsum("bijk,bijk->bijk", key, value))
    model = models.Model([query, key, value], joined)
    wanted = np.logaddexp(arrays[0], arrays[1] * arrays[2])
    np.testing.assert_allclose(np.asarray(model(arrays)), wanted, rtol=1e-5, atol=1e-6)


def test_training_goes_through_operations():
    rng = np.random.RandomState(0)
    x = rng.normal(size=(64, 3)).astype(np.float32)
    symbol = layers.Input((3,))
    hidden = layers.Dense(4)(symbol)
    mixed = ops.logaddexp(hidden, ops.einsum("bi->bi", -1.0 * hidden))
    model = models.Model(symbol, layers.Dense(1)(mixed))
    model.compile("adam", "mse")
    losses = model.fit(x, np.abs(x[:, :1]), epochs=30, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    before = model.layers[1].get_weights()[0]
    model.fit(x, np.abs(x[:, :1]), verbose=0)
    assert not np.array_equal(before, model.layers[1].get_weights()[0])
