"""Trains a small model of each task with Chronicler's commands, and opens its file in real Keras.

    python check_tasks_with_keras.py CHRONICLER FOLDER     FOLDER takes the models and what they are trained on

What Keras predicts with the file must be what Chronicler predicts with it.
"""
import math
import os
import pathlib
import struct
import subprocess
import sys
import wave

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import keras
import numpy as np

DATA = pathlib.Path(__file__).parents[2] / "examples" / "data"
STEPS = 12  # of an input whose length is open


def write_recordings(folder):
    """Tones of two heights, and a list that calls them "high" and "low"."""
    lines = ["path\ttext"]
    for i in range(24):
        word, pitch = ("high", 900) if i % 2 else ("low", 300)
        samples = [int(9000 * math.sin(2 * math.pi * (pitch + 5 * i) * t / 8000)) for t in range(4000)]
        with wave.open(str(folder / f"{i}.wav"), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(8000)
            file.writeframes(struct.pack(f"<{len(samples)}h", *samples))
        lines.append(f"{i}.wav\t{word}")
    (folder / "recordings.tsv").write_text("\n".join(lines) + "\n")


def write_pairs(folder):
    names = "one two three four five six seven eight nine ten".split()
    lines = ["source\ttarget"] + [f"{a} and {b}\t{b} und {a}" for a in names for b in names]
    (folder / "pairs.tsv").write_text("\n".join(lines) + "\n")


def commands(folder):
    """For each task the files that training needs, and its options: as quick as can be."""
    (folder / "text.txt").write_text("to be or not to be, that is the question\n" * 40)
    write_recordings(folder)
    write_pairs(folder)
    speech = ["transcribe", "train", folder / "recordings.tsv", "--epochs", "2", "--units", "8", "--filters", "8"]
    return {
        "forecast": ["forecast", "train", DATA / "sunspots.csv", "--target", "Sunspots", "--horizon", "3", "--epochs", "1"],
        "sentiment": ["sentiment", "train", DATA / "opinions.tsv", "--epochs", "1", "--networks", "2"],
        "generate": ["generate", "train", folder / "text.txt", "--epochs", "1", "--units", "16"],
        "translate": ["translate", "train", folder / "pairs.tsv", "--epochs", "1", "--units", "16", "--embedding", "16"],
        "translate_additive": ["translate", "train", folder / "pairs.tsv", "--epochs", "1", "--units", "16",
                               "--embedding", "16", "--attention", "additive"],
        "transcribe": speech,
        "transcribe_live": speech + ["--streaming"],
        "transcribe_networks": speech + ["--networks", "2"],
    }


def made_input(tensor, rng):
    """Some samples of what the input takes: whole numbers for ids, which begin at 1 as 0 is padding."""
    shape = [2] + [STEPS if extent is None else extent for extent in tensor.shape[1:]]
    if "int" in str(tensor.dtype):
        return rng.integers(1, 8, shape).astype("int32")
    return rng.normal(size=shape).astype("float32")


def as_list(value):
    return list(value) if isinstance(value, (list, tuple)) else [value]


def check(chronicler, folder, name, command):
    path = folder / f"{name}.keras"
    subprocess.run([chronicler, *command, "-o", path, "--quiet"], check=True, capture_output=True)
    model = keras.saving.load_model(path, compile=False)
    rng = np.random.default_rng(7)
    inputs = [made_input(tensor, rng) for tensor in model.inputs]
    arguments = []
    for i, array in enumerate(inputs):
        np.save(folder / f"x{i}.npy", array)
        arguments += ["--input", folder / f"x{i}.npy"]
    expected = as_list(model.predict(inputs if len(inputs) > 1 else inputs[0], batch_size=2, verbose=0))
    outputs = [folder / f"y{i}.npy" for i in range(len(expected))]
    for output in outputs:
        arguments += ["--output", output]
    subprocess.run([chronicler, "predict", path, *arguments], check=True, capture_output=True)
    for output, wanted in zip(outputs, expected):
        got = np.load(output)
        assert got.shape == wanted.shape, f"Keras gives {wanted.shape}, Chronicler {got.shape}"
        difference = float(np.abs(got - wanted).max())
        assert difference < 1e-4, f"outputs differ by {difference}"


def main():
    chronicler, folder = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    todo = commands(folder)
    failed = 0
    for name, command in todo.items():
        try:
            check(chronicler, folder, name, command)
            print(f"ok      {name}", flush=True)
        except Exception as error:
            failed += 1
            told = error.stderr.decode() if isinstance(error, subprocess.CalledProcessError) else ""
            print(f"FAILED  {name}: {type(error).__name__}: {error} {told}", flush=True)
    print(f"{len(todo) - failed} of {len(todo)} task files open in Keras and answer there as in Chronicler")
    sys.exit(1 if failed else 0)


main()
