"""A Functional model that takes parts of tensors, x[:, -1] and its kin.

    python make_get_item.py      writes model.keras, x.npy and y.npy (the model's output) beside this script

Needs: pip install keras==3.15.1 tensorflow-cpu==2.21.0
"""
import os
import pathlib

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import numpy as np
import keras

HERE = pathlib.Path(__file__).parent
keras.utils.set_random_seed(3)
x = keras.Input((6, 4))
h = keras.layers.LSTM(3, return_sequences=True)(x)
flat = keras.layers.Flatten
parts = [h[:, -1], flat()(h[:, ::2, 1:]), h[..., 0], flat()(h[:, 1:-1]), flat()(h[:, None, 2])]
model = keras.Model(x, keras.layers.Dense(2)(keras.layers.Concatenate()(parts)))
data = np.random.default_rng(1).standard_normal((3, 6, 4)).astype("f4")
np.save(HERE / "x.npy", data)
np.save(HERE / "y.npy", model.predict(data, verbose=0))
model.save(HERE / "model.keras")
