"""Shows real Keras every option of every class away from its default, and what it makes of them to Chronicler.

    python check_options_with_keras.py TESTS FOLDER

TESTS is chronicler_tests_conformance, which makes the models from the catalogs and writes them to FOLDER
(tests/conformance/option_models_test.cc). For each: Keras opens
the file, predicts, evaluates and trains as Chronicler does, and saves; Chronicler opens that and predicts the same. Then
each option that Keras has is looked for among those that Chronicler has. What differs must be one of the differences in
tests/conformance/keras_differences.cc.
"""
import argparse
import collections
import fnmatch
import inspect
import json
import os
import pathlib
import re
import subprocess
import sys
import warnings

warnings.filterwarnings("ignore")
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
import keras
import numpy as np
import tensorflow as tf

from keras_side import (as_list, compare_arrays, compare_numbers, evaluate, fit, predict, read_arrays, reset_states,
                        write_arrays)



def of_predictions(update_state):
    """Keras gives a compiled Mean or Sum the targets too, and that fails: here it is given the predictions."""
    return lambda metric, *values, sample_weight=None: update_state(metric, values[-1], sample_weight)


for kind in (keras.metrics.Mean, keras.metrics.Sum):
    kind.update_state = of_predictions(kind.update_state)

tf.config.run_functions_eagerly(True)  # tracing takes longer than these models run

# Where real Keras has its classes. Those of TensorFlow's layers that are no options of a class are left out below.
MODULES = {"layers": keras.layers, "losses": keras.losses, "metrics": keras.metrics, "optimizers": keras.optimizers,
           "schedules": keras.optimizers.schedules, "initializers": keras.initializers,
           "regularizers": keras.regularizers, "constraints": keras.constraints}


def run_tests(tests, variable, folder, gtest_filter):
    done = subprocess.run([tests, "--gtest_brief=1", f"--gtest_filter={gtest_filter}"],
                          env={**os.environ, variable: str(folder)}, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{tests} fails:\n{done.stdout[-4000:]}")


def compare(folder, entry):
    """What differs between Keras and Chronicler; the model that Keras has trained is left in FOLDER."""
    stem = folder / entry["file"]
    arrays = read_arrays(f"{stem}.safetensors")
    x, y = as_list(arrays, "x"), as_list(arrays, "y")
    weight = as_list(arrays, "weight")
    weight = weight[0] if weight else None
    batch, epochs = entry["batch_size"], entry["epochs"]
    given, x = x, [as_texts(one) if one.dtype == np.uint8 else one for one in x]
    model = keras.saving.load_model(f"{stem}.keras")
    differences = compare_arrays("predict", as_list(arrays, "predict"), predict(model, x, batch), "predict")
    differences += compare_numbers("evaluate", entry["evaluate"], evaluate(model, x, y, batch, weight), 1e-5)
    if entry["kind"] == "initializers":
        differences += compare_initial(entry, model)
    history = fit(model, x, y, batch, epochs, weight)
    trained = predict(model, x, batch)
    if not entry["random"]:
        differences += compare_numbers("history", entry["history"], history, 1e-4)
        differences += compare_arrays("trained", as_list(arrays, "trained"), trained, "trained")
    reset_states(model)
    model.save(f"{stem}.back.keras")
    back = {f"x{i}": value for i, value in enumerate(given)}
    back |= {f"predict{i}": value for i, value in enumerate(trained)}
    write_arrays(f"{stem}.back.safetensors", back)
    return differences


def as_texts(array):
    """Of the bytes of texts, row by row."""
    return tf.constant([row.tobytes().rstrip(b"\0") for row in array])


def compare_initial(entry, model):
    """The weights that Chronicler has drawn, and those that Keras draws from the same configuration."""
    here = model.get_weights()[0]
    there = keras.models.clone_model(model).get_weights()[0]
    if entry["class"] in ("Zeros", "Ones", "Constant", "Identity"):
        return [] if np.array_equal(here, there) else ["initial weights differ"]
    if entry["class"] == "Orthogonal":
        square = lambda w: w.T @ w
        return [] if np.allclose(square(here), square(there), atol=1e-4) else ["initial weights differ"]
    a, b = np.sort(here.ravel()), np.sort(there.ravel())
    grid = np.concatenate([a, b])
    distance = np.abs(np.searchsorted(a, grid, "right") - np.searchsorted(b, grid, "right")).max() / a.size
    # Kolmogorov and Smirnov: by chance once in a million.
    return [] if distance < 2.7 * np.sqrt(2 / a.size) else [f"initial weights are distributed otherwise: {distance}"]


def options_of_keras(kind, name):
    """The names of the options of Keras's class, where it has one of that name."""
    keras_class = getattr(MODULES[kind], name, None)
    if keras_class is None:
        return None
    parameters = inspect.signature(keras_class.__init__).parameters.values()
    return [p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY) and p.name != "self"]


def is_like(text, pattern):
    """As in tests/conformance/keras_differences.h."""
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), text, re.DOTALL) is not None


def kept_difference(known, entry):
    """The difference on purpose that a model shows; None if there is none."""
    name, what = entry["class"], entry["in_class"]
    for difference in known:
        if difference["kind"] == entry["kind"] and difference["class"] in (name, "*"):
            titles = [what] + ([f"{name}.{what}"] if difference["class"] == "*" else [])
            if any(is_like(title, pattern) for title in titles for pattern in difference["models"].split()):
                return difference
    return None


def shows(difference, entry):
    """Whether what was found is that difference and no other."""
    found = entry["differences"]
    if difference["shows"]:
        return bool(found) and is_like(found[0], difference["shows"])
    return bool(found) and not found[0].startswith(("Keras: ", "Chronicler: "))


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("tests", type=pathlib.Path)
    arguments.add_argument("folder", type=pathlib.Path)
    arguments.add_argument("--like", default="*", help="only models whose file's name is like one of these")
    arguments.add_argument("--jobs", type=int, default=os.cpu_count())
    arguments.add_argument("--part", type=int, help="what one of the jobs does")
    options = arguments.parse_args()
    tests, folder = options.tests.resolve(), options.folder.resolve()
    if options.part is not None:
        return try_part(folder, options)
    folder.mkdir(parents=True, exist_ok=True)
    run_tests(tests, "CHRONICLER_OPTIONS_OUT", folder, "*Options.*:KeptDifferences.*")
    jobs = [subprocess.Popen([sys.executable, *sys.argv, "--part", str(part)]) for part in range(options.jobs)]
    if any([job.wait() != 0 for job in jobs]):
        sys.exit("a job has failed")
    tried = {}
    for part in range(options.jobs):
        tried |= json.loads((folder / f"part{part}.json").read_text())
    back = {file: entry["batch_size"] for file, entry in tried.items() if entry.get("saved")}
    (folder / "back.json").write_text(json.dumps(back))
    run_tests(tests, "CHRONICLER_OPTIONS_BACK", folder, "OptionsOfKeras.ComeBack")
    for file, told in json.loads((folder / "came_back.json").read_text()).items():
        if told:
            tried[file]["differences"].append(f"back in Chronicler: {told}")
    sys.exit(report(folder, tried))


def try_part(folder, options):
    """Every so-manieth model, into FOLDER/partN.json."""
    entries = [entry for kind in MODULES for entry in json.loads((folder / f"{kind}.json").read_text())["models"]
               if any(fnmatch.fnmatchcase(entry["file"], pattern) for pattern in options.like.split())]
    tried = {}
    for entry in entries[options.part::options.jobs]:
        try_one(folder, entry)
        tried[entry["file"]] = entry
    (folder / f"part{options.part}.json").write_text(json.dumps(tried))


def try_one(folder, entry):
    if entry.get("refused"):
        entry["differences"] = [f"Chronicler: {entry['refused']}"]
    elif entry.get("own"):
        entry["differences"] = []  # Keras cannot know it
    else:
        try:
            entry["differences"] = compare(folder, entry)
            entry["saved"] = True
        except Exception as error:
            entry["differences"] = [f"Keras: {type(error).__name__}: {' '.join(str(error).split())[:300]}"]


def missing_options(kind, classes):
    """What Keras's classes can be told and Chronicler's cannot, as if it had been tried."""
    for name, options in classes.items():
        for option in sorted(set(options_of_keras(kind, name) or []) - set(options)):
            yield {"kind": kind, "class": name, "in_class": option, "differences": ["Chronicler has no such option"]}


def report(folder, tried):
    known = json.loads((folder / "differences.json").read_text())
    failures, totals = [], collections.Counter()
    print(f"{'':14}{'classes':>8}{'tried':>8}{'equal':>8}{'on purpose':>12}{'not Keras':>11}{'differing':>11}")
    for kind in MODULES:
        classes = json.loads((folder / f"{kind}.json").read_text())["classes"]
        counts = collections.Counter(classes=len(classes))
        for entry in [e for e in tried.values() if e["kind"] == kind] + list(missing_options(kind, classes)):
            counts["tried"] += 1
            difference = kept_difference(known, entry)
            if entry.get("own"):
                counts["own"] += 1
            elif difference and shows(difference, entry):
                counts["kept"] += 1
            elif not entry["differences"] and not difference:
                counts["equal"] += 1
            else:
                counts["differing"] += 1
                found = "; ".join(entry["differences"][:3]) or "equal, though a difference on purpose is listed"
                failures.append(f"{kind} {entry['class']}.{entry['in_class']}: {found}")
        totals.update(counts)
        print_row(kind, counts)
    print_row("all", totals)
    for failure in failures:
        print(f"FAILED  {failure}")
    return 1 if failures else 0


def print_row(name, counts):
    print(f"{name:14}{counts['classes']:>8}{counts['tried']:>8}{counts['equal']:>8}{counts['kept']:>12}"
          f"{counts['own']:>11}{counts['differing']:>11}", flush=True)


main()
