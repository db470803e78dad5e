"""Write `keras_utils.json`: what Keras 3.15.1 (and TF-Keras 2.21) gives for `util_cases.py`.

Run with Keras's Python: `python tests/python/golden/make_utils.py`.
"""

from __future__ import annotations

import inspect
import json
import pathlib
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

import keras
import keras.src.datasets as sources
import backend_cases
import tf_keras
import util_cases


def main() -> None:
    with tempfile.TemporaryDirectory() as root:
        util_cases.write_files(root)
        for name in ("imdb", "reuters", "mnist", "boston_housing", "california_housing"):
            module = getattr(sources, name)  # a checksum of the real file would be asked for
            module.get_file = lambda fname=None, *args, **kwargs: f"{root}/{fname or args[0]}"
        datasets = util_cases.datasets(keras.datasets)
    with tempfile.TemporaryDirectory() as root:
        folder = util_cases.folder(keras.utils, root)
    old = tf_keras.preprocessing
    document = {
        "arrays": util_cases.arrays(keras.utils),
        "windows": util_cases.windows(keras.utils),
        "old_sequence": util_cases.old_sequence(old.sequence),
        "old_text": util_cases.old_text(old.text),
        "folder": folder,
        "datasets": datasets,
        "old_backend": backend_cases.old_backend(tf_keras.backend),
        "trees": backend_cases.trees(keras.tree),
        "signatures": {
            name: str(inspect.signature(getattr(keras.utils, name)))
            for name in util_cases.SIGNATURES["utils"].split()
        }
        | {
            f"{module}.{name}": str(inspect.signature(getattr(getattr(old, module), name)))
            for module, names in {
                "sequence": "TimeseriesGenerator make_sampling_table pad_sequences skipgrams",
                "text": "Tokenizer hashing_trick one_hot text_to_word_sequence tokenizer_from_json",
            }.items()
            for name in names.split()
        }
        | {
            f"datasets.{name}": str(inspect.signature(getattr(keras.datasets, name).load_data))
            for name in (
                *("imdb", "reuters", "mnist", "fashion_mnist", "boston_housing"),
                "california_housing",
            )
        },
    }
    text = "{\n" + ",\n".join(
        f"{json.dumps(key)}: {json.dumps(util_cases.plain(part), separators=(',', ':'))}"
        for key, part in document.items()
    )
    (HERE / "keras_utils.json").write_text(text + "\n}\n")


main()
