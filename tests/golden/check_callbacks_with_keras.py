"""Makes the runs of tests/conformance/callback_runs_test.cc with real Keras: same logs, same epochs, same files.

    python check_callbacks_with_keras.py TESTS FOLDER     TESTS is chronicler_tests_conformance
"""
import contextlib
import csv
import fnmatch
import inspect
import io
import json
import os
import pathlib
import shutil
import subprocess
import sys
import warnings

warnings.filterwarnings("ignore")
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
import keras
import numpy as np
import tensorflow as tf

from keras_side import as_list, compare_arrays, read_arrays

tf.config.run_functions_eagerly(True)
HOOKS = ["on_epoch_begin", "on_epoch_end", "on_train_begin", "on_train_end", "on_train_batch_begin", "on_train_batch_end"]
FUNCTIONS = {"half_every_third": lambda epoch, rate: rate * 0.5 if epoch % 3 == 2 else rate}


class Watcher(keras.callbacks.Callback):
    def __init__(self, stop_after):
        super().__init__()
        self.rates, self.stop_after = [], stop_after

    def on_epoch_end(self, epoch, logs=None):
        self.rates.append(float(self.model.optimizer.learning_rate))
        if epoch + 1 == self.stop_after:
            raise KeyboardInterrupt("as if the power had failed")


def made_callback(run, folder, calls):
    def placed(value):
        if isinstance(value, str):
            return FUNCTIONS.get(value, value.replace("FOLDER", str(folder)))
        return value

    if run["class"] != "LambdaCallback":
        return getattr(keras.callbacks, run["class"])(**{name: placed(v) for name, v in run["options"].items()})
    def hook(name):
        if name in ("on_train_begin", "on_train_end"):
            return lambda logs=None: calls.append(name)
        return lambda index, logs=None: calls.append(f"{name} {index}")
    return keras.callbacks.LambdaCallback(**{name: hook(name) for name in HOOKS})


def carried_out(run, folder, start, data):
    """What Keras makes of the run: as in runs.json, and what the model predicts in the end."""
    folder.mkdir(parents=True, exist_ok=True)
    (x, test_x), (y, test_y) = as_list(data, "x"), as_list(data, "y")
    calls = []

    def fit(model, stop_after):
        watcher = Watcher(stop_after)
        history = model.fit(x, y, batch_size=4, epochs=run["epochs"], verbose=0, shuffle=False,
                            validation_data=(test_x, test_y), validation_batch_size=4,
                            callbacks=[made_callback(run, folder, calls), watcher])
        return {"rates": watcher.rates, "history": history.history, "calls": calls}

    model = keras.saving.load_model(start)
    if run["ending"] == "interrupted":
        try:
            fit(model, run["interrupted_after"])
        except KeyboardInterrupt:
            pass
        model = keras.saving.load_model(start)
    if run["ending"] == "raises":
        try:
            fit(model, 0)
        except RuntimeError:
            return None, None
        raise AssertionError("Keras raises no error")
    result = fit(model, 0)
    if run["ending"] == "again":
        result = fit(model, 0)
    return result, model.predict(x, verbose=0)


def near(a, b):
    return np.allclose(np.asarray(a, "f8"), np.asarray(b, "f8"), rtol=1e-4, atol=1e-6, equal_nan=True)


def numbers(values):
    return [float(v) for v in values]


def compare_history(run, result):
    ours, theirs = run["history"], result["history"]
    if run["ending"] == "interrupted":  # Keras forgets the epochs before
        ours = {name: values[-len(theirs["loss"]):] for name, values in ours.items()}
        run["rates"] = run["rates"][-len(result["rates"]):]
    if set(ours) != set(theirs):
        return [f"logs {sorted(ours)}, Keras has {sorted(theirs)}"]
    differences = []
    for name, values in theirs.items():
        if len(ours[name]) != len(values):
            return [f"{len(ours[name])} epochs, Keras has {len(values)}"]
        if not near(numbers(ours[name]), values):
            differences.append(f"{name}: {ours[name]}, Keras has {values}")
    if len(run["rates"]) != len(result["rates"]) or not near(run["rates"], result["rates"]):
        differences.append(f"rates {run['rates']}, Keras has {result['rates']}")
    if run["calls"] != result["calls"]:
        differences.append(f"calls {run['calls'][:20]}..., Keras has {result['calls'][:20]}...")
    return differences


def files_in(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*")
                  if path.is_file() and path.name != "result.safetensors")


def same_table(a, b):
    """Two files of CSV: the same words, and numbers as near as everywhere."""
    rows_a, rows_b = (list(csv.reader(io.StringIO(text.replace(";", ",")))) for text in (a, b))
    if [len(row) for row in rows_a] != [len(row) for row in rows_b] or rows_a[0] != rows_b[0]:
        return False
    for row_a, row_b in zip(rows_a[1:], rows_b[1:]):
        if row_a != row_b and (row_a[0] != row_b[0] or not near([float(v) for v in row_a[1:]], [float(v) for v in row_b[1:]])):
            return False
    return a.count(";") == b.count(";")


def scalars(folder):
    """{run/tag: [(step, value)]} of TensorBoard's files."""
    found = {}
    for path in sorted(folder.rglob("events.out.tfevents*")):
        for event in tf.compat.v1.train.summary_iterator(str(path)):
            for value in event.summary.value:
                if value.metadata.plugin_data.plugin_name == "scalars" or value.HasField("simple_value"):
                    number = value.simple_value if value.HasField("simple_value") else float(tf.make_ndarray(value.tensor))
                    found.setdefault(f"{path.parent.name}/{value.tag}", []).append((event.step, number))
    return found


def compare_files(run, ours, theirs):
    if run["class"] == "TensorBoard":
        a, b = scalars(ours), scalars(theirs)
        b = {tag: values for tag, values in b.items() if "/keras" not in tag}
        if set(a) != set(b):
            return [f"curves {sorted(a)}, Keras has {sorted(b)}"]
        return [f"curve {tag}: {a[tag]}, Keras has {b[tag]}" for tag in b
                if len(a[tag]) != len(b[tag]) or not near(a[tag], b[tag])]
    if run["class"] == "BackupAndRestore":
        return [] if bool(files_in(ours)) == bool(files_in(theirs)) else ["a backup is left on one side only"]
    names = files_in(theirs)
    if files_in(ours) != names:
        return [f"files {files_in(ours)}, Keras has {names}"]
    differences = []
    for name in names:
        if name.endswith(".csv"):
            if not same_table((ours / name).read_text(), (theirs / name).read_text()):
                differences.append(f"{name} differs")
        elif name.endswith(".keras"):
            a, b = (keras.saving.load_model(folder / name) for folder in (ours, theirs))
            if not all(near(p, q) for p, q in zip(a.get_weights(), b.get_weights())):
                differences.append(f"{name} holds other weights")
            if int(a.optimizer.iterations) != int(b.optimizer.iterations):
                differences.append(f"{name} was saved after another step")
        else:
            model = keras.saving.load_model(ours.parent / "start.keras")
            weights = []
            for folder in (ours, theirs):
                model.load_weights(folder / name)
                weights.append(model.get_weights())
            if not all(near(p, q) for p, q in zip(*weights)):
                differences.append(f"{name} holds other weights")
    return differences


def untried_options(runs):
    """What a callback of Keras can be told, and no run tells it."""
    for name in sorted({run["class"] for run in runs}):
        tried = {option for run in runs if run["class"] == name for option in run["options"]}
        parameters = inspect.signature(getattr(keras.callbacks, name).__init__).parameters.values()
        for p in parameters:
            if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY) and p.name not in tried | {"self"} | set(HOOKS):
                yield name, p.name


def main():
    tests, folder = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
    ours, theirs = folder / "chronicler", folder / "keras"
    for old in (ours, theirs):  # checkpoints that a run would go on from
        shutil.rmtree(old, ignore_errors=True)
    ours.mkdir(parents=True)
    done = subprocess.run([tests, "--gtest_brief=1", "--gtest_filter=CallbackRuns.*:KeptDifferences.*"],
                          env={**os.environ, "CHRONICLER_CALLBACKS_OUT": str(ours), "CHRONICLER_OPTIONS_OUT": str(folder)},
                          capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{tests} fails:\n{done.stdout[-4000:]}")
    known = json.loads((folder / "differences.json").read_text())
    runs, data = json.loads((ours / "runs.json").read_text()), read_arrays(ours / "data.safetensors")
    failures, on_purpose, tried = [], 0, 0
    found = []
    for run in runs:
        try:
            with contextlib.redirect_stdout(io.StringIO()):  # of what is verbose
                result, predicted = carried_out(run, theirs / run["name"], ours / f"{run['start']}.keras", data)
            if result is None:
                found.append((run["class"], run["name"], []))
                continue
            differences = compare_history(run, result) + compare_files(run, ours / run["name"], theirs / run["name"])
            kept_arrays = as_list(read_arrays(ours / run["name"] / "result.safetensors"), "predict")
            differences += compare_arrays("predict", kept_arrays, [predicted], "trained")
        except Exception as error:
            differences = [f"Keras: {type(error).__name__}: {str(error)[:300]}"]
        found.append((run["class"], run["name"], differences))
    found += [(name, option, ["Chronicler has no such option"]) for name, option in untried_options(runs)]
    for name, what, differences in found:
        tried += 1
        is_kept = any(d["kind"] == "callbacks" and d["class"] == name and
                      any(fnmatch.fnmatchcase(what, pattern) for pattern in d["models"].split()) for d in known)
        if differences and is_kept:
            on_purpose += 1
        elif differences:
            failures.append(f"{name} {what}: {'; '.join(differences[:3])}")
    classes = len({run["class"] for run in runs})
    print(f"callbacks: {classes} classes, {tried} tried, {tried - on_purpose - len(failures)} equal, "
          f"{on_purpose} differ on purpose, {len(failures)} differ")
    for failure in failures:
        print(f"FAILED  {failure}")
    sys.exit(1 if failures else 0)


main()
