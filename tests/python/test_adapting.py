"""Layers that learn from data before training, as Keras's do (`golden/keras_adapting.json`)."""

from __future__ import annotations

import json
import pathlib

import numpy as np
import pytest
from chronicler import layers, models, utils

GOLDEN = json.loads((pathlib.Path(__file__).parent / "golden" / "keras_adapting.json").read_text())
TEXTS = ["The cat sat.", "a dog; the CAT ran", "dog dog"]
OPTIONS = {
    "plain": {},
    "few": {"max_tokens": 4, "output_sequence_length": 3},
    "tfidf": {"output_mode": "tf_idf"},
    "count": {"output_mode": "count", "ngrams": 2},
}


def numbers(x):
    return np.asarray(x, np.float64).round(5).tolist()


@pytest.mark.parametrize("name", list(OPTIONS))
def test_vocabulary(name):
    layer = layers.TextVectorization(**OPTIONS[name])
    layer.adapt(TEXTS)
    words, rows = GOLDEN[name]
    assert layer.get_vocabulary() == words
    np.testing.assert_allclose(numbers(layer(TEXTS)), rows, atol=2e-5)
    if name == "count":
        known, size = GOLDEN["special"]
        assert layer.get_vocabulary(include_special_tokens=False) == known
        assert layer.vocabulary_size() == size


def test_vocabulary_that_is_given(tmp_path):
    layer = layers.TextVectorization(output_mode="tf_idf")
    layer.set_vocabulary(["x", "y"], [0.5, 2.0])
    assert [layer.get_vocabulary(), numbers(layer(["x y q", "y"]))] == GOLDEN["set"]
    (tmp_path / "words.txt").write_text("b\na\n")
    layer = layers.TextVectorization()
    layer.set_vocabulary(str(tmp_path / "words.txt"))
    assert layer.get_vocabulary() == ["", "[UNK]", "b", "a"]


def test_texts_in_every_form():
    wanted = GOLDEN["plain"][0]
    data = utils.Dataset.from_tensor_slices((np.array(TEXTS, object), np.arange(3))).batch(2)
    for texts in (
        np.array(TEXTS),
        np.array(TEXTS, object)[:, None],
        [text.encode() for text in TEXTS],
        data,
        data.map(lambda text, label: text),
        iter([TEXTS[:1], TEXTS[1:]]),
    ):
        layer = layers.TextVectorization()
        layer.adapt(texts)
        assert layer.get_vocabulary() == wanted
    layer = layers.TextVectorization()
    layer.adapt(data, steps=1)
    assert layer.vocabulary_size() < len(wanted) + 1
    for text, _ in data.take(1):
        assert layer(text).shape[0] == 2


def test_means_and_variances():
    data = np.array([[1.0, 2.0], [3.0, 6.0], [5.0, 10.0]])
    batches = utils.Dataset.from_tensor_slices(data).batch(2)
    for given in (data, data.tolist(), batches, data.astype("float32")):
        layer = layers.Normalization()
        layer.adapt(given)
        np.testing.assert_allclose(
            numbers(layer(np.array([[1.0, 2.0]]))), GOLDEN["norm"], atol=2e-5
        )
    layer = layers.Normalization(axis=None)
    layer.adapt(np.arange(6.0))
    found = np.ravel(numbers(layer(np.array([[0.0], [5.0]]))))
    np.testing.assert_allclose(found, GOLDEN["norm all"], atol=2e-5)


def test_errors():
    with pytest.raises(ValueError, match="steps"):
        layers.Normalization().adapt(np.ones((2, 2)), steps=0)
    with pytest.raises(ValueError, match="no data"):
        layers.Normalization().adapt(iter([]))
    with pytest.raises(ValueError, match="vocabulary"):
        layers.TextVectorization(vocabulary=["a"]).adapt(["b"])
    with pytest.raises(ValueError, match="adapt"):
        layers.TextVectorization()(["a"])
    with pytest.raises(AttributeError):
        layers.Dense(1).adapt(np.ones((2, 2)))


def test_a_model_from_texts_on(tmp_path):
    words = layers.TextVectorization(output_sequence_length=4)
    words.adapt(TEXTS)
    model = models.Sequential(
        [
            layers.Input((1,), dtype="string"),
            words,
            layers.Embedding(words.vocabulary_size(), 3, mask_zero=True),
            layers.GRU(2),
        ]
    )
    texts = np.array(TEXTS, object)
    before = model.predict(texts, verbose=0)
    model.save(tmp_path / "model.keras")
    again = models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(again.predict(texts, verbose=0), before)
    assert again.layers[0].get_vocabulary() == words.get_vocabulary()
