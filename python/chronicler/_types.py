"""Types of arguments, for annotations: nothing imports this while a program runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypedDict, Union

if TYPE_CHECKING:
    from .constraints import Constraint
    from .initializers import Initializer
    from .optimizers.schedules import LearningRateSchedule
    from .own_layer import Layer
    from .random import SeedGenerator
    from .regularizers import Regularizer

ActivationLike = Union[str, Callable[..., Any], "dict[str, Any]", "Layer"]
InitializerLike = Union[str, Callable[..., Any], "dict[str, Any]", "Initializer"]
RegularizerLike = Union[str, "dict[str, Any]", "Regularizer"]
ConstraintLike = Union[str, "dict[str, Any]", "Constraint"]
LayerLike = Union["Layer", "dict[str, Any]"]
RateLike = Union[float, "LearningRateSchedule", Callable[..., Any], "dict[str, Any]"]
SeedLike = Union[int, "SeedGenerator"]
ShapeLike = Union[int, "Sequence[int | None]"]
IntsLike = Union[int, "Sequence[int]"]
FloatsLike = Union[float, "Sequence[float]"]
DtypeLike = Any


class LookupKeywords(TypedDict, total=False):
    """What Keras's layers take, of any version, that has no meaning here or another name."""

    batch_shape: ShapeLike
    batch_input_shape: ShapeLike
    input_length: int | None
    autocast: bool
    implementation: int
    use_cudnn: bool | str
    time_major: bool
    lora_rank: int | None
    lora_alpha: float | None
    quantization_config: Any


class LayerKeywords(LookupKeywords, total=False):
    """The same of layers that have no input_dim of their own."""

    input_dim: int
