"""Operations on tensors, with their derivatives: Keras's `keras.ops`."""

from __future__ import annotations

from . import nn as nn
from . import numpy as numpy
from .arithmetic import (
    add as add,
)
from .arithmetic import (
    allclose as allclose,
)
from .arithmetic import (
    arctan2 as arctan2,
)
from .arithmetic import (
    bitwise_and as bitwise_and,
)
from .arithmetic import (
    bitwise_or as bitwise_or,
)
from .arithmetic import (
    bitwise_xor as bitwise_xor,
)
from .arithmetic import (
    divide as divide,
)
from .arithmetic import (
    divide_no_nan as divide_no_nan,
)
from .arithmetic import (
    equal as equal,
)
from .arithmetic import (
    floor_divide as floor_divide,
)
from .arithmetic import (
    fmod as fmod,
)
from .arithmetic import (
    greater as greater,
)
from .arithmetic import (
    greater_equal as greater_equal,
)
from .arithmetic import (
    hypot as hypot,
)
from .arithmetic import (
    isclose as isclose,
)
from .arithmetic import (
    less as less,
)
from .arithmetic import (
    less_equal as less_equal,
)
from .arithmetic import (
    logaddexp as logaddexp,
)
from .arithmetic import (
    logical_and as logical_and,
)
from .arithmetic import (
    logical_not as logical_not,
)
from .arithmetic import (
    logical_or as logical_or,
)
from .arithmetic import (
    logical_xor as logical_xor,
)
from .arithmetic import (
    maximum as maximum,
)
from .arithmetic import (
    minimum as minimum,
)
from .arithmetic import (
    mod as mod,
)
from .arithmetic import (
    multiply as multiply,
)
from .arithmetic import (
    not_equal as not_equal,
)
from .arithmetic import (
    power as power,
)
from .arithmetic import (
    searchsorted as searchsorted,
)
from .arithmetic import (
    subtract as subtract,
)
from .arithmetic import (
    true_divide as true_divide,
)
from .arithmetic import (
    where as where,
)
from .control import (
    associative_scan as associative_scan,
)
from .control import (
    cond as cond,
)
from .control import (
    fori_loop as fori_loop,
)
from .control import (
    map as map,
)
from .control import (
    scan as scan,
)
from .control import (
    switch as switch,
)
from .control import (
    vectorize as vectorize,
)
from .control import (
    vectorized_map as vectorized_map,
)
from .control import (
    while_loop as while_loop,
)
from .convolution import (
    average_pool as average_pool,
)
from .convolution import (
    conv as conv,
)
from .convolution import (
    max_pool as max_pool,
)
from .core import (
    array as array,
)
from .core import (
    convert_to_numpy as convert_to_numpy,
)
from .core import (
    convert_to_tensor as convert_to_tensor,
)
from .core import (
    custom_gradient as custom_gradient,
)
from .core import (
    dtype as dtype,
)
from .core import (
    is_tensor as is_tensor,
)
from .core import (
    ndim as ndim,
)
from .core import (
    shape as shape,
)
from .core import (
    size as size,
)
from .core import (
    stop_gradient as stop_gradient,
)
from .core import (
    view as view,
)
from .creation import (
    arange as arange,
)
from .creation import (
    empty as empty,
)
from .creation import (
    empty_like as empty_like,
)
from .creation import (
    eye as eye,
)
from .creation import (
    full as full,
)
from .creation import (
    full_like as full_like,
)
from .creation import (
    identity as identity,
)
from .creation import (
    linspace as linspace,
)
from .creation import (
    logspace as logspace,
)
from .creation import (
    multi_hot as multi_hot,
)
from .creation import (
    one_hot as one_hot,
)
from .creation import (
    ones as ones,
)
from .creation import (
    ones_like as ones_like,
)
from .creation import (
    tri as tri,
)
from .creation import (
    zeros as zeros,
)
from .creation import (
    zeros_like as zeros_like,
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
from .elementwise import (
    abs as abs,
)
from .elementwise import (
    absolute as absolute,
)
from .elementwise import (
    arccos as arccos,
)
from .elementwise import (
    arccosh as arccosh,
)
from .elementwise import (
    arcsin as arcsin,
)
from .elementwise import (
    arcsinh as arcsinh,
)
from .elementwise import (
    arctan as arctan,
)
from .elementwise import (
    arctanh as arctanh,
)
from .elementwise import (
    cast as cast,
)
from .elementwise import (
    cbrt as cbrt,
)
from .elementwise import (
    ceil as ceil,
)
from .elementwise import (
    clip as clip,
)
from .elementwise import (
    cos as cos,
)
from .elementwise import (
    cosh as cosh,
)
from .elementwise import (
    erf as erf,
)
from .elementwise import (
    exp as exp,
)
from .elementwise import (
    exp2 as exp2,
)
from .elementwise import (
    expm1 as expm1,
)
from .elementwise import (
    floor as floor,
)
from .elementwise import (
    isfinite as isfinite,
)
from .elementwise import (
    isinf as isinf,
)
from .elementwise import (
    isnan as isnan,
)
from .elementwise import (
    log as log,
)
from .elementwise import (
    log1p as log1p,
)
from .elementwise import (
    log2 as log2,
)
from .elementwise import (
    log10 as log10,
)
from .elementwise import (
    nan_to_num as nan_to_num,
)
from .elementwise import (
    negative as negative,
)
from .elementwise import (
    reciprocal as reciprocal,
)
from .elementwise import (
    round as round,
)
from .elementwise import (
    rsqrt as rsqrt,
)
from .elementwise import (
    saturate_cast as saturate_cast,
)
from .elementwise import (
    sign as sign,
)
from .elementwise import (
    sin as sin,
)
from .elementwise import (
    sinh as sinh,
)
from .elementwise import (
    sqrt as sqrt,
)
from .elementwise import (
    square as square,
)
from .elementwise import (
    tan as tan,
)
from .elementwise import (
    tanh as tanh,
)
from .elementwise import (
    trunc as trunc,
)
from .indexing import (
    bincount as bincount,
)
from .indexing import (
    digitize as digitize,
)
from .indexing import (
    get_item as get_item,
)
from .indexing import (
    isin as isin,
)
from .indexing import (
    nonzero as nonzero,
)
from .indexing import (
    scatter as scatter,
)
from .indexing import (
    scatter_update as scatter_update,
)
from .indexing import (
    segment_max as segment_max,
)
from .indexing import (
    segment_min as segment_min,
)
from .indexing import (
    segment_sum as segment_sum,
)
from .indexing import (
    slice as slice,
)
from .indexing import (
    slice_update as slice_update,
)
from .indexing import (
    take as take,
)
from .indexing import (
    take_along_axis as take_along_axis,
)
from .linear import (
    dot as dot,
)
from .linear import (
    einsum as einsum,
)
from .linear import (
    inner as inner,
)
from .linear import (
    matmul as matmul,
)
from .linear import (
    norm as norm,
)
from .linear import (
    normalize as normalize,
)
from .linear import (
    outer as outer,
)
from .linear import (
    tensordot as tensordot,
)
from .linear import (
    vdot as vdot,
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
    all as all,
)
from .reduction import (
    amax as amax,
)
from .reduction import (
    amin as amin,
)
from .reduction import (
    any as any,
)
from .reduction import (
    argmax as argmax,
)
from .reduction import (
    argmin as argmin,
)
from .reduction import (
    average as average,
)
from .reduction import (
    count_nonzero as count_nonzero,
)
from .reduction import (
    cumprod as cumprod,
)
from .reduction import (
    cumsum as cumsum,
)
from .reduction import (
    logsumexp as logsumexp,
)
from .reduction import (
    max as max,
)
from .reduction import (
    mean as mean,
)
from .reduction import (
    median as median,
)
from .reduction import (
    min as min,
)
from .reduction import (
    moments as moments,
)
from .reduction import (
    prod as prod,
)
from .reduction import (
    ptp as ptp,
)
from .reduction import (
    quantile as quantile,
)
from .reduction import (
    std as std,
)
from .reduction import (
    sum as sum,
)
from .reduction import (
    var as var,
)
from .sorting import (
    argpartition as argpartition,
)
from .sorting import (
    argsort as argsort,
)
from .sorting import (
    in_top_k as in_top_k,
)
from .sorting import (
    sort as sort,
)
from .sorting import (
    top_k as top_k,
)
from .sorting import (
    unique as unique,
)
from .structure import (
    append as append,
)
from .structure import (
    array_split as array_split,
)
from .structure import (
    broadcast_to as broadcast_to,
)
from .structure import (
    concatenate as concatenate,
)
from .structure import (
    copy as copy,
)
from .structure import (
    diag as diag,
)
from .structure import (
    diagonal as diagonal,
)
from .structure import (
    diff as diff,
)
from .structure import (
    expand_dims as expand_dims,
)
from .structure import (
    flip as flip,
)
from .structure import (
    hstack as hstack,
)
from .structure import (
    meshgrid as meshgrid,
)
from .structure import (
    moveaxis as moveaxis,
)
from .structure import (
    pad as pad,
)
from .structure import (
    ravel as ravel,
)
from .structure import (
    repeat as repeat,
)
from .structure import (
    reshape as reshape,
)
from .structure import (
    roll as roll,
)
from .structure import (
    rot90 as rot90,
)
from .structure import (
    split as split,
)
from .structure import (
    squeeze as squeeze,
)
from .structure import (
    stack as stack,
)
from .structure import (
    swapaxes as swapaxes,
)
from .structure import (
    tile as tile,
)
from .structure import (
    trace as trace,
)
from .structure import (
    transpose as transpose,
)
from .structure import (
    tril as tril,
)
from .structure import (
    triu as triu,
)
from .structure import (
    unstack as unstack,
)
from .structure import (
    vstack as vstack,
)
