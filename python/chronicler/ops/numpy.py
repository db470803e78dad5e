"""The operations that NumPy has, too."""

# ruff: noqa: I001
# fmt: off
from __future__ import annotations

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
    diagflat as diagflat, dsplit as dsplit, dstack as dstack, fliplr as fliplr, flipud as flipud,
    geomspace as geomspace, hsplit as hsplit, kron as kron, select as select,
    unravel_index as unravel_index, vander as vander, vsplit as vsplit,
)
from .control import (
    vectorize as vectorize,
)
from .core import (
    array as array, ndim as ndim, size as size, view as view,
)
from .creation import (
    arange as arange, bartlett as bartlett, blackman as blackman, empty as empty,
    empty_like as empty_like, eye as eye, full as full, full_like as full_like, hamming as hamming,
    hanning as hanning, identity as identity, kaiser as kaiser, linspace as linspace,
    logspace as logspace, ones as ones, ones_like as ones_like, tri as tri, zeros as zeros,
    zeros_like as zeros_like,
)
from .elementwise import (
    abs as abs, absolute as absolute, arccos as arccos, arccosh as arccosh, arcsin as arcsin,
    arcsinh as arcsinh, arctan as arctan, arctanh as arctanh, cbrt as cbrt, ceil as ceil,
    clip as clip, cos as cos, cosh as cosh, exp as exp, exp2 as exp2, expm1 as expm1,
    floor as floor, isfinite as isfinite, isinf as isinf, isnan as isnan, log as log,
    log10 as log10, log1p as log1p, log2 as log2, nan_to_num as nan_to_num, negative as negative,
    reciprocal as reciprocal, round as round, sign as sign, sin as sin, sinh as sinh, sqrt as sqrt,
    square as square, tan as tan, tanh as tanh, trunc as trunc,
)
from .further import (
    bitwise_invert as bitwise_invert, bitwise_left_shift as bitwise_left_shift,
    bitwise_not as bitwise_not, bitwise_right_shift as bitwise_right_shift, cross as cross,
    deg2rad as deg2rad, fabs as fabs, fmax as fmax, fmin as fmin, gcd as gcd,
    heaviside as heaviside, isneginf as isneginf, isposinf as isposinf, isreal as isreal,
    lcm as lcm, ldexp as ldexp, left_shift as left_shift, logaddexp2 as logaddexp2,
    nextafter as nextafter, rad2deg as rad2deg, right_shift as right_shift, signbit as signbit,
    sinc as sinc,
)
from .indexing import (
    bincount as bincount, digitize as digitize, get_item as get_item, isin as isin,
    nonzero as nonzero, take as take, take_along_axis as take_along_axis,
)
from .linalg import (
    slogdet as slogdet,
)
from .linear import (
    dot as dot, einsum as einsum, inner as inner, matmul as matmul, outer as outer,
    tensordot as tensordot, vdot as vdot,
)
from .reduction import (
    all as all, amax as amax, amin as amin, any as any, argmax as argmax, argmin as argmin,
    average as average, count_nonzero as count_nonzero, cumprod as cumprod, cumsum as cumsum,
    max as max, mean as mean, median as median, min as min, prod as prod, ptp as ptp,
    quantile as quantile, std as std, sum as sum, var as var,
)
from .sorting import (
    argpartition as argpartition, argsort as argsort, sort as sort, unique as unique,
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
    triu as triu, vstack as vstack,
)
