"""Operations on tensors, with their derivatives: Keras's `keras.ops`."""

# ruff: noqa: I001
# fmt: off
from __future__ import annotations

from . import linalg as linalg, nn as nn, numpy as numpy
from .arithmetic import (
    add as add, allclose as allclose, arctan2 as arctan2, bitwise_and as bitwise_and,
    bitwise_or as bitwise_or, bitwise_xor as bitwise_xor, divide as divide,
    divide_no_nan as divide_no_nan, equal as equal, floor_divide as floor_divide, fmod as fmod,
    greater as greater, greater_equal as greater_equal, hypot as hypot, isclose as isclose,
    less as less, less_equal as less_equal, logaddexp as logaddexp, logical_and as logical_and,
    logical_not as logical_not, logical_or as logical_or, logical_xor as logical_xor,
    maximum as maximum, minimum as minimum, mod as mod, multiply as multiply,
    not_equal as not_equal, power as power, searchsorted as searchsorted, subtract as subtract,
    true_divide as true_divide, where as where,
)
from .arranging import (
    diagflat as diagflat, dsplit as dsplit, dstack as dstack,
    extract_sequences as extract_sequences, fliplr as fliplr, flipud as flipud,
    geomspace as geomspace, hsplit as hsplit, kron as kron, rearrange as rearrange,
    segment_prod as segment_prod, select as select, unravel_index as unravel_index,
    vander as vander, vsplit as vsplit,
)
from .attention import (
    depthwise_conv as depthwise_conv, dot_product_attention as dot_product_attention,
    separable_conv as separable_conv,
)
from .control import (
    associative_scan as associative_scan, cond as cond, fori_loop as fori_loop, map as map,
    scan as scan, switch as switch, vectorize as vectorize, vectorized_map as vectorized_map,
    while_loop as while_loop,
)
from .convolution import (
    average_pool as average_pool, conv as conv, conv_transpose as conv_transpose,
    max_pool as max_pool,
)
from .core import (
    array as array, convert_to_numpy as convert_to_numpy, convert_to_tensor as convert_to_tensor,
    custom_gradient as custom_gradient, dtype as dtype, is_tensor as is_tensor, ndim as ndim,
    shape as shape, size as size, stop_gradient as stop_gradient, view as view,
)
from .creation import (
    arange as arange, bartlett as bartlett, blackman as blackman, empty as empty,
    empty_like as empty_like, eye as eye, full as full, full_like as full_like, hamming as hamming,
    hanning as hanning, identity as identity, kaiser as kaiser, linspace as linspace,
    logspace as logspace, multi_hot as multi_hot, one_hot as one_hot, ones as ones,
    ones_like as ones_like, tri as tri, zeros as zeros, zeros_like as zeros_like,
)
from .crossentropy import (
    binary_crossentropy as binary_crossentropy,
    categorical_crossentropy as categorical_crossentropy,
    sparse_categorical_crossentropy as sparse_categorical_crossentropy,
)
from .ctc import (
    ctc_decode as ctc_decode, ctc_loss as ctc_loss,
)
from .elementwise import (
    abs as abs, absolute as absolute, arccos as arccos, arccosh as arccosh, arcsin as arcsin,
    arcsinh as arcsinh, arctan as arctan, arctanh as arctanh, cast as cast, cbrt as cbrt,
    ceil as ceil, clip as clip, cos as cos, cosh as cosh, erf as erf, exp as exp, exp2 as exp2,
    expm1 as expm1, floor as floor, isfinite as isfinite, isinf as isinf, isnan as isnan,
    log as log, log10 as log10, log1p as log1p, log2 as log2, nan_to_num as nan_to_num,
    negative as negative, reciprocal as reciprocal, round as round, rsqrt as rsqrt,
    saturate_cast as saturate_cast, sign as sign, sin as sin, sinh as sinh, sqrt as sqrt,
    square as square, tan as tan, tanh as tanh, trunc as trunc,
)
from .further import (
    bitwise_invert as bitwise_invert, bitwise_left_shift as bitwise_left_shift,
    bitwise_not as bitwise_not, bitwise_right_shift as bitwise_right_shift, cdist as cdist,
    cross as cross, deg2rad as deg2rad, erfc as erfc, erfinv as erfinv, fabs as fabs, fmax as fmax,
    fmin as fmin, gcd as gcd, heaviside as heaviside, isneginf as isneginf, isposinf as isposinf,
    isreal as isreal, lcm as lcm, ldexp as ldexp, left_shift as left_shift,
    logaddexp2 as logaddexp2, nextafter as nextafter, rad2deg as rad2deg,
    right_shift as right_shift, signbit as signbit, sinc as sinc,
)
from .indexing import (
    bincount as bincount, digitize as digitize, get_item as get_item, isin as isin,
    nonzero as nonzero, scatter as scatter, scatter_update as scatter_update,
    segment_max as segment_max, segment_min as segment_min, segment_sum as segment_sum,
    slice as slice, slice_update as slice_update, take as take, take_along_axis as take_along_axis,
)
from .linalg import (
    cholesky as cholesky, det as det, eigh as eigh, inv as inv, logdet as logdet, lstsq as lstsq,
    matrix_rank as matrix_rank, pinv as pinv, qr as qr, slogdet as slogdet, solve as solve,
    solve_triangular as solve_triangular, svd as svd,
)
from .linear import (
    dot as dot, einsum as einsum, inner as inner, matmul as matmul, norm as norm,
    normalize as normalize, outer as outer, tensordot as tensordot, vdot as vdot,
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
    all as all, amax as amax, amin as amin, any as any, argmax as argmax, argmin as argmin,
    average as average, count_nonzero as count_nonzero, cumprod as cumprod, cumsum as cumsum,
    logsumexp as logsumexp, max as max, mean as mean, median as median, min as min,
    moments as moments, prod as prod, ptp as ptp, quantile as quantile, std as std, sum as sum,
    var as var,
)
from .sorting import (
    argpartition as argpartition, argsort as argsort, in_top_k as in_top_k, sort as sort,
    top_k as top_k, unique as unique,
)
from .statistics import (
    corrcoef as corrcoef, histogram as histogram, nanargmax as nanargmax, nanargmin as nanargmin,
    nancumprod as nancumprod, nancumsum as nancumsum, nanmax as nanmax, nanmean as nanmean,
    nanmedian as nanmedian, nanmin as nanmin, nanpercentile as nanpercentile, nanprod as nanprod,
    nanquantile as nanquantile, nanstd as nanstd, nansum as nansum, nanvar as nanvar,
    percentile as percentile, trapezoid as trapezoid,
)
from .structure import (
    append as append, array_split as array_split, broadcast_to as broadcast_to,
    concatenate as concatenate, copy as copy, diag as diag, diagonal as diagonal, diff as diff,
    expand_dims as expand_dims, flip as flip, hstack as hstack, meshgrid as meshgrid,
    moveaxis as moveaxis, pad as pad, ravel as ravel, repeat as repeat, reshape as reshape,
    roll as roll, rot90 as rot90, split as split, squeeze as squeeze, stack as stack,
    swapaxes as swapaxes, tile as tile, trace as trace, transpose as transpose, tril as tril,
    triu as triu, unstack as unstack, vstack as vstack,
)
