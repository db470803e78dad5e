"""Every operation with sample arguments: for finite differences, and for Keras's numbers.

Arrays are float64; Keras gets them as float32. `by` names the arguments that have a derivative.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

_random = np.random.RandomState(7)  # frozen by NumPy: the same numbers everywhere


def words(text: str) -> list[str]:
    """Return the words of a text."""
    return text.split()


class Case(NamedTuple):
    """One call of an operation."""

    name: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    by: tuple[int, ...]
    tag: str

    @property
    def id(self) -> str:
        return f"{self.name}:{self.tag}" if self.tag else self.name


CASES: list[Case] = []


def case(name: str, *args: Any, by: Any = (), tag: str = "", **kwargs: Any) -> None:
    """Add a case."""
    CASES.append(Case(name, args, kwargs, (by,) if isinstance(by, int) else tuple(by), tag))


def normal(*shape: int) -> np.ndarray:
    """Return numbers of both signs that keep away from 0, where some functions have a kink."""
    x = _random.normal(size=shape)
    return np.round(np.where(np.abs(x) < 0.05, 0.3, x), 3)


def positive(*shape: int) -> np.ndarray:
    return np.round(_random.uniform(0.2, 2.0, size=shape), 3)


def share(*shape: int) -> np.ndarray:
    return np.round(_random.uniform(0.1, 0.9, size=shape), 3)


def distinct(*shape: int) -> np.ndarray:
    """Return numbers no two of which are near."""
    count = int(np.prod(shape))
    return (_random.permutation(count).reshape(shape) - count / 2 + 0.25) * 0.37


X = normal(2, 3)
EXTREME = np.array([-60.0, -3.5, -1.25, -0.1, 0.4, 1.5, 5.5, 40.0])

# One argument, elementwise.
for _name in words(
    "abs absolute negative sign exp expm1 square sin cos tan tanh sinh cosh arctan arcsinh "
    "sigmoid relu relu6 elu selu gelu silu swish softplus softsign hard_sigmoid hard_tanh "
    "hard_silu hard_swish leaky_relu log_sigmoid mish celu tanh_shrink soft_shrink hard_shrink "
    "squareplus sparse_plus sparse_sigmoid erf exp2 cbrt reciprocal floor ceil trunc round copy "
    "nan_to_num stop_gradient"
):
    case(_name, X, by=0 if _name not in "sign floor ceil trunc round stop_gradient" else ())
    if _name in words(
        "sigmoid relu6 elu selu gelu silu softplus softsign hard_sigmoid hard_tanh hard_silu "
        "leaky_relu log_sigmoid mish celu sparse_plus sparse_sigmoid squareplus tanh erf"
    ):
        case(_name, EXTREME, by=0, tag="extreme")
for _name in words("log log1p log2 log10 sqrt rsqrt"):
    case(_name, positive(2, 3), by=0)
for _name in words("arcsin arccos arctanh"):
    case(_name, share(2, 3), by=0)
case("arccosh", positive(2, 3) + 1, by=0)
case("elu", X, 0.3, by=0, tag="alpha")
case("celu", X, 0.3, by=0, tag="alpha")
case("gelu", X, approximate=False, by=0, tag="exact")
case("leaky_relu", X, negative_slope=0.01, by=0, tag="slope")
case("threshold", X, 0.4, -1.5, by=0)
case("squareplus", X, 2, by=0, tag="b")
case("glu", normal(2, 4), by=0)
case("glu", normal(4, 2), axis=0, by=0, tag="axis")
case("round", X * 10, decimals=1, tag="decimals")
case("clip", X, -0.5, 0.7, by=0)
case("isnan", np.array([1.0, np.nan, np.inf]))
case("isinf", np.array([1.0, np.nan, -np.inf]))
case("isfinite", np.array([1.0, np.nan, np.inf]))
case("nan_to_num", np.array([1.0, np.nan, np.inf, -np.inf]), tag="all")
case("logical_not", np.array([True, False]))
case("cast", X, "int32")
case("cast", X, "float64", by=0, tag="float")
case("saturate_cast", X * 300, "uint8")
case("convert_to_tensor", [1, 2])
case("convert_to_tensor", [1.5, 2], tag="float")
case("convert_to_tensor", [1.5, 2], "float64", tag="dtype")
case("array", [[1, 2]])
case("view", np.array([1, 2], np.int32), "int32")

# Two arguments.
for _name in words("add subtract multiply maximum minimum arctan2 logaddexp hypot"):
    case(_name, X, normal(3), by=(0, 1))
    case(_name, 2.0, normal(3) + 0.01, by=1, tag="number")
for _name in words("divide true_divide divide_no_nan mod fmod floor_divide"):
    case(_name, X * 5, positive(3), by=(0, 1) if _name != "floor_divide" else ())
case("divide", X, np.array([1.0, 0.0, -2.0]), tag="zero")
case("divide_no_nan", X, np.array([1.0, 0.0, -2.0]), by=0, tag="zero")
case("mod", np.array([5, -5, 7, -7]), np.array([3, 3, -3, -3]), tag="signs")
case("floor_divide", np.array([5, -5, 7, -7]), np.array([3, 3, -3, -3]), tag="signs")
case("fmod", np.array([5.0, -5.0, 7.0]), np.array([3.0, 3.0, -3.0]), tag="signs")
case("power", positive(2, 3), normal(3), by=(0, 1))
case("power", X, 3, by=0, tag="number")
case("power", 2.0, X, by=1, tag="base")
case("where", X > 0, X, normal(3), by=(1, 2))
case("where", X > 0, X, 0.0, by=1, tag="number")
for _name in words("equal not_equal less less_equal greater greater_equal isclose allclose"):
    case(_name, np.array([1.0, 2.0, 3.0]), np.array([2.0, 2.0, 1.0]))
for _name in words("logical_and logical_or logical_xor"):
    case(_name, np.array([True, False, True]), np.array([1, 1, 0]))
for _name in words("bitwise_and bitwise_or bitwise_xor"):
    case(_name, np.array([5, 6, 7]), np.array([3, 3, 12]))
case("searchsorted", np.array([1.0, 2.0, 3.0]), np.array([0.5, 2.0, 9.0]))
case("searchsorted", np.array([1.0, 2.0, 3.0]), np.array([0.5, 2.0]), side="right", tag="right")

# Softmax and kin.
case("softmax", X, by=0)
case("softmax", X, axis=0, by=0, tag="axis")
case("softmax", X, axis=None, by=0, tag="all")
case("log_softmax", X, by=0)
case("log_softmax", X, axis=0, by=0, tag="axis")
case("sparsemax", distinct(2, 4), by=0)
case("logsumexp", X, by=0)
case("logsumexp", X, axis=1, keepdims=True, by=0, tag="axis")
case("logsumexp", EXTREME * 20, tag="extreme")

# Products.
case("matmul", normal(2, 3), normal(3, 4), by=(0, 1))
case("matmul", normal(3), normal(3), by=(0, 1), tag="vectors")
case("matmul", normal(3), normal(3, 2), by=(0, 1), tag="vector first")
case("matmul", normal(2, 3), normal(3), by=(0, 1), tag="vector second")
case("matmul", normal(2, 2, 3), normal(3, 2), by=(0, 1), tag="batch")
case("matmul", normal(2, 1, 2, 3), normal(3, 3, 2), by=(0, 1), tag="broadcast")
case("matmul", normal(3), normal(2, 3, 2), by=(0, 1), tag="vector batch")
case("matmul", normal(2, 2, 3), normal(3), by=(0, 1), tag="batch vector")
case("dot", normal(2, 3), normal(3, 2), by=(0, 1))
case("dot", normal(2, 3), normal(2, 3, 2), by=(0, 1), tag="three")
case("dot", normal(3), 2.0, by=0, tag="number")
case("tensordot", normal(2, 3, 2), normal(3, 2, 2), by=(0, 1))
case("tensordot", normal(2, 3), normal(4, 3, 2), axes=[[0, 1], [2, 1]], by=(0, 1), tag="axes")
case("tensordot", normal(2), normal(3), axes=0, by=(0, 1), tag="outer")
case("inner", normal(2, 3), normal(4, 3), by=(0, 1))
case("vdot", normal(2, 2), normal(2, 2), by=(0, 1))
case("outer", normal(2), normal(3), by=(0, 1))
case("einsum", "bij,bjk->bik", normal(2, 2, 3), normal(2, 3, 2), by=(1, 2))
case("einsum", "ij,jk", normal(2, 3), normal(3, 2), by=(1, 2), tag="implicit")
case("einsum", "...ij,j->...i", normal(2, 2, 3), normal(3), by=(1, 2), tag="dots")
case("einsum", "ii->i", normal(3, 3), by=1, tag="diagonal")
case("einsum", "ij->j", normal(2, 3), by=1, tag="sum")
case("einsum", "i,j,k->kij", normal(2), normal(3), normal(2), by=(1, 2, 3), tag="three")
case("norm", normal(2, 3), by=0)
for _order in (None, 1, 2, 3, np.inf, -np.inf):
    case("norm", distinct(2, 3), ord=_order, axis=-1, by=0, tag=f"vector {_order}")
for _order in (None, "fro", 1, -1, 2, -2, np.inf, -np.inf, "nuc"):
    case("norm", distinct(2, 3), ord=_order, axis=(0, 1), by=0, tag=f"matrix {_order}")
case("norm", normal(2, 3), axis=1, keepdims=True, by=0, tag="keepdims")
case("normalize", normal(2, 3), by=0)
case("normalize", normal(2, 3), axis=0, order=3, by=0, tag="order")
case("normalize", np.zeros((1, 3)), tag="zeros")

# Shapes.
Y = normal(2, 3, 2)
case("reshape", Y, (3, -1), by=0)
case("ravel", Y, by=0)
case("expand_dims", X, 1, by=0)
case("expand_dims", X, (0, -1), by=0, tag="two")
case("squeeze", normal(1, 2, 1), by=0)
case("squeeze", normal(1, 2, 1), axis=0, by=0, tag="axis")
case("transpose", Y, by=0)
case("transpose", Y, (1, 2, 0), by=0, tag="axes")
case("swapaxes", Y, 0, 2, by=0)
case("moveaxis", Y, 0, -1, by=0)
case("moveaxis", Y, (0, 1), (1, 2), by=0, tag="two")
case("flip", Y, by=0)
case("flip", Y, axis=1, by=0, tag="axis")
case("roll", X, 1, by=0)
case("roll", X, -1, axis=1, by=0, tag="axis")
case("roll", X, (1, 2), axis=(0, 1), by=0, tag="axes")
case("broadcast_to", normal(1, 3), (2, 2, 3), by=0)
case("tile", X, (2, 1), by=0)
case("tile", X, (2, 1, 2), by=0, tag="more")
case("repeat", X, 2, by=0)
case("repeat", X, 2, axis=1, by=0, tag="axis")
case("repeat", X, np.array([1, 3]), axis=0, by=0, tag="counts")
case("concatenate", [X, normal(1, 3)], by=0)
case("concatenate", [X, normal(2, 1)], axis=-1, by=0, tag="axis")
case("stack", [X, normal(2, 3)], by=0)
case("stack", [X, normal(2, 3)], axis=-1, by=0, tag="axis")
case("hstack", [X, normal(2, 1)], by=0)
case("vstack", [X, normal(3)], by=0)
case("append", X, normal(2), by=(0, 1))
case("append", X, normal(2, 1), axis=1, by=(0, 1), tag="axis")
case("split", normal(4, 2), 2, by=0)
case("split", normal(2, 5), [1, 3], axis=1, by=0, tag="indices")
case("array_split", normal(5, 2), 3, by=0)
case("unstack", X, by=0)
case("unstack", X, axis=1, by=0, tag="axis")
case("pad", X, 1, by=0)
case("pad", X, ((1, 0), (0, 2)), constant_values=0.5, by=0, tag="value")
case("pad", X, ((1, 1), (2, 0)), mode="reflect", by=0, tag="reflect")
case("pad", X, ((1, 1), (2, 0)), mode="symmetric", by=0, tag="symmetric")
case("diff", X, by=0)
case("diff", normal(4, 2), n=2, axis=0, by=0, tag="twice")
case("diagonal", normal(3, 3), by=0)
case("diagonal", normal(2, 3, 4), offset=1, axis1=1, axis2=2, by=0, tag="axes")
case("diag", normal(3), by=0)
case("diag", normal(3, 3), k=-1, by=0, tag="matrix")
case("trace", normal(3, 3), by=0)
case("tril", normal(3, 3), by=0)
case("triu", normal(3, 3), k=1, by=0)
case("rot90", X, by=0)
case("meshgrid", normal(2), normal(3), by=(0, 1))
case("meshgrid", normal(2), normal(3), indexing="ij", by=(0, 1), tag="ij")

# Reductions.
for _name in words("sum mean var std max min amax amin prod ptp"):
    case(_name, distinct(2, 3, 2), by=0)
    case(_name, distinct(2, 3, 2), axis=1, by=0, tag="axis")
    case(_name, distinct(2, 3, 2), axis=(0, -1), keepdims=True, by=0, tag="axes")
case("max", X, initial=10.0, tag="initial")
case("prod", np.array([[2.0, 0.0, 3.0], [0.0, 0.0, 1.0]]), axis=1, by=0, tag="zeros")
case("average", X, by=0)
case("average", X, axis=1, weights=positive(3), by=0, tag="weights")
case("median", distinct(5))
case("median", distinct(4, 2), axis=0, tag="axis")
case("quantile", distinct(6), 0.3)
case("moments", Y, axes=[0, 1], by=0)
for _name in words("any all count_nonzero"):
    case(_name, np.array([[1, 0, 2], [0, 0, 0]]))
    case(_name, np.array([[1, 0, 2], [0, 0, 0]]), axis=1, tag="axis")
for _name in ["cumsum", "cumprod"]:
    case(_name, X, by=0)
    case(_name, X, axis=1, by=0, tag="axis")
case("cumprod", np.array([2.0, 0.0, 3.0, 0.0]), by=0, tag="zeros")
for _name in ["argmax", "argmin"]:
    case(_name, distinct(2, 3))
    case(_name, distinct(2, 3), axis=0, tag="axis")
    case(_name, distinct(2, 3), axis=1, keepdims=True, tag="keepdims")

# Order.
case("sort", distinct(2, 4), by=0)
case("sort", distinct(2, 4), axis=0, by=0, tag="axis")
case("argsort", distinct(2, 4))
case("argsort", np.array([3, 1, 1, 2, 1]), tag="ties")
case("top_k", distinct(2, 4), 2, by=0)
case("top_k", np.array([1, 3, 3, 2, 3]), 4, tag="ties")
case("in_top_k", np.array([0, 2, 5]), distinct(3, 4), 2)
case("in_top_k", np.array([0, 1]), np.array([[1.0, 1.0, 0.0], [1.0, 1.0, 0.0]]), 1, tag="ties")
case("argpartition", np.array([3.0, 1.0, 2.0]), 1)
case("unique", np.array([3, 1, 3, 2]))

# Creation.
case("zeros", (2, 3))
case("ones", (2,), "int32")
case("empty", (0, 2))
case("full", (2, 2), 1.5)
case("full", (2,), 3, "int32", tag="dtype")
case("zeros_like", X)
case("ones_like", X, "int32")
case("empty_like", np.zeros((0, 2)))
case("full_like", X, 7)
case("eye", 3)
case("eye", 2, 3, k=1, dtype="int32", tag="k")
case("identity", 2)
case("tri", 3, 4, k=1)
case("arange", 4)
case("arange", 1, 4, tag="stop")
case("arange", 1.0, 2.0, 0.25, tag="step")
case("arange", 5, 1, -2, dtype="float32", tag="dtype")
case("linspace", 0, 1, 5)
case("linspace", normal(2), normal(2), 4, by=(0, 1), tag="arrays")
case("linspace", 0.0, 1.0, 4, endpoint=False, tag="open")
case("logspace", 0.0, 2.0, 3)
case("one_hot", np.array([1, 0, -1, 3]), 3)
case("one_hot", np.array([[1, 0]]), 2, axis=0, dtype="int32", tag="axis")
case("multi_hot", np.array([[1, 0, 1], [2, 2, 2]]), 4)
case("multi_hot", np.array([1, 0]), 3, tag="vector")

# Indices.
case("get_item", Y, (slice(None), 1), by=0)
case("get_item", Y, (..., slice(None, None, -1)), by=0, tag="step")
case("take", X, np.array([0, 5, 5, -1]), by=0)
case("take", X, np.array([[0, 2], [2, 2]]), axis=1, by=0, tag="axis")
case("take_along_axis", X, np.array([[0, 2], [1, 1]]), axis=1, by=0)
case("take_along_axis", X, np.array([3, 0]), by=0, tag="flat")
case("slice", Y, (0, 1, 0), (2, 2, 1), by=0)
case("slice_update", Y, (0, 1, 1), normal(2, 2, 1), by=(0, 2))
case("scatter", np.array([[0, 1], [1, 2], [0, 1]]), normal(3), (2, 3), by=1)
case("scatter_update", X, np.array([[0, 1], [1, 2]]), normal(2), by=(0, 2))
case("scatter_update", X, np.array([[0], [1]]), normal(2, 3), by=(0, 2), tag="rows")
for _name in words("add max min mul"):
    case(
        "scatter_update", X, np.array([[0, 1], [1, 2], [0, 1]]), normal(3), _name, by=(0, 2),
        tag=_name,
    )
for _name in words("segment_sum segment_max segment_min"):
    case(_name, distinct(4, 2), np.array([0, 2, 0, 1]), num_segments=3, by=0)
case("nonzero", np.array([[1, 0], [0, 2]]))
case("isin", np.array([1, 2, 3]), np.array([2, 5]))
case("digitize", np.array([0.5, 1.5, 9.0]), np.array([1.0, 2.0, 3.0]))
case("bincount", np.array([1, 1, 3]), minlength=5)
case("bincount", np.array([1, 1, 3]), weights=positive(3), minlength=5, tag="weights")

# Losses.
for _name in ("binary_crossentropy", "categorical_crossentropy"):
    _target = np.array([[0.0, 1.0, 0.0], [0.2, 0.5, 0.3]])
    case(_name, _target, share(2, 3), by=(0, 1))
    case(_name, _target, normal(2, 3), from_logits=True, by=(0, 1), tag="logits")
case("binary_crossentropy", np.array([0.0, 1.0]), np.array([0.0, 1.0]), tag="sure")
case("categorical_crossentropy", share(3, 2), share(3, 2), axis=0, by=(0, 1), tag="axis")
for _logits in (False, True):
    case(
        "sparse_categorical_crossentropy", np.array([2, 0]), share(2, 3), from_logits=_logits,
        by=1, tag="logits" if _logits else "",
    )
case("sparse_categorical_crossentropy", np.array([[2], [0]]), share(2, 3), by=1, tag="column")

# Networks.
case("conv", normal(2, 6, 2), normal(3, 2, 4), by=(0, 1))
case("conv", normal(2, 6, 2), normal(3, 2, 2), 2, "same", by=(0, 1), tag="same")
case("conv", normal(1, 7, 2), normal(2, 2, 2), dilation_rate=2, by=(0, 1), tag="dilation")
case("conv", normal(1, 5, 4), normal(2, 2, 4), by=(0, 1), tag="groups")
case("conv", normal(1, 4, 5, 1), normal(2, 2, 1, 2), by=(0, 1), tag="plane")
case("max_pool", distinct(2, 6, 2), 2, by=0)
case("max_pool", distinct(1, 5, 2), 3, 2, "same", by=0, tag="same")
case("average_pool", normal(2, 6, 2), 2, by=0)
case("average_pool", normal(1, 5, 2), 3, 2, "same", by=0, tag="same")
case("layer_normalization", X, positive(3), normal(3), by=(0, 1, 2))
case("rms_normalization", X, positive(3), by=(0, 1))
case("batch_normalization", X, normal(3), positive(3), -1, normal(3), positive(3),
     by=(0, 1, 2, 4, 5))

# Less common ones.
for _name in words("fabs deg2rad rad2deg sinc erfc"):
    case(_name, X, by=0)
case("sinc", np.array([0.0, 0.5, 1.0]), by=0, tag="zero")
case("erfc", np.array([-3.0, 0.1, 5.0]), by=0, tag="extreme")
case("erfinv", share(2, 3) * 2 - 1.001, by=0)
case("signbit", np.array([1.0, -0.0, -2.0, 0.0]))
case("signbit", np.array([1, -2]), tag="whole")
for _name in words("isposinf isneginf isreal"):
    case(_name, np.array([1.0, np.inf, -np.inf, np.nan]))
case("bitwise_not", np.array([0, 5]))
case("bitwise_invert", np.array([0, 5]))
for _name in words("bitwise_left_shift bitwise_right_shift left_shift right_shift"):
    case(_name, np.array([5, 9]), np.array([1, 2]))
case("gcd", np.array([12, 18]), np.array([8, 27]))
case("lcm", np.array([4, 6]), np.array([6, 8]))
case("nextafter", np.array([1.0, 2.0]), np.array([2.0, 1.0]))
case("heaviside", np.array([-1.0, 0.0, 2.0]), share(3), by=1)
case("ldexp", X, np.array([1, -2, 3], np.int32), by=0)
case("logaddexp2", X, normal(3), by=(0, 1))
for _name in words("fmax fmin"):
    case(_name, X, normal(3), by=(0, 1))
    case(_name, np.array([1.0, np.nan, 2.0]), np.array([np.nan, 3.0, 1.0]), tag="nan")
case("cross", normal(2, 3), normal(2, 3), by=(0, 1))
case("cross", normal(3, 2), normal(3, 2), axis=0, by=(0, 1), tag="axis")
case("cdist", normal(3, 2), normal(2, 2), by=(0, 1))
case("fliplr", X, by=0)
case("flipud", X, by=0)
case("diagflat", normal(2, 2), k=1, by=0)
case("dstack", [normal(2, 2), normal(2, 2)], by=0)
case("hsplit", normal(2, 4), 2, by=0)
case("vsplit", normal(4, 2), [1], by=0)
case("dsplit", normal(2, 2, 4), 2, by=0)
case("kron", normal(2, 2), normal(2, 3), by=(0, 1))
case("select", [np.array([True, False, False]), np.array([True, True, False])],
     [normal(3), normal(3)], 0.5, by=1)
case("vander", normal(3), by=0)
case("vander", normal(3), 2, increasing=True, by=0, tag="increasing")
case("unravel_index", np.array([5, 2]), (2, 3))
case("geomspace", 1.0, 8.0, 4)
case("segment_prod", distinct(4, 2), np.array([0, 2, 0, 1]), num_segments=3, by=0)
case("extract_sequences", normal(2, 7), 3, 2, by=0)
case("rearrange", normal(2, 6, 1), "b (t n) f -> (b n) t f", n=2, by=0)
NAN = np.where(np.array([[True, False, False], [False, True, False]]), np.nan, distinct(2, 3))
for _name in words("nansum nanmean nanvar nanstd nanmax nanmin nanprod"):
    case(_name, distinct(2, 3), by=0)
    case(_name, NAN, axis=1, tag="nan")
for _name in words("nancumsum nancumprod"):
    case(_name, normal(2, 3), axis=1, by=0)
    case(_name, NAN, axis=0, tag="nan")
for _name in words("nanargmax nanargmin"):
    case(_name, NAN, axis=1)
case("nanmedian", NAN, axis=1)
case("percentile", distinct(6), 30.0)
case("nanpercentile", NAN, 30.0)
case("nanquantile", NAN, 0.3, axis=1)
case("histogram", distinct(8), bins=3)
case("corrcoef", normal(2, 4))
case("trapezoid", normal(2, 4), by=0)
case("trapezoid", normal(2, 4), np.array([0.0, 1.0, 1.5, 3.0]), by=0, tag="x")
for _name in words("bartlett blackman hamming hanning"):
    case(_name, 5)
case("kaiser", 5, 8.6)

# Linear algebra.
WELL = normal(2, 3, 3) + 3 * np.eye(3)
for _name in words("inv det slogdet"):
    case(_name, WELL, by=0)
case("solve", WELL, normal(2, 3, 2), by=(0, 1))
case("solve", WELL[0], normal(3), by=(0, 1), tag="vector")
case("solve_triangular", WELL[0], normal(3, 2), by=(0, 1))
case("solve_triangular", WELL[0], normal(3, 2), lower=True, by=(0, 1), tag="lower")
POSITIVE = WELL @ np.swapaxes(WELL, -1, -2)
case("logdet", POSITIVE, by=0)
case("cholesky", POSITIVE)
case("cholesky", POSITIVE, upper=True, tag="upper")
case("qr", WELL[0], by=0)
case("qr", normal(4, 2), mode="complete", tag="complete")
case("svd", distinct(2, 3), compute_uv=False, by=0)
case("eigh", POSITIVE[0])
case("pinv", normal(3, 2), by=0)
case("lstsq", normal(4, 2), normal(4, 3))
case("matrix_rank", np.array([[1.0, 2.0], [2.0, 4.0]]))

# Attention.
case("dot_product_attention", normal(1, 3, 2, 2), normal(1, 4, 2, 2), normal(1, 4, 2, 2),
     by=(0, 1, 2))
case("dot_product_attention", normal(1, 3, 2, 2), normal(1, 3, 1, 2), normal(1, 3, 1, 2),
     is_causal=True, scale=0.5, by=(0, 1, 2), tag="causal")
case("dot_product_attention", normal(1, 2, 1, 2), normal(1, 3, 1, 2), normal(1, 3, 1, 2),
     normal(1, 1, 2, 3), np.array([[[[True, True, False]]]]), attn_logits_soft_cap=2.0,
     by=(0, 1, 2, 3), tag="mask")
case("depthwise_conv", normal(2, 6, 2), normal(3, 2, 2), by=(0, 1))
case("separable_conv", normal(1, 6, 2), normal(2, 2, 2), normal(1, 4, 3), by=(0, 1, 2))

# Sequences without an alignment.
case("ctc_loss", np.array([[1, 1, 2], [3, 2, 0]]), normal(2, 6, 4), np.array([3, 2]),
     np.array([6, 4]), by=1)
case("ctc_loss", np.array([[0, 2], [1, 0]]), normal(2, 5, 4), np.array([2, 1]), np.array([5, 3]),
     mask_index=3, by=1, tag="mask")
case("ctc_decode", normal(2, 6, 4) * 3, np.array([6, 4]))
case("ctc_decode", normal(2, 5, 3), np.array([5, 3]), merge_repeated=False, mask_index=2,
     tag="repeated")
case("ctc_decode", normal(2, 5, 3), np.array([5, 4]), "beam_search", beam_width=60, top_paths=3,
     tag="beams")
case("ctc_decode", normal(2, 4, 3), np.array([4, 2]), "beam_search", beam_width=60, top_paths=2,
     mask_index=1, tag="beams mask")
case("conv_transpose", normal(2, 3, 2), normal(3, 4, 2), 2, by=(0, 1))
case("conv_transpose", normal(1, 3, 2), normal(2, 3, 2), 3, by=(0, 1), tag="gaps")
case("conv_transpose", normal(1, 4, 2), normal(3, 2, 2), 2, "same", by=(0, 1), tag="same")
case("conv_transpose", normal(1, 4, 2), normal(3, 2, 2), 2, "valid", 1, by=(0, 1), tag="output")
case("conv_transpose", normal(1, 4, 1), normal(3, 2, 1), dilation_rate=2, by=(0, 1),
     tag="dilation")
case("conv_transpose", normal(1, 3, 2, 1), normal(2, 2, 2, 1), 2, by=(0, 1), tag="plane")

# What has tests of its own: no arrays in, or functions.
ELSEWHERE = {
    "associative_scan", "cond", "convert_to_numpy", "custom_gradient", "dtype", "fori_loop",
    "is_tensor", "map", "ndim", "scan", "shape", "size", "switch", "vectorize", "vectorized_map",
    "while_loop",
}

DTYPES = ("bool", "uint8", "int8", "int32", "int64", "float16", "float32", "float64")
UNARY_TYPES = words(
    "abs negative sign exp expm1 log log1p log2 log10 sqrt square sin cos tan tanh sinh cosh "
    "arcsin arccos arctan arcsinh arctanh reciprocal cbrt exp2 floor ceil trunc round isnan "
    "isinf isfinite logical_not sum mean var std max min prod cumsum cumprod argmax argmin any "
    "all count_nonzero sort argsort zeros_like ones_like transpose ravel flip median average "
    "logsumexp relu sigmoid softmax nan_to_num ptp nonzero"
)
BINARY_TYPES = words(
    "add subtract multiply divide power mod floor_divide maximum minimum equal less logical_and "
    "matmul dot tensordot outer where concatenate stack arctan2 logaddexp divide_no_nan hypot "
    "append isclose fmod inner vdot"
)
