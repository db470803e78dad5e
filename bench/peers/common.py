"""What the peers' programs share: shapes, options, timing, and the line that bench/compare reads."""
import argparse
import json
import pathlib
import statistics
import time

STREAMS = {"LSTM8": 8, "LSTM16": 16, "LSTM32": 32, "LSTM64": 64, "LSTM128": 128, "LSTM2x256chars": 256}
ALPHABET = 65


def options(description, peers=()):
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    if peers:
        parser.add_argument("peer", choices=peers)
    parser.add_argument("what", choices=["train", "infer", "stream"])
    parser.add_argument("--only", default="", help="ids of shapes or streams: T01,T02")
    parser.add_argument("--seconds", type=float, default=2.5, help="for each figure")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--shapes", help="a JSON list: chronicler bench shapes > FILE")
    return parser.parse_args()


def shapes(given):
    every = json.loads(pathlib.Path(given.shapes).read_text())
    return [shape for shape in every if not given.only or shape["id"] in given.only.split(",")]


def streams(given):
    return {name: units for name, units in STREAMS.items() if not given.only or name in given.only.split(",")}


def timed(run, seconds):
    """Milliseconds of a run, median and least: three that do not count, then for `seconds`, at least five."""
    for _ in range(3):
        run()
    times = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(times) < 5:
        start = time.perf_counter()
        run()
        times.append((time.perf_counter() - start) * 1e3)
    return statistics.median(times), min(times)


def better(first, second):
    """The faster of two ways to do the same."""
    return min(first, second, key=lambda figure: figure[0])


def report(id, peer, **figures):
    """figures: train=(median, least) or infer=... in milliseconds, or step=... for a stream; None: not to be had."""
    line = {"id": id, "peer": peer}
    for name, figure in figures.items():
        if figure is None:
            continue
        if name == "step":
            line["step_ns"] = figure[0] * 1e6
        else:
            line[name + "_ms"], line[name + "_min"] = figure
    print(json.dumps(line), flush=True)
