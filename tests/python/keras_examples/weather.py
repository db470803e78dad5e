"""The temperature in twelve hours from three days of weather, after keras.io's example of a time
series, in our words.

weather.py DATA SEED      DATA: the folder with weather.csv.gz
"""

import csv
import gzip
import importlib
import os
import pathlib
import sys
import tempfile

import numpy as np
from report import report

keras = importlib.import_module(os.environ.get("KERAS", "chronicler.keras"))

QUICK = "CHRONICLER_QUICK" in os.environ
COLUMNS = ("temp", "dewp", "humid", "wind_speed", "pressure", "visib")
PAST, FUTURE, EVERY = 72, 12, 3

data, seed = pathlib.Path(sys.argv[1]), int(sys.argv[2])
with gzip.open(data / "weather.csv.gz", "rt", encoding="utf-8") as file:
    rows = [row for row in csv.DictReader(file) if row["origin"] == "JFK"]
table = np.array([[float(row[name] or "nan") if row[name] != "NA" else np.nan for name in COLUMNS]
                  for row in rows], "float32")
for column in table.T:  # what is missing is as it was before
    for place in range(1, len(column)):
        if np.isnan(column[place]):
            column[place] = column[place - 1]
split = int(len(table) * 0.72)
table = (table - table[:split].mean(axis=0)) / table[:split].std(axis=0)


def windows(begin, end):
    """Windows of past hours, every third one, and what comes after."""
    first = begin + PAST + FUTURE
    return keras.preprocessing.timeseries_dataset_from_array(
        table[begin:end], table[first : end + PAST + FUTURE, 0],
        sequence_length=PAST // EVERY, sampling_rate=EVERY, batch_size=64)


train = windows(0, split)
validation = windows(split, len(table) - PAST - FUTURE)
for batch in train:
    inputs, targets = batch
    break
print("input", tuple(inputs.shape), "target", tuple(targets.shape))

keras.utils.set_random_seed(seed)
entry = keras.layers.Input(shape=(inputs.shape[1], inputs.shape[2]))
lstm = keras.layers.LSTM(32)(entry)
model = keras.Model(inputs=entry, outputs=keras.layers.Dense(1)(lstm))
model.compile(optimizer=keras.optimizers.Adam(learning_rate=0.001), loss="mse")
model.summary()

path = os.path.join(tempfile.mkdtemp(), "best.weights.h5")
history = model.fit(
    train, epochs=1 if QUICK else 8, validation_data=validation, verbose=2,
    callbacks=[
        keras.callbacks.EarlyStopping(monitor="val_loss", min_delta=0, patience=5),
        keras.callbacks.ModelCheckpoint(monitor="val_loss", filepath=path, verbose=1,
                                        save_weights_only=True, save_best_only=True),
    ])
model.load_weights(path)
report(model, history, model.predict(validation, verbose=0))
