"""The operations of networks."""

# ruff: noqa: I001
# fmt: off
from __future__ import annotations

from .attention import (
    depthwise_conv as depthwise_conv, dot_product_attention as dot_product_attention,
    separable_conv as separable_conv,
)
from .convolution import (
    average_pool as average_pool, conv as conv, conv_transpose as conv_transpose,
    max_pool as max_pool,
)
from .creation import (
    multi_hot as multi_hot, one_hot as one_hot,
)
from .crossentropy import (
    binary_crossentropy as binary_crossentropy,
    categorical_crossentropy as categorical_crossentropy,
    sparse_categorical_crossentropy as sparse_categorical_crossentropy,
)
from .ctc import (
    ctc_decode as ctc_decode, ctc_loss as ctc_loss,
)
from .linear import (
    normalize as normalize,
)
from .nonlinear import (
    batch_normalization as batch_normalization, celu as celu, elu as elu, gelu as gelu, glu as glu,
    hard_shrink as hard_shrink, hard_sigmoid as hard_sigmoid, hard_silu as hard_silu,
    hard_swish as hard_swish, hard_tanh as hard_tanh, layer_normalization as layer_normalization,
    leaky_relu as leaky_relu, log_sigmoid as log_sigmoid, log_softmax as log_softmax, mish as mish,
    relu as relu, relu6 as relu6, rms_normalization as rms_normalization, selu as selu,
    sigmoid as sigmoid, silu as silu, soft_shrink as soft_shrink, softmax as softmax,
    softplus as softplus, softsign as softsign, sparse_plus as sparse_plus,
    sparse_sigmoid as sparse_sigmoid, sparsemax as sparsemax, squareplus as squareplus,
    swish as swish, tanh_shrink as tanh_shrink, threshold as threshold,
)
from .reduction import (
    moments as moments,
)
