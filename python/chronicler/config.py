"""What holds for the whole process: the default float type, epsilon and the like."""

from __future__ import annotations

from typing import Any

_FLOAT_TYPES = ("float16", "float32", "float64")
_FORMATS = ("channels_last", "channels_first")

_floatx = "float32"
_epsilon = 1e-7
_image_data_format = "channels_last"
_max_epochs: int | None = None
_max_steps_per_epoch: int | None = None
_interactive_logging = True
_traceback_filtering = True
_policy: str | None = None


def floatx() -> str:
    """Return the default float type, "float32" unless `set_floatx` changed it."""
    return _floatx


def set_floatx(value: str) -> None:
    """Set the default float type: "float16", "float32" or "float64"."""
    global _floatx
    if value not in _FLOAT_TYPES:
        raise ValueError(f"set_floatx: value is {value!r}; expected one of {_FLOAT_TYPES}.")
    _floatx = str(value)


def epsilon() -> float:
    """Return the small number that keeps divisions and logarithms finite."""
    return _epsilon


def set_epsilon(value: float) -> None:
    """Set the number that `epsilon` returns."""
    global _epsilon
    _epsilon = float(value)


def image_data_format() -> str:
    """Return "channels_last" or "channels_first"."""
    return _image_data_format


def set_image_data_format(data_format: str) -> None:
    """Set where layers look for channels if they are not told."""
    global _image_data_format
    value = str(data_format).lower()
    if value not in _FORMATS:
        raise ValueError(
            f"set_image_data_format: data_format is {data_format!r}; expected one of {_FORMATS}."
        )
    _image_data_format = value


def standardize_data_format(data_format: str | None) -> str:
    """Return `data_format`, checked; None gives `image_data_format()`."""
    if data_format is None:
        return _image_data_format
    value = str(data_format).lower()
    if value not in _FORMATS:
        raise ValueError(f"data_format is {data_format!r}; expected one of {_FORMATS}.")
    return value


def backend() -> str:
    """Return "chronicler"."""
    return "chronicler"


def set_backend(backend: str) -> None:
    """Accept "chronicler" only: there is no other backend."""
    if backend != "chronicler":
        raise ValueError(
            f"set_backend: backend is {backend!r}; Chronicler has one backend, 'chronicler'."
        )


def max_epochs() -> int | None:
    """Return the largest number of epochs that any `fit` runs, None for no bound."""
    return _max_epochs


def set_max_epochs(max_epochs: int | None) -> None:
    """Bound the epochs of every `fit`."""
    global _max_epochs
    _max_epochs = max_epochs


def max_steps_per_epoch() -> int | None:
    """Return the largest number of batches of an epoch, None for no bound."""
    return _max_steps_per_epoch


def set_max_steps_per_epoch(max_steps_per_epoch: int | None) -> None:
    """Bound the batches of every epoch."""
    global _max_steps_per_epoch
    _max_steps_per_epoch = max_steps_per_epoch


def enable_interactive_logging() -> None:
    """Print progress to the terminal."""
    global _interactive_logging
    _interactive_logging = True


def disable_interactive_logging() -> None:
    """Send progress to Python's `logging`."""
    global _interactive_logging
    _interactive_logging = False


def is_interactive_logging_enabled() -> bool:
    """Return whether progress is printed."""
    return _interactive_logging


def enable_traceback_filtering() -> None:
    """Accepted for code written for Keras; Chronicler's tracebacks are short as they are."""
    global _traceback_filtering
    _traceback_filtering = True


def disable_traceback_filtering() -> None:
    """Accepted for code written for Keras; Chronicler's tracebacks are short as they are."""
    global _traceback_filtering
    _traceback_filtering = False


def is_traceback_filtering_enabled() -> bool:
    """Return what the last of the two calls above said."""
    return _traceback_filtering


def is_nnx_enabled() -> bool:
    """Return False: that is a feature of another backend."""
    return False


def enable_flash_attention() -> None:
    """Accepted for code written for Keras; there is one way to compute attention."""


def disable_flash_attention() -> None:
    """Accepted for code written for Keras; there is one way to compute attention."""


def is_flash_attention_enabled() -> bool:
    """Return False."""
    return False


def enable_unsafe_deserialization() -> None:
    """Refuse: Chronicler never runs code that a file holds."""
    from .serialization import enable_unsafe_deserialization as refuse

    refuse()


def dtype_policy() -> Any:
    """Return the types in which layers compute and keep weights by default."""
    from .dtype_policies import DTypePolicy

    return DTypePolicy(_floatx if _policy is None else _policy)


def set_dtype_policy(policy: Any) -> None:
    """Set the types of layers by default: "float32" or "float64", or a `DTypePolicy`."""
    global _policy
    from .dtype_policies import get

    _policy = get(policy).name
