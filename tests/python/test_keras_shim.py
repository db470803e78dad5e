"""The shim must be as strict as Keras: a layer that is broken in one way fails its check."""

import pytest
from chronicler import layers, ops
from chronicler.random import SeedGenerator
from chronicler.saving import custom_object_scope
from keras_shim.case import TestCase


class Scale(layers.Layer):
    """A sound layer: scales each feature, adds to the loss, and may be broken in one way."""

    def __init__(self, factor=2.0, broken="", **kwargs):
        super().__init__(**kwargs)
        self.factor = factor
        self.broken = broken
        self.supports_masking = broken != "masking"
        if broken == "seeds":
            self.seeds = SeedGenerator(1)

    def build(self, input_shape):
        self.scale = self.add_weight((input_shape[-1],), "ones", name="scale")
        if self.broken == "weights":
            self.more = self.add_weight((1,), "zeros", trainable=False, name="more")

    def call(self, inputs, training=False):
        if self.broken != "losses":
            self.add_loss(ops.sum(self.scale))
        if training and self.broken == "training":
            raise ValueError("it cannot be trained")
        outputs = inputs * self.scale * self.factor
        if self.broken == "shape":
            return ops.concatenate([outputs, outputs], -1)
        if self.broken == "dtype":
            return ops.cast(outputs, "int32")
        return outputs

    def get_config(self):
        config = {**super().get_config(), "factor": self.factor, "broken": self.broken}
        if self.broken == "configuration":
            del config["factor"]
            config["broken"] = f"{config['broken']} "
        return config


def run(broken="", **options):
    case = TestCase()
    case.setUp()
    arguments = {
        "init_kwargs": {"factor": 3.0, "broken": broken},
        "input_shape": (3, 2, 4),
        "expected_output_shape": (3, 2, 4),
        "expected_output_dtype": "float32",
        "expected_num_trainable_weights": 1,
        "expected_num_non_trainable_weights": 0,
        "expected_num_seed_generators": 0,
        "expected_num_losses": 1,
        "supports_masking": True,
        "custom_objects": {"Scale": Scale},
        **options,
    }
    with custom_object_scope({"Scale": Scale}):
        case.run_layer_test(Scale, **arguments)


def test_a_sound_layer_passes():
    run()


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        ("shape", "shape"),
        ("dtype", "another type"),
        ("weights", "non trainable weights"),
        ("configuration", "factor"),
        ("masking", "supports_masking"),
        ("losses", "another number of losses"),
        ("seeds", "seed generators"),
        ("training", "it cannot be trained"),
    ],
)
def test_a_broken_layer_fails(broken, words):
    with pytest.raises(ValueError if broken == "training" else AssertionError, match=words):
        run(broken)


def test_expectations_that_are_wrong_fail():
    for wrong in (
        {"expected_output_shape": (3, 2, 5)},
        {"expected_output_dtype": "float64"},
        {"expected_num_trainable_weights": 2},
        {"expected_num_non_trainable_variables": 1},
        {"supports_masking": False},
        {"expected_num_losses": 0},
    ):
        with pytest.raises(AssertionError):
            run(**wrong)


def test_numbers_are_compared_as_closely_as_keras_does():
    case = TestCase()
    case.assertAllClose([1.0, 2.0], [1.0, 2.0 + 2e-6])
    with pytest.raises(AssertionError):
        case.assertAllClose([1.0, 2.0], [1.0, 2.0 + 4e-6])
    with pytest.raises(AssertionError):
        case.assertNotAllClose([1.0], [1.0])
    with pytest.raises(AssertionError):
        case.assertAllEqual([1], [2])
