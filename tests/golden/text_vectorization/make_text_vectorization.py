"""What Keras's TextVectorization makes of texts that are hard to cut, with every option.

    python make_text_vectorization.py      writes cases.json beside this script

Needs: pip install keras==3.15.1 tensorflow-cpu==2.21.0
"""
import json
import os
import pathlib

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import keras
import numpy as np
import tensorflow as tf

# Spaces that are none to TensorFlow, punctuation that is not ASCII, letters whose lower case it does not know, tokens
# that are special; then bytes that are no UTF-8.
TEXTS = [text.encode() for text in (
    "The cat, the mat.", "A CAT!  Code-x\tdog\n\v\f\rend", "", "   ", "!!!", "[UNK]", "unk", "\u00c4pfel \u00c4PFEL Stra\u00dfe",
    "a\u00a0b \u3000c\u2028d e\u0085f", "\u201cquote\u201d \u2014 it's \u00bfqu\u00e9?", "\u0130stanbul \u0131 I \u039f\u03a3",
    "e\u0301 \u00e9 \U0001f600\u200d\U0001f469 \u65e5\u672c\u3001", "a_b-c/d\\e^f`g~h{i}j|k@l#m$n%o&p*q+r=s<t>u?v\"w'x;y:z",
    "\u200bzero \ufeffbom", "TAB\x1cfs\x1funit", "1,234.5 %$", "A A a A b", "the the the cat cat dog")]
BROKEN = [b"caf\xe9 ol\xe9", b"\xff\xfe a", b"a\xc3", b"\xe2\x82 b \xe2\x82\xac", b"\xf0\x9f\x98 x", b"\xed\xa0\x80y", b"\xc0\xaf",
          b"\xf4\x90\x80\x80z", b"\xe0\x80\x80"]
OPTIONS = [
    {}, {"standardize": "lower"}, {"standardize": "strip_punctuation"}, {"standardize": None}, {"split": "character"},
    {"split": "character", "standardize": None}, {"split": None}, {"split": None, "standardize": None}, {"ngrams": 2},
    {"ngrams": (1, 3)}, {"ngrams": (3, 1)}, {"ngrams": (2,)}, {"output_sequence_length": 3}, {"max_tokens": 7}, {"output_mode": "count"},
    {"output_mode": "multi_hot"}, {"output_mode": "tf_idf"}, {"output_mode": "tf_idf", "ngrams": 2, "max_tokens": 30},
    {"output_mode": "count", "max_tokens": 5}, {"output_mode": "tf_idf", "max_tokens": 60, "pad_to_max_tokens": True},
    {"output_mode": "multi_hot", "max_tokens": 70, "pad_to_max_tokens": True}, {"output_mode": "count", "split": "character"},
    {"output_mode": "tf_idf", "split": "character", "max_tokens": 12}, {"output_mode": "count", "split": None}]


def row(values):
    """Without the zeros at its end."""
    values = [int(v) if v == int(v) else round(float(v), 7) for v in values]
    while values and values[-1] == 0:
        values.pop()
    return values


def case(options, texts):
    layer = keras.layers.TextVectorization(**options)
    layer.adapt(tf.constant(TEXTS))
    keys, ids = layer._lookup_layer.lookup_table.export()
    vocabulary = [key for key, _ in sorted(zip(keys.numpy(), ids.numpy()), key=lambda pair: pair[1]) if key]
    y = np.asarray(layer(tf.constant([[text] for text in texts])))
    return {"options": options, "vocabulary": [key.hex() for key in vocabulary], "width": y.shape[1], "rows": [row(r) for r in y]}


cases = [case(options, TEXTS + BROKEN) for options in OPTIONS]
text = json.dumps({"adapt": [text.hex() for text in TEXTS], "texts": [text.hex() for text in TEXTS + BROKEN], "cases": cases},
                  separators=(",", ":"))
(pathlib.Path(__file__).parent / "cases.json").write_text(text.replace('{"options"', '\n{"options"') + "\n")
