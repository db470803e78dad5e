"""The operations of networks."""

from __future__ import annotations

from .convolution import (
    average_pool as average_pool,
)
from .convolution import (
    conv as conv,
)
from .convolution import (
    max_pool as max_pool,
)
from .creation import (
    multi_hot as multi_hot,
)
from .creation import (
    one_hot as one_hot,
)
from .crossentropy import (
    binary_crossentropy as binary_crossentropy,
)
from .crossentropy import (
    categorical_crossentropy as categorical_crossentropy,
)
from .crossentropy import (
    sparse_categorical_crossentropy as sparse_categorical_crossentropy,
)
from .linear import (
    normalize as normalize,
)
from .nonlinear import (
    batch_normalization as batch_normalization,
)
from .nonlinear import (
    celu as celu,
)
from .nonlinear import (
    elu as elu,
)
from .nonlinear import (
    gelu as gelu,
)
from .nonlinear import (
    glu as glu,
)
from .nonlinear import (
    hard_shrink as hard_shrink,
)
from .nonlinear import (
    hard_sigmoid as hard_sigmoid,
)
from .nonlinear import (
    hard_silu as hard_silu,
)
from .nonlinear import (
    hard_swish as hard_swish,
)
from .nonlinear import (
    hard_tanh as hard_tanh,
)
from .nonlinear import (
    layer_normalization as layer_normalization,
)
from .nonlinear import (
    leaky_relu as leaky_relu,
)
from .nonlinear import (
    log_sigmoid as log_sigmoid,
)
from .nonlinear import (
    log_softmax as log_softmax,
)
from .nonlinear import (
    mish as mish,
)
from .nonlinear import (
    relu as relu,
)
from .nonlinear import (
    relu6 as relu6,
)
from .nonlinear import (
    rms_normalization as rms_normalization,
)
from .nonlinear import (
    selu as selu,
)
from .nonlinear import (
    sigmoid as sigmoid,
)
from .nonlinear import (
    silu as silu,
)
from .nonlinear import (
    soft_shrink as soft_shrink,
)
from .nonlinear import (
    softmax as softmax,
)
from .nonlinear import (
    softplus as softplus,
)
from .nonlinear import (
    softsign as softsign,
)
from .nonlinear import (
    sparse_plus as sparse_plus,
)
from .nonlinear import (
    sparse_sigmoid as sparse_sigmoid,
)
from .nonlinear import (
    sparsemax as sparsemax,
)
from .nonlinear import (
    squareplus as squareplus,
)
from .nonlinear import (
    swish as swish,
)
from .nonlinear import (
    tanh_shrink as tanh_shrink,
)
from .nonlinear import (
    threshold as threshold,
)
from .reduction import (
    moments as moments,
)
