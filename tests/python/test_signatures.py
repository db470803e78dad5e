"""Names, order, kinds and defaults of all arguments against Keras's own.

golden/make_signatures.py writes down Keras's. What is otherwise here is listed with its reason.
"""

from __future__ import annotations

import importlib
import inspect
import json
from pathlib import Path

import pytest

GOLDEN = json.loads((Path(__file__).parent / "golden" / "keras_signatures.json").read_text("utf-8"))
KINDS = {
    inspect.Parameter.POSITIONAL_OR_KEYWORD: "positional",
    inspect.Parameter.KEYWORD_ONLY: "keyword",
    inspect.Parameter.VAR_POSITIONAL: "*",
    inspect.Parameter.VAR_KEYWORD: "**",
}
# Keras takes these of a layer as **kwargs, or by name where nobody gives them by place.
SHARED = {"name", "trainable", "dtype", "input_shape", "batch_size", "autocast", "kwargs"}

# (module, class, parameter) or with "*": why it is otherwise than in Keras.
REASONS = {
    ("*", "*", "kwargs"): "all keywords stand by name; what Keras ignores is ignored",
    ("*", "*", "args"): "all arguments stand by name",
    ("*", "*", "data_format"): "shown as what Keras's None stands for",
    ("layers", "*", "zero_output_for_mask"): "Keras takes it as a keyword that is not shown",
    ("layers", "*", "activity_regularizer"): "Keras takes it as a keyword that is not shown",
    ("layers", "*", "rate"): "has a default",
    ("layers", "GaussianNoise", "stddev"): "has a default",
    ("layers", "Activation", "activation"): "has a default",
    ("layers", "Activation", "threshold"): "of activation='threshold'",
    ("layers", "Activation", "default_value"): "of activation='threshold'",
    ("layers", "AdditiveAttention", "seed"): "of the dropout, as in Attention",
    ("layers", "AveragePooling1D", "pool_size"): "has the default of MaxPooling1D",
    ("layers", "AvgPool1D", "pool_size"): "has the default of MaxPooling1D",
    ("layers", "*", "unroll"): "Keras takes it as a keyword that is not shown",
    ("layers", "*", "embeddings_initializer"): "another name of the same",
    ("layers", "PReLU", "alpha_initializer"): "another name of the same",
    ("layers", "ZeroPadding1D", "padding"): "1 in front and behind, written out",
    ("layers", "LayerNormalization", "rms_scaling"): "of Keras before 3.15; files have it",
    ("layers", "RNN", "cells"): "instead of a list as cell",
    ("layers", "TextVectorization", "adapted"): "what files say",
    ("layers", "Permute", "dims"): "an empty list does nothing",
    ("layers", "Reshape", "target_shape"): "an empty shape is one",
    ("layers", "Rescaling", "scale"): "has a default",
    ("losses", "CTC", "blank"): "Chronicler's own",
    ("losses", "CTC", "input_length"): "Chronicler's own",
    ("metrics", "*", "name"): "None stands for the metric's own, which is Keras's",
    ("metrics", "*", "thresholds"): "shown as what Keras's None stands for",
    ("metrics", "*", "dtype"): "of the labels, which are whole numbers",
    ("metrics", "*", "target_class_ids"): "no ids are refused with a sentence",
    ("optimizers", "*", "name"): "shown as what Keras's None stands for",
    ("optimizers", "*", "is_legacy_optimizer"): "of files of Keras 2",
    ("optimizers", "Nadam", "schedule_decay"): "of files of Keras 1",
    ("optimizers.schedules", "PiecewiseConstantDecay", "boundaries"): "refused with a sentence",
    ("optimizers.schedules", "PiecewiseConstantDecay", "values"): "refused with a sentence",
    ("callbacks", "*", "filepath"): "an empty one is refused with a sentence",
    ("callbacks", "CSVLogger", "filename"): "an empty one is refused with a sentence",
    ("callbacks", "BackupAndRestore", "backup_dir"): "filepath may stand for it",
    ("callbacks", "BackupAndRestore", "save_seconds"): "Chronicler's own",
    ("callbacks", "*", "save_freq"): "None is Keras's 'epoch', which is accepted",
    ("callbacks", "TensorBoard", "update_freq"): "None is Keras's 'epoch', which is accepted",
}
# Of a cell: it takes the options of its layer, of which the loop's mean nothing.
CELLS = ("LSTMCell", "GRUCell", "SimpleRNNCell")
LOOP = ("return_sequences", "return_state", "go_backwards", "stateful", "unroll")
VARIANTS = ("layer_normalization", "peepholes", "projection", "zoneout_hidden", "zoneout_cell")
MISSING = {
    "losses": {"CategoricalGeneralizedCrossEntropy", "Circle", "Dice", "Tversky"},
    "metrics": {
        "ConcordanceCorrelation", "MeanMetricWrapper", "PearsonCorrelation", "PrecisionAtRecall",
        "RecallAtPrecision", "SensitivityAtSpecificity", "SpecificityAtSensitivity",
    },
    "optimizers": {
        "Adafactor", "LossScaleOptimizer", "MultiOptimizer", "Muon", "OptimizerMap",
        "ScheduleFreeAdamW",
    },
    "callbacks": {"CallbackList", "OrbaxCheckpoint", "RemoteMonitor"},
    "initializers": {"STFT", "STFTInitializer", "stft"},
}  # fmt: skip
NOT_FOR_SEQUENCES = {
    "CategoryEncoding", "Discretization", "FlaxLayer", "HashedCrossing", "Hashing", "IntegerLookup",
    "JaxLayer", "MelSpectrogram", "Pipeline", "STFTSpectrogram", "SpectralNormalization",
    "StringLookup", "TFSMLayer", "TorchModuleWrapper",
}  # fmt: skip


def reason(module, name, parameter):
    if name in CELLS and parameter in LOOP:
        return "a cell takes the options of its layer"
    if name in ("LSTM", "LSTMCell") and parameter in VARIANTS:
        return "Chronicler's own"
    for key in ((module, name), (module, "*"), ("*", "*")):
        if (*key, parameter) in REASONS:
            return REASONS[(*key, parameter)]
    return None


def plain(text):
    """Return a default so that 0 and 0.0 are the same."""
    try:
        return float(text)
    except (TypeError, ValueError):
        return text


def ours_of(made):
    rows = inspect.signature(made).parameters.values()
    empty = inspect.Parameter.empty
    return [
        (each.name, KINDS[each.kind], None if each.default is empty else repr(each.default))
        for each in rows
    ]


CASES = [
    (module, name)
    for module, classes in GOLDEN.items()
    if module != "keras" and ":" not in module
    for name in classes
    if name not in MISSING.get(module, ()) and name not in NOT_FOR_SEQUENCES
]


def test_the_golden_file_is_of_the_version_that_counts():
    assert GOLDEN["keras"] == "3.15.1"
    assert len(CASES) > 200


@pytest.mark.parametrize(("module", "name"), CASES)
def test_arguments_are_kerass(module, name):
    home = importlib.import_module(f"chronicler.{module}")
    theirs = {row[0]: (row[1], plain(row[2])) for row in GOLDEN[module][name]}
    ours = {row[0]: (row[1], plain(row[2])) for row in ours_of(getattr(home, name))}
    passed_over = SHARED if module == "layers" else set()
    for parameter in {*theirs, *ours} - passed_over:
        if theirs.get(parameter) != ours.get(parameter):
            assert reason(module, name, parameter), (
                parameter, theirs.get(parameter), ours.get(parameter))  # fmt: skip


@pytest.mark.parametrize(("module", "name"), CASES)
def test_places_are_kerass(module, name):
    home = importlib.import_module(f"chronicler.{module}")
    passed_over = SHARED if module == "layers" else {"kwargs", "args"}
    theirs = [row[0] for row in GOLDEN[module][name] if row[1] == "positional"]
    ours = [row[0] for row in ours_of(getattr(home, name)) if row[1] == "positional"]
    assert [each for each in ours if each not in passed_over] == [
        each for each in theirs if each not in passed_over
    ]


def test_every_reason_is_needed():
    used = set()
    for module, name in CASES:
        home = importlib.import_module(f"chronicler.{module}")
        theirs = {row[0]: (row[1], plain(row[2])) for row in GOLDEN[module][name]}
        ours = {row[0]: (row[1], plain(row[2])) for row in ours_of(getattr(home, name))}
        for parameter in {*theirs, *ours}:
            if theirs.get(parameter) != ours.get(parameter):
                used |= {(module, name, parameter), (module, "*", parameter), ("*", "*", parameter)}
    assert not set(REASONS) - used
