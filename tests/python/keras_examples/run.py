"""Runs each example with Keras and with Chronicler, three seeds each, and prints a table: are the
shapes the same, and are the losses within the spread of Keras's seeds?

run.py --keras PYTHON --data FOLDER [--seeds N] [NAME...]

PYTHON is an interpreter that has Keras; FOLDER holds movie_reviews, tinyshakespeare and
nyc_weather_2013. The interpreter that runs this has Chronicler.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import subprocess
import sys
from typing import Any

HERE = pathlib.Path(__file__).parent
DATA = {"sentiment": "movie_reviews", "addition": ".", "characters": "tinyshakespeare",
        "weather": "nyc_weather_2013", "masking": "."}


def run(python: str, module: str, name: str, data: pathlib.Path, seed: int) -> dict[str, Any]:
    """Run an example once; return its report with seconds and megabytes."""
    environment = {**os.environ, "KERAS": module, "PYTHONWARNINGS": "ignore",
                   "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
    done = subprocess.run(
        [python, str(HERE / f"{name}.py"), str(data / DATA[name]), str(seed)], env=environment,
        capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        sys.exit(f"{name} with {module}, seed {seed}:\n{said}")
    line = next(line for line in done.stdout.splitlines() if line.startswith("REPORT "))
    found: dict[str, Any] = json.loads(line.removeprefix("REPORT "))
    return found


def spread(runs: list[dict[str, Any]], key: str) -> tuple[float, float]:
    """Return the least and the largest last value of the runs."""
    values = [one["history"][key][-1] for one in runs]
    return min(values), max(values)


def row(name: str, keras: list[dict[str, Any]], ours: list[dict[str, Any]]) -> str:
    """Return the row of the table for one example."""
    shapes = all(
        one[part] == keras[0][part] for one in [*keras, *ours]
        for part in ("output", "model", "weights"))
    keys = sorted(keras[0]["history"])
    key = "val_loss" if "val_loss" in keys else "loss"
    same_keys = all(sorted(one["history"]) == keys for one in ours)
    cells = [name, "same" if shapes and same_keys else "DIFFERENT"]
    verdicts = []
    for which in dict.fromkeys(("loss", key)):
        (low, high), (least, most) = spread(keras, which), spread(ours, which)
        verdicts.append(least <= high and low <= most)
        cells += [f"{low:.4g} .. {high:.4g}", f"{least:.4g} .. {most:.4g}"]
    cells += ["", ""] if key == "loss" else []
    cells.append("yes" if all(verdicts) else "NO")
    for measure, form in (("seconds", "{:.1f}"), ("megabytes", "{:.0f}")):
        cells += [form.format(sum(one[measure] for one in runs) / len(runs))
                  for runs in (keras, ours)]
    return "| " + " | ".join(cells) + " |"


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keras", required=True)
    parser.add_argument("--data", required=True, type=pathlib.Path)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("names", nargs="*")
    given = parser.parse_args()
    heads = ("example", "shapes, keys", "loss: Keras", "Chronicler", "val_loss: Keras",
             "Chronicler", "overlap", "processor seconds: Keras", "Chronicler", "MB: Keras",
             "Chronicler")
    print("| " + " | ".join(heads) + " |\n|" + "---|" * len(heads))
    for name in given.names or DATA:
        seeds = range(1, given.seeds + 1)
        keras = [run(given.keras, "keras", name, given.data, seed) for seed in seeds]
        ours = [run(sys.executable, "chronicler.keras", name, given.data, seed) for seed in seeds]
        print(row(name, keras, ours), flush=True)


if __name__ == "__main__":
    main()
