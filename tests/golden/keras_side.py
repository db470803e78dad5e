"""What the scripts that hold Chronicler to real Keras share: arrays in files, comparisons."""
import json
import math
import pathlib

import keras
import numpy as np

# Of tests/golden/README.md: absolute, relative.
TOLERANCES = {"predict": (1e-5, 1e-4), "trained": (1e-4, 1e-3)}

TYPES = {"F32": "<f4", "F64": "<f8", "I32": "<i4", "I64": "<i8", "BOOL": "?", "U8": "u1"}


def read_header(path):
    data = pathlib.Path(path).read_bytes()
    length = int.from_bytes(data[:8], "little")
    return json.loads(data[8:8 + length]), data[8 + length:]


def read_metadata(path):
    return read_header(path)[0].get("__metadata__", {})


def read_arrays(path):
    """The tensors of a safetensors file, by name."""
    header, data = read_header(path)
    arrays = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        begin, end = entry["data_offsets"]
        values = np.frombuffer(data[begin:end], TYPES[entry["dtype"]])
        arrays[name] = values.reshape(entry["shape"]).copy()
    return arrays


def write_arrays(path, arrays, metadata=None):
    names = {np.dtype(code).str: name for name, code in TYPES.items()}
    # As Chronicler asks it: larger elements first, then by name, without holes.
    arrays = {name: np.asarray(value, order="C") for name, value in arrays.items()}
    order = sorted(arrays, key=lambda name: (-arrays[name].dtype.itemsize, name))
    header, offset = {"__metadata__": metadata} if metadata else {}, 0
    for name in order:
        size = arrays[name].nbytes
        header[name] = {"dtype": names[arrays[name].dtype.str], "shape": list(arrays[name].shape),
                        "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    pathlib.Path(path).write_bytes(len(text).to_bytes(8, "little") + text + b"".join(arrays[n].tobytes() for n in order))


def as_list(arrays, name):
    """[name0, name1, ...]"""
    found = []
    while f"{name}{len(found)}" in arrays:
        found.append(arrays[f"{name}{len(found)}"])
    return found


def reset_states(model):
    for layer in model._flatten_layers():
        states = getattr(layer, "states", None)
        if getattr(layer, "stateful", False) and states is not None:
            for state in keras.tree.flatten(states):  # reset_state does not know the nested ones of stacked cells
                state.assign(keras.ops.zeros_like(state))
        elif getattr(layer, "stateful", False) and hasattr(layer, "reset_state"):
            layer.reset_state()


def batches(arrays, size):
    """The arrays cut into batches, one list of them after the other: a single one stands for itself."""
    for begin in range(0, len(arrays[0]), size):
        cut = [array[begin:begin + size] for array in arrays]
        yield cut if len(cut) > 1 else cut[0]


# What predict, evaluate and fit do with each batch, without their pipelines of data, which take longer than these
# models.


def predict(model, x, batch_size):
    """A list of the outputs, from states of zero."""
    reset_states(model)
    parts = []
    for batch in batches(x, batch_size):
        outputs = model.predict_on_batch(batch)
        parts.append(list(outputs) if isinstance(outputs, (list, tuple)) else [outputs])
    return [np.concatenate([np.asarray(part[i]) for part in parts]) for i in range(len(parts[0]))]


def evaluate(model, x, y, batch_size, weight=None):
    reset_states(model)
    model.reset_metrics()
    for part, wanted, weights in zip(batches(x, batch_size), batches(y, batch_size), cut_weights(weight, batch_size)):
        logs = model.test_step((part, wanted, weights))
    return plain(logs)


def fit(model, x, y, batch_size, epochs, weight=None):
    """The logs of each epoch, by name."""
    reset_states(model)
    history = {}
    for _ in range(epochs):
        model.reset_metrics()
        for part, wanted, weights in zip(batches(x, batch_size), batches(y, batch_size),
                                         cut_weights(weight, batch_size)):
            logs = model.train_step((part, wanted, weights))
        for name, value in plain(logs).items():
            history.setdefault(name, []).append(value)
    model.optimizer.finalize_variable_values(model.trainable_variables)
    return history


def cut_weights(weight, batch_size):
    if weight is None:
        while True:
            yield None
    yield from batches([weight], batch_size)


def plain(logs):
    return {name: np.asarray(value, "f8").tolist() for name, value in logs.items()}


def agree(got, wanted, absolute, relative):
    return bool(np.allclose(np.asarray(got, "f8"), np.asarray(wanted, "f8"), rtol=relative, atol=absolute, equal_nan=True))


def compare_arrays(what, got, wanted, tolerance):
    if len(got) != len(wanted):
        return [f"{what}: {len(got)} outputs, Keras has {len(wanted)}"]
    differences = []
    for i, (a, b) in enumerate(zip(got, wanted)):
        if a.shape != b.shape:
            differences.append(f"{what} {i}: shape {a.shape}, Keras has {b.shape}")
        elif not agree(a, b, *TOLERANCES[tolerance]):
            differences.append(f"{what} {i} differs by {np.abs(a - b).max():.3g}")
    return differences


def number(value):
    """JSON has no NaN: null stands for it."""
    if isinstance(value, (list, tuple)):
        return [number(v) for v in value]
    return math.nan if value is None else float(value)


def compare_numbers(what, got, wanted, relative):
    if set(got) != set(wanted):
        return [f"{what}: {sorted(got)}, Keras has {sorted(wanted)}"]
    differences = []
    for name in wanted:
        a, b = np.asarray(number(got[name]), "f8"), np.asarray(wanted[name], "f8")
        if b.ndim == a.ndim + 1:  # a metric that is a list: Chronicler's logs have its mean
            b = b.mean(axis=-1)
        if a.shape != b.shape:
            differences.append(f"{what} {name}: {a.tolist()}, Keras has {b.tolist()}")
        elif not agree(a, b, 1e-7, relative):
            differences.append(f"{what} {name}: {a.tolist()}, Keras has {b.tolist()}")
    return differences
