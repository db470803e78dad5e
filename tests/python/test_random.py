"""Random numbers: the same for a seed, the shapes and types of Keras, and distributions."""

from __future__ import annotations

import math

import numpy as np
import pytest
from chronicler import random
from chronicler.tensor import Recording, Tensor

COUNT = 20000


def array(x):
    return np.asarray(x, np.float64)


def near(found, wanted, deviation, count=COUNT):
    """Assert that a mean is within five standard errors."""
    assert abs(found - wanted) < 5 * deviation / math.sqrt(count)


def test_numbers_of_a_seed_never_change():
    assert random.uniform((3,), seed=7).tolist() == UNIFORM
    np.testing.assert_allclose(random.normal((3,), seed=7).numpy(), NORMAL, rtol=1e-6)
    assert random.randint((5,), 0, 100, seed=7).tolist() == RANDINT
    assert random.shuffle(np.arange(6), seed=7).tolist() == SHUFFLE


UNIFORM = [0.8720734715461731, 0.2953653931617737, 0.420097678899765]
NORMAL = [-1.77770901, 0.975883543, -0.693217278]
RANDINT = [87, 29, 42, 40, 8]
SHUFFLE = [4, 1, 3, 2, 5, 0]


def test_seeds():
    assert random.normal((4,), seed=1).tolist() == random.normal((4,), seed=1).tolist()
    assert random.normal((4,), seed=1).tolist() != random.normal((4,), seed=2).tolist()
    row = random.SeedGenerator(5)
    first, second = random.uniform((4,), seed=row), random.uniform((4,), seed=row)
    assert first.tolist() != second.tolist()
    again = random.SeedGenerator(5)
    assert random.uniform((4,), seed=again).tolist() == first.tolist()
    assert first.tolist() == random.uniform((4,), seed=5).tolist()
    assert row.state.numpy().tolist() == [5, 2]
    assert random.normal((4,)).tolist() != random.normal((4,)).tolist()
    assert row.next(ordered=False).tolist() == [5, 2]
    assert random.SeedGenerator.from_config(row.get_config()).get_config() == row.get_config()
    random.uniform((1,), seed=-3)
    random.uniform((1,), seed=2**64 + 1)
    for wrong in ("a", 1.5, True):
        with pytest.raises(ValueError, match="seed"):
            random.normal((1,), seed=wrong)
        with pytest.raises(ValueError, match="integer"):
            random.SeedGenerator(wrong)


def test_types_and_shapes():
    assert random.normal((2, 3), seed=1).shape == (2, 3)
    assert random.normal((), seed=1).shape == ()
    assert random.normal([2], dtype="float64", seed=1).dtype == "float64"
    assert random.normal((0, 2), seed=1).shape == (0, 2)
    assert random.uniform((2,), dtype="float16", seed=1).dtype == "float16"
    assert random.randint((2,), 0, 5, seed=1).dtype == "int32"
    assert random.categorical(np.zeros((2, 3)), 4, seed=1).dtype == "int32"
    assert random.categorical(np.zeros((2, 3)), 4, "int64", 1).shape == (2, 4)
    for call in (
        lambda: random.uniform((1,), dtype="int32"),
        lambda: random.randint((1,), 0, 2, dtype="float32"),
        lambda: random.randint((1,), 2, 2),
        lambda: random.gamma((1,), -1.0),
        lambda: random.dropout(np.ones(2), 1.5),
        lambda: random.categorical(np.zeros(3), 1),
        lambda: random.binomial((1,), 2, 1.5),
    ):
        with pytest.raises(ValueError):
            call()


def test_normal():
    x = array(random.normal((COUNT,), mean=2.0, stddev=3.0, seed=1))
    near(x.mean(), 2, 3)
    near(x.var(), 9, 9 * math.sqrt(2))
    near(((x - 2) / 3 < 1).mean(), 0.8413, 0.37)


def test_truncated_normal():
    x = array(random.truncated_normal((COUNT,), mean=1.0, stddev=2.0, seed=1))
    assert x.min() >= -3 and x.max() <= 5
    near(x.mean(), 1, 2)
    near(x.std(), 2 * 0.8796, 2)


def test_uniform():
    x = random.uniform((COUNT,), minval=-1.0, maxval=3.0, seed=1).numpy()
    assert x.min() >= -1 and x.max() < 3
    near(x.mean(), 1, 1.2)
    assert random.uniform((COUNT,), dtype="float16", seed=1).numpy().max() < 1


def test_randint():
    x = random.randint((COUNT,), -2, 3, seed=1).numpy()
    assert set(x.tolist()) == {-2, -1, 0, 1, 2}
    near(array(x).mean(), 0, 1.42)


def test_categorical():
    logits = np.log(np.array([[0.1, 0.2, 0.7], [1e-30, 1.0, 1e-30]]))
    x = random.categorical(logits, COUNT, seed=1).numpy()
    near((x[0] == 2).mean(), 0.7, 0.46)
    assert (x[1] == 1).all()


def test_gamma_beta_binomial():
    for alpha in (0.3, 1.0, 4.5):
        x = array(random.gamma((COUNT,), alpha, seed=1))
        near(x.mean(), alpha, math.sqrt(alpha))
        near(x.var(), alpha, math.sqrt(2 * alpha**2 + 6 * alpha))
    x = array(random.beta((COUNT,), 2.0, 3.0, seed=1))
    assert x.min() > 0 and x.max() < 1
    near(x.mean(), 0.4, 0.2)
    x = array(random.binomial((COUNT,), 10, 0.3, seed=1))
    assert set(x.tolist()) <= set(range(11))
    near(x.mean(), 3, 1.45)
    assert random.binomial((3,), [0, 5, 5], [0.5, 0.0, 1.0], seed=1).tolist() == [0, 0, 5]


def test_dropout():
    x = np.ones((100, 200), np.float32)
    y = random.dropout(x, 0.25, seed=1).numpy()
    assert set(np.unique(y).tolist()) == {0.0, np.float32(1 / 0.75)}
    near((y == 0).mean(), 0.25, 0.43)
    rows = random.dropout(x, 0.5, noise_shape=(None, 1), seed=1).numpy()
    assert (rows == rows[:, :1]).all() and 0 < (rows[:, 0] == 0).sum() < 100
    assert random.dropout(x, 1.0, seed=1).numpy().sum() == 0
    assert random.dropout(x, 0.0, seed=1).numpy().sum() == x.sum()
    source = Tensor(x)
    with Recording() as tape:
        z = random.dropout(source, 0.25, seed=1)
    np.testing.assert_array_equal(tape.gradients(z, None, source)[0], y)


def test_shuffle():
    x = np.arange(24).reshape(2, 12)
    y = random.shuffle(x, axis=1, seed=3).numpy()
    assert sorted(y[0].tolist()) == x[0].tolist() and (y[1] == y[0] + 12).all()
    assert y[0].tolist() != x[0].tolist()
    source = Tensor(np.array([1.0, 2.0, 3.0]))
    with Recording() as tape:
        z = random.shuffle(source, seed=3)
    by = tape.gradients(z, [z.numpy()], source)[0]
    assert by.tolist() == [1, 2, 3]
