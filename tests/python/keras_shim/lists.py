"""Which of Keras's test files run, and which of their tests are left out, with the reason."""

from __future__ import annotations

_IMAGES = "convolves over two or three axes: Chronicler has sequences, no images"
_CUDNN = "guards how calls are sent to cuDNN, on a GPU"
_TENSORFLOW = "is about symbolic batch sizes inside tf.function"

RECURRENT = tuple(
    f"layers/rnn/{name}_test.py"
    for name in (
        "bidirectional", "conv_lstm", "conv_lstm1d", "conv_lstm2d", "conv_lstm3d",
        "dropout_rnn_cell", "gru", "lstm", "rnn", "simple_rnn", "stacked_rnn_cells",
        "time_distributed",
    )
)

# By "file: Class.test"; a name without a test stands for all of the file.
LEFT_OUT = {
    "layers/rnn/conv_lstm_test.py": _IMAGES,
    "layers/rnn/conv_lstm2d_test.py": _IMAGES,
    "layers/rnn/conv_lstm3d_test.py": _IMAGES,
    "layers/rnn/time_distributed_test.py: TimeDistributedTest.test_build": _IMAGES,
    "layers/rnn/bidirectional_test.py: "
    "SimpleRNNTest.test_torch_cudnn_bidirectional_gru_dispatch_fires": _CUDNN,
    "layers/rnn/bidirectional_test.py: SimpleRNNTest.test_fused_lstm_eligibility": _CUDNN,
    "layers/rnn/bidirectional_test.py: SimpleRNNTest.test_fused_gru_eligibility": _CUDNN,
    "layers/rnn/gru_test.py: GRUTest.test_torch_cudnn_dispatch_fires": _CUDNN,
    "layers/rnn/gru_test.py: GRUTest.test_stateful_with_symbolic_batch_size": _TENSORFLOW,
}

# Of the other files, those whose tests all pass.
OTHERS = (
    "activations/activations_test.py",
    "layers/activations/prelu_test.py",
    "layers/core/wrapper_test.py",
    "layers/normalization/rms_normalization_test.py",
    "utils/sequence_utils_test.py",
)

LISTS = {"recurrent": RECURRENT, "others": OTHERS}
