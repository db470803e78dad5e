"""Writes the models of tests/golden/versions and old_optimizers anew, as .keras, and opens them in real Keras.

    python check_versions_with_keras.py CHRONICLER FOLDER [NAME ...]     FOLDER takes the models; only those NAMEs

Keras must predict what the Keras that wrote the old file predicted, and a step of training must move the weights as in
Chronicler: with the optimizer and the state that the file has, or by SGD if it has none.
"""
import json
import os
import pathlib
import subprocess
import sys
import warnings
import zipfile

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import keras
import numpy as np

from keras_side import compare_arrays, fit, predict

GOLDEN = pathlib.Path(__file__).parent
RATE = 0.05  # of the SGD
# Chronicler writes no .keras file of these, and says so.
REFUSED = "uses the hard_sigmoid of Keras 2"


def models():
    """Of each model its name, its file and its inputs; then what it predicts, which files of optimizers do not say."""
    found = []
    for folder in sorted(path for path in (GOLDEN / "versions").iterdir() if path.is_dir()):
        xs, ys = ([np.load(path) for path in sorted(folder.glob(f"{letter}*.npy"))] for letter in "xy")
        found.append((folder.name, next(folder.glob("model.*")), xs, ys))
    data = GOLDEN / "old_optimizers"
    for path in sorted(data.glob("*.h5")):
        found.append((f"optimizer_{path.stem}", path, [np.load(data / "x.npy")], None))
    return found


def run(chronicler, *arguments):
    done = subprocess.run([str(chronicler), *map(str, arguments)], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"chronicler {arguments[0]}: {done.stderr.strip()}")


def still(value):
    """Without what is drawn, which no two programs draw alike."""
    if isinstance(value, dict):
        if value.get("class_name") == "Dropout":
            value["config"]["rate"] = 0.0
        for part in value.values():
            still(part)
    elif isinstance(value, list):
        for part in value:
            still(part)


def make_still(path):
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist() if not name.startswith("assets/")}
    config = json.loads(members["config.json"])
    still(config)
    members["config.json"] = json.dumps(config).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)


def files(folder, letter, arrays):
    paths = [folder / f"{letter}{i}.npy" for i in range(len(arrays))]
    for path, array in zip(paths, arrays):
        np.save(path, array)
    return paths


def with_option(option, paths):
    return [part for path in paths for part in (option, path)]


def predict_with_chronicler(chronicler, folder, model, xs, count):
    outputs = [folder / f"p{i}.npy" for i in range(count)]
    run(chronicler, "predict", model, *with_option("--input", files(folder, "x", xs)), *with_option("--output", outputs))
    return [np.load(path) for path in outputs]


def check(chronicler, folder, path, xs, ys):
    written, trained = folder / "model.keras", folder / "trained.keras"
    run(chronicler, "convert", path, written)
    make_still(written)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        model = keras.saving.load_model(written)
    # hard_sigmoid of Keras 2 became another, of other weights, with which the optimizer begins anew; and some files hold
    # what another optimizer had gathered, which Keras drops as Chronicler does.
    begins_anew = ("k2" in path.parent.name and "_stack" in path.parent.name) or path.stem in ("foreign_states", "nameless")
    differences = [] if begins_anew else [str(one.message) for one in told if "Skipping variable" in str(one.message)]
    outputs = predict(model, xs, len(xs[0]))
    differences += compare_arrays("predict", outputs, ys, "predict") if ys else []

    rng = np.random.default_rng(3)
    targets = [rng.uniform(0.1, 0.9, output.shape).astype("float32") for output in outputs]
    options = ["--batch-size", len(xs[0]), "--epochs", 1, "--no-shuffle", "--quiet", "--output", trained]
    if not model.compiled:
        model.compile(optimizer=keras.optimizers.SGD(RATE), loss="mse")
        options += ["--loss", "mse", "--optimizer", "sgd", "--learning-rate", RATE]
    run(chronicler, "fit", written, *with_option("--input", files(folder, "x", xs)),
        *with_option("--target", files(folder, "y", targets)), *options)
    fit(model, xs, targets, len(xs[0]), 1)
    got = predict_with_chronicler(chronicler, folder, trained, xs, len(outputs))
    differences += compare_arrays("trained", got, predict(model, xs, len(xs[0])), "trained")
    again = keras.saving.load_model(trained)
    return differences + compare_arrays("trained, opened", predict(again, xs, len(xs[0])), got, "predict")


def main():
    chronicler, out = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2])
    todo = [one for one in models() if not sys.argv[3:] or one[0] in sys.argv[3:]]
    failed = refused = 0
    for name, path, xs, ys in todo:
        folder = out / name
        folder.mkdir(parents=True, exist_ok=True)
        try:
            told = "; ".join(check(chronicler, folder, path, xs, ys))
        except Exception as error:
            told = f"{type(error).__name__}: {' '.join(str(error).split())[:400]}"
        if REFUSED in told and "_gates" in name:
            refused += 1
            continue
        failed += bool(told)
        print(f"FAILED  {name}: {told}" if told else f"ok      {name}", flush=True)
    print(f"{len(todo) - failed - refused} of {len(todo)} old models, written anew, are the same in Keras and train alike"
          f" ({refused} are refused: they use the hard_sigmoid of Keras 2)")
    sys.exit(1 if failed else 0)


main()
