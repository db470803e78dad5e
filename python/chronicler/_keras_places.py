"""Where Keras's order of arguments by place is not that of the tables.

Of a class: `-name` is by keyword only here, `place>name` comes after `place`, `+name` at the end,
`^name` in front. A name that the table has not got is accepted, and has no meaning or is not
supported. A class that is added in C++ needs nothing here.
"""

from __future__ import annotations

from typing import Any

_LOOP = (
    "-activity_regularizer -return_sequences -return_state -go_backwards -stateful -unroll "
    "-zero_output_for_mask"
)
_LORA = "+lora_rank +lora_alpha"
_AXES = "+input_axes +output_axes"
_ATTENTION = "{}>sliding_window sliding_window>flash_attention bias_constraint>use_gate"
PLACES = {
    "layers.Activation": "-activity_regularizer",
    "layers.AdditiveAttention": "-seed",
    "layers.BatchNormalization": "+renorm +renorm_clipping +renorm_momentum +synchronized",
    "layers.Bidirectional": "merge_mode>weights",
    "layers.ConvLSTM1D": "-unroll -zero_output_for_mask",
    "layers.Dense": f"{_LORA} +quantization_config",
    "layers.EinsumDense": (
        f"-activity_regularizer {_LORA} +gptq_unpacked_column_size +quantization_config"
    ),
    "layers.Embedding": f"-activity_regularizer +weights {_LORA} +quantization_config",
    "layers.GRU": "-zero_output_for_mask +use_cudnn",
    "layers.GRUCell": f"{_LOOP} reset_after>seed",
    "layers.GroupQueryAttention": _ATTENTION.format("use_bias"),
    "layers.LSTM": "-zero_output_for_mask +use_cudnn",
    "layers.LSTMCell": _LOOP,
    "layers.LayerNormalization": "-rms_scaling",
    "layers.MultiHeadAttention": _ATTENTION.format("attention_axes"),
    "layers.RNN": "-cells",
    "layers.ReversibleEmbedding": "-activity_regularizer",
    "layers.SimpleRNN": "-zero_output_for_mask +seed",
    "layers.SimpleRNNCell": f"{_LOOP} +seed",
    "layers.TextVectorization": "idf_weights>sparse sparse>ragged",
    "losses.SparseCategoricalCrossentropy": "reduction>axis",
    "losses.CosineSimilarity": "^axis",
    "metrics.SparseTopKCategoricalAccuracy": "+from_sorted_ids",
    "metrics.SparseCategoricalCrossentropy": "+axis",
    "metrics.CosineSimilarity": "+axis",
    "metrics.AUC": "dtype>thresholds",
    "optimizers.AdamW": "learning_rate>weight_decay",
    "callbacks.BackupAndRestore": "save_freq>double_checkpoint -filepath -save_seconds",
    "callbacks.TensorBoard": (
        "log_dir>histogram_freq histogram_freq>write_graph write_graph>write_images "
        "write_images>write_steps_per_second +profile_batch +embeddings_freq +embeddings_metadata"
    ),
    **{
        f"initializers.{name}": _AXES
        for name in (
            "VarianceScaling",
            "GlorotUniform",
            "GlorotNormal",
            "HeUniform",
            "HeNormal",
            "LecunUniform",
            "LecunNormal",
        )
    },
}

# Keywords of Keras that choose between ways to compute the same, or store something, with Keras's
# default.
WITHOUT_MEANING: dict[str, dict[str, Any]] = {
    "layers": {
        "use_cudnn": "auto",
        "flash_attention": None,
        "lora_rank": None,
        "lora_alpha": None,
        "quantization_config": None,
        "weights": None,
        "implementation": 2,
        "_implementation": 2,
        "autocast": True,
        "time_major": False,
        "input_length": None,
        "vocabulary_size": None,
    },
}
# Those that would change what is computed, which is not supported; the default asks for nothing.
WITHOUT_EFFECT: dict[str, dict[str, Any]] = {
    "layers": {
        "renorm": False,
        "renorm_clipping": None,
        "renorm_momentum": 0.99,
        "synchronized": False,
        "gptq_unpacked_column_size": None,
        "sparse": False,
        "ragged": False,
    },
    "initializers": {"input_axes": None, "output_axes": None},
    "metrics": {"from_sorted_ids": False},
    "callbacks": {
        "double_checkpoint": False,
        "histogram_freq": 0,
        "write_graph": True,
        "write_images": False,
        "write_steps_per_second": False,
        "profile_batch": 0,
        "embeddings_freq": 0,
        "embeddings_metadata": None,
    },
}


def default_of(kind: str, name: str) -> Any:
    """Return Keras's default of a keyword that is not in a table."""
    return {**WITHOUT_MEANING.get(kind, {}), **WITHOUT_EFFECT.get(kind, {})}[name]


def ordered(kind: str, class_name: str, names: list[str]) -> list[str]:
    """Return the names of arguments by place in Keras's order, from those of a table."""
    found = list(names)
    for edit in PLACES.get(f"{kind}.{class_name}", "").split():
        before, _, name = edit.rpartition(">")
        if not before:
            name = edit[1:]
        if name in found:
            found.remove(name)
        if edit[0] != "-":
            end = 0 if edit[0] == "^" else len(found)
            found.insert(found.index(before) + 1 if before else end, name)
    return found
