"""Products of matrices by the extension's kernels: numbers, shapes, and bits for any threads."""

from __future__ import annotations

import chronicler
import numpy as np
import pytest
from chronicler import _core, ops
from chronicler.ops.products import contracted, product

SIZES = [(1, 1, 1), (5, 7, 3), (70, 300, 65), (200, 64, 256), (0, 3, 2), (3, 0, 2), (2, 3, 0)]


def matrices(m, k, n, a_turned=False, b_turned=False):
    rng = np.random.RandomState(m + k + n)
    a = rng.normal(size=(k, m) if a_turned else (m, k)).astype(np.float32)
    b = rng.normal(size=(n, k) if b_turned else (k, n)).astype(np.float32)
    return a, b


@pytest.mark.parametrize("turned", [(False, False), (True, False), (False, True)])
@pytest.mark.parametrize("sizes", SIZES)
def test_product(sizes, turned):
    a, b = matrices(*sizes, *turned)
    wanted = (a.T if turned[0] else a).astype(np.float64) @ (b.T if turned[1] else b)
    found = product(a, b, *turned)
    assert found.dtype == np.float32 and found.shape == wanted.shape
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-4)


def test_same_bits_for_any_number_of_threads():
    before = chronicler.threads()
    results = []
    try:
        for threads in (1, 2, 5):
            chronicler.set_threads(threads)
            for turned in ((False, False), (True, False), (False, True)):
                results.append(product(*matrices(201, 64, 256, *turned), *turned))
    finally:
        chronicler.set_threads(before)
    for found, first in zip(results[3:], results[:3] * 2):
        assert np.array_equal(found, first)


def test_views_of_every_kind():
    a, b = matrices(6, 4, 5)
    wanted = product(a, b)
    wide = np.zeros((6, 8), np.float32)
    wide[:, ::2] = a
    fixed = b.copy()
    fixed.flags.writeable = False
    for left in (a, np.asfortranarray(a), wide[:, ::2], a[::-1][::-1]):
        for right in (b, np.asfortranarray(b), fixed):
            assert np.array_equal(product(left, right), wanted)
    spread = np.broadcast_to(np.float32(2), (3, 6))
    assert np.array_equal(product(spread, a), product(spread.copy(), a))


def test_wrong_sizes_are_errors():
    a, b = matrices(2, 3, 4)
    for call in (
        lambda: _core.product(a, a, False, False),
        lambda: _core.product(a, b, True, True),
        lambda: _core.product(a[0], b, False, False),
        lambda: ops.matmul(a, a),
    ):
        with pytest.raises(ValueError):
            call()


def test_contraction_is_numpys():
    rng = np.random.RandomState(0)
    a = rng.normal(size=(2, 3, 4)).astype(np.float32)
    b = rng.normal(size=(4, 5, 3)).astype(np.float32)
    for axes in (([1, 2], [2, 0]), ([2], [0]), ([-2], [-1]), ([], [])):
        wanted = np.tensordot(a, b, axes)
        found = contracted(a, b, axes)
        assert found.shape == wanted.shape
        np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5)
    assert contracted(a[:, :0], b[..., :0], ([1], [2])).shape == (2, 4, 4, 5)
