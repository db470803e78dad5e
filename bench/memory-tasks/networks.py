"""The cells, and the networks around them."""
from __future__ import annotations

from chronicler import initializers, layers, models

# arXiv 2110.04744: two states, each with a step of its own.
LEM = ("d = sigmoid(W_d x + U_d y + b_d); e = sigmoid(W_e x + U_e y + b_e); "
       "z = (1 - d) z + d tanh(W_z x + U_z y + b_z); y = (1 - e) y + e tanh(W_y x + U_y z + b_y)")


def cell(recipe, steps, **options):
    """A layer of the recipe's cell; with `chrono` its gates remember whole sequences from the start (arXiv 1804.11188)."""
    units, name = recipe.units, recipe.cell
    if name in ("lstm", "gru"):
        if recipe.chrono:
            options["bias_initializer"] = initializers.Chrono(t_max=steps)
        return (layers.LSTM if name == "lstm" else layers.GRU)(units, **options)
    if name in ("mingru", "minlstm"):
        return (layers.MinGRU if name == "mingru" else layers.MinLSTM)(
            units, t_max=steps if recipe.chrono else None, **options)
    if name == "rglru":
        if recipe.chrono:
            options["decay_max"] = 1 - 1 / steps
        return layers.RGLRU(units, negative=recipe.negative, **options)
    if name == "lru":
        return layers.LRU(units, **options)
    if name in ("slstm", "mlstm"):
        return (layers.SLSTM if name == "slstm" else layers.MLSTM)(units, heads=recipe.heads, **options)
    return layers.RNN(layers.Cell(units, formula=LEM), **options)


# What `--cell` takes; "lem" is a formula.
CELLS = ["lstm", "gru", "mingru", "minlstm", "rglru", "lru", "slstm", "mlstm", "lem"]


def block(x, recipe, steps, whole, **options):
    """Norm, cell and gate, then norm and a feed-forward, both added to what came in; the last step alone unless `whole`."""
    inside = layers.RMSNormalization()(x)
    out = cell(recipe, steps, return_sequences=whole, **options)(inside)
    if not whole:
        x, inside = x[:, -1], inside[:, -1]
    gate = layers.Dense(recipe.units, activation="gelu")(inside)
    x = layers.Add()([x, dropped(layers.Dense(recipe.units)(layers.Multiply()([out, gate])), recipe)])
    inside = layers.Dense(recipe.wider * recipe.units, activation="gelu")(layers.RMSNormalization()(x))
    return layers.Add()([x, dropped(layers.Dense(recipe.units)(inside), recipe)])


def dropped(x, recipe):
    return layers.Dropout(recipe.dropout)(x) if recipe.dropout else x


def network(task, recipe, steps, batch_size=None):
    """From (B, T, features), or ids where the task has characters, to the answers. A batch size: states are carried."""
    options = {"stateful": True} if batch_size else {}
    if task.carries:
        source = layers.Input((None,), batch_size=batch_size, dtype="int32")
        x = layers.Embedding(task.features, recipe.units)(source)
    else:
        x = source = layers.Input((None, task.features), batch_size=batch_size)
    count = recipe.blocks or recipe.layers
    if recipe.blocks and not task.carries:
        x = layers.Dense(recipe.units)(x)
    for place in range(count):
        whole = task.sequences or place + 1 < count
        if recipe.blocks:
            x = block(x, recipe, steps, whole, **options)
        else:
            x = dropped(cell(recipe, steps, return_sequences=whole, **options)(x), recipe)
    if recipe.blocks:
        x = layers.RMSNormalization()(x)
    return models.Model(source, layers.Dense(task.outputs, activation=task.activation)(x))
