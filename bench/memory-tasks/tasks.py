"""The tasks: endless data, a loss, a figure on data that training never sees, and what the figure is without a memory."""
from __future__ import annotations

import gzip
import math
import pathlib

import numpy as np

HELD_OUT, CHOSEN_BY = 999_999_937, 999_999_893  # seeds that no batch of training has


def generator(*key):
    return np.random.default_rng([int(part) for part in key])


class Task:
    """`steps`: of its sequences; training may begin with shorter ones (`least_steps`), the figure is of `steps`."""

    loss = "mse"
    outputs = 1
    activation = None
    features = 1
    sequences = False  # an answer at every step
    figure = "mse"
    higher_is_better = False
    chosen_by = ""  # the figure's name while training; "": `figure`
    carries = False  # rows go on from batch to batch, with their states
    least_steps = 0  # 0: training has `steps` from the start
    tested_steps = 0  # 0: as many as in training
    chooses = True  # the weights that were best on other sequences than those of the figure are kept

    def __init__(self, steps, given):
        self.steps, self.seed, self.data = steps, given.seed, given.data

    def batch(self, step, rows, steps):
        """The batch of a training step: x, y."""
        return self.draw(generator(self.seed, step), rows, steps)

    def learned(self, loss, steps):
        """Whether sequences of so many steps are learned, so that longer ones may come."""
        return False

    def held_out(self, quick, few, many):
        return self.draw(generator(CHOSEN_BY if quick else HELD_OUT), few if quick else many, self.tested_steps or self.steps)

    def evaluate(self, predict, quick):
        """The figures of a model: predict(x) gives its outputs. `quick`: while training, on other and fewer sequences."""
        raise NotImplementedError


class Adding(Task):
    """Two channels, numbers of [0, 1) and two marks; the answer is the sum of the marked numbers (Hochreiter 1997)."""

    features, least_steps = 2, 50
    baseline = 1 / 6
    baseline_words = "always 1"

    def draw(self, random, rows, steps):
        x = np.zeros((rows, steps, 2), "float32")
        x[:, :, 0] = random.random((rows, steps))
        first = random.integers(0, steps // 2, rows)
        second = random.integers(steps // 2, steps, rows)
        every = np.arange(rows)
        x[every, first, 1] = x[every, second, 1] = 1
        return x, x[every, first, 0:1] + x[every, second, 0:1]

    def learned(self, loss, steps):
        return loss < 0.01

    def evaluate(self, predict, quick):
        x, y = self.held_out(quick, 200, max(300, min(2000, 1_200_000 // self.steps)))
        return {"mse": float(np.mean((predict(x) - y) ** 2))}


class CopyMemory(Task):
    """10 symbols of 8, `steps` blanks, a cue, and the symbols again: arXiv 1803.01271. Sequences have steps + 20 places."""

    loss, outputs, activation, features, sequences = "sparse_categorical_crossentropy", 9, "softmax", 10, True
    figure = "cross_entropy"
    least_steps = 20
    count, symbols, cue = 10, 8, 9

    @property
    def baseline(self):
        return self.count * math.log(self.symbols) / (self.steps + 2 * self.count)

    baseline_words = "memoryless, 10 ln 8 / (T + 20)"

    def draw(self, random, rows, steps):
        length = steps + 2 * self.count
        ids, y = np.zeros((rows, length), "int64"), np.zeros((rows, length), "int32")
        ids[:, :self.count] = y[:, -self.count:] = random.integers(1, self.symbols + 1, (rows, self.count))
        ids[:, steps + self.count - 1:] = self.cue
        return np.eye(self.features, dtype="float32")[ids], y

    def learned(self, loss, steps):
        return loss * (steps + 2 * self.count) / self.count < 0.1  # nats of a symbol

    def evaluate(self, predict, quick):
        x, y = self.held_out(quick, 64, 1000)
        found = np.take_along_axis(predict(x), y[..., None].astype("int64"), -1)[..., 0]
        recalled = found[:, -self.count:]
        return {"cross_entropy": float(-np.mean(np.log(np.maximum(found, 1e-12)))),
                "nats_of_a_symbol": float(-np.mean(np.log(np.maximum(recalled, 1e-12))))}


class Counting(Task):
    """Digits below `base`; the answer at each step is their sum so far, modulo `base`. Tested at four times the length."""

    loss, activation, sequences = "sparse_categorical_crossentropy", "softmax", True
    figure, higher_is_better = "percent_last", True
    least_steps = 4

    def __init__(self, steps, given):
        super().__init__(steps, given)
        self.features = self.outputs = self.base
        self.tested_steps = 4 * steps
        self.baseline, self.baseline_words = 100 / self.base, "chance"

    def draw(self, random, rows, steps):
        digits = random.integers(0, self.base, (rows, steps))
        return np.eye(self.base, dtype="float32")[digits], (np.cumsum(digits, 1) % self.base).astype("int32")

    def learned(self, loss, steps):
        return loss < 0.05

    def evaluate(self, predict, quick):
        x, y = self.held_out(quick, 200, 2000)
        right = predict(x).argmax(-1) == y
        return {"percent_last": 100 * float(right[:, -1].mean()), "percent_all": 100 * float(right.mean())}


class Parity(Counting):
    base = 2


class Mod3(Counting):
    base = 3


class Mnist(Task):
    """The 784 pixels of a digit, one a step; the last 5,000 images of train choose the weights, those of t10k are the figure."""

    loss, outputs, activation = "sparse_categorical_crossentropy", 10, "softmax"
    figure, higher_is_better, chosen_by = "percent_test", True, "percent_valid"
    baseline, baseline_words = 10.0, "chance"
    permuted = False

    def __init__(self, steps, given):
        super().__init__(steps, given)
        folder = self.folder("mnist", "train-images-idx3-ubyte.gz")
        images, labels = self.read(folder, "train")
        self.train, self.train_labels = images[:-5000], labels[:-5000]
        self.valid, self.valid_labels = images[-5000:], labels[-5000:]
        self.test, self.test_labels = self.read(folder, "t10k")
        self.epoch, self.order = -1, None

    def folder(self, name, file):
        for path in (self.data, self.data / name) if self.data else ():
            if (path / file).exists():
                return path
        raise SystemExit(f"error: --data {self.data} has no {file}\nhint: the folder with MNIST's four files, or above it")

    def read(self, folder, part):
        def content(ending):
            return gzip.decompress((folder / f"{part}-{ending}-ubyte.gz").read_bytes())

        images = np.frombuffer(content("images-idx3"), "uint8", offset=16).reshape(-1, 784)
        labels = np.frombuffer(content("labels-idx1"), "uint8", offset=8).astype("int32")
        if self.permuted:
            images = images[:, np.random.RandomState(92916).permutation(784)]
        return images, labels

    def batch(self, step, rows, steps):
        epoch, place = divmod(step, len(self.train) // rows)
        if epoch != self.epoch:
            self.epoch, self.order = epoch, generator(self.seed, epoch).permutation(len(self.train))
        chosen = self.order[place * rows:(place + 1) * rows]
        return self.pixels(self.train[chosen]), self.train_labels[chosen]

    @staticmethod
    def pixels(images):
        return images[:, :, None].astype("float32") / 255

    def percent(self, predict, images, labels):
        answers = [predict(self.pixels(images[i:i + 1000])).argmax(-1) for i in range(0, len(images), 1000)]
        return 100 * float(np.mean(np.concatenate(answers) == labels))

    def evaluate(self, predict, quick):
        figures = {"percent_valid": self.percent(predict, self.valid, self.valid_labels)}
        return figures if quick else figures | {"percent_test": self.percent(predict, self.test, self.test_labels)}


class PermutedMnist(Mnist):
    permuted = True


class Characters(Task):
    """Tiny Shakespeare, 90/10: nats a character of the last tenth in one pass. Rows are places of the text that go on from
    batch to batch, with the state."""

    loss, activation, sequences = "sparse_categorical_crossentropy", "softmax", True
    figure, carries, chooses = "nats", True, False

    def __init__(self, steps, given):
        super().__init__(steps, given)
        path = self.text()
        text = (gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()).decode()
        letters = sorted(set(text))
        ids = np.array([letters.index(letter) for letter in text], "int32")
        border = len(ids) * 9 // 10
        self.train, self.test = ids[:border], ids[border:]
        self.features = self.outputs = len(letters)
        self.baseline, self.baseline_words = math.log(len(letters)), f"uniform over {len(letters)} characters"

    def text(self):
        for path in (self.data, self.data / "tinyshakespeare") if self.data else ():
            found = [path] if path.is_file() else sorted(path.glob("*.txt*")) if path.is_dir() else []
            if len(found) == 1:
                return found[0]
        raise SystemExit(f"error: --data {self.data} is no text\nhint: a text file, or the folder that has it")

    def batch(self, step, rows, steps):
        each = len(self.train) // rows  # every row reads the whole text in its turn
        places = (np.arange(rows) * each + step * steps) % (len(self.train) - steps - 1)
        x = np.stack([self.train[place:place + steps + 1] for place in places])
        return x[:, :-1], x[:, 1:]

    def evaluate(self, predict, quick):
        ids = self.test[:20_000] if quick else self.test
        found = predict(ids[None, :-1])[0]
        return {"nats": float(-np.mean(np.log(np.maximum(found[np.arange(len(ids) - 1), ids[1:]], 1e-12))))}


TASKS = {"adding": Adding, "copy_memory": CopyMemory, "parity": Parity, "mod3": Mod3, "mnist": Mnist,
         "permuted_mnist": PermutedMnist, "shakespeare": Characters}


def data_folder(text):
    return pathlib.Path(text) if text else None
