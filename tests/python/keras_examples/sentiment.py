"""Film reviews with a bidirectional LSTM, after keras.io's example of that name, in our words.

sentiment.py DATA SEED      DATA: the folder with review_polarity.tar.gz
"""

import collections
import importlib
import os
import pathlib
import re
import sys
import tarfile

import numpy as np
from report import report

keras = importlib.import_module(os.environ.get("KERAS", "chronicler.keras"))
layers = keras.layers

WORDS, LENGTH = 8000, 160

data, seed = pathlib.Path(sys.argv[1]), int(sys.argv[2])
texts, labels, folds = [], [], []
with tarfile.open(data / "review_polarity.tar.gz") as archive:
    for member in sorted(archive.getmembers(), key=lambda member: member.name):
        found = re.search(r"(pos|neg)/cv(\d)\d\d_", member.name)
        if found and member.isfile():
            texts.append(archive.extractfile(member).read().decode("latin-1").split())
            labels.append(found[1] == "pos")
            folds.append(int(found[2]))
folds, labels = np.array(folds), np.array(labels, "float32")

counts = collections.Counter(
    word for words, fold in zip(texts, folds) if fold < 8 for word in words)
numbers = {word: place + 2 for place, (word, _) in enumerate(counts.most_common(WORDS - 2))}
ids = [[numbers.get(word, 1) for word in words] for words in texts]
x = keras.utils.pad_sequences(ids, maxlen=LENGTH)
train, validation = folds < 8, folds == 8

keras.utils.set_random_seed(seed)
inputs = keras.Input(shape=(None,), dtype="int32")
h = layers.Embedding(WORDS, 64)(inputs)
h = layers.Bidirectional(layers.LSTM(32, return_sequences=True))(h)
h = layers.Bidirectional(layers.LSTM(32))(h)
outputs = layers.Dense(1, activation="sigmoid")(h)
model = keras.Model(inputs, outputs)
model.summary()

model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
history = model.fit(x[train], labels[train], batch_size=32, epochs=3, verbose=2,
                    validation_data=(x[validation], labels[validation]))
report(model, history, model.predict(x[folds == 9], verbose=0))
