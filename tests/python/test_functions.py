"""Activations, configuration, and what is written of objects: names, numbers, arguments of Keras.

`golden/keras_functions.json` is what Keras 3.15.1 gives (`golden/make_functions.py` writes it).
"""

from __future__ import annotations

import inspect
import json
import pathlib

import numpy as np
import pytest
from chronicler import activations, config, dtype_policies, ops, random, registration, serialization
from chronicler.tensor import Recording, Tensor, Variable

GOLDEN = json.loads((pathlib.Path(__file__).parent / "golden" / "keras_functions.json").read_text())


@registration.register_keras_serializable("mine")
def doubled(x):
    return 2 * x


@registration.register_keras_serializable("mine", "Other")
class Thing:
    def __init__(self, value):
        self.value = value

    def get_config(self):
        return {"value": self.value}

    @classmethod
    def from_config(cls, config):
        return cls(serialization.deserialize_keras_object(config["value"]))


Thing.__module__ = "__main__"  # as in the script that wrote the golden file
shared = Thing(1)
OBJECTS = {
    "plain": [1, 2.5, "a", None, True, {"k": [1]}],
    "slice": slice(1, None, 2),
    "bytes": b"abc",
    "ellipsis": ...,
    "numpy": np.arange(3, dtype="int32"),
    "scalar": np.float32(0.5),
    "tensor": Tensor([1.0, 2.0]),
    "own": Thing([1, Thing("x")]),
    "function": doubled,
    "activation": activations.relu,
    "dtype": np.dtype("float32"),
    "shared": [shared, shared],
}


@pytest.mark.parametrize("key", list(GOLDEN["calls"]))
def test_activation(key):
    name, arguments = GOLDEN["calls"][key]
    x = np.array(GOLDEN["input"], np.float32)
    result = activations.get(name)(x, **arguments)
    assert np.asarray(result).dtype == np.float32
    if name != "sparsemax":  # Keras's rows do not add up to 1 (docs/keras.md)
        wanted = np.array(GOLDEN["values"][key]).reshape(result.shape)
        np.testing.assert_allclose(np.asarray(result), wanted, rtol=2e-6, atol=1e-7)


def test_activation_relu_has_its_derivative():
    x = Tensor(np.array([-1.0, 0.2, 1.0, 5.0]))
    with Recording() as tape:
        y = activations.relu(x, negative_slope=0.1, max_value=2.0, threshold=0.5)
    assert tape.gradients(y, None, x)[0].tolist() == [0.1, 0.1, 1, 0]


def test_activations_by_name():
    assert activations.get(None) is activations.linear
    assert activations.get("swish") is activations.silu
    assert activations.get(doubled) is doubled
    assert activations.get("mine>doubled") is doubled
    assert activations.serialize(activations.relu) == GOLDEN["serialized"]["relu"]
    assert activations.serialize(activations.get("swish")) == GOLDEN["serialized"]["swish"]
    assert activations.serialize(doubled) == GOLDEN["serialized"]["doubled"]
    assert activations.deserialize("tanh") is activations.tanh
    assert activations.deserialize(activations.serialize(doubled)) is doubled
    assert activations.get(activations.serialize(doubled)) is doubled
    written = {"module": "builtins", "class_name": "function", "config": "relu"}
    assert activations.deserialize(written) is activations.relu
    with pytest.raises(ValueError, match="Did you mean 'sigmoid'"):
        activations.get("sigmoidd")
    with pytest.raises(ValueError, match="Could not interpret"):
        activations.deserialize("nothing")


@pytest.mark.parametrize("key", list(OBJECTS))
def test_written_as_keras_writes(key):
    written = serialization.serialize_keras_object(OBJECTS[key])
    assert json.loads(json.dumps(written)) == GOLDEN["configs"][key]


@pytest.mark.parametrize("key", list(OBJECTS))
def test_read_as_it_was_written(key):
    found = serialization.deserialize_keras_object(GOLDEN["configs"][key])
    wanted = OBJECTS[key]
    if key == "own":
        assert isinstance(found, Thing) and found.value[1].value == "x"
    elif key == "shared":
        assert [part.value for part in found] == [1, 1]
    elif key in ("numpy", "tensor", "scalar"):
        np.testing.assert_array_equal(np.asarray(found), np.asarray(wanted))
    elif key == "dtype":
        assert found == "float32"
    else:
        assert found == wanted


def test_objects_that_come_twice():
    with serialization.ObjectSharingScope():
        written = serialization.serialize_keras_object([shared, shared, Thing(2)])
    assert written[0]["shared_object_id"] == written[1]["shared_object_id"]
    assert "shared_object_id" not in written[2]
    with serialization.ObjectSharingScope():
        found = serialization.deserialize_keras_object(written)
    assert found[0] is found[1] and found[0] is not found[2]


def test_classes_of_ours_have_keras_names():
    written = serialization.serialize_keras_object(random.SeedGenerator(3, name="s"))
    assert written == {
        "module": "keras.random",
        "class_name": "SeedGenerator",
        "config": {"seed": 3, "name": "s"},
        "registered_name": None,
    }
    found = serialization.deserialize_keras_object(written)
    assert isinstance(found, random.SeedGenerator) and found.get_config() == written["config"]

    class Own(random.SeedGenerator):
        pass

    assert serialization.public_module(Own) is None


def test_custom_objects():
    class Local:
        def get_config(self):
            return {}

        @classmethod
        def from_config(cls, config):
            return cls()

    written = serialization.serialize_keras_object(Local())
    with pytest.raises(TypeError, match="register it"):
        serialization.deserialize_keras_object(written)
    found = serialization.deserialize_keras_object(written, custom_objects={"Local": Local})
    assert isinstance(found, Local)
    with registration.custom_object_scope({"Local": Local}):
        assert isinstance(serialization.deserialize_keras_object(written), Local)
        assert registration.get_registered_object("Local") is Local
    assert registration.get_registered_object("Local") is None
    assert registration.get_custom_objects()["mine>Other"] is Thing
    assert registration.get_registered_name(Thing) == "mine>Other"
    assert registration.get_registered_name(Local) == "Local"
    with pytest.raises(ValueError, match="get_config"):

        @registration.register_keras_serializable()
        class Bare:
            pass


def test_code_in_files_is_not_run():
    with pytest.raises(ValueError, match="lambda"):
        serialization.serialize_keras_object({"fn": lambda x: x})
    for safe in (True, False):
        with pytest.raises(ValueError, match="code"):
            serialization.deserialize_keras_object(
                {"class_name": "__lambda__", "config": {"value": "x"}}, safe_mode=safe
            )
    with pytest.raises(ValueError, match="code"):
        config.enable_unsafe_deserialization()
    for name in ("load_model", "get_file"):
        with pytest.raises(ValueError, match="no part of a model"):
            serialization.deserialize_keras_object(
                {"module": "keras.models", "class_name": "function", "config": name}
            )
    for module in ("os", "keras._core", "keras.src.os", "builtins"):
        with pytest.raises(TypeError, match="Could not find"):
            serialization.deserialize_keras_object(
                {"module": module, "class_name": "function", "config": "system"}
            )
    with pytest.raises(TypeError, match="get_config"):
        serialization.serialize_keras_object(object())


def test_configuration():
    assert config.floatx() == "float32" and config.backend() == "chronicler"
    assert config.epsilon() == 1e-7 and config.image_data_format() == "channels_last"
    try:
        config.set_floatx("float64")
        config.set_epsilon(1e-5)
        assert Tensor(1.0).dtype == "float64" and ops.zeros(1).dtype == "float64"
        assert (Tensor([1]) / 2).dtype == "float64"
        assert Variable(lambda s, dtype: np.zeros(s, dtype), shape=(1,)).dtype == "float64"
        assert config.dtype_policy().name == "float64"
        assert config.epsilon() == 1e-5
    finally:
        config.set_floatx("float32")
        config.set_epsilon(1e-7)
    for call in (
        lambda: config.set_floatx("int8"),
        lambda: config.set_backend("torch"),
        lambda: config.set_image_data_format("rows"),
        lambda: dtype_policies.DTypePolicy("mixed_float8"),
    ):
        with pytest.raises(ValueError):
            call()
    dtype_policies._warned.clear()
    with pytest.warns(UserWarning, match="computes in float32 where Keras's 'mixed_bfloat16'"):
        assert dtype_policies.DTypePolicy("mixed_bfloat16").compute_dtype == "float32"
    policy = dtype_policies.get("float64")
    assert policy == dtype_policies.DTypePolicy("float64") != dtype_policies.get(None)
    assert policy.compute_dtype == policy.variable_dtype == "float64"
    written = serialization.serialize_keras_object(policy)
    assert written["config"] == {"name": "float64"} and written["class_name"] == "DTypePolicy"
    try:
        config.set_dtype_policy("float64")
        assert config.dtype_policy().name == "float64"
    finally:
        config.set_dtype_policy("float32")


@pytest.mark.parametrize("module", [activations, random, config])
def test_arguments_are_those_of_keras(module):
    for name, signature in GOLDEN["signatures"][module.__name__.rpartition(".")[2]].items():
        ours = inspect.signature(getattr(module, name))
        plain = ours.replace(
            parameters=[p.replace(annotation=p.empty) for p in ours.parameters.values()],
            return_annotation=ours.empty,
        )
        assert str(plain) == signature, name
