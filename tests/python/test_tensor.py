"""Tensor, Variable and Recording: numbers, types, and gradients through whole computations."""

from __future__ import annotations

import copy
import pickle
import threading

import numpy as np
import pytest
from chronicler import ops
from chronicler.tensor import Part, Recording, Tensor, Variable, paused, record_joint


def numeric(function, array, step=1e-6):
    """Return the central difference of a function of one float64 array."""
    slope = np.zeros_like(array)
    for place in np.ndindex(array.shape):
        up, down = array.copy(), array.copy()
        up[place] += step
        down[place] -= step
        slope[place] = (float(function(Tensor(up))) - float(function(Tensor(down)))) / (2 * step)
    return slope


def gradient(function, array):
    x = Tensor(array)
    with Recording() as tape:
        y = function(x)
    return tape.gradients(y, None, x)[0]


def test_numbers_of_python_are_weak():
    x = Tensor(np.ones(3, np.float32))
    for value in (x + 1, x * 2.5, 2.5 - x, 1 / x, x**2, x * np.float64(2), x * np.array(2)):
        assert isinstance(value, Tensor)
        assert value.dtype == "float32"
    assert (np.ones(3, np.float32) * x).dtype == "float32"
    assert isinstance(np.ones(3) + x, Tensor)
    assert isinstance(np.float32(2) * x, Tensor)
    assert Tensor(1.5).dtype == "float32"
    assert Tensor([1, 2]).dtype == "int32"
    assert Tensor(2**40).dtype == "int64"
    assert Tensor(np.float64(1)).dtype == "float64" and Tensor(np.int64(1)).dtype == "int64"
    assert Tensor(True).dtype == "bool"
    assert (Tensor([1, 2]) * 1.5).dtype == "float32"
    assert (Tensor([1, 2]) / 2).dtype == "float32"


def test_what_an_array_can_do():
    x = Tensor(np.arange(6, dtype=np.float32).reshape(2, 3))
    assert x.shape == (2, 3) and x.ndim == 2 and x.size == 6 and len(x) == 2
    assert [row.shape for row in x] == [(3,), (3,)]
    assert x.T.shape == (3, 2)
    assert np.sqrt(x).dtype == np.float32
    assert np.asarray(x, np.float64).dtype == np.float64
    assert float(x[1, 2]) == 5.0 and int(x[1, 2]) == 5 and bool(x[0, 1])
    assert f"{x[1, 2]:.2f}" == "5.00"
    assert [10, 20, 30][Tensor(1)] == 20
    assert np.array_equal(np.from_dlpack(x), x.numpy())
    assert x.tolist() == [[0, 1, 2], [3, 4, 5]]
    assert "float32" in repr(x)
    assert {x: 1}[x] == 1
    assert (x == x).numpy().all() and not (x != x).numpy().any()
    assert (x == None) is False  # noqa: E711
    assert pickle.loads(pickle.dumps(x)).tolist() == x.tolist()
    assert copy.deepcopy(x).tolist() == x.tolist()
    with pytest.raises(TypeError):
        len(Tensor(1.0))
    with pytest.raises(TypeError):
        list(Tensor(1.0))


def test_wrong_arrays_are_named():
    with pytest.raises(ValueError, match="pad_sequences"):
        Tensor([[1, 2], [3]])
    with pytest.raises(TypeError, match="complex"):
        Tensor(np.ones(2, np.complex64))

    class OnCard:
        class device:
            type = "cuda"

        def __array__(self, *args):
            raise AssertionError("must not be asked")

    with pytest.raises(TypeError, match="CPU"):
        Tensor(OnCard())


def test_variable():
    v = Variable(np.ones((2, 3)), dtype="float32", name="kernel")
    assert v.shape == (2, 3) and v.dtype == "float32" and v.trainable and v.name == "kernel"
    before = v.value
    v.assign(np.zeros((2, 3)))
    assert before.numpy().sum() == 6 and v.numpy().sum() == 0
    v.assign_add(np.full((2, 3), 2))
    v.assign_sub(0.5 * v)
    assert v.numpy().tolist() == [[1, 1, 1], [1, 1, 1]]
    kept = v.numpy()
    kept[:] = 9
    assert v.numpy().sum() == 6
    with pytest.raises(ValueError, match="must match"):
        v.assign(np.zeros(3))
    with pytest.raises(ValueError, match="without '/'"):
        Variable(1.0, name="a/b")
    made = Variable(lambda shape, dtype: np.full(shape, 3, dtype), shape=(2,))
    assert made.numpy().tolist() == [3, 3] and made.dtype == "float32"
    with pytest.raises(ValueError, match="needs `shape`"):
        Variable(lambda shape, dtype: None)
    with pytest.raises(ValueError, match="callable"):
        v.regularizer = 3


def test_a_variable_with_storage_of_its_own():
    storage = np.ones((2, 2), np.float32)

    class View(Variable):
        def _set_up(self, array):
            pass

        @property
        def _array(self):
            return storage

        def _store(self, array):
            storage[...] = array

    v = View(storage)
    before = v.value
    v.assign([[1, 2], [3, 4]])
    assert storage.tolist() == [[1, 2], [3, 4]]
    assert before.numpy().sum() == 4
    with Recording() as tape:
        y = ops.sum(v * v)
    assert tape.gradients(y, None, v)[0].tolist() == [[2, 4], [6, 8]]


def test_nothing_is_recorded_outside():
    x = Tensor([1.0, 2.0])
    y = x * x
    with Recording() as tape:
        z = y * 3.0
    assert tape.gradients(z, None, [x, y])[0] is None
    assert tape.gradients(z, None, [x, y])[1].tolist() == [3, 3]
    with Recording() as tape, paused():
        z = x * x
    assert tape.gradients(z, None, x) == [None]


def test_whole_numbers_have_no_gradient():
    x, i = Tensor([1.0, 2.0]), Tensor([1, 2])
    with Recording() as tape:
        y = ops.sum(x * i)
        truth = x > 1.5
        count = i + i
    assert tape.gradients(y, None, [x, i])[0].tolist() == [1, 2]
    assert tape.gradients(y, None, [x, i])[1] is None
    for value in (truth, count):
        with pytest.raises(ValueError, match="has none"):
            tape.gradients(value, None, x)
    with pytest.raises(TypeError):
        tape.gradients(y, None, np.ones(2))
    with pytest.raises(ValueError, match="shape"):
        tape.gradients(x * 2, [np.ones(3)], x)


def test_gradients_are_summed_over_broadcast_axes():
    generator = np.random.default_rng(0)
    a, b = generator.normal(size=(2, 3, 4)), generator.normal(size=(3, 1))

    def function(y):
        return ops.sum(ops.tanh(Tensor(a) * y + y) / (y * y + 1.0))

    assert gradient(function, b).shape == (3, 1)
    np.testing.assert_allclose(gradient(function, b), numeric(function, b), rtol=1e-7)


def test_gradients_through_loops_indexing_and_joining():
    generator = np.random.default_rng(1)
    x = generator.normal(size=(2, 5, 3))
    w = generator.normal(size=(3, 3))

    def function(y):
        h = y[:, 0]
        states = []
        for t in range(y.shape[1]):
            h = ops.tanh(y[:, t] @ Tensor(w) + h)
            states.append(h)
        joined = ops.stack(states, axis=1)
        return ops.sum(ops.concatenate([joined, joined[:, ::-2] * y[:, [0, 0, 4]]], axis=1))

    np.testing.assert_allclose(gradient(function, x), numeric(function, x), rtol=1e-6, atol=1e-9)


def test_gradients_of_a_list_of_tensors():
    x = Tensor([2.0, 3.0])
    with Recording() as tape:
        y = ops.sum(ops.square([x[0], x[1] * 2.0]))
    assert tape.gradients(y, None, x)[0].tolist() == [4, 24]


def test_recordings_nest_and_answer_twice():
    x = Variable([3.0])
    with Recording() as outer:
        y = x * x
        with Recording() as inner:
            z = y * y
        between = inner.gradients(z, None, [x, y])
    assert between[0] is None and between[1].tolist() == [18]
    for _ in range(2):
        assert outer.gradients(z, None, x)[0].tolist() == [108]
    assert outer.gradients([y, z], [np.ones(1), None], [x, y, z])[0].tolist() == [114]


def test_source_that_is_used_on_the_way():
    x = Tensor([2.0])
    with Recording() as tape:
        y = x * x
        z = y + y * x
    grad_x, grad_y = tape.gradients(z, None, [x, y])
    assert grad_y.tolist() == [3] and grad_x.tolist() == [16]


def test_gradients_do_not_share_memory_with_what_is_given():
    x = Tensor(np.ones(3, np.float32))
    upstream = np.ones(3, np.float32)
    with Recording() as tape:
        y = x + x
        z = y + x[0:1]
    tape.gradients(z, [upstream], x)
    assert upstream.tolist() == [1, 1, 1]


def test_joint_results():
    x = Tensor([1.0, 2.0, 3.0])
    with Recording() as tape:
        total, largest = record_joint(
            [x.numpy().sum(), x.numpy().max()],
            (x,),
            lambda g: [g[0] + g[1] * (x.numpy() == x.numpy().max())],
        )
        y = total * 2.0
    assert tape.gradients(y, None, x)[0].tolist() == [2, 2, 2]
    assert tape.gradients([y, largest], None, x)[0].tolist() == [2, 2, 3]


def test_each_thread_records_for_itself():
    x = Tensor([1.0])
    found = []

    def work():
        with Recording() as tape:
            y = x * 5.0
        found.append(tape.gradients(y, None, x)[0].tolist())

    with Recording() as tape:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        y = x * 2.0
    assert found == [[5.0]] and tape.gradients(y, None, x)[0].tolist() == [2]
    assert len(tape._entries) == 1


def test_part_adds_where_it_belongs():
    part = Part((0,), np.ones(2), False)
    assert part.index == (0,) and not part.repeats


def test_mixed_types_give_each_its_own():
    x, y = Tensor(np.ones(2, np.float32)), Tensor(np.ones(2, np.float64))
    with Recording() as tape:
        z = x * y
    first, second = tape.gradients(z, None, [x, y])
    assert z.dtype == "float64" and first.dtype == np.float32 and second.dtype == np.float64


def test_arrays_of_objects_are_refused_and_texts_are_not():
    ragged = np.empty(2, object)
    ragged[:] = [np.ones(2), np.ones(3)]
    with pytest.raises(TypeError, match="pad_sequences"):
        Tensor(ragged)
    assert Tensor(np.array(["a", "b"], object)).dtype == "string"
    assert Tensor(["a", "b"]).dtype == "string"


def test_methods_of_numpy_are_named_as_operations():
    x = Tensor([1.0, 2.0])
    with pytest.raises(AttributeError, match=r"use chronicler\.ops\.sum\(x"):
        x.sum()
    with pytest.raises(AttributeError, match=r"ops\.cast"):
        Variable(1.0).astype("int32")
    with pytest.raises(AttributeError, match=r"no attribute 'nothing'$"):
        _ = x.nothing
    assert not hasattr(x, "_keras_mask") and not hasattr(x, "reshape")
    with pytest.raises(TypeError, match="scatter_update"):
        x[0] = 3
