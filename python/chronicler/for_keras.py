"""Chronicler's own layers in plain Keras 3: with them Keras opens and runs Chronicler's files.

>>> import keras
>>> import chronicler.for_keras            # or a copy of this file: it needs Keras and nothing else
>>> model = keras.models.load_model("trained_by_chronicler.keras")

Every class is registered in the package "chronicler": a file finds it once this is imported.
Weights, their order and their paths are those of Chronicler's files, numbers agree to rounding.
MinGRU, MinLSTM, RGLRU and LRU run as `keras.ops.associative_scan` where the number of steps is
known, else, like the others, step by step.
"""

# mypy: disable-error-code="misc"
# Keras has no types.

from __future__ import annotations

import re
from typing import Any

import keras
from keras import activations, constraints, initializers, ops, regularizers

register = keras.saving.register_keras_serializable(package="chronicler")


def _described(value: Any) -> Any:
    """Return how a configuration says an initializer, regularizer or constraint."""
    return value if value is None else keras.saving.serialize_keras_object(value)


@register
class Chrono(initializers.Initializer):
    """Biases of gates that remember for 1 to t_max steps: Tallec and Ollivier, 2018.

    Of a GRU's bias, (3 units) or (2, 3 units), the update gate starts at log U(1, t_max - 1); of an
    LSTM's, (4 units), the forget gate, and the input gate at minus that: with
    unit_forget_bias=False, else Keras asks for the bias in parts, which start at 0. A file brings
    its own weights.
    """

    def __init__(self, t_max: int | None = None, seed: int | None = None) -> None:
        self.t_max, self.seed = t_max, seed

    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        """Return the first values of a bias."""
        gates = next((count for count in (4, 3) if shape[-1] % count == 0), 0)
        if self.t_max is None or gates == 0:
            return ops.zeros(shape, dtype)
        units = shape[-1] // gates
        drawn = ops.log(keras.random.uniform((units,), 1.0, self.t_max - 1.0, seed=self.seed))
        rest = ops.zeros((units,))
        parts = [-drawn, drawn, rest, rest] if gates == 4 else [drawn, rest, rest]
        bias = ops.concatenate(parts)
        if len(shape) == 2:
            bias = ops.stack([bias, ops.zeros_like(bias)])
        return ops.cast(bias, dtype or keras.config.floatx())

    def get_config(self) -> dict[str, Any]:
        """Return the options, as files have them."""
        return {"t_max": self.t_max, "seed": self.seed}


# ---- what the layers share


class _Weights(keras.layers.Layer):
    """Where a layer's weights are that files keep below "cell", as those of keras.layers.LSTM."""

    def __init__(self, steps: _Steps, **options: Any) -> None:
        super().__init__(**options)
        self.step = steps.call
        self.state_size, self.output_size = steps.state_size, steps.output_size
        self.get_initial_state = steps.get_initial_state

    def call(self, x: Any, states: Any) -> Any:
        """Return the output and the states after one step."""
        return self.step(x, states)


class _Steps:
    """What keras.layers.RNN asks of a cell, for a layer that has its weights itself."""

    def __init__(self, layer: _Layer, state_size: Any, output_size: int) -> None:
        self.layer, self.state_size, self.output_size = layer, state_size, output_size

    @property
    def compute_dtype(self) -> Any:
        """Return the type of the states."""
        return self.layer.compute_dtype

    def get_initial_state(self, batch_size: Any = None) -> Any:
        """Return states of zeros."""
        sizes = self.state_size if isinstance(self.state_size, list) else [self.state_size]
        return [ops.zeros((batch_size, size), dtype=self.compute_dtype) for size in sizes]

    def call(self, x: Any, states: Any) -> Any:
        """Return the output and the states after one step."""
        return self.layer.step(x, list(states))

    __call__ = call


class _Layer(keras.layers.RNN):
    """A recurrent layer. `options` are those beside the loop's, with their defaults."""

    options: dict[str, Any] = {"use_bias": True}
    weight_options: dict[str, Any] = {
        "kernel_initializer": "glorot_uniform", "bias_initializer": "zeros",
        "kernel_regularizer": None, "bias_regularizer": None,
        "kernel_constraint": None, "bias_constraint": None,
    }
    kinds = {"initializer": initializers, "regularizer": regularizers, "constraint": constraints}
    loop_options: tuple[str, ...] = (
        "return_sequences", "return_state", "go_backwards", "stateful", "zero_output_for_mask")
    weights_in_cell = False

    def __init__(
        self, units: int, *, dropout: float = 0.0, seed: Any = None,
        activity_regularizer: Any = None, unroll: bool = False, **given: Any,
    ) -> None:
        own = {name: given.pop(name, value) for name, value in self.options.items()}
        kept = {}
        for name, value in self.weight_options.items():
            kept[name] = self.kinds[name.rsplit("_", 1)[1]].get(given.pop(name, value))
        steps = _Steps(self, *self.sizes(units, own))
        cell = steps
        if self.weights_in_cell:
            shared = {name: given[name] for name in ("dtype", "trainable") if name in given}
            cell = _Weights(steps, name="cell", **shared)
        super().__init__(
            cell, unroll=unroll, activity_regularizer=regularizers.get(activity_regularizer),
            **given)
        self.units, self.dropout, self.seed = units, dropout, seed
        self.own, self.kept = own, kept
        if dropout > 0.0 or own.get("recurrent_dropout", 0.0) > 0.0:
            self.seed_generator = keras.random.SeedGenerator(seed)

    @staticmethod
    def sizes(units: int, own: dict[str, Any]) -> tuple[Any, int]:
        """Return the sizes of the states, and of the output."""
        return units, units

    def get_config(self) -> dict[str, Any]:
        """Return the options by name."""
        config = keras.layers.Layer.get_config(self)
        config |= {name: getattr(self, name) for name in self.loop_options}
        config |= {"units": self.units, **self.own}
        config |= {name: _described(value) for name, value in self.kept.items()}
        config |= {"dropout": self.dropout, "seed": self.seed}
        return {**config, "activity_regularizer": _described(self.activity_regularizer)}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        """Return the layer of a configuration."""
        return cls(**config)

    def weight(self, name: str, shape: Any, initializer: Any = None) -> Any:
        """Return a new weight with the options of its name."""
        owner = self.cell if self.weights_in_cell else self
        return owner.add_weight(
            name=name, shape=shape,
            initializer=initializer or self.kept.get(f"{name}_initializer", "zeros"),
            regularizer=self.kept.get(f"{name}_regularizer"),
            constraint=self.kept.get(f"{name}_constraint"))

    def make_weights(self, features: int) -> None:
        """Make the weights, in the order of files."""
        raise NotImplementedError

    def build(self, sequences_shape: Any, initial_state_shape: Any = None) -> None:
        """Make the weights and, if it is stateful, the states."""
        self.make_weights(sequences_shape[-1])
        if self.weights_in_cell:
            self.cell.built = True
        super().build(sequences_shape, initial_state_shape)

    def step(self, x: Any, states: list[Any]) -> tuple[Any, list[Any]]:
        """Return the output and the states after one step."""
        raise NotImplementedError

    def inner_loop(
        self, sequences: Any, initial_state: Any, mask: Any, training: bool = False,
    ) -> Any:
        """Run over the steps; inputs are dropped out alike at all of them."""
        if self.dropout > 0.0 and training:
            kept = ops.ones_like(sequences[:, :1])
            sequences = sequences * keras.random.dropout(
                kept, self.dropout, seed=self.seed_generator)
        return self.run(sequences, initial_state, mask)

    def run(self, sequences: Any, initial_state: Any, mask: Any) -> Any:
        """Run over the steps, one after the other."""
        return super().inner_loop(sequences, initial_state, mask)


# ---- h_t = a_t h_(t-1) + b_t


def _joined(first: Any, second: Any) -> Any:
    """Return what two neighbouring pieces of steps do: first (a, b), then (a', b')."""
    (a, b), (later_a, later_b) = first, second
    return later_a * a, later_a * b + later_b


def _scanned(join: Any, parts: Any, shape: Any) -> Any:
    """Return what each step's beginning makes of a state; TensorFlow loses the shape on the way."""
    return [ops.reshape(each, shape) for each in ops.associative_scan(join, parts, axis=1)]


class _ScanLayer(_Layer):
    """A layer that runs over all steps at once, where their number is known."""

    def all_steps(self, x: Any, counts: Any, states: list[Any]) -> tuple[Any, list[Any]]:
        """Return the outputs and the last states; steps that do not count change no state."""
        raise NotImplementedError

    def run(self, sequences: Any, initial_state: Any, mask: Any) -> Any:
        if sequences.shape[1] is None or self.unroll:
            return super().run(sequences, initial_state, mask)
        counts = None if mask is None else ops.cast(ops.expand_dims(mask, -1), "bool")
        if self.go_backwards:
            sequences = ops.flip(sequences, 1)
            counts = None if counts is None else ops.flip(counts, 1)
        outputs, states = self.all_steps(sequences, counts, list(initial_state))
        if counts is not None:
            # A masked step gives the last output again, or 0; before the first one there is none.
            if not self.zero_output_for_mask:
                counts = ops.cumsum(ops.cast(counts, "int32"), 1) > 0
            outputs = ops.where(counts, outputs, ops.zeros_like(outputs))
        last = outputs[:, -1]
        return last, outputs if self.return_sequences else ops.expand_dims(last, 1), states


class _GatedLayer(_ScanLayer):
    """A layer whose a and b of all steps follow from the input."""

    blocks = 3  # gates and candidate

    def bias_start(self, shape: Any, dtype: Any = None) -> Any:
        """Return first values of the bias."""
        return self.kept["bias_initializer"](shape, dtype=dtype)

    def make_weights(self, features: int) -> None:
        width = self.blocks * self.units
        self.kernel = self.weight("kernel", (features, width))
        if self.own["use_bias"]:
            self.bias = self.weight("bias", (width,), self.bias_start)

    def blocks_of(self, x: Any) -> Any:
        """Return what the gates and the candidate are made of."""
        projected = ops.matmul(x, self.kernel)
        return ops.split(
            projected + self.bias if self.own["use_bias"] else projected, self.blocks, -1)

    def coefficients(self, x: Any) -> Any:
        """Return a and b of all steps."""
        raise NotImplementedError

    def step(self, x: Any, states: list[Any]) -> tuple[Any, list[Any]]:
        a, b = self.coefficients(x)
        hidden = a * states[0] + b
        return hidden, [hidden]

    def all_steps(self, x: Any, counts: Any, states: list[Any]) -> tuple[Any, list[Any]]:
        a, b = self.coefficients(x)
        if counts is not None:
            a = ops.where(counts, a, ops.ones_like(a))
            b = ops.where(counts, b, ops.zeros_like(b))
        a, b = _scanned(_joined, (a, b), (-1, x.shape[1], self.units))
        hidden = a * ops.expand_dims(states[0], 1) + b
        return hidden, [hidden[:, -1]]


def _remembering(units: int, t_max: int, seed: Any, dtype: Any) -> Any:
    """Return log(U(1, t_max - 1)): Tallec and Ollivier 2018."""
    return ops.log(keras.random.uniform((units,), 1.0, t_max - 1.0, dtype=dtype, seed=seed))


@register
class MinGRU(_GatedLayer):
    """z = sigmoid(x W_z + b_z), h = (1 - z) h' + z (x W + b): arXiv 2410.01201."""

    options = {"use_bias": True, "unit_forget_bias": True, "t_max": None}
    blocks = 2

    def bias_start(self, shape: Any, dtype: Any = None) -> Any:
        values = super().bias_start(shape, dtype)
        if self.own["t_max"]:
            gate = -_remembering(self.units, self.own["t_max"], self.seed, dtype)
        elif self.own["unit_forget_bias"]:
            gate = -ops.ones((self.units,), dtype)
        else:
            return values
        return ops.concatenate([gate, values[self.units:]])

    def coefficients(self, x: Any) -> Any:
        gate, candidate = self.blocks_of(x)
        return ops.sigmoid(-gate), ops.sigmoid(gate) * candidate


@register
class MinLSTM(_GatedLayer):
    """h = f / (f + i) h' + i / (f + i) (x W + b), i and f gates of x: arXiv 2410.01201."""

    options = {"use_bias": True, "unit_forget_bias": True, "t_max": None}

    def bias_start(self, shape: Any, dtype: Any = None) -> Any:
        values = super().bias_start(shape, dtype)
        entry, gate = values[:self.units], values[self.units:2 * self.units]
        if self.own["t_max"]:
            gate = _remembering(self.units, self.own["t_max"], self.seed, dtype)
            entry = -gate
        elif self.own["unit_forget_bias"]:
            gate = ops.ones((self.units,), dtype)
        return ops.concatenate([entry, gate, values[2 * self.units:]])

    def coefficients(self, x: Any) -> Any:
        entry, forget, candidate = self.blocks_of(x)
        # f / (f + i) of sigmoids that may both be next to 0.
        difference = ops.log_sigmoid(forget) - ops.log_sigmoid(entry)
        return ops.sigmoid(difference), ops.sigmoid(-difference) * candidate


@register
class RGLRU(_GatedLayer):
    """h = a h' + sqrt(1 - a^2) i (x W + b), a = sigmoid(decay) ^ (8 r): arXiv 2402.19427."""

    options = {"use_bias": True, "negative": False, "decay_min": None, "decay_max": None}

    def decay_start(self, shape: Any, dtype: Any = None) -> Any:
        """Return first values of the decay: sigmoid of them, to the 8th, is uniform."""
        least = self.own["decay_min"] or (0.001 if self.own["negative"] else 0.9)
        most = self.own["decay_max"] or 0.999
        kept = keras.random.uniform(shape, least, most, dtype=dtype, seed=self.seed) ** 0.125
        return ops.log(kept) - ops.log(1.0 - kept)

    def make_weights(self, features: int) -> None:
        super().make_weights(features)
        self.decay = self.weight("decay", (self.units,), self.decay_start)

    def coefficients(self, x: Any) -> Any:
        recurrence, entry, candidate = self.blocks_of(x)
        log_a = 8.0 * ops.sigmoid(recurrence) * ops.log_sigmoid(self.decay)
        if self.own["negative"]:
            a = 2.0 * ops.exp(log_a) - 1.0
            rest = -4.0 * ops.exp(log_a) * ops.expm1(log_a)  # 1 - a^2
        else:
            a, rest = ops.exp(log_a), -ops.expm1(2.0 * log_a)
        return a, ops.sqrt(rest) * ops.sigmoid(entry) * candidate


def _joined_turning(first: Any, second: Any) -> Any:
    """Return the same for complex numbers, in real and imaginary parts."""
    (a, i, b, j), (later_a, later_i, later_b, later_j) = first, second
    return (later_a * a - later_i * i, later_a * i + later_i * a,
            later_a * b - later_i * j + later_b, later_a * j + later_i * b + later_j)


@register
class LRU(_ScanLayer):
    """h = lambda h' + e^gamma (x B), y = Re(h C) + x D + b, lambda complex: arXiv 2303.06349."""

    options = {
        "state_size": None, "use_skip": True, "use_bias": True, "r_min": 0.9, "r_max": 0.999,
        "max_phase": 6.283185307179586,
    }
    weight_options = {**_Layer.weight_options, "output_initializer": "glorot_uniform"}

    @staticmethod
    def sizes(units: int, own: dict[str, Any]) -> tuple[Any, int]:
        numbers = own["state_size"] or units
        return [numbers, numbers, units], units

    def make_weights(self, features: int) -> None:
        numbers, like = self.own["state_size"] or self.units, self.kept
        shared = {
            "regularizer": like["kernel_regularizer"], "constraint": like["kernel_constraint"]}
        least, most = self.own["r_min"] ** 2, self.own["r_max"] ** 2
        draws = keras.random.SeedGenerator(self.seed)
        square = keras.random.uniform((numbers,), least, most, seed=draws)
        phase = self.own["max_phase"] * keras.random.uniform((numbers,), 1e-7, 1.0, seed=draws)

        def started(values: Any) -> Any:
            return lambda shape, dtype=None: ops.cast(values, dtype)

        self.kernel = self.weight("kernel", (features, 2 * numbers))
        self.nu = self.weight("nu", (numbers,), started(ops.log(-0.5 * ops.log(square))))
        self.theta = self.weight("theta", (numbers,), started(ops.log(phase)))
        self.gamma = self.weight("gamma", (numbers,), started(0.5 * ops.log1p(-square)))
        self.output_kernel = self.add_weight(
            name="output_kernel", shape=(2 * numbers, self.units),
            initializer=like["output_initializer"], **shared)
        if self.own["use_skip"]:
            self.skip_kernel = self.add_weight(
                name="skip_kernel", shape=(features, self.units),
                initializer=like["output_initializer"], **shared)
        if self.own["use_bias"]:
            self.bias = self.weight("bias", (self.units,))

    def turns(self, x: Any) -> tuple[Any, Any, Any, Any]:
        """Return lambda, and what comes in, both in real and imaginary parts."""
        size, gamma = ops.exp(-ops.exp(self.nu)), ops.exp(self.gamma)
        angle = ops.exp(self.theta)
        real, imaginary = ops.split(ops.matmul(x, self.kernel), 2, -1)
        return size * ops.cos(angle), size * ops.sin(angle), gamma * real, gamma * imaginary

    def outputs_of(self, real: Any, imaginary: Any, x: Any) -> Any:
        """Return y."""
        y = ops.matmul(ops.concatenate([real, imaginary], -1), self.output_kernel)
        if self.own["use_skip"]:
            y = y + ops.matmul(x, self.skip_kernel)
        return y + self.bias if self.own["use_bias"] else y

    def step(self, x: Any, states: list[Any]) -> tuple[Any, list[Any]]:
        a, i, b, j = self.turns(x)
        real, imaginary, _ = states
        real, imaginary = a * real - i * imaginary + b, a * imaginary + i * real + j
        y = self.outputs_of(real, imaginary, x)
        return y, [real, imaginary, y]

    def all_steps(self, x: Any, counts: Any, states: list[Any]) -> tuple[Any, list[Any]]:
        a, i, b, j = self.turns(x)
        nothing = ops.zeros_like(b)
        a, i = a + nothing, i + nothing
        if counts is not None:
            a = ops.where(counts, a, ops.ones_like(a))
            i, b, j = (ops.where(counts, each, nothing) for each in (i, b, j))
        steps, numbers = x.shape[1], self.output_kernel.shape[0] // 2
        a, i, b, j = _scanned(_joined_turning, (a, i, b, j), (-1, steps, numbers))
        first, second = (ops.expand_dims(each, 1) for each in states[:2])
        real, imaginary = a * first - i * second + b, a * second + i * first + j
        y = self.outputs_of(real, imaginary, x)
        last = y[:, -1]
        if counts is not None:
            # At each step the last one that counts; -1: none did.
            numbered = ops.arange(steps, dtype="int32")
            places = ops.cast(ops.where(counts[..., 0], numbered, -1), "int32")
            (places,) = _scanned(
                lambda one, two: (ops.maximum(one[0], two[0]),), (places,), (-1, steps))
            places = ops.cast(ops.expand_dims(places, -1), "int32")
            y = ops.take_along_axis(y, ops.where(places < 0, 0, places), 1)
            last = ops.where(places[:, -1] >= 0, y[:, -1], states[2])
        return y, [real[:, -1], imaginary[:, -1], last]


# ---- xLSTM


@register
class SLSTM(_Layer):
    """An LSTM with exponential gates, which divides by their sum: arXiv 2405.04517."""

    options = {
        "heads": 1, "activation": "tanh", "recurrent_activation": "sigmoid",
        "forget_activation": "sigmoid", "use_bias": True, "unit_forget_bias": True,
        "recurrent_dropout": 0.0,
    }
    weight_options = {
        **_Layer.weight_options, "recurrent_initializer": "orthogonal",
        "recurrent_regularizer": None, "recurrent_constraint": None}
    loop_options = (*_Layer.loop_options, "unroll")
    weights_in_cell = True

    @staticmethod
    def sizes(units: int, own: dict[str, Any]) -> tuple[Any, int]:
        return [units] * 4, units

    def weight(self, name: str, shape: Any, initializer: Any = None) -> Any:
        # The options of recurrent_kernel are called recurrent_...
        if name != "recurrent_kernel":
            return super().weight(name, shape, initializer)
        return self.cell.add_weight(
            name=name, shape=shape, initializer=self.kept["recurrent_initializer"],
            regularizer=self.kept["recurrent_regularizer"],
            constraint=self.kept["recurrent_constraint"])

    def bias_start(self, shape: Any, dtype: Any = None) -> Any:
        """Return first values of the bias."""
        values, units = self.kept["bias_initializer"](shape, dtype=dtype), self.units
        if not self.own["unit_forget_bias"]:
            return values
        return ops.concatenate(
            [values[:units], ops.ones((units,), dtype), values[2 * units:]])

    def make_weights(self, features: int) -> None:
        width = 4 * self.units
        # Attributes of the cell alone: the layer would count them as its own, too.
        self.cell.kernel = self.weight("kernel", (features, width))
        self.cell.recurrent_kernel = self.weight(
            "recurrent_kernel", (self.units // self.own["heads"], width))
        if self.own["use_bias"]:
            self.cell.bias = self.weight("bias", (width,), self.bias_start)

    kept_of_hidden: Any = None  # of one call: recurrent dropout, alike at all steps

    def inner_loop(
        self, sequences: Any, initial_state: Any, mask: Any, training: bool = False,
    ) -> Any:
        if self.own["recurrent_dropout"] > 0.0 and training:
            self.kept_of_hidden = keras.random.dropout(
                ops.ones_like(initial_state[0]), self.own["recurrent_dropout"],
                seed=self.seed_generator)
        found = super().inner_loop(sequences, initial_state, mask, training)
        self.kept_of_hidden = None
        return found

    def recurrent_product(self, hidden: Any) -> Any:
        """Return the product of h' with the recurrent kernel, each head with its own units."""
        heads, units = self.own["heads"], self.units
        shape = (units // heads, 4, heads, units // heads)
        kernel = ops.reshape(self.cell.recurrent_kernel, shape)
        parts = ops.reshape(hidden, (-1, heads, units // heads))
        return ops.reshape(ops.einsum("bhi,ighj->bghj", parts, kernel), (-1, 4 * units))

    def step(self, x: Any, states: list[Any]) -> tuple[Any, list[Any]]:
        hidden, cell, norm, most = states
        if self.kept_of_hidden is not None:
            hidden = hidden * self.kept_of_hidden
        sums = ops.matmul(x, self.cell.kernel) + self.recurrent_product(hidden)
        if self.own["use_bias"]:
            sums = sums + self.cell.bias
        entry, forget, candidate, shown = ops.split(sums, 4, -1)
        if self.own["forget_activation"] == "sigmoid":
            forget = ops.log_sigmoid(forget)
        begins = norm == 0  # what was before counts for nothing
        new_most = ops.where(begins, entry, ops.maximum(forget + most, entry))
        kept = ops.exp(ops.minimum(forget + most - new_most, 0.0))
        added = ops.exp(entry - new_most)
        activation = activations.get(self.own["activation"])
        cell = kept * cell + added * activation(candidate)
        norm = kept * norm + added
        gate = activations.get(self.own["recurrent_activation"])(shown)
        hidden = gate * cell / norm
        return hidden, [hidden, cell, norm, new_most]


@register
class MLSTM(_Layer):
    """A matrix as memory, to which each step adds a value under a key: arXiv 2405.04517."""

    options = {
        "heads": 1, "forget_activation": "sigmoid", "chunk_size": 64, "use_bias": True,
        "unit_forget_bias": True,
    }

    def memory_shape(self, batch: Any) -> tuple[Any, ...]:
        """Return the memory's shape outside; inside the loop it is flat."""
        size = self.units // self.own["heads"]
        return batch, self.own["heads"], size, size

    def call(
        self, sequences: Any, initial_state: Any = None, mask: Any = None, training: bool = False,
    ) -> Any:
        if initial_state is not None:
            initial_state = list(initial_state)
            initial_state[1] = ops.reshape(initial_state[1], (-1, self.state_size[1]))
        found = super().call(sequences, initial_state, mask, training)
        if not self.return_state:
            return found
        output, hidden, memory, *others = found
        return output, hidden, ops.reshape(memory, self.memory_shape(-1)), *others

    def compute_output_shape(self, sequences_shape: Any, initial_state_shape: Any = None) -> Any:
        """Return the shapes of the output and, if they are asked for, the states."""
        found = super().compute_output_shape(sequences_shape)
        if not self.return_state:
            return found
        output, hidden, _, *others = found
        return output, hidden, self.memory_shape(sequences_shape[0]), *others

    @staticmethod
    def sizes(units: int, own: dict[str, Any]) -> tuple[Any, int]:
        return [units, units * (units // own["heads"]), units, own["heads"]], units

    def bias_start(self, shape: Any, dtype: Any = None) -> Any:
        """Return first values of the bias."""
        values = self.kept["bias_initializer"](shape, dtype=dtype)
        if not self.own["unit_forget_bias"]:
            return values
        return ops.concatenate([values[:-self.own["heads"]], ops.ones((self.own["heads"],), dtype)])

    def make_weights(self, features: int) -> None:
        width = 4 * self.units + 2 * self.own["heads"]
        self.kernel = self.weight("kernel", (features, width))
        if self.own["use_bias"]:
            self.bias = self.weight("bias", (width,), self.bias_start)

    def step(self, x: Any, states: list[Any]) -> tuple[Any, list[Any]]:
        heads, units = self.own["heads"], self.units
        size = units // heads
        _, memory, norm, most = states
        memory = ops.reshape(memory, (-1, heads, size, size))
        norm = ops.reshape(norm, (-1, heads, size))
        sums = ops.matmul(x, self.kernel)
        if self.own["use_bias"]:
            sums = sums + self.bias
        query, key, value = (
            ops.reshape(sums[:, place * units:(place + 1) * units], (-1, heads, size))
            for place in range(3))
        shown = sums[:, 3 * units:4 * units]
        entry, forget = ops.split(sums[:, 4 * units:], 2, -1)
        if self.own["forget_activation"] == "sigmoid":
            forget = ops.log_sigmoid(forget)
        new_most = ops.maximum(forget + most, entry)
        added = ops.expand_dims(ops.exp(entry - new_most), -1) / size ** 0.5 * key
        kept = ops.expand_dims(ops.exp(forget + most - new_most), -1)
        memory = ops.expand_dims(kept, -1) * memory
        memory = memory + ops.expand_dims(added, -1) * ops.expand_dims(value, -2)
        norm = kept * norm + added
        least = ops.expand_dims(ops.exp(-new_most), -1)
        size_of_norm = ops.abs(ops.sum(norm * query, -1, keepdims=True))
        found = ops.einsum("bhkv,bhk->bhv", memory, query) / ops.maximum(size_of_norm, least)
        hidden = ops.sigmoid(shown) * ops.reshape(found, (-1, units))
        flat = ops.reshape(memory, (-1, units * size)), ops.reshape(norm, (-1, units))
        return hidden, [hidden, *flat, new_most]


# ---- a cell as a formula


class _Formula:
    """What a formula means, read as Chronicler's parser does (docs/keras.md, Cell)."""

    TOKEN = re.compile(r"[ \t\r]+|#[^\n]*|(?P<end>[;\n])"
                       r"|(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)"
                       r"|(?P<name>[A-Za-z_]\w*)|(?P<sign>\*\*|[-+*/()=,^])", re.ASCII)
    OTHERS = {
        "abs": ops.abs, "cos": ops.cos, "log": ops.log, "max": ops.maximum, "min": ops.minimum,
        "sin": ops.sin, "sqrt": ops.sqrt, "square": ops.square, "exp": ops.exp,
    }

    def __init__(self, text: str, states: Any = None) -> None:
        self.text = text
        self.tokens = self.tokens_of(text)
        self.at = 0
        self.statements = self.read_statements()
        self.assigned = {name for name, _ in self.statements}
        found: list[str] = []
        written: set[str] = set()
        for name, value in self.statements:
            self.find_states(value, written, found)
            written.add(name)
        found.sort(key=lambda name: name != "h")
        self.states = list(states) if states else found
        self.weights: dict[str, bool] = {}  # by name: whether it is a matrix
        for _, value in self.statements:
            self.find_weights(value)
        last = self.statements[-1][0]
        self.output = "y" if "y" in self.assigned else "h" if "h" in self.states else last
        self.find_widths()

    # Texts into trees: ("number", v), ("name", n, in_parentheses), ("call", n, ...),
    # ("negative", e), ("sum", [(minus, e)]), ("*", a, b), ("/", a, b), ("chain", [e]),
    # ("power", e, k).

    def tokens_of(self, text: str) -> list[tuple[str, Any, int]]:
        tokens: list[tuple[str, Any, int]] = []
        place = open_ones = 0
        while place < len(text):
            found = self.TOKEN.match(text, place)
            if not found:
                raise ValueError(f"{text[place]!r} is no sign of a formula: {text!r}")
            kind, value, begin, place = found.lastgroup, found.group(), place, found.end()
            if kind is None:
                continue
            open_ones += {"(": 1, ")": -1}.get(value, 0)
            if value == "\n" and (open_ones > 0 or (
                    tokens and tokens[-1][0] == "sign" and tokens[-1][1] != ")")):
                continue
            tokens.append((kind, float(value) if kind == "number" else value, begin))
        return [*tokens, ("end", "", len(text)), ("stop", "", len(text))]

    def now(self, *signs: str) -> bool:
        return self.tokens[self.at][0] == "sign" and self.tokens[self.at][1] in signs

    def take(self) -> Any:
        self.at += 1
        return self.tokens[self.at - 1][1]

    def expect(self, sign: str) -> None:
        if not self.now(sign):
            raise ValueError(f"expected {sign!r} in {self.text!r}, got {self.tokens[self.at][1]!r}")
        self.at += 1

    def read_statements(self) -> list[tuple[str, Any]]:
        statements: list[tuple[str, Any]] = []
        while True:
            while self.tokens[self.at][0] == "end":
                self.at += 1
            if self.tokens[self.at][0] == "stop":
                return statements
            name = self.take()
            self.expect("=")
            statements.append((name, self.read_sum()))

    def read_sum(self) -> Any:
        parts = [(False, self.read_product())]
        while self.now("+", "-"):
            parts.append((self.take() == "-", self.read_product()))
        return parts[0][1] if len(parts) == 1 else ("sum", parts)

    def read_product(self) -> Any:
        value = self.read_chain()
        while self.now("*", "/"):
            value = (self.take(), value, self.read_chain())
        return value

    def read_chain(self) -> Any:
        negative = False
        while self.now("+", "-"):
            negative ^= self.take() == "-"
        parts = [self.read_power()]
        while self.now("(") or self.tokens[self.at][0] in ("number", "name"):
            parts.append(self.read_power())
        value = parts[0] if len(parts) == 1 else ("chain", parts)
        return ("negative", value) if negative else value

    def read_power(self) -> Any:
        value = self.read_primary()
        if not self.now("^", "**"):
            return value
        self.take()
        minus = self.now("-") and bool(self.take())
        exponent = int(self.take())
        return ("power", value, -exponent if minus else exponent)

    def read_primary(self) -> Any:
        kind, value, _ = self.tokens[self.at]
        if self.now("("):
            self.take()
            inside = self.read_sum()
            self.expect(")")
            return ("name", inside[1], True) if inside[0] == "name" else inside
        self.take()
        if kind == "number":
            return ("number", value)
        if kind != "name":
            raise ValueError(f"expected a number, a name or '(' in {self.text!r}, got {value!r}")
        if not self.now("(") or not self.is_function(value):
            return ("name", value, False)
        self.take()
        arguments = [self.read_sum()]
        while self.now(","):
            self.take()
            arguments.append(self.read_sum())
        self.expect(")")
        return ("call", value, arguments)

    def is_function(self, name: str) -> bool:
        if name in self.OTHERS:
            return True
        try:
            return callable(activations.get(name))
        except (ValueError, TypeError):
            return False

    @staticmethod
    def parts(tree: Any) -> list[Any]:
        """Return the trees within a tree, as they are written."""
        kind = tree[0]
        if kind in ("number", "name"):
            return []
        if kind == "sum":
            return [part for _, part in tree[1]]
        if kind == "chain":
            return list(tree[1])
        if kind == "call":
            return list(tree[2])
        return [part for part in tree[1:] if isinstance(part, tuple)]

    def is_weight(self, tree: Any) -> bool:
        return tree[0] == "name" and tree[1] != "x" and tree[1] not in self.assigned

    def is_matrix(self, tree: Any, is_last: bool) -> bool:
        return self.is_weight(tree) and not tree[2] and not is_last

    def find_states(self, tree: Any, written: set[str], found: list[str]) -> None:
        name = tree[1] if tree[0] == "name" else None
        if name in self.assigned and name not in written and name not in found:
            found.append(name)
        for part in self.parts(tree):
            self.find_states(part, written, found)

    def find_weights(self, tree: Any) -> None:
        if self.is_weight(tree):
            self.weights.setdefault(tree[1], False)
        parts = self.parts(tree)
        for place, part in enumerate(parts):
            if tree[0] == "chain" and self.is_matrix(part, place == len(parts) - 1):
                self.weights.setdefault(part[1], True)
            else:
                self.find_weights(part)

    # Widths: what meets number by number is of one width; x has the features, states and matrix
    # products have the units.

    def find_widths(self) -> None:
        self.groups: dict[Any, Any] = {}
        self.meets_state: set[str] = set()
        values: dict[str, Any] = {}
        for name, tree in self.statements:
            values[name] = self.width(tree, values)
        for state in self.states:
            self.join(("state", state), values[state][0])
        self.join("units", values[self.output][0])
        for state in self.states:
            self.join("units", ("state", state))

    def group(self, key: Any) -> Any:
        while key in self.groups:
            key = self.groups[key]
        return key

    def join(self, a: Any, b: Any) -> None:
        a, b = self.group(a), self.group(b)
        if a != b and b is not None and a is not None:
            if b in ("units", "features"):
                a, b = b, a
            if b not in ("units", "features"):
                self.groups[b] = a

    def width(self, tree: Any, values: dict[str, Any]) -> tuple[Any, bool]:
        """Return the group of a value, None for a number, and whether a state is in it."""
        kind = tree[0]
        if kind == "number":
            return None, False
        if kind == "name":
            name = tree[1]
            if name == "x":
                return "features", False
            if name in values:
                return values[name]
            if name in self.states:
                return ("state", name), True
            return ("row", name), False
        if kind == "chain":
            parts = tree[1]
            found, has_state = self.width(parts[-1], values)
            for part in reversed(parts[:-1]):
                if self.is_matrix(part, False):
                    self.join(("matrix", part[1]), found)
                    if has_state:
                        self.meets_state.add(part[1])
                    found = "units"
                else:
                    found, has_state = self.meet((found, has_state), self.width(part, values))
            return found, has_state
        inside: tuple[Any, bool] = (None, False)
        for part in self.parts(tree):
            inside = self.meet(inside, self.width(part, values))
        return inside

    def meet(self, a: tuple[Any, bool], b: tuple[Any, bool]) -> tuple[Any, bool]:
        self.join(a[0], b[0])
        return (a[0] if a[0] is not None else b[0]), a[1] or b[1]

    def shape(self, name: str, features: int, units: int) -> tuple[int, ...]:
        is_matrix = self.weights[name]
        of_features = self.group(("matrix" if is_matrix else "row", name)) == "features"
        width = features if of_features else units
        return (width, units) if is_matrix else (width,)

    # One step.

    def step(self, x: Any, states: list[Any], weights: dict[str, Any]) -> tuple[Any, list[Any]]:
        values = dict(zip(self.states, states))
        for name, tree in self.statements:
            values[name] = self.value(tree, {"x": x, **values}, weights)
        return values[self.output], [values[state] for state in self.states]

    def value(self, tree: Any, values: dict[str, Any], weights: dict[str, Any]) -> Any:
        kind = tree[0]
        if kind == "number":
            return tree[1]
        if kind == "name":
            return values[tree[1]] if tree[1] in values else weights[tree[1]]
        if kind == "chain":
            parts = tree[1]
            found = self.value(parts[-1], values, weights)
            for part in reversed(parts[:-1]):
                if self.is_matrix(part, False):
                    found = ops.matmul(found, weights[part[1]])
                else:
                    found = self.value(part, values, weights) * found
            return found
        inside = [self.value(part, values, weights) for part in self.parts(tree)]
        if kind == "call":
            return (self.OTHERS.get(tree[1]) or activations.get(tree[1]))(*inside)
        if kind == "negative":
            return -inside[0]
        if kind == "*":
            return inside[0] * inside[1]
        if kind == "/":
            return inside[0] / inside[1]
        if kind == "power":
            power = inside[0]
            for _ in range(abs(tree[2]) - 1):
                power = power * inside[0]
            return power if tree[2] > 0 else 1.0 / power
        total = inside[0]
        for (minus, _), part in zip(tree[1][1:], inside[1:]):
            total = total - part if minus else total + part
        return total


@register
class Cell(keras.layers.Layer):
    """The cell of a keras.layers.RNN, whose step is a formula: docs/keras.md has its grammar."""

    kinds = ("kernel", "recurrent", "bias")
    defaults = {
        "kernel_initializer": "glorot_uniform", "recurrent_initializer": "orthogonal",
        "bias_initializer": "zeros"}

    def __init__(
        self, units: int, formula: str, states: Any = None, initializers: Any = None,
        **given: Any,
    ) -> None:
        kept = {}
        for ending, get in (("initializer", keras.initializers.get),
                            ("regularizer", regularizers.get), ("constraint", constraints.get)):
            for kind in self.kinds:
                name = f"{kind}_{ending}"
                kept[name] = get(given.pop(name, self.defaults.get(name)))
        super().__init__(**given)
        self.units, self.formula = units, formula
        self.names_of_states, self.own_initializers = list(states or []), list(initializers or [])
        self.kept = kept
        self.meaning = _Formula(formula, self.names_of_states)
        count = len(self.meaning.states)
        self.state_size = units if count == 1 else [units] * count
        self.output_size = units

    def get_config(self) -> dict[str, Any]:
        """Return the options by name."""
        return {
            **super().get_config(), "units": self.units, "formula": self.formula,
            "states": list(self.names_of_states) or None,
            "initializers": list(self.own_initializers) or None,
            **{name: _described(value) for name, value in self.kept.items()}}

    def build(self, input_shape: Any) -> None:
        """Make the weights, in the order in which the formula has them."""
        own = dict(
            [part.strip() for part in text.split(":", 1)] for text in self.own_initializers)
        self.matrices = {}
        for name, is_matrix in self.meaning.weights.items():
            kind = "bias"
            if is_matrix:
                kind = "recurrent" if name in self.meaning.meets_state else "kernel"
            self.matrices[name] = self.add_weight(
                name=name, shape=self.meaning.shape(name, input_shape[-1], self.units),
                initializer=own.get(name) or self.kept[f"{kind}_initializer"],
                regularizer=self.kept[f"{kind}_regularizer"],
                constraint=self.kept[f"{kind}_constraint"])
        self.built = True

    def call(self, x: Any, states: Any) -> Any:
        """Return the output and the states after one step."""
        states = list(states) if isinstance(states, (list, tuple)) else [states]
        return self.meaning.step(x, states, self.matrices)
