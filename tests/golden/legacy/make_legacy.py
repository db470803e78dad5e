"""Whole models in the old .h5 format, made by Keras 3 and by Keras 2 (the package tf-keras).

    python make_legacy.py      writes NAME.h5, NAME_x*.npy and NAME_y.npy (the model's output) beside this script

Needs: pip install keras==3.15.1 tensorflow-cpu==2.21.0 tf-keras
"""
import os
import pathlib

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import numpy as np
import keras
import tf_keras

HERE = pathlib.Path(__file__).parent


def write(name, model, *inputs):
    rng = np.random.default_rng(5)
    model.set_weights([(rng.standard_normal(w.shape) * 0.3).astype("f4") for w in model.get_weights()])
    for i, x in enumerate(inputs):
        np.save(HERE / f"{name}_x{i}.npy", x)
    np.save(HERE / f"{name}_y.npy", model.predict(list(inputs) if len(inputs) > 1 else inputs[0], verbose=0))
    model.save(HERE / f"{name}.h5")


def stack(k):
    l = k.layers
    model = k.Sequential([
        k.Input((6, 4)), l.Masking(0.0), l.LSTM(5, return_sequences=True), l.Bidirectional(l.GRU(3)),
        l.Dropout(0.2), l.Dense(3, activation="softmax")])
    model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    x = np.random.default_rng(1).standard_normal((4, 6, 4)).astype("f4")
    x[1, 4:] = 0
    model.fit(x, np.eye(3, dtype="f4")[[0, 1, 2, 0]], verbose=0)
    return model, x


def translator(k):
    l = k.layers
    a, b = k.Input((6, 4)), k.Input((5, 3))
    _, h, c = l.LSTM(5, return_state=True)(a)
    y = l.LSTM(5, return_sequences=True)(b, initial_state=[h, c])
    rng = np.random.default_rng(2)
    return (k.Model([a, b], l.Dense(2)(y)), rng.standard_normal((4, 6, 4)).astype("f4"),
            rng.standard_normal((4, 5, 3)).astype("f4"))


for version, k in ((3, keras), (2, tf_keras)):
    write(f"stack_keras{version}", *stack(k))
    write(f"translator_keras{version}", *translator(k))
