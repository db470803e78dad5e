"""Keras on TensorFlow or on JAX, Adam.

    python keras_peer.py tensorflow|jax train|infer --shapes FILE [--only IDS] [--seconds S] [--threads N]
    pip install keras tensorflow-cpu jax

TensorFlow: the compiled training function of `fit`, with and without XLA, whichever is faster. JAX: `fit` itself, a step
of eight batches in an epoch; the forward pass is the whole model in one jax.jit.
"""
import os

import common

given = common.options(__doc__, peers=["tensorflow", "jax"])
os.environ.update(KERAS_BACKEND=given.peer, TF_CPP_MIN_LOG_LEVEL="3", TF_NUM_INTRAOP_THREADS=str(given.threads),
                  TF_NUM_INTEROP_THREADS=str(given.threads))
import keras  # noqa: E402  the backend is chosen above
import numpy  # noqa: E402
from keras import layers  # noqa: E402

BATCHES = 8  # of an epoch on JAX


def network(shape):
    cell = {"simple_rnn": layers.SimpleRNN, "lstm": layers.LSTM, "gru": layers.GRU}[shape["cell"]]
    stack = [layers.Input((shape["steps"], shape["features"]))]
    for place, units in enumerate(shape["units"]):
        layer = cell(units, return_sequences=bool(shape.get("sequences")) or place + 1 < len(shape["units"]))
        stack.append(layers.Bidirectional(layer) if shape.get("bidirectional") else layer)
    classes = shape["classes"]
    return keras.Sequential(stack + [layers.Dense(classes, activation=None if classes == 1 else "softmax")])


def data(shape, batches):
    count, steps, classes = shape["batch"] * batches, shape["steps"], shape["classes"]
    x = numpy.random.randn(count, steps, shape["features"]).astype("f")
    rows = (count, steps) if shape.get("sequences") else (count,)
    return x, numpy.random.randn(count, 1).astype("f") if classes == 1 else numpy.random.randint(0, classes, rows)


def loss_of(shape):
    return "mse" if shape["classes"] == 1 else "sparse_categorical_crossentropy"


def time_on_tensorflow(shape, xla, seconds):
    import tensorflow as tf
    model = network(shape)
    x, y = data(shape, 1)
    model.compile("adam", loss_of(shape), jit_compile=xla)
    model.make_train_function()
    batches = iter(tf.data.Dataset.from_tensors((tf.constant(x), tf.constant(y))).repeat())

    def step():
        logs = model.train_function(batches)
        for value in logs.values() if isinstance(logs, dict) else [logs]:
            numpy.asarray(value)

    train = common.timed(step, seconds) if given.what == "train" else None
    forward = tf.function(lambda batch: model(batch, training=False), jit_compile=xla)
    tensor = tf.constant(x)
    return train, common.timed(lambda: forward(tensor).numpy(), seconds / 2)


def tensorflow_figures(shape):
    plain, xla = (time_on_tensorflow(shape, xla, given.seconds / 2) for xla in (False, True))
    train = common.better(plain[0], xla[0]) if plain[0] else None
    return train, common.better(plain[1], xla[1])


def jax_figures(shape):
    import jax
    model = network(shape)
    x, y = data(shape, BATCHES)
    train = None
    if given.what == "train":
        model.compile("adam", loss_of(shape))
        median, least = common.timed(
            lambda: model.fit(x, y, batch_size=shape["batch"], verbose=0, shuffle=False), given.seconds)
        train = median / BATCHES, least / BATCHES
    weights = [variable.value for variable in model.trainable_variables]
    others = [variable.value for variable in model.non_trainable_variables]
    forward = jax.jit(lambda weights, others, batch: model.stateless_call(weights, others, batch, training=False)[0])
    batch = jax.numpy.asarray(x[:shape["batch"]])
    return train, common.timed(lambda: forward(weights, others, batch).block_until_ready(), given.seconds / 2)


for shape in common.shapes(given) if given.what != "stream" else []:
    train, infer = tensorflow_figures(shape) if given.peer == "tensorflow" else jax_figures(shape)
    common.report(shape["id"], given.peer, train=train, infer=infer)
