"""keras.backend of Keras 2, keras.tree, and small contexts: what Keras gives."""

from __future__ import annotations

import json
import pathlib

import backend_cases
import chronicler
import numpy as np
import pytest
from chronicler import backend, config, dtype_policies, ops, tree
from chronicler.tensor import Variable

GOLDEN = json.loads((pathlib.Path(__file__).parent / "golden" / "keras_utils.json").read_text())


@pytest.mark.parametrize("key", list(backend_cases.CALLS))
def test_old_functions(key):
    found, wanted = backend_cases.old_backend(backend)[key], GOLDEN["old_backend"][key]
    if isinstance(wanted, list) and wanted and isinstance(wanted[0], str):
        assert found[0] == wanted[0]
        np.testing.assert_allclose(found[1], wanted[1], rtol=1e-5, atol=2e-6)
    else:
        assert json.loads(json.dumps(found)) == wanted


def test_trees():
    found = backend_cases.trees(tree)
    for key, wanted in GOLDEN["trees"].items():
        assert found[key] == wanted, key
    with pytest.warns(DeprecationWarning):
        tree.assert_same_structure([1], [2], check_types=True)
    # The example of Keras's own document, which Keras 3.15.1 refuses with optree.
    assert tree.map_structure_up_to([None, [None]], str, [[1], [2]]) == ["[1]", ["2"]]


def test_old_variables():
    v = backend.variable([1.0, 2.0])
    backend.set_value(v, [3.0, 4.0])
    backend.update_add(v, 1.0)
    backend.update_sub(v, [1.0, 0.0])
    assert backend.get_value(v).tolist() == [3, 5] and isinstance(v, Variable)
    backend.update(v, v * 2.0)
    backend.batch_set_value([(v, [1.0, 1.0])])
    backend.moving_average_update(v, [3.0, 3.0], 0.5)
    assert backend.batch_get_value([v])[0].tolist() == [2, 2]
    assert backend.eval(backend.dropout(ops.ones(4), 0.0)).tolist() == [1, 1, 1, 1]
    assert backend.random_bernoulli((5,), 1.0).tolist() == [1] * 5
    for made in (backend.random_normal, backend.random_uniform, backend.truncated_normal):
        assert made((2, 3), seed=1).shape == (2, 3)
    assert backend.switch(True, lambda: 1, lambda: 2) == 1
    assert backend.cast_to_floatx(np.arange(2)).dtype == np.float32
    assert backend.bias_add(np.ones((1, 2, 3)), [1.0, 2.0], "channels_first").shape == (1, 2, 3)


def test_types_are_named():
    assert backend.standardize_dtype(np.float64) == "float64"
    assert backend.result_type("int32", "float16") == "float16"
    assert backend.is_float_dtype("float32") and backend.is_int_dtype("uint8")
    with pytest.raises(AttributeError, match=r"chronicler\.ops"):
        _ = backend.nothing


def test_contexts():
    with chronicler.device("/device:CPU:0"), chronicler.name_scope("part"):
        assert ops.ones(1).device == "cpu"
    with pytest.raises(ValueError, match="CPU"), chronicler.device("gpu:0"):
        pass
    with pytest.raises(ValueError, match="'/'"):
        chronicler.name_scope("a/b")


def test_policies():
    from chronicler.keras import mixed_precision

    policy = dtype_policies.DTypePolicy("float64")
    written = dtype_policies.serialize(policy)
    assert dtype_policies.deserialize(written) == policy
    assert mixed_precision.global_policy().name == "float32"
    mixed_precision.set_global_policy("float64")
    assert dtype_policies.dtype_policy() == policy
    dtype_policies.set_dtype_policy("float32")
    dtype_policies._warned.clear()
    with pytest.warns(UserWarning, match="computes in float32"):
        mixed_precision.set_global_policy("mixed_float16")
    assert dtype_policies.dtype_policy().compute_dtype == "float32"
    config._policy = None  # floatx() decides again
