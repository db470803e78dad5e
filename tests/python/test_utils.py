"""Utilities, preprocessing and data sets: what Keras gives (`golden/keras_utils.json`), errors."""

from __future__ import annotations

import hashlib
import importlib
import inspect
import json
import pathlib
import pickle
import random
import sys
import tarfile
import types
import warnings
import zipfile

import numpy as np
import pytest
import util_cases
from chronicler import config, datasets, ops, preprocessing, utils
from chronicler import random as chronicler_random
from chronicler.preprocessing import sequence, text, timeseries
from chronicler.tensor import Tensor, Variable
from chronicler.utils.dataset import Dataset, PyDataset

GOLDEN = json.loads((pathlib.Path(__file__).parent / "golden" / "keras_utils.json").read_text())


@pytest.fixture
def keras_home(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    (tmp_path / "datasets").mkdir()
    return tmp_path / "datasets"


def check(section, found):
    found = json.loads(json.dumps(util_cases.plain(found)))
    for name, wanted in GOLDEN[section].items():
        assert found[name] == wanted, name
    assert set(found) == set(GOLDEN[section])


def test_arrays_as_keras():
    check("arrays", util_cases.arrays(utils))


def test_windows_as_keras():
    check("windows", util_cases.windows(utils))


def test_old_sequences_as_keras():
    check("old_sequence", util_cases.old_sequence(sequence))


def test_old_texts_as_keras():
    check("old_text", util_cases.old_text(text))


def test_folder_as_keras(tmp_path):
    check("folder", util_cases.folder(utils, str(tmp_path)))


def test_datasets_as_keras(keras_home):
    util_cases.write_files(keras_home)
    check("datasets", util_cases.datasets(datasets))


def test_arguments_are_those_of_keras():
    for name, signature in GOLDEN["signatures"].items():
        place, _, function = name.rpartition(".")
        if place == "datasets":
            target = getattr(datasets, function).load_data
        else:
            target = getattr({"": utils, "sequence": sequence, "text": text}[place], function)
        ours = inspect.signature(target)
        plain = ours.replace(
            parameters=[
                p.replace(annotation=p.empty)
                for p in ours.parameters.values()
                if p.name != "kwargs" or "kwargs" in signature
            ],
            return_annotation=ours.empty,
        )
        assert str(plain) == signature, name


def test_modules_and_names():
    assert preprocessing.sequence is sequence and preprocessing.text is text
    assert preprocessing.timeseries is timeseries
    assert timeseries.timeseries_dataset_from_array is utils.timeseries_dataset_from_array
    assert preprocessing.text_dataset_from_directory is utils.text_dataset_from_directory
    assert utils.Sequence is utils.PyDataset
    assert "to_categorical" in dir(utils) and "imdb" in dir(datasets)
    for module in (utils, preprocessing, datasets):
        with pytest.raises(AttributeError, match="nothing"):
            module.nothing
        for name in dir(module):
            getattr(module, name)
    with pytest.raises(AttributeError, match="pictures"):
        datasets.cifar10


def test_tensors_to_categories():
    hot = utils.to_categorical(Tensor([[1], [0]]), 3)
    assert isinstance(hot, Tensor) and hot.tolist() == [[0, 1, 0], [1, 0, 0]]
    assert utils.to_categorical(Tensor([2])).shape == (1, 3)
    with pytest.raises(ValueError, match="num_classes=6"):
        utils.to_categorical([5], 3)
    assert isinstance(utils.normalize(Tensor([[3.0, 4.0]])), Tensor)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([[1]], None, "int32", "left"), "padding"),
        (([[1]], None, "int32", "pre", "left"), "truncating"),
        ((5,), "iterable"),
        (([1, 2],), "non-iterable"),
        (([[1]], None, "int32", "pre", "pre", "x"), "dtype=object"),
        (([[[1, 2]], [[3]]],), "shape"),
    ],
)
def test_padding_errors(arguments, message):
    with pytest.raises(ValueError, match=message):
        utils.pad_sequences(*arguments)


def test_padding_of_nothing():
    assert utils.pad_sequences([]).shape == (0, 0)
    assert utils.pad_sequences([[1, 2], []], maxlen=0).shape == (2, 0)
    assert utils.pad_sequences([np.arange(3), np.arange(1)]).dtype == np.int32


def test_window_errors():
    make, data = utils.timeseries_dataset_from_array, np.arange(10)
    for options, message in (
        ({"start_index": 10}, "start_index"),
        ({"start_index": -1}, "start_index"),
        ({"end_index": 10}, "end_index"),
        ({"start_index": 5, "end_index": 5}, "end_index"),
        ({"sampling_rate": 0}, "sampling_rate"),
        ({"sequence_stride": 10}, "sequence_stride"),
        ({"format": "csv"}, "format"),
    ):
        with pytest.raises(ValueError, match=message):
            make(data, None, 3, **options)
    assert len(make(data, None, 11)) == 0


def test_windows_in_random_order():
    data = np.arange(50)
    windows = utils.timeseries_dataset_from_array(data, data, 3, batch_size=8, shuffle=True, seed=1)
    again = utils.timeseries_dataset_from_array(data, data, 3, batch_size=8, shuffle=True, seed=1)
    first, second, other = ([w.tolist() for w, _ in d] for d in (windows, windows, again))
    assert first == other != second
    rows = [row for batch in first for row in batch]
    assert sorted(rows) == [[i, i + 1, i + 2] for i in range(48)]
    for batch, goals in windows:
        assert (batch.numpy()[:, 0] == goals.numpy()).all()


def test_methods_of_datasets():
    data = Dataset.from_tensor_slices((np.arange(5), np.arange(5) * 10.0))
    assert len(data) == 5 and int(data.cardinality()) == 5
    batches = data.batch(2)
    assert [x.tolist() for x, _ in batches] == [[0, 1], [2, 3], [4]]
    assert len(data.batch(2, drop_remainder=True)) == 2
    assert [x.tolist() for x, _ in batches.unbatch()] == [0, 1, 2, 3, 4]
    assert [x.tolist() for x, _ in data.skip(3)] == [3, 4]
    assert [x.tolist() for x, _ in data.take(2)] == [0, 1] and len(data.take(-1)) == 5
    assert [v.tolist() for v in data.map(lambda x, y: x + y)] == [0, 11, 22, 33, 44]
    assert [v.tolist() for v in Dataset.from_tensor_slices([1, 2]).map(lambda x: x * 2)] == [2, 4]
    calls = []
    kept = data.map(lambda x, y: calls.append(1) or x).cache().prefetch(4)
    assert len(list(kept)) == len(list(kept)) == 5 == len(calls)
    mixed = data.shuffle(100, seed=1)
    first, second = ([int(x) for x, _ in mixed] for _ in range(2))
    assert sorted(first) == sorted(second) == [0, 1, 2, 3, 4] and first != second
    assert isinstance(next(data.as_numpy_iterator())[0], np.ndarray)
    named = Dataset.from_tensor_slices({"a": np.arange(2)})
    assert named.batch(2)[0]["a"].tolist() == [0, 1]
    assert data[-1][0].tolist() == 4
    with pytest.raises(IndexError, match="5 elements"):
        data[5]
    with pytest.raises(ValueError, match="one length"):
        Dataset.from_tensor_slices((np.arange(2), np.arange(3)))
    with pytest.raises(ValueError, match="batch_size"):
        data.batch(0)


def test_data_sets_of_ones_own():
    class Squares(PyDataset):
        def __len__(self):
            return 3

        def __getitem__(self, index):
            return index**2

    assert list(Squares(workers=2)) == [0, 1, 4] and Squares().num_batches == 3
    assert Squares(workers=2).workers == 2 and Squares().max_queue_size == 10

    class Careless(Squares):
        def __init__(self):
            pass

    with pytest.warns(UserWarning, match="super"):
        assert Careless().workers == 1
    with pytest.raises(NotImplementedError):
        _ = PyDataset().num_batches
    with pytest.raises(NotImplementedError, match="__getitem__"):
        PyDataset()[0]


def test_split_dataset():
    x, y = np.arange(10), np.arange(10) * 2
    left, right = utils.split_dataset((x, y), left_size=0.7)
    assert len(left) == 7 and [int(a) for a, _ in right] == [7, 8, 9]
    left, right = utils.split_dataset(x, right_size=3, shuffle=True, seed=5)
    assert sorted(int(v) for part in (left, right) for v in part) == list(range(10))
    order = list(range(10))
    random.Random(5).shuffle(order)
    assert [int(v) for v in left] == order[:7]
    left, right = utils.split_dataset(x, left_size=2, right_size=3)
    assert [int(v) for v in left] == [0, 1] and [int(v) for v in right] == [7, 8, 9]
    assert len(utils.split_dataset(iter("abcd"), left_size=1)[1]) == 3
    assert len(utils.split_dataset(left, left_size=0.5)[0]) == 1
    for options in (
        {},
        {"left_size": 1.0},
        {"left_size": 10},
        {"left_size": 0},
        {"left_size": 0.9, "right_size": 0.2},
        {"left_size": 0.01},
    ):
        with pytest.raises(ValueError):
            utils.split_dataset(x, **options)
    with pytest.raises(TypeError):
        utils.split_dataset(x, left_size="half")
    with pytest.raises(TypeError):
        utils.split_dataset(5, left_size=0.5)


def test_folder_errors(tmp_path):
    read = utils.text_dataset_from_directory
    with pytest.raises(FileNotFoundError, match="no folder"):
        read(tmp_path / "missing")
    util_cases.folder(utils, str(tmp_path))
    for options, message in (
        ({"labels": "yes"}, "labels"),
        ({"labels": [1]}, "files"),
        ({"labels": None, "class_names": ["a"]}, "class_names"),
        ({"label_mode": "float"}, "label_mode"),
        ({"class_names": ["a", "c"]}, "folders"),
        ({"class_names": ["a"], "label_mode": "binary"}, "exactly 2"),
        ({"validation_split": 2.0, "subset": "both"}, "between 0 and 1"),
        ({"validation_split": 0.5}, "inversely"),
        ({"validation_split": 0.5, "subset": "test"}, "subset"),
        ({"validation_split": 0.5, "subset": "both"}, "seed"),
        ({"format": "csv"}, "format"),
        ({"validation_split": 0.01, "subset": "validation", "seed": 1}, "No validation"),
    ):
        with pytest.raises(ValueError, match=message):
            read(tmp_path, verbose=False, **options)


def test_progress_bar(capsys, monkeypatch):
    seconds = iter(range(100))
    clock = types.SimpleNamespace(time=lambda: float(next(seconds)))
    monkeypatch.setattr(importlib.import_module("chronicler.utils.progress"), "time", clock)
    bar = utils.Progbar(4, width=8, stateful_metrics=["rate"])
    bar.update(1, [("loss", 2.0), ("rate", 5.0)])
    bar.add(1, [("loss", 1.0), ("rate", 4.0)])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "1/4 ━━━━━━━━ 3s 1s/step - loss: 2.0000 - rate: 5.0000"
    assert lines[1] == "2/4 ━━━━━━━━ 2s 1s/step - loss: 1.5000 - rate: 4.0000"
    bar.update(4, [("loss", 1e-5)])
    assert (
        capsys.readouterr().out == "4/4 ━━━━━━━━ 3s 667ms/step - loss: 1.0000e-05 - rate: 4.0000\n"
    )
    quiet = utils.Progbar(2, verbose=2)
    quiet.update(1, [("a", 1.0)])
    assert capsys.readouterr().out == ""
    quiet.update(2, [("a", Tensor(3.0))])
    assert capsys.readouterr().out == "2/2 - 2s - 1s/step - a: 3.0000\n"
    utils.Progbar(None).update(3)
    assert "3/Unknown" in capsys.readouterr().out
    utils.Progbar(2, verbose=0).update(2)
    assert capsys.readouterr().out == ""
    with pytest.raises(ValueError):
        utils.Progbar(2, stateful_metrics=[], stateless_metrics=[])


def test_progress_bar_in_a_terminal(capsys, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    bar = utils.Progbar(2, width=4, interval=0)
    bar.update(1, [("loss", 2.0)])
    bar.update(2)
    shown = capsys.readouterr().out
    assert shown.count("\r") == 2 and shown.count("\n") == 1 and "\x1b[32m━━━━\x1b[0m" in shown


def test_messages_can_go_to_logging(capsys, caplog, tmp_path):
    config.disable_interactive_logging()
    try:
        with caplog.at_level("INFO", "chronicler"):
            utils.Progbar(1).update(1)
    finally:
        config.enable_interactive_logging()
    assert capsys.readouterr().out == "" and "1/1" in caplog.text


def test_files_in_the_cache(keras_home, tmp_path):
    (keras_home / "a.txt").write_text("hello")
    md5 = hashlib.md5(b"hello").hexdigest()
    sha = hashlib.sha256(b"hello").hexdigest()
    path = utils.get_file("a.txt", "https://example.org/a.txt", file_hash=sha)
    assert path == str(keras_home / "a.txt")
    assert utils.get_file(origin="https://example.org/x/a.txt", md5_hash=md5) == path
    assert utils.get_file("a.txt", origin=(keras_home / "a.txt").as_uri()) == path
    with pytest.raises(ValueError, match="incomplete or another"):
        utils.get_file("a.txt", "x", file_hash="0" * 64)
    with pytest.raises(FileNotFoundError, match=r"downloads nothing.*https://example\.org/b\.txt"):
        utils.get_file("b.txt", "https://example.org/b.txt")
    for arguments in ((), ("a/b", "x"), (None, "https://example.org/")):
        with pytest.raises(ValueError):
            utils.get_file(*arguments)


def test_archives(keras_home):
    with zipfile.ZipFile(keras_home / "z.zip", "w") as archive:
        archive.writestr("in/b.txt", "x")
    folder = utils.get_file("z.zip", "https://example.org/z.zip", extract=True)
    assert pathlib.Path(folder, "in", "b.txt").read_text() == "x"
    assert folder.endswith("z_extracted")
    (keras_home / "t.txt").write_text("y")
    with tarfile.open(keras_home / "t.tar.gz_archive", "w:gz") as archive:
        archive.add(keras_home / "t.txt", "t.txt")
    folder = utils.get_file(origin="https://example.org/t.tar.gz", untar=True)
    assert pathlib.Path(folder, "t.txt").read_text() == "y"
    with zipfile.ZipFile(keras_home / "bad.zip", "w") as archive:
        archive.writestr("../../out.txt", "x")
    with tarfile.open(keras_home / "bad.tar", "w") as archive:
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc"
        archive.addfile(link)
    for name in ("bad.zip", "bad.tar"):
        with pytest.raises(ValueError, match="entry"):
            utils.get_file(name, "x", extract=True)
    with pytest.raises(ValueError, match="neither"):
        utils.get_file("t.txt", "x", extract=True)


def test_missing_data_says_where_to_put_it(keras_home):
    for call, name in (
        (datasets.imdb.load_data, "imdb.npz"),
        (datasets.imdb.get_word_index, "imdb_word_index.json"),
        (datasets.reuters.load_data, "reuters.npz"),
        (datasets.mnist.load_data, "mnist.npz"),
        (datasets.fashion_mnist.load_data, "fashion-mnist"),
        (datasets.boston_housing.load_data, "boston_housing.npz"),
        (datasets.california_housing.load_data, "california_housing.npz"),
    ):
        with pytest.raises(FileNotFoundError, match=f"{name}.*downloads nothing"):
            call()


def test_other_data(keras_home):
    import gzip

    (keras_home / "imdb_word_index.json").write_text('{"the": 1}')
    assert datasets.imdb.get_word_index() == {"the": 1}
    (keras_home / "fashion-mnist").mkdir()
    for name, count in (("train", 2), ("t10k", 1)):
        for kind, header, size in (("labels-idx1", 8, 1), ("images-idx3", 16, 784)):
            content = bytes(header) + bytes(range(count)) * size
            with gzip.open(keras_home / "fashion-mnist" / f"{name}-{kind}-ubyte.gz", "wb") as file:
                file.write(content)
    (x_train, y_train), (x_test, _) = datasets.fashion_mnist.load_data()
    assert x_train.shape == (2, 28, 28) and y_train.tolist() == [0, 1] and len(x_test) == 1
    with pytest.raises(ValueError, match="version"):
        datasets.california_housing.load_data("tiny")
    with pytest.raises(TypeError, match="nb_words"):
        datasets.imdb.load_data(nb_words=3)
    util_cases.write_files(keras_home)
    with pytest.raises(ValueError, match="Increase maxlen"):
        datasets.imdb.load_data(maxlen=1)
    with pytest.raises(ValueError, match="test_split"):
        datasets.boston_housing.load_data(test_split=1.0)


class Harmful:
    def __reduce__(self):
        return (print, ("a file ran code",))


def test_a_data_file_runs_no_code(keras_home, capsys):
    util_cases.write_files(keras_home)
    harmful = np.empty(1, object)
    harmful[0] = Harmful()
    np.savez(keras_home / "reuters.npz", x=harmful, y=np.zeros(1))
    with pytest.raises(ValueError, match="print"):
        datasets.reuters.load_data()
    assert capsys.readouterr().out == ""
    np.savez(keras_home / "reuters.npz", x=np.zeros(1))
    with pytest.raises(ValueError, match="damaged"):
        datasets.reuters.load_data()
    (keras_home / "reuters.npz").write_bytes(b"no archive")
    with pytest.raises(ValueError, match="damaged"):
        datasets.reuters.load_data()


@pytest.mark.parametrize("protocol", [2, 3, 4])
def test_pickled_lists_of_every_age(keras_home, protocol):
    lists = np.empty(3, object)
    lists[:] = [[1, 2], [3], [4]]
    with zipfile.ZipFile(keras_home / "reuters.npz", "w") as archive:
        for name, array in (("x", lists), ("y", np.arange(3))):
            with archive.open(f"{name}.npy", "w") as file:
                header = np.lib.format.header_data_from_array_1_0(array)
                np.lib.format.write_array_header_1_0(file, header)
                if array.dtype == object:
                    file.write(pickle.dumps(array, protocol=protocol))
                else:
                    file.write(array.tobytes())
    (x, y), _ = datasets.reuters.load_data(test_split=0.0)
    found = dict(zip(y.tolist(), x.tolist()))
    assert found == {0: [1, 4, 5], 1: [1, 6], 2: [1, 2]}  # Keras drops the largest number, too


def test_seeds(monkeypatch):
    core = types.ModuleType("chronicler._core")
    given = []
    core.set_seed = given.append
    monkeypatch.setitem(sys.modules, "chronicler._core", core)
    utils.set_random_seed(7)
    first = random.random(), np.random.rand(), chronicler_random.normal((2,)).tolist()
    utils.set_random_seed(7)
    second = random.random(), np.random.rand(), chronicler_random.normal((2,)).tolist()
    assert first == second and given == [7, 7] and utils.get_random_seed() == 7
    with pytest.raises(ValueError, match="integer"):
        utils.set_random_seed(1.5)
    utils.clear_session()
    assert Variable(1.0).name == "variable"


def test_pictures_say_what_to_use_instead():
    for call in (utils.plot_model, utils.model_to_dot):
        with pytest.raises(NotImplementedError, match="summary"):
            call(None)
    assert not utils.is_keras_tensor(ops.ones(1))


def test_old_generators_as_json():
    generator = sequence.TimeseriesGenerator(np.arange(5), list(range(5)), 2)
    written = json.loads(generator.to_json())
    assert written["class_name"] == "TimeseriesGenerator"
    assert json.loads(written["config"]["data"]) == [0, 1, 2, 3, 4]
    windows, goals = next(iter(generator))
    assert windows.tolist() == [[0, 1], [1, 2], [2, 3]] and goals.tolist() == [2, 3, 4]
    random_ones = sequence.TimeseriesGenerator(np.arange(5), np.arange(5), 2, shuffle=True)
    windows, goals = random_ones[0]
    assert (windows[:, 1] + 1 == goals).all()
    with pytest.raises(ValueError, match="smaller length"):
        sequence.TimeseriesGenerator([1, 2], [1, 2], 3)
    with pytest.raises(ValueError, match="same length"):
        sequence.TimeseriesGenerator([1, 2], [1], 1)


def test_tokenizer_errors():
    tokenizer = text.Tokenizer()
    with pytest.raises(ValueError, match="dimension"):
        tokenizer.sequences_to_matrix([[1]])
    with pytest.raises(ValueError, match="mode"):
        tokenizer.sequences_to_matrix([[1]], "idf")
    with pytest.raises(ValueError, match="Fit"):
        text.Tokenizer(num_words=3).sequences_to_matrix([[1]], "tfidf")
    with pytest.raises(TypeError, match="words"):
        text.Tokenizer(words=3)
    assert text.Tokenizer(nb_words=3).num_words == 3
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        own = text.Tokenizer(analyzer=lambda t: t.split("|"))
        own.fit_on_texts(["a b|c", "c"])
        assert own.word_index == {"c": 1, "a b": 2}
