"""Text written character by character, after keras.io's example with an LSTM, in our words.

characters.py DATA SEED      DATA: the folder with input.txt.gz
"""

import gzip
import importlib
import os
import pathlib
import sys

import numpy as np
from report import report

keras = importlib.import_module(os.environ.get("KERAS", "chronicler.keras"))
layers = keras.layers

QUICK = "CHRONICLER_QUICK" in os.environ
LENGTH, STEP = 40, 3

data, seed = pathlib.Path(sys.argv[1]), int(sys.argv[2])
with gzip.open(data / "input.txt.gz", "rt", encoding="utf-8") as file:
    text = file.read().lower()
text = text.replace("\n", " ")[: 3000 if QUICK else 40_000]
characters = sorted(set(text))
place = {character: number for number, character in enumerate(characters)}
starts = range(0, len(text) - LENGTH, STEP)
x = np.zeros((len(starts), LENGTH, len(characters)), dtype="bool")
y = np.zeros((len(starts), len(characters)), dtype="bool")
for row, start in enumerate(starts):
    for step, character in enumerate(text[start : start + LENGTH]):
        x[row, step, place[character]] = 1
    y[row, place[text[start + LENGTH]]] = 1

keras.utils.set_random_seed(seed)
model = keras.Sequential([
    keras.Input(shape=(LENGTH, len(characters))),
    layers.LSTM(128),
    layers.Dense(len(characters), activation="softmax"),
])
optimizer = keras.optimizers.RMSprop(learning_rate=0.01)
model.compile(loss="categorical_crossentropy", optimizer=optimizer)
model.summary()


def chosen(probabilities, temperature):
    """Draw a character."""
    logits = np.log(np.asarray(probabilities, "float64") + 1e-12) / temperature
    weights = np.exp(logits - logits.max())
    return np.argmax(np.random.multinomial(1, weights / weights.sum()))


class Writer(keras.callbacks.Callback):
    """Writes a little after each epoch."""

    def on_epoch_end(self, epoch, logs=None):
        written = text[:LENGTH]
        for _ in range(40):
            seen = np.zeros((1, LENGTH, len(characters)))
            for step, character in enumerate(written[-LENGTH:]):
                seen[0, step, place[character]] = 1.0
            written += characters[chosen(self.model.predict(seen, verbose=0)[0], 0.5)]
        print("...", written[LENGTH:])


history = model.fit(x, y, batch_size=128, epochs=1 if QUICK else 4, verbose=2,
                    callbacks=[Writer()])
report(model, history, model.predict(x[:100], verbose=0))
