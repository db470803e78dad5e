"""Sums of numbers read and written as characters, after keras.io's example of sequence to sequence
learning, in our words.

addition.py DATA SEED      DATA is not used: the sums are made
"""

import importlib
import os
import sys

import numpy as np
from report import report

keras = importlib.import_module(os.environ.get("KERAS", "chronicler.keras"))
layers = keras.layers

QUICK = "CHRONICLER_QUICK" in os.environ
DIGITS, SUMS, EPOCHS = 2, 200 if QUICK else 6000, 1 if QUICK else 10
CHARACTERS = "0123456789+ "
PLACE = {character: place for place, character in enumerate(CHARACTERS)}


def one_hot(texts, length):
    """Rows of zeros and ones: (texts, length, characters)."""
    rows = np.zeros((len(texts), length, len(CHARACTERS)), dtype="bool")
    for row, text in enumerate(texts):
        for step, character in enumerate(text):
            rows[row, step, PLACE[character]] = True
    return rows


seed = int(sys.argv[2])
random = np.random.default_rng(0)
questions, answers = [], []
for a, b in random.integers(0, 10**DIGITS, (SUMS, 2)):
    question = f"{a}+{b}".ljust(2 * DIGITS + 1)
    questions.append(question[::-1])  # backwards, which is easier to learn
    answers.append(str(a + b).ljust(DIGITS + 1))
x, y = one_hot(questions, 2 * DIGITS + 1), one_hot(answers, DIGITS + 1)
split = SUMS - SUMS // 10

keras.utils.set_random_seed(seed)
model = keras.Sequential()
model.add(layers.Input((2 * DIGITS + 1, len(CHARACTERS))))
model.add(layers.LSTM(128))
model.add(layers.RepeatVector(DIGITS + 1))
model.add(layers.LSTM(128, return_sequences=True))
model.add(layers.Dense(len(CHARACTERS), activation="softmax"))
model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
model.summary()

history = model.fit(x[:split], y[:split], batch_size=32, epochs=EPOCHS, verbose=2,
                    validation_data=(x[split:], y[split:]))
found = model.predict(x[split:], verbose=0)
for row in range(5):
    said = "".join(CHARACTERS[place] for place in found[row].argmax(axis=-1))
    print(questions[split + row][::-1], "=", said, "(", answers[split + row], ")")
report(model, history, found)
