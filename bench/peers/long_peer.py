"""Very long sequences, and layers that run in parallel over time: what `chronicler bench scan` and `bench long` time.

    python long_peer.py torch scan|long [--only IDS] [--seconds S] [--threads N] [--memory GB]       pip install torch
    python long_peer.py jax|tensorflow scan|long ...                            pip install keras jax tensorflow-cpu

A training step (forward, mean squared error of Dense(1) on the last output, backward, Adam) and a forward pass of
CELL-UNITS-Tsteps-Bbatch. `scan`: as many features as units. PyTorch: the ways of scan_in_torch.py, the fastest is printed and
named; Keras: chronicler/for_keras.py, whose layers are `keras.ops.associative_scan`. `long`: an LSTM over 8 features; the
process's peak of memory, or how it failed with no more than `--memory` GB of data. Figures are medians of at least three
runs, after one that does not count.
"""
import argparse
import importlib.util
import json
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import time

SCAN = [f"{cell}-{shape}" for shape in ("256-T16384-B1", "64-T16384-B1", "256-T512-B32")
        for cell in ("LSTM", "MinGRU", "RGLRU")]
LONG = [f"LSTM-64-T{steps}-B1" for steps in (1_000, 10_000, 100_000, 1_000_000)]
LONG_FEATURES = 8
ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("peer", choices=["torch", "jax", "tensorflow"])
    parser.add_argument("what", choices=["scan", "long"])
    parser.add_argument("--only", default="", help="ids: LSTM-256-T16384-B1,... (default: those of the goals)")
    parser.add_argument("--seconds", type=float, default=2.5, help="for each figure")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--memory", type=float, default=16.0, help="GB that a process may have, in long")
    return parser.parse_args()


given = arguments()


def timed(run):
    """Milliseconds of a run: the first does not count, then for --seconds, at least three."""
    run()
    times, end = [], time.perf_counter() + given.seconds
    while time.perf_counter() < end or len(times) < 3:
        start = time.perf_counter()
        run()
        times.append((time.perf_counter() - start) * 1e3)
    return statistics.median(times)


def parsed(id):
    cell, units, steps, batch = id.split("-")
    units = int(units)
    features = units if given.what == "scan" else LONG_FEATURES
    return cell, features, units, int(steps.removeprefix("T")), int(batch.removeprefix("B"))


# ---- PyTorch


def torch_figures(id):
    import scan_in_torch
    import torch

    torch.set_num_threads(given.threads)
    torch.set_flush_denormal(True)
    torch.manual_seed(0)
    cell, features, units, steps, batch = parsed(id)
    x, y = torch.randn(batch, steps, features), torch.randn(batch, 1)
    figures = []
    for way, layer in scan_in_torch.layers(cell, features, units).items():
        recurrent, dense = layer(), torch.nn.Linear(units, 1)
        optimizer = torch.optim.Adam([*recurrent.parameters(), *dense.parameters()])

        def forward():
            return dense(recurrent(x)[:, -1])

        def step():
            optimizer.zero_grad(set_to_none=True)
            torch.nn.functional.mse_loss(forward(), y).backward()
            optimizer.step()

        train = timed(step)
        with torch.inference_mode():
            figures.append({"way": way, "train_ms": train, "infer_ms": timed(forward)})
    return {**min(figures, key=lambda figure: figure["train_ms"]),
            "ways": {figure["way"]: figure["train_ms"] for figure in figures}}


# ---- Keras


def keras_layers():
    """chronicler/for_keras.py alone: it needs Keras, and nothing of Chronicler's."""
    path = ROOT / "python/chronicler/for_keras.py"
    spec = importlib.util.spec_from_file_location("for_keras", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def keras_figures(id):
    os.environ.update(KERAS_BACKEND=given.peer, TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="-1",
                      TF_NUM_INTRAOP_THREADS=str(given.threads), TF_NUM_INTEROP_THREADS=str(given.threads))
    import keras
    import numpy

    cell, features, units, steps, batch = parsed(id)
    layer = keras.layers.LSTM if cell == "LSTM" else getattr(keras_layers(), cell)
    model = keras.Sequential([keras.layers.Input((steps, features)), layer(units), keras.layers.Dense(1)])
    model.compile("adam", "mse")
    generator = numpy.random.default_rng(0)
    x = generator.standard_normal((batch, steps, features)).astype("float32")
    y = generator.standard_normal((batch, 1)).astype("float32")
    return {"train_ms": timed(lambda: model.train_on_batch(x, y)), "infer_ms": timed(lambda: model.predict_on_batch(x))}


# ---- a figure, a line


def alone(id):
    """A process of its own, whose peak is this id's; a failure becomes the line's."""
    command = [sys.executable, __file__, given.peer, given.what, "--only", id, "--seconds", str(given.seconds),
               "--threads", str(given.threads), "--memory", str(given.memory)]
    done = subprocess.run(command, capture_output=True, text=True)
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if lines:
        return json.loads(lines[-1])
    said = (done.stderr.strip().splitlines() or [f"ended by signal {-done.returncode}"])[-1]
    return {"id": id, "peer": given.peer, "failure": said[:200]}


def figures_of(id):
    if given.what == "long":
        limit = int(given.memory * 1e9)
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    line = {"id": id, "peer": given.peer}
    try:
        line |= torch_figures(id) if given.peer == "torch" else keras_figures(id)
    except (MemoryError, RuntimeError) as error:
        line["failure"] = (str(error).strip().splitlines() or [type(error).__name__])[-1][:200]
    except Exception as error:  # noqa: BLE001  what a backend raises where memory is short has many classes
        line["failure"] = f"{type(error).__name__}: {str(error).strip().splitlines()[0] if str(error) else ''}"[:200]
    line["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return line


ids = given.only.split(",") if given.only else SCAN if given.what == "scan" else LONG
for id in ids:
    print(json.dumps(alone(id) if len(ids) > 1 else figures_of(id)), flush=True)
