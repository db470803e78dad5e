"""Holds Chronicler to real Keras on models drawn at random (random_graphs.py), in both directions.

    python check_graphs_with_keras.py TESTS FOLDER [--graphs N] [--seed S]

TESTS is chronicler_tests_conformance (tests/conformance/golden_graphs_test.cc): it reads what Keras has drawn, predicts,
evaluates and trains as Keras did, and saves each model again; Keras reads that and does the same once more. The graphs
that differ are left in FOLDER.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys

import keras

from keras_side import as_list, compare_arrays, compare_numbers, evaluate, fit, predict, read_arrays, read_metadata
from random_graphs import write_graphs

AT_A_TIME = 25  # then what is equal is deleted


def back_in_keras(stem):
    """What Keras makes of the model that Chronicler has saved, and of the one that it saved itself: all the same."""
    arrays, metadata = read_arrays(f"{stem}.safetensors"), read_metadata(f"{stem}.safetensors")
    x, y, batch_size = as_list(arrays, "x"), as_list(arrays, "y"), int(metadata["batch_size"])
    model = keras.saving.load_model(f"{stem}.saved.keras")
    differences = compare_arrays("predict", predict(model, x, len(x[0])), as_list(arrays, "predict"), "predict")
    evaluated = evaluate(model, x, y, batch_size)
    differences += compare_numbers("evaluate", evaluated, json.loads(metadata["evaluate"]), 1e-5)
    history = fit(model, x, y, batch_size, 1)
    differences += compare_numbers("fit", history, json.loads(metadata["history"]), 1e-4)
    differences += compare_arrays("trained", predict(model, x, len(x[0])), as_list(arrays, "trained"), "trained")
    return differences[0] if differences else ""


def keras_reads(path):
    try:
        keras.saving.load_model(path)
        return True
    except Exception:
        return False


def told_by_chronicler(tests, folder):
    done = subprocess.run([tests, "--gtest_brief=1", "--gtest_filter=GoldenGraphs.AreAsInKeras"],
                          env={**os.environ, "CHRONICLER_GRAPHS": str(folder)}, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{tests} fails:\n{done.stdout[-4000:]}{done.stderr[-2000:]}")
    return json.loads((folder / "chronicler.json").read_text())


def check_some(tests, folder, count, seed, start):
    """The failures among graphs start, start + 1, ... of the seed; and how many other draws there were."""
    thrown = write_graphs(folder, count, seed, start)
    failures = {name: f"Chronicler: {told}" for name, told in told_by_chronicler(tests, folder).items()}
    for path in sorted(folder.glob("*.safetensors")):
        name = path.stem
        if name.startswith(f"{seed}_") and int(name.split("_")[1]) >= start and name not in failures:
            try:
                told = back_in_keras(folder / name)
            except Exception as error:
                told = f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
            if told:
                failures[name] = f"Keras, of the file that Chronicler saved: {told}"
        if name in failures and not keras_reads(folder / f"{name}.keras"):
            del failures[name]  # not even Keras can open what Keras has written
            thrown += 1
        if name not in failures:
            for file in folder.glob(f"{name}.*"):
                file.unlink()
    return failures, thrown


def do_part(options):
    folder = options.folder / f"part{options.part}"
    tests = options.tests.resolve()
    begin = options.graphs * options.part // options.jobs
    end = options.graphs * (options.part + 1) // options.jobs
    failures, thrown, done = {}, 0, 0
    while begin < end:
        count = min(AT_A_TIME, end - begin)
        new, bad = check_some(tests, folder, count, options.seed, begin)
        for name in sorted(set(new) - set(failures)):
            print(f"FAILED  {folder.name}/{name}: {new[name]}", flush=True)
        failures |= new
        thrown += bad
        begin += count
        done += count
        (options.folder / f"part{options.part}.json").write_text(json.dumps([done, thrown, failures]))


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("tests", type=pathlib.Path)
    arguments.add_argument("folder", type=pathlib.Path)
    arguments.add_argument("--graphs", type=int, default=200)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--jobs", type=int, default=os.cpu_count())
    arguments.add_argument("--part", type=int, help="what one of the jobs does")
    options = arguments.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    if options.part is not None:
        return do_part(options)
    jobs = [subprocess.Popen([sys.executable, *sys.argv, "--part", str(part)]) for part in range(options.jobs)]
    if any([job.wait() != 0 for job in jobs]):
        sys.exit("a job has failed")
    parts = [json.loads((options.folder / f"part{part}.json").read_text()) for part in range(options.jobs)]
    tried, thrown, failed = (sum(p[0] for p in parts), sum(p[1] for p in parts), sum(len(p[2]) for p in parts))
    print(f"{tried - failed} of {tried} random graphs are equal in Keras and Chronicler, both ways"
          f" ({thrown} other draws: not for Keras, or no numbers to compare)")
    sys.exit(1 if failed else 0)


main()
