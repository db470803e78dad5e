"""Every class that is made of a table: configuration, repr, copies, and wrong arguments."""

from __future__ import annotations

import copy
import importlib
import json
import pickle
from pathlib import Path

import numpy as np
import pytest
from chronicler import _classes, callbacks, layers, losses, metrics

GOLDEN = json.loads((Path(__file__).parent / "golden" / "keras_signatures.json").read_text("utf-8"))
MODULES = {
    "layers": "layers",
    "losses": "losses",
    "metrics": "metrics",
    "optimizers": "optimizers",
    "schedules": "optimizers.schedules",
    "callbacks": "callbacks",
    "initializers": "initializers",
    "regularizers": "regularizers",
    "constraints": "constraints",
}
# What classes need, by name: golden/make_signatures.py has the same.
ARGUMENTS = {
    "units": 3, "filters": 4, "kernel_size": 3, "pool_size": 2, "rate": 0.25, "stddev": 0.1,
    "input_dim": 10, "output_dim": 4, "num_heads": 2, "key_dim": 4, "head_dim": 4,
    "num_query_heads": 4, "num_key_value_heads": 2, "axes": 1, "n": 3, "activation": "tanh",
    "equation": "abc,cd->abd", "output_shape": (None, 5), "output_size": 2,
    "target_shape": (2, 3), "dims": (2, 1), "scale": 2.0, "num_classes": 3,
    "target_class_ids": [0, 1], "initial_learning_rate": 0.1, "decay_steps": 10,
    "decay_rate": 0.5, "first_decay_steps": 5, "boundaries": [1, 2], "values": [0.1, 0.2, 0.3],
    "filepath": "a.keras", "filename": "a.csv", "backup_dir": "backup",
    "formula": "h = tanh(W x + U h + b)",
}  # fmt: skip
ALL = [(kind, name) for kind in MODULES for name in _classes.tables(kind)]
# Keras writes down what is not supported here, or is stored by it alone.
NOT_KEPT = {
    "renorm", "renorm_clipping", "renorm_momentum", "synchronized", "quantization_config",
    "input_axes", "output_axes", "sparse", "ragged", "vocabulary_size",
}  # fmt: skip
# Chronicler writes down more, so that a copy is the same: an option that Keras's own forgets.
MORE_KEPT = {
    ("Activation", "activity_regularizer"), ("Dense", "activity_regularizer"),
    ("SimpleRNN", "seed"), ("CTC", "blank"), ("CTC", "input_length"), ("CosineSimilarity", "axis"),
    ("Huber", "delta"), ("SparseCategoricalCrossentropy", "axis"), ("AUC", "thresholds"),
    ("Identity", "gain"),
}  # fmt: skip
# What Keras's file leaves out where it is not the default.
ONLY_IF_GIVEN = {"sliding_window", "use_gate"}


def home(kind):
    return importlib.import_module(f"chronicler.{MODULES[kind]}")


def cls(kind, name):
    return getattr(home(kind), name)


def example(kind, name):
    """Return one, with what it needs."""
    if name == "InputLayer":
        return layers.InputLayer(shape=(3,))
    fields = _classes.table(kind, name).fields
    given = {field.name: ARGUMENTS[field.name] for field in fields if field.name in ARGUMENTS}
    if name in ("Bidirectional", "TimeDistributed"):
        given = {"layer": layers.LSTM(3, return_sequences=True)}
    if name == "StackedRNNCells":
        given = {"cells": [layers.LSTMCell(3)]}
    if name == "RNN":
        given = {"cell": layers.GRUCell(3)}
    if name.endswith("Normalization"):
        given.pop("scale", None)  # a flag
    if name == "BackupAndRestore":
        given.pop("filepath")
    if name == "MultiHeadAttention":
        given.pop("output_shape")
    return cls(kind, name)(**given)


def without_name(config):
    """Return a configuration as text, without names, which are made anew."""
    return json.dumps({key: each for key, each in config.items() if key != "name"}, default=str)


@pytest.mark.parametrize(("kind", "name"), ALL)
def test_configuration_and_back(kind, name):
    made = example(kind, name)
    again = cls(kind, name).from_config(made.get_config())
    assert type(again) is type(made)
    assert without_name(again.get_config()) == without_name(made.get_config())


@pytest.mark.parametrize(("kind", "name"), [each for each in ALL if each[0] != "callbacks"])
def test_serialize_and_back(kind, name):
    made = example(kind, name)
    again = home(kind).deserialize(home(kind).serialize(made))
    assert type(again) is type(made)
    assert without_name(again.get_config()) == without_name(made.get_config())


@pytest.mark.parametrize(("kind", "name"), ALL)
def test_repr_pickle_and_copies(kind, name):
    made = example(kind, name)
    assert name in repr(made)
    for again in (pickle.loads(pickle.dumps(made)), copy.deepcopy(made)):
        assert type(again) is type(made)
        assert without_name(again.get_config()) == without_name(made.get_config())


@pytest.mark.parametrize(
    ("module", "name"),
    [
        (key.split(":")[0], name)
        for key, classes in GOLDEN.items()
        if key.endswith(": configurations")
        for name in classes
        if name in _classes.tables(key.split(":")[0].split(".")[-1])
    ],
)
def test_keys_of_configurations_are_kerass(module, name):
    theirs = set(GOLDEN[f"{module}: configurations"][name])
    ours = set(example(module.split(".")[-1], name).get_config())
    assert theirs - ours <= NOT_KEPT | ONLY_IF_GIVEN
    assert {(name, key) for key in ours - theirs} <= MORE_KEPT


@pytest.mark.parametrize(("kind", "name"), ALL)
def test_an_unknown_keyword_names_the_nearest(kind, name):
    if name == "InputLayer":
        return  # Input says it
    fields = [field.name for field in _classes.table(kind, name).fields if len(field.name) > 5]
    if not fields:
        with pytest.raises(TypeError, match="nothing_like_it"):
            cls(kind, name)(nothing_like_it=1)
        return
    wrong = fields[0][:-1] + "x"
    with pytest.raises(TypeError, match=f"{name} has no option '{wrong}': .*'{fields[0]}'"):
        cls(kind, name)(**{wrong: 1})


@pytest.mark.parametrize(("kind", "name"), ALL)
def test_a_number_out_of_range_is_refused(kind, name):
    for field in _classes.table(kind, name).fields:
        if field.type.rstrip("?") not in ("int", "float") or field.is_shared:
            continue
        if name == "InputLayer":
            continue
        if field.range.startswith("at least"):
            wrong = -1_000_000 if field.type.startswith("int") else -1e6
            with pytest.raises(ValueError, match=field.name):
                cls(kind, name)(**{**_needed(kind, name), field.name: wrong})


def _needed(kind, name):
    fields = _classes.table(kind, name).fields
    found = {f.name: ARGUMENTS[f.name] for f in fields if f.is_required and f.name in ARGUMENTS}
    if name == "StackedRNNCells":
        found["cells"] = [layers.LSTMCell(3)]
    if kind == "optimizers":
        found["use_ema"] = True  # without it, as in Keras, nothing is asked of its frequency
    return found


def test_wrong_types_give_the_sentence_of_the_table():
    with pytest.raises(ValueError, match="units"):
        layers.LSTM("many")
    with pytest.raises(ValueError, match="delta"):
        losses.Huber(delta="large")
    with pytest.raises(ValueError, match="mode"):
        callbacks.EarlyStopping(mode="best")
    with pytest.raises(TypeError, match="LSTM needs units"):
        layers.LSTM()
    with pytest.raises(TypeError, match="got units twice"):
        layers.LSTM(3, units=4)
    with pytest.raises(TypeError, match="takes 4 arguments by place"):
        losses.Huber(1.0, "sum", "name", None, 5)


def test_what_is_only_accepted_must_ask_for_nothing():
    assert layers.BatchNormalization(renorm=False).name
    with pytest.raises(ValueError, match="renorm is not supported"):
        layers.BatchNormalization(renorm=True)
    with pytest.raises(ValueError, match="histogram_freq is not supported"):
        callbacks.TensorBoard("logs", 1)
    assert callbacks.ModelCheckpoint("a.keras", save_freq="epoch").save_freq is None


class Weighted(losses.Loss):
    def __init__(self, factor=2.0, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def call(self, y_true, y_pred):
        return self.factor * (y_pred - y_true) ** 2


class Counter(metrics.Metric):
    def __init__(self, name="counter"):
        super().__init__(name=name)
        self.seen = self.add_weight(name="seen")

    def update_state(self, y_true, y_pred=None, sample_weight=None):
        self.seen.assign(self.seen + 1.0)

    def result(self):
        return self.seen


class Noted(callbacks.Callback):
    def __init__(self, text):
        super().__init__()
        self.text = text


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda each: pickle.loads(pickle.dumps(each))])
def test_copies_of_classes_of_ones_own(copied):
    y, p = np.zeros((2, 1), np.float32), np.ones((2, 1), np.float32)
    loss = Weighted(3.0)
    assert float(loss(y, p)) == 3.0
    assert float(copied(loss)(y, p)) == 3.0
    counter = Counter()
    counter.update_state(y, p)
    assert float(copied(counter).result()) == 1.0
    assert copied(Noted("here")).text == "here"
    assert copied(callbacks.LearningRateScheduler(abs)).schedule is abs
