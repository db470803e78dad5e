#!/usr/bin/env python3
"""What Python adds to C++: import, whole programs, predict, step and fit. Run it alone on a machine.

    bench/python_calls.py [--chronicler build/release/chronicler] [--only fit]

Prints a table, each figure beside its goal.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Callable

import numpy as np

ROOT = Path(__file__).parents[1]
SNIPPET = """
import numpy as np
from chronicler import layers, models
generator = np.random.default_rng(0)
X_train = generator.normal(size=(2000, 10, 100)).astype("float32")
y_train = np.eye(10, dtype="float32")[generator.integers(0, 10, 2000)]
X_test, y_test = X_train[:200], y_train[:200]
model_lstm = models.Sequential([
    layers.LSTM(units=64, return_sequences=True, input_shape=(None, 100)),
    layers.LSTM(units=64),
    layers.Dense(10, activation='softmax')
])
model_lstm.compile(optimizer='adam', loss='categorical_crossentropy', metrics=['accuracy'])
model_lstm.fit(X_train, y_train, epochs=10, validation_data=(X_test, y_test))
model_lstm.summary()
"""
LOAD = """
import sys
import numpy as np
from chronicler import models
print(models.load_model(sys.argv[1]).predict(np.zeros((1, 10, 100), "float32")))
"""


def process(code: str, *arguments: str) -> tuple[float, float]:
    """Return the seconds and megabytes of a whole process: medians of seven."""
    seconds, sizes = [], []
    for _ in range(7):
        start = time.perf_counter()
        child = subprocess.Popen([sys.executable, "-c", code, *arguments], stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        seconds.append(time.perf_counter() - start)
        sizes.append(usage.ru_maxrss / 1024)
        if child.returncode != 0:
            raise SystemExit("the program failed")
    return float(np.median(seconds)), float(np.median(sizes))


def seconds_of(call: Callable[[], Any], calls: int) -> float:
    """Return the seconds of a call: the least mean of five rounds."""
    call()
    best = float("inf")
    for _ in range(5):
        start = time.perf_counter()
        for _ in range(calls):
            call()
        best = min(best, (time.perf_counter() - start) / calls)
    return best


def show(name: str, figure: str, goal: str) -> None:
    print(f"{name:58} {figure:>26}   {goal}", flush=True)


def whole_programs(chronicler: str) -> None:
    numpy_alone, _ = process("import numpy")
    with_us, _ = process("import numpy, chronicler")
    show("import chronicler, beyond NumPy's", f"{(with_us - numpy_alone) * 1e3:.0f} ms", "30 ms")
    step = json.loads(subprocess.run(
        [chronicler, "bench", "train", "--only", "T02", "--json"], check=True,
        capture_output=True, text=True).stdout.splitlines()[-1])
    milliseconds = step.get("train_ms") or step.get("ms") or next(
        value for key, value in step.items() if "train" in key and isinstance(value, float))
    seconds, size = process(SNIPPET)
    steps = 10 * 63 * milliseconds / 1e3
    show("the snippet, whole process",
         f"{seconds:.2f} s, {size:.0f} MB", f"{steps:.2f} s of steps + 0.25 s, 90 MB")
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.keras")
        tutorial().save(path)
        seconds, size = process(LOAD, path)
    show("load a .keras and predict one sequence", f"{seconds * 1e3:.0f} ms, {size:.0f} MB", "180 ms")


def tutorial() -> Any:
    from chronicler import layers, models

    return models.Sequential([
        layers.LSTM(64, return_sequences=True, input_shape=(10, 100)), layers.LSTM(64),
        layers.Dense(10, activation="softmax"),
    ])


def single_calls() -> None:
    from chronicler import _core, layers, models

    def add(name: str, ours: float, theirs: float, unit: float, goal: str) -> None:
        word = {1e6: "us", 1e9: "ns"}[unit]
        show(name, f"{(ours - theirs) * unit:.2f} {word} ({theirs * unit:.2f} in C++)", goal)

    for name, model, x in (
        ("predict of one window, 1 x 10 x 100", tutorial(), np.ones((1, 10, 100), np.float32)),
        ("predict of one window, LSTM 8, 1 x 10 x 8", models.Sequential(
            [layers.Input((10, 8)), layers.LSTM(8), layers.Dense(1)]),
         np.ones((1, 10, 8), np.float32)),
    ):
        model.predict(x)
        add(f"{name}, over C++", seconds_of(lambda: model.predict(x), 2000),
            _core.time_predict(model._core, x, 2000), 1e6, "8 us")
    for units in (8, 64):
        model = models.Sequential([
            layers.Input((None, 8)), layers.LSTM(units, return_sequences=True), layers.Dense(1)])
        stream, x, out = model.stream(), np.ones(8, np.float32), np.zeros(1, np.float32)
        inside = _core.time_step(stream, x, 100_000)
        add(f"step(x, out=y), LSTM {units}, over C++",
            seconds_of(lambda: stream.step(x, out=out), 100_000), inside, 1e9, "300 ns")
        add(f"step(x), LSTM {units}, over C++", seconds_of(lambda: stream.step(x), 100_000), inside,
            1e9, "1 us")


def build(shape: dict[str, Any]) -> Any:
    from chronicler import layers, models

    cell = {"simple_rnn": layers.SimpleRNN, "lstm": layers.LSTM, "gru": layers.GRU}[shape["cell"]]
    model = models.Sequential([layers.Input((shape["steps"], shape["features"]))])
    for place, units in enumerate(shape["units"]):
        last = place == len(shape["units"]) - 1
        made = cell(units, return_sequences=not last or shape.get("sequences", False))
        model.add(layers.Bidirectional(made) if shape.get("bidirectional") else made)
    model.add(layers.Dense(shape["classes"], activation="softmax" if shape["classes"] > 1 else None))
    model.compile("adam", "sparse_categorical_crossentropy" if shape["classes"] > 1 else "mse")
    return model


def fits(chronicler: str, only: str) -> None:
    from chronicler import _core

    shapes = json.loads(subprocess.run(
        [chronicler, "bench", "shapes"], check=True, capture_output=True, text=True).stdout)
    generator = np.random.default_rng(0)
    for shape in shapes:
        if only and shape["id"] not in only.split(","):
            continue
        model = build(shape)
        batches = 4
        rows = batches * shape["batch"]
        x = generator.normal(size=(rows, shape["steps"], shape["features"])).astype(np.float32)
        labels = (rows, shape["steps"]) if shape.get("sequences") else (rows,)
        y = generator.integers(0, max(2, shape["classes"]), labels).astype(np.int32)
        if shape["classes"] == 1:
            y = y[:, None].astype(np.float32)
        start = time.perf_counter()
        model.fit(x, y, batch_size=shape["batch"], verbose=0)
        epochs = max(1, int(0.7 / (time.perf_counter() - start)))
        ratios = []
        for _ in range(7):
            inside = _core.time_fit(model._core, (x,), (y,), shape["batch"], epochs)
            start = time.perf_counter()
            model.fit(x, y, batch_size=shape["batch"], epochs=epochs, verbose=0)
            ratios.append((time.perf_counter() - start) / inside)
        show(f"fit, {shape['id']} {shape['name']}", f"{(np.median(ratios) - 1) * 100:+.1f} %", "3 %")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chronicler", default=str(ROOT / "build/release/chronicler"))
    parser.add_argument("--only", choices=["programs", "calls", "fit"])
    parser.add_argument("--shapes", default="", help="of fit: T01,T02")
    given = parser.parse_args()
    show("", "figure", "goal")
    if given.only in (None, "programs"):
        whole_programs(given.chronicler)
    if given.only in (None, "calls"):
        single_calls()
    if given.only in (None, "fit"):
        fits(given.chronicler, given.shapes)
    print(f"peak of this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
