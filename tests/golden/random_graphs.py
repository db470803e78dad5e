"""Draws models at random: graphs of layers with masks, shared layers, models in models, states as edges, attention,
several inputs and outputs.

    python random_graphs.py FOLDER N SEED     writes N of them, with their data and with what Keras makes of them

Graph i of a seed is the same whatever N is. For each: NAME.keras, compiled and without training, and NAME.safetensors:
x0, y0, ..., predict0, ..., trained0, ... (predicted after one epoch of fit, in order), and in its metadata the batch
size, what evaluate gives and the history of fit. Needs keras and tensorflow, as scripts/test-with-keras installs them.
"""
import json
import os
import pathlib
import random
import sys
import warnings
import zipfile

warnings.filterwarnings("ignore")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

from keras_side import evaluate, fit, predict, write_arrays

tf.config.run_functions_eagerly(True)

ROWS = 6
ACTIVATIONS = ["linear", "relu", "tanh", "sigmoid", "elu", "selu", "softplus", "softsign", "silu", "gelu", "hard_sigmoid",
               "leaky_relu", "mish", "softmax", "relu6", "hard_tanh", "log_sigmoid", "celu", "squareplus", "tanh_shrink"]


class NotThisOne(Exception):
    """What was drawn cannot be built, or says nothing: draw again."""


class Drawing:
    """One random model in the making. Values are Keras's symbolic tensors, of rank 3 (steps) or 2."""

    def __init__(self, seed, depth=0):
        self.r = random.Random(seed)
        self.rng = np.random.default_rng(self.r.getrandbits(63))
        self.depth = depth
        self.values, self.inputs, self.layers = [], [], []
        self.ids = {}  # of an input: how many there are

    # ---- what there is to choose from

    def chance(self, p):
        return self.r.random() < p

    def value(self, rank=None, known_steps=False, where=lambda v: True):
        """One of the values so far, later ones more often."""
        found = [v for v in self.values if (rank is None or len(v.shape) == rank) and where(v) and
                 not (known_steps and v.shape[1] is None)]
        if not found:
            raise NotThisOne("no such value")
        return found[min(len(found) - 1, int(len(found) * self.r.random() ** 0.5))]

    def add(self, value):
        for one in value if isinstance(value, (list, tuple)) else [value]:
            if 2 <= len(one.shape) <= 3:
                self.values.append(one)
        return value

    def units(self):
        return self.r.choice([1, 2, 3, 4, 5, 7])

    def new(self, layer, rank=None):
        """Remembers the layer, so that it may be called once more."""
        self.layers.append(layer)
        return layer

    # ---- layers

    def common_options(self):
        kw = {}
        if self.chance(0.2):
            kw["use_bias"] = False
        for name in ("kernel", "bias"):
            if self.chance(0.06):
                kw[f"{name}_regularizer"] = self.r.choice(["l1", "l2", keras.regularizers.L1L2(0.01, 0.02)])
            if self.chance(0.06):
                kw[f"{name}_constraint"] = self.r.choice([keras.constraints.MaxNorm(0.7), "non_neg"])
        if self.chance(0.05):
            kw["activity_regularizer"] = "l2"
        if self.chance(0.05):
            kw["trainable"] = False
        return kw

    def recurrent_options(self, cell, **fixed):
        kw = self.common_options()
        if cell == "rnn":
            kw = {}
        kw["return_sequences"] = self.chance(0.6)
        kw["return_state"] = self.chance(0.25)
        kw["go_backwards"] = self.chance(0.2)
        kw["zero_output_for_mask"] = self.chance(0.15)
        kw["unroll"] = False
        if cell != "rnn":
            if self.chance(0.3):
                kw["activation"] = self.r.choice(["relu", "sigmoid", "softsign", "elu", "linear"])
            if self.chance(0.08):
                kw["recurrent_regularizer"] = self.r.choice(["l2", "l1"])
            if self.chance(0.08):
                kw["recurrent_constraint"] = keras.constraints.MaxNorm(0.8)
        if cell in ("lstm", "gru") and self.chance(0.25):
            kw["recurrent_activation"] = self.r.choice(["hard_sigmoid", "tanh"])
        if cell == "lstm" and self.chance(0.2):
            kw["unit_forget_bias"] = False
        if cell == "gru" and self.chance(0.35):
            kw["reset_after"] = False
        kw.update(fixed)
        return kw

    def recurrent(self, units=None, **fixed):
        cell = fixed.pop("cell", None) or self.r.choice(["lstm", "gru", "simple_rnn", "lstm", "gru", "simple_rnn", "rnn"])
        kw = self.recurrent_options(cell, **fixed)
        units = units or self.units()
        if cell != "rnn":
            return {"lstm": layers.LSTM, "gru": layers.GRU, "simple_rnn": layers.SimpleRNN}[cell](units, **kw)
        cells = [layers.LSTMCell, layers.GRUCell, layers.SimpleRNNCell]
        chosen = [self.r.choice(cells)(self.units()) for _ in range(self.r.choice([1, 1, 2, 3]))]
        return layers.RNN(chosen[0] if len(chosen) == 1 else chosen, **kw)

    def run_recurrent(self):
        """With states given, with states shown on, or both: as in encoders and decoders."""
        x = self.value(3)
        layer = self.new(self.recurrent())
        output = self.add(layer(x))
        if isinstance(output, list) and self.chance(0.7) and not isinstance(layer, layers.RNN) or (
                isinstance(output, list) and isinstance(layer, layers.LSTM)):
            kind = type(layer).__name__
            cell = {"LSTM": "lstm", "GRU": "gru", "SimpleRNN": "simple_rnn"}.get(kind)
            if cell:
                decoder = self.new(self.recurrent(units=layer.units, cell=cell))
                self.add(decoder(self.value(3), initial_state=output[1:]))

    def run_states_from_vector(self):
        cell, units = self.r.choice([("gru", 3), ("simple_rnn", 4)])
        start = layers.Dense(units, activation="tanh")(self.value(2))
        self.add(self.new(self.recurrent(units=units, cell=cell))(self.value(3), initial_state=start))

    def run_bidirectional(self):
        kw = {}
        inner = self.recurrent(go_backwards=self.chance(0.1), return_state=self.chance(0.2))
        if isinstance(inner, layers.RNN) and type(inner) is layers.RNN and self.chance(0.5):
            inner = self.recurrent(cell="lstm", go_backwards=False)
        kw["merge_mode"] = self.r.choice(["concat", "concat", "sum", "ave", "mul", None])
        self.add(self.new(layers.Bidirectional(inner, **kw))(self.value(3)))

    def run_bidirectional_states(self):
        cell = self.r.choice(["lstm", "gru", "simple_rnn"])
        units = self.units()
        encoder = layers.Bidirectional(self.recurrent(units, cell=cell, go_backwards=False, return_state=True))
        outputs = self.add(encoder(self.value(3)))
        decoder = layers.Bidirectional(self.recurrent(units, cell=cell, go_backwards=False, return_state=False))
        self.add(decoder(self.value(3), initial_state=outputs[1:]))

    def run_conv_lstm(self):
        x = self.value(3, known_steps=True)
        steps, width = x.shape[1:]
        h = layers.Reshape((steps, width, 1))(x)
        conv = layers.ConvLSTM1D(self.r.choice([1, 2]), min(2, width), padding=self.r.choice(["same", "valid"]),
                                 return_sequences=self.chance(0.6), go_backwards=self.chance(0.2))
        if self.chance(0.3):
            conv = layers.Bidirectional(conv)
        h = conv(h)
        self.add(layers.TimeDistributed(layers.Flatten())(h) if len(h.shape) == 4 else layers.Flatten()(h))

    def run_dense(self):
        kw = self.common_options()
        self.add(self.new(layers.Dense(self.units(), activation=self.r.choice(ACTIVATIONS), **kw))(self.value()))

    def run_time_distributed(self):
        inner = self.r.choice([lambda: layers.Dense(self.units(), activation="tanh"), lambda: layers.LayerNormalization(),
                               lambda: layers.Dense(self.units(), **self.common_options()),
                               lambda: keras.Sequential([layers.Dense(self.units(), activation="relu"), layers.Dense(2)])])
        self.add(self.new(layers.TimeDistributed(inner()))(self.value(3)))

    def run_time_distributed_recurrent(self):
        x = self.value(3, known_steps=True)
        steps, width = x.shape[1:]
        h = layers.Reshape((steps, width, 1))(x)
        self.add(layers.TimeDistributed(self.recurrent(cell="gru", return_sequences=False, return_state=False))(h))

    def run_convolution(self):
        x = self.value(3)
        padding = self.r.choice(["same", "causal", "valid"])
        kw = self.common_options()
        size = self.r.randint(1, 3)
        if self.chance(0.3):
            kw[self.r.choice(["strides", "dilation_rate"])] = 2
        groups = 2 if x.shape[-1] % 2 == 0 and self.chance(0.3) else 1
        self.add(self.new(layers.Conv1D(2 * self.r.randint(1, 3), size, padding=padding, groups=groups,
                                        activation=self.r.choice(ACTIVATIONS), **kw))(x))

    def run_normalization(self):
        kw = {"center": self.chance(0.8), "scale": self.chance(0.8), "epsilon": self.r.choice([0.01, 0.1])}
        if self.chance(0.5):
            layer = layers.LayerNormalization(**kw)
        else:
            layer = layers.BatchNormalization(momentum=self.r.choice([0.9, 0.5]), **kw)
        self.add(self.new(layer)(self.value()))

    def run_small_layer(self):
        rank = self.r.choice([2, 3])
        choices = [lambda: layers.Activation(self.r.choice(ACTIVATIONS)), lambda: layers.LeakyReLU(negative_slope=0.2),
                   lambda: layers.ELU(alpha=0.7), lambda: layers.ReLU(max_value=2.0, negative_slope=0.1),
                   lambda: layers.Softmax(), lambda: layers.Dropout(0.0), lambda: layers.GaussianNoise(0.0)]
        if rank == 3:
            choices += [lambda: layers.PReLU(shared_axes=[1]), lambda: layers.SpatialDropout1D(0.0),
                        lambda: layers.UpSampling1D(2), lambda: layers.ZeroPadding1D(self.r.choice([1, (0, 2)])),
                        lambda: layers.MaxPooling1D(2, strides=self.r.choice([1, 2]), padding=self.r.choice(["same", "valid"])),
                        lambda: layers.AveragePooling1D(2, padding=self.r.choice(["same", "valid"])),
                        lambda: layers.Cropping1D(self.r.choice([(1, 0), (0, 1)])), lambda: layers.Masking()]
        else:
            choices += [lambda: layers.PReLU(), lambda: layers.RepeatVector(self.r.randint(1, 4))]
        self.add(self.new(self.r.choice(choices)())(self.value(rank)))

    def run_pooling(self):
        layer = self.r.choice([layers.GlobalMaxPooling1D, layers.GlobalAveragePooling1D])(keepdims=self.chance(0.2))
        self.add(self.new(layer)(self.value(3)))

    def run_reshape(self):
        x = self.value(3, known_steps=True)
        steps, width = x.shape[1:]
        self.add(self.r.choice([lambda: layers.Flatten(), lambda: layers.Permute((2, 1)),
                                lambda: layers.Reshape((width, steps)), lambda: layers.Reshape((-1,))])()(x))

    def run_slice(self):
        x = self.value(3)
        steps = x.shape[1]
        choices = [lambda: x[:, -1], lambda: x[:, -1:], lambda: x[..., :1], lambda: x[:, 0]]
        if steps is not None and steps > 2:
            choices += [lambda: x[:, 1:], lambda: x[:, :-1], lambda: x[:, ::2]]
        self.add(self.r.choice(choices)())

    def run_arithmetic(self):
        x = self.value()
        choices = [lambda: x + 1.5, lambda: x * 0.5, lambda: 1.0 - x, lambda: x - 0.25]
        same = [v for v in self.values if v.shape == x.shape]
        choices += [lambda: x + self.r.choice(same), lambda: x * self.r.choice(same), lambda: x - self.r.choice(same)]
        self.add(self.r.choice(choices)())

    def run_merge(self):
        """Of equal shapes, or of shapes that can be broadcast."""
        merge = self.r.choice([layers.Add, layers.Multiply, layers.Average, layers.Maximum, layers.Minimum, layers.Subtract])
        a = self.value()

        def fits(v):
            if v is a or len(v.shape) != len(a.shape):
                return False
            pairs = list(zip(v.shape[1:], a.shape[1:]))
            return all(p == q or (1 in (p, q) and None not in (p, q)) for p, q in pairs)

        parts = [a] + [v for v in self.r.sample(self.values, len(self.values)) if fits(v)][:1 if merge is layers.Subtract else 2]
        if len(parts) < 2:
            parts.append(self.dense_like(a))
        self.r.shuffle(parts)
        self.add(self.new(merge())(parts))

    def dense_like(self, value):
        return layers.Dense(value.shape[-1])(value)

    def run_merge_of_ranks(self):
        """A vector for each row, and sequences: Keras puts axes into the vector."""
        x = self.value(3)
        vector = layers.Dense(x.shape[-1])(self.value(2))
        merge = self.r.choice([layers.Add, layers.Multiply, layers.Average, layers.Maximum])
        steps = layers.Reshape((1, x.shape[-1]))(vector)
        self.add(merge()(self.r.choice([[x, steps], [steps, x]])))

    def run_concatenate(self):
        a = self.value()
        others = [v for v in self.values if v is not a and len(v.shape) == len(a.shape) and v.shape[1:-1] == a.shape[1:-1]]
        if len(a.shape) == 3 and self.chance(0.3):
            steps = [v for v in self.values if v is not a and len(v.shape) == 3 and v.shape[2] == a.shape[2]
                     and v.shape[1] is not None]
            if steps and a.shape[1] is not None:
                return self.add(layers.Concatenate(axis=1)([a, self.r.choice(steps)]))
        other = self.r.choice(others) if others else self.dense_like(a)
        self.add(layers.Concatenate(axis=self.r.choice([-1, len(a.shape) - 1]))([a, other]))

    def run_dot(self):
        a = self.value(3)
        partners = [v for v in self.values if len(v.shape) == 3 and v.shape[2] == a.shape[2]]
        self.add(layers.Dot(axes=self.r.choice([2, (2, 2)]), normalize=self.chance(0.3))([a, self.r.choice(partners)]))

    def run_attention(self):
        query = self.value(3)
        kind = self.r.choice(["dot", "additive", "heads", "heads", "self"])
        width = query.shape[-1]
        value = layers.Dense(width)(self.value(3))
        kw = {"use_causal_mask": True} if self.chance(0.2) else {}
        if kind in ("heads", "self"):
            heads = layers.MultiHeadAttention(self.r.randint(1, 2), self.r.randint(1, 3), value_dim=self.r.choice([None, 2]),
                                              use_bias=self.chance(0.7), output_shape=self.r.choice([None, 3]))
            value = query if kind == "self" else value
            self.new(heads)
            if self.chance(0.25):
                return self.add(heads(query, value, return_attention_scores=True, **kw)[0])
            return self.add(heads(query, value, **kw))
        if kind == "dot":
            layer = layers.Attention(use_scale=self.chance(0.5), score_mode=self.r.choice(["dot", "dot", "concat"]))
        else:
            layer = layers.AdditiveAttention(use_scale=self.chance(0.7))
        inputs = [query, value] + ([layers.Dense(width)(value)] if self.chance(0.3) else [])
        self.add(layer(inputs, **kw))

    def run_shared(self):
        """A layer or a model from before, called on something else that it can take."""
        if not self.layers:
            raise NotThisOne("no layer to share")
        layer = self.r.choice(self.layers)
        shapes = [tuple(node.input_tensors[0].shape) for node in layer._inbound_nodes]
        if len(layer._inbound_nodes[0].input_tensors) > 1:
            raise NotThisOne("several inputs")
        found = [v for v in self.values if tuple(v.shape) == shapes[0]]
        self.add(layer(self.r.choice(found)))

    def run_model(self):
        """A model of its own as a layer, perhaps of several inputs and outputs, perhaps called twice."""
        if self.depth > 1:
            raise NotThisOne("deep enough")
        x = self.value()
        inner = Drawing(self.r.random(), self.depth + 1)
        if self.chance(0.3):
            model = keras.Sequential([keras.Input(x.shape[1:])])
            if len(x.shape) == 3:
                if self.chance(0.3):
                    model.add(layers.Masking())
                model.add(inner.recurrent(return_state=False))
            model.add(layers.Dense(self.units(), activation="tanh"))
            self.new(model)
            self.add(model(x))
            return
        given = [x] + ([self.value()] if self.chance(0.35) else [])
        inner.inputs = [keras.Input(v.shape[1:]) for v in given]
        inner.values = list(inner.inputs)
        if self.chance(0.3) and len(x.shape) == 3:
            inner.values[0] = layers.Masking()(inner.inputs[0])
        inner.grow(self.r.randint(1, 4))
        outputs = inner.chosen_outputs(self.r.choice([1, 1, 1, 2]))
        model = keras.Model(inner.inputs, outputs)
        self.new(model)
        self.add(model(given if len(given) > 1 else given[0]))
        if self.chance(0.4):  # Siamese
            others = [self.value(where=lambda v, g=g: v.shape == g.shape) for g in given]
            self.add(model(others if len(others) > 1 else others[0]))

    def run_explicit_mask(self):
        """A mask that is computed, not carried along."""
        ids = [v for v in self.inputs if v in self.ids_inputs()]
        if not ids or self.depth:
            raise NotThisOne("no ids")
        mask = ops.not_equal(self.r.choice(ids), 0)
        x = self.value(3, where=lambda v: v.shape[1] == mask.shape[1])
        self.add(self.recurrent(return_state=False)(x, mask=mask))

    def ids_inputs(self):
        return [v for v in self.inputs if v.dtype == "int32"]

    STEPS = [(run_recurrent, 6), (run_states_from_vector, 1), (run_bidirectional, 3), (run_bidirectional_states, 1),
             (run_conv_lstm, 1), (run_dense, 3), (run_time_distributed, 2), (run_time_distributed_recurrent, 1),
             (run_convolution, 2), (run_normalization, 2), (run_small_layer, 3), (run_pooling, 2), (run_reshape, 1),
             (run_slice, 1), (run_arithmetic, 1), (run_merge, 4), (run_merge_of_ranks, 1), (run_concatenate, 2),
             (run_dot, 1), (run_attention, 3), (run_shared, 3), (run_model, 3), (run_explicit_mask, 1)]

    def grow(self, count):
        grown = 0
        for _ in range(6 * count):
            step = self.r.choices([s for s, _ in self.STEPS], [w for _, w in self.STEPS])[0]
            before = len(self.values)
            try:
                step(self)
            except (NotThisOne, ValueError, TypeError, IndexError, NotImplementedError, AttributeError):
                del self.values[before:]  # Keras does not build that
                continue
            grown += 1
            if grown == count:
                return

    def chosen_outputs(self, count):
        """Values that nothing has been made of, first of all."""
        inputs = {id(v) for v in self.inputs}
        found = [v for v in self.values if id(v) not in inputs and len(v.shape) in (2, 3)]
        if not found:
            raise NotThisOne("nothing was built")
        last = found[-1]
        rest = self.r.sample(found[:-1], min(count - 1, len(found) - 1))
        return [last] + [v for v in rest if v is not last]

    # ---- the whole

    def add_input(self):
        steps = self.r.randint(2, 6)
        kind = self.r.choice(["numbers", "numbers", "numbers", "ids", "vector"])
        if kind == "vector" and self.inputs:
            value = keras.Input((self.units(),))
            self.inputs.append(value)
            self.add(value)
            return
        open_steps = None if self.chance(0.25) else steps
        if kind == "ids":
            size = self.r.randint(4, 12)
            ids = keras.Input((open_steps,), dtype="int32")
            self.inputs.append(ids)
            self.ids[len(self.inputs) - 1] = size
            self.add(layers.Embedding(size, self.units(), mask_zero=self.chance(0.6))(ids))
            return
        x = keras.Input((open_steps, self.units()))
        self.inputs.append(x)
        self.add(layers.Masking(mask_value=self.r.choice([0.0, 0.0, -1.0]))(x) if self.chance(0.5) else x)

    def data(self):
        """For each input; steps at the end, at the beginning or in between are what Masking leaves out."""
        arrays = []
        open_steps = self.r.randint(3, 6)
        for i, tensor in enumerate(self.inputs):
            shape = [ROWS] + [open_steps if extent is None else extent for extent in tensor.shape[1:]]
            if i in self.ids:
                x = self.rng.integers(1, self.ids[i], shape).astype("int32")
                hole = 0
            else:
                x = self.rng.standard_normal(shape).astype("float32")
                hole = self.r.choice([0.0, -1.0])
            if len(shape) == 3 or i in self.ids:
                how = self.r.choice(["right", "left", "holes", "none"])
                for row in range(ROWS):
                    counts = np.ones(shape[1], bool)
                    if how == "right":
                        counts[self.rng.integers(1, shape[1] + 1):] = False
                    elif how == "left":
                        counts[:self.rng.integers(0, shape[1])] = False
                    elif how == "holes":
                        counts = self.rng.random(shape[1]) < 0.6
                        counts[self.rng.integers(0, shape[1])] = True
                    x[row, ~counts] = hole
            arrays.append(x)
        return arrays

    def model(self):
        for _ in range(self.r.choice([1, 1, 1, 2, 2, 3])):
            self.add_input()
        self.grow(self.r.randint(2, 8))
        outputs = self.chosen_outputs(self.r.choice([1, 1, 1, 2, 3]))
        outputs = [layers.Dense(self.units())(v) if self.chance(0.4) else v for v in outputs]
        model = keras.Model(self.inputs, outputs)
        if len(set(model.output_names)) < len(outputs):
            raise NotThisOne("two outputs of one layer: in Keras's logs one hides the other")
        return model


def randomize(model, rng):
    for weight in model.weights:
        if "float" not in str(weight.dtype):
            continue
        if "variance" in weight.path or "gamma" in weight.path:
            weight.assign(rng.uniform(0.5, 1.5, weight.shape).astype("float32"))
        else:
            weight.assign((rng.standard_normal(weight.shape) * 0.4).astype("float32"))


def compile_at_random(model, outputs, drawing):
    """The targets. Steps of Adam and its kin are the sign of a gradient where epsilon does not soften them."""
    r, rng = drawing.r, drawing.rng
    losses, targets = [], []
    for output in outputs:
        if r.random() < 0.75:
            losses.append(r.choice(["mse", "mae", "huber", "log_cosh"]))
            targets.append(rng.standard_normal(output.shape).astype("float32"))
        else:
            losses.append(keras.losses.BinaryCrossentropy(from_logits=True))
            targets.append(rng.integers(0, 2, output.shape).astype("float32"))
    optimizer = r.choice([lambda: keras.optimizers.SGD(0.05), lambda: keras.optimizers.SGD(0.02, momentum=0.9, nesterov=True),
                          lambda: keras.optimizers.Adam(0.01, epsilon=0.1), lambda: keras.optimizers.RMSprop(0.01, epsilon=0.1),
                          lambda: keras.optimizers.SGD(0.05, global_clipnorm=0.5)])()
    metrics = [["mae"] if r.random() < 0.5 else [] for _ in outputs]
    weights = [r.choice([1.0, 0.5]) for _ in outputs] if len(outputs) > 1 and r.random() < 0.4 else None
    if len(outputs) == 1:
        model.compile(optimizer, losses[0], metrics=metrics[0])
    else:
        model.compile(optimizer, losses, metrics=metrics, loss_weights=weights)
    return targets


def check_rows(model, x, batch_sizes):
    """Keras on TensorFlow adds (batch, 1, 1) along the features where there are as many of these as rows."""
    alone = predict(model, x, 1)
    for size in batch_sizes:
        for row_by_row, together in zip(alone, predict(model, x, size)):
            if not np.allclose(row_by_row, together, rtol=1e-5, atol=2e-6):
                raise NotThisOne("a row of which Keras makes something else among others")


def written(path, seed):
    """Draws, computes and writes one; throws what Keras throws, or NotThisOne."""
    keras.backend.clear_session()
    keras.utils.set_random_seed(1)
    drawing = Drawing(seed)
    model = drawing.model()
    randomize(model, drawing.rng)
    x = drawing.data()
    batch_size = drawing.r.choice([3, ROWS])  # eagerly, Keras weighs a smaller last batch in another way
    first = predict(model, x, ROWS)
    check_rows(model, x, (ROWS, batch_size))
    y = compile_at_random(model, first, drawing)
    model.save(f"{path}.keras")
    arrays = {f"x{i}": v for i, v in enumerate(x)} | {f"y{i}": v for i, v in enumerate(y)}
    arrays |= {f"predict{i}": v for i, v in enumerate(first)}
    evaluated = evaluate(model, x, y, batch_size)
    history = fit(model, x, y, batch_size, 1)
    arrays |= {f"trained{i}": v for i, v in enumerate(predict(model, x, ROWS))}
    numbers = [v for v in arrays.values() if v.dtype == np.float32] + [np.array(list(evaluated.values()))]
    if not all(np.isfinite(v).all() and np.abs(v).max() < 30 for v in numbers):
        raise NotThisOne("numbers that are too large to compare")
    if not all(np.isfinite(w).all() for w in model.get_weights()):
        raise NotThisOne("weights that are no numbers")
    write_arrays(f"{path}.safetensors", arrays,
                 {"batch_size": str(batch_size), "evaluate": json.dumps(evaluated), "history": json.dumps(history)})


def write_graphs(folder, count, seed, start=0):
    """Returns how many draws were no good."""
    folder.mkdir(parents=True, exist_ok=True)
    thrown = 0
    for i in range(start, start + count):
        for attempt in range(100):
            path = folder / f"{seed}_{i:04d}"
            try:
                written(path, f"{seed} {i} {attempt}")
                break
            except Exception as error:
                thrown += 1
                if os.environ.get("SHOW_THROWN"):
                    print(i, attempt, type(error).__name__, str(error)[:160].replace("\n", " "))
        else:
            raise RuntimeError(f"graph {i} of seed {seed}: nothing in a hundred draws")
    return thrown


def pack(path):
    """Keras stores the members of its archives as they are: most of an HDF5 file of small weights is zeros."""
    with zipfile.ZipFile(path) as archive:
        members = [(name, archive.read(name)) for name in archive.namelist()]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)


if __name__ == "__main__":
    target, number, first_seed = pathlib.Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    bad = write_graphs(target, number, first_seed)
    for file in target.glob("*.keras"):
        pack(file)
    print(f"{number} graphs, {bad} other draws")
