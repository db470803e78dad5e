"""Operations: derivatives against finite differences in double, numbers and types against Keras.

`golden/keras_ops.json` is what Keras 3.15.1 gives (`golden/make_ops.py` writes it).
"""

from __future__ import annotations

import inspect
import json
import pathlib

import numpy as np
import pytest
from chronicler import ops
from chronicler.ops.operation import OPERATIONS
from chronicler.tensor import Recording, Tensor
from op_cases import BINARY_TYPES, CASES, DTYPES, ELSEWHERE, UNARY_TYPES, words

GOLDEN = json.loads((pathlib.Path(__file__).parent / "golden" / "keras_ops.json").read_text())
PUBLIC = sorted(
    name
    for name in dir(ops)
    if not name.startswith("_")
    and callable(getattr(ops, name))
    and getattr(getattr(ops, name), "__module__", "").startswith("chronicler.ops")
)


def test_no_operation_is_left_out():
    assert len(PUBLIC) > 200
    assert set(PUBLIC) - {case.name for case in CASES} - ELSEWHERE == set()
    assert len({case.id for case in CASES}) == len(CASES)
    ours = {name for name, f in OPERATIONS.items() if f.__module__.startswith("chronicler.ops")}
    assert ours <= set(PUBLIC)


def test_each_real_function_is_differentiated():
    flat = set(
        words(
            "sign floor ceil trunc round stop_gradient isnan isinf isfinite logical_not "
            "convert_to_tensor array view floor_divide equal not_equal less less_equal greater "
            "greater_equal isclose allclose logical_and logical_or logical_xor bitwise_and "
            "bitwise_or bitwise_xor searchsorted median quantile any all count_nonzero argmax "
            "argmin argsort in_top_k argpartition unique zeros ones empty full zeros_like "
            "ones_like empty_like full_like eye identity tri arange logspace one_hot multi_hot "
            "nonzero isin digitize bincount saturate_cast signbit isposinf isneginf isreal "
            "bitwise_not bitwise_invert bitwise_left_shift bitwise_right_shift left_shift "
            "right_shift gcd lcm nextafter unravel_index geomspace nanargmax nanargmin nanmedian "
            "percentile nanpercentile nanquantile histogram corrcoef bartlett blackman hamming "
            "hanning kaiser lstsq matrix_rank cholesky eigh ctc_decode"
        )
    )
    tested = {case.name for case in CASES if case.by}
    assert {case.name for case in CASES} - tested == flat
    assert tested & flat == set()


def outputs_of(result):
    results = result if isinstance(result, (list, tuple)) else [result]
    return [part for part in results if isinstance(part, Tensor) and part.dtype.startswith("float")]


def flatten(args):
    """Return the arguments with lists of arrays opened, as `einsum` has them anyway."""
    return [part for arg in args for part in (arg if isinstance(arg, list) else [arg])]


@pytest.mark.parametrize("case", [c for c in CASES if c.by], ids=lambda c: c.id)
def test_derivative(case):
    function = getattr(ops, case.name)
    rng = np.random.RandomState(1)
    weights: list[np.ndarray] = []

    def run(args):
        made = [
            [Tensor(part) for part in arg]
            if isinstance(arg, list) and is_array(arg[0])
            else Tensor(arg)
            if is_array(arg) and arg.dtype.kind == "f"
            else arg
            for arg in args
        ]
        with Recording() as tape:
            results = outputs_of(function(*made, **case.kwargs))
        return made, results, tape

    made, results, tape = run(case.args)
    weights = [rng.normal(size=part.shape) for part in results]
    assert results and all(part.dtype == "float64" for part in results)
    for place in case.by:
        parts = made[place] if isinstance(made[place], list) else [made[place]]
        assert all(isinstance(part, Tensor) for part in parts), "no float array to differentiate by"
        for number, found in enumerate(tape.gradients(results, weights, parts)):

            def total(array, place=place, number=number):
                args = list(case.args)
                if isinstance(args[place], list):
                    args[place] = [
                        array if i == number else part for i, part in enumerate(args[place])
                    ]
                else:
                    args[place] = array
                return sum(
                    float((w * part.numpy()).sum()) for w, part in zip(weights, run(args)[1])
                )

            array = parts[number].numpy()
            expected = np.zeros_like(array)
            for index in np.ndindex(array.shape):
                step = 1e-6 * max(1.0, abs(array[index]))
                up, down = array.copy(), array.copy()
                up[index] += step
                down[index] -= step
                expected[index] = (total(up) - total(down)) / (2 * step)
            found = np.zeros_like(array) if found is None else found
            assert found.shape == array.shape and found.dtype == array.dtype
            scale = max(1.0, float(np.abs(expected).max(initial=0)))
            np.testing.assert_allclose(found / scale, expected / scale, rtol=1e-6, atol=2e-8)


def is_array(value):
    return isinstance(value, np.ndarray)


def single(value):
    if isinstance(value, np.ndarray):
        return value.astype(np.float32) if value.dtype == np.float64 else value
    return [single(part) for part in value] if isinstance(value, list) else value


# Keras counts the support wrongly: its rows do not add up to 1 (docs/keras.md).
# Eigenvectors have a sign of their own (test_ops_control.py looks at them).
OTHER_THAN_KERAS = {"sparsemax", "eigh"}


@pytest.mark.parametrize(
    "case",
    [c for c in CASES if c.id in GOLDEN["values"] and c.id not in OTHER_THAN_KERAS],
    ids=lambda c: c.id,
)
def test_numbers_are_those_of_keras(case):
    result = getattr(ops, case.name)(
        *(single(arg) for arg in case.args), **{k: single(v) for k, v in case.kwargs.items()}
    )
    compare(result, GOLDEN["values"][case.id])


def compare(result, expected):
    if isinstance(expected, list):
        assert isinstance(result, (list, tuple)) and len(result) == len(expected)
        for part, wanted in zip(result, expected):
            compare(part, wanted)
        return
    array = np.asarray(result)
    assert list(array.shape) == expected["shape"]
    assert array.dtype.name == expected["dtype"]
    wanted = np.array(expected["numbers"], array.dtype).reshape(array.shape)
    if array.dtype.kind == "f":
        np.testing.assert_allclose(array, wanted, rtol=2e-6, atol=2e-7)
    else:
        assert array.tolist() == wanted.tolist()


def test_what_keras_refuses_is_known():
    """TensorFlow cannot do these; NumPy's rules hold, and those of Keras's other backends."""
    attention = {"dot_product_attention:causal", "dot_product_attention:mask"}
    assert set(GOLDEN["refused"]) == {"vstack", "pad", *attention}


@pytest.mark.parametrize("name", UNARY_TYPES)
def test_type_of_one_argument(name):
    check_types(getattr(ops, name), GOLDEN["types"][name], 1)


@pytest.mark.parametrize("name", BINARY_TYPES)
def test_type_of_two_arguments(name):
    function = getattr(ops, name)
    if name in ("concatenate", "stack"):
        check_types(lambda a, b: function([a, b]), GOLDEN["types"][name], 2)
    elif name == "where":
        truth = np.ones((2, 2), bool)
        check_types(lambda a, b: function(truth, a, b), GOLDEN["types"][name], 2)
    else:
        check_types(function, GOLDEN["types"][name], 2)


def check_types(function, letters, count):
    wrong = []
    for kinds, letter in zip(np.ndindex(*(len(DTYPES),) * count), letters):
        if letter in "-?":
            continue  # TensorFlow has no kernel for it
        names = [DTYPES[kind] for kind in kinds]
        result = function(*(np.ones((2, 2), name) for name in names))
        result = result[0] if isinstance(result, (list, tuple)) else result
        if result.dtype != GOLDEN["letters"][letter]:
            wrong.append(f"{names}: {result.dtype}, not {GOLDEN['letters'][letter]}")
    assert not wrong


@pytest.mark.parametrize("name", [n for n in PUBLIC if n in GOLDEN["signatures"]])
def test_arguments_are_those_of_keras(name):
    ours = inspect.signature(getattr(ops, name))
    plain = ours.replace(
        parameters=[p.replace(annotation=p.empty) for p in ours.parameters.values()],
        return_annotation=ours.empty,
    )
    assert str(plain) == GOLDEN["signatures"][name]
