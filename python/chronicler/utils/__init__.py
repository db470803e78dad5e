"""Helpers of Keras's `keras.utils`. Each is imported when it is first used."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..config import disable_interactive_logging as disable_interactive_logging
    from ..config import enable_interactive_logging as enable_interactive_logging
    from ..config import is_interactive_logging_enabled as is_interactive_logging_enabled
    from ..dtypes import standardize_dtype as standardize_dtype
    from ..registration import CustomObjectScope as CustomObjectScope
    from ..registration import custom_object_scope as custom_object_scope
    from ..registration import get_custom_objects as get_custom_objects
    from ..registration import get_registered_name as get_registered_name
    from ..registration import get_registered_object as get_registered_object
    from ..registration import register_keras_serializable as register_keras_serializable
    from ..serialization import deserialize_keras_object as deserialize_keras_object
    from ..serialization import serialize_keras_object as serialize_keras_object
    from .dataset import Dataset as Dataset
    from .dataset import PyDataset as PyDataset
    from .dataset import Sequence as Sequence
    from .dataset import split_dataset as split_dataset
    from .files import get_file as get_file
    from .graphs import model_to_dot as model_to_dot
    from .graphs import plot_model as plot_model
    from .mapped import csv_to_npy as csv_to_npy
    from .mapped import map_npy as map_npy
    from .mapped import map_npy_folder as map_npy_folder
    from .mapped import npy_sequences as npy_sequences
    from .numerical import normalize as normalize
    from .numerical import pack_x_y_sample_weight as pack_x_y_sample_weight
    from .numerical import to_categorical as to_categorical
    from .numerical import unpack_x_y_sample_weight as unpack_x_y_sample_weight
    from .progress import Progbar as Progbar
    from .seeds import clear_session as clear_session
    from .seeds import get_random_seed as get_random_seed
    from .seeds import is_keras_tensor as is_keras_tensor
    from .seeds import set_random_seed as set_random_seed
    from .sequences import pad_sequences as pad_sequences
    from .text_files import text_dataset_from_directory as text_dataset_from_directory
    from .timeseries import timeseries_dataset_from_array as timeseries_dataset_from_array

_HOMES = {
    "..config": "disable_interactive_logging enable_interactive_logging "
    "is_interactive_logging_enabled",
    "..dtypes": "standardize_dtype",
    "..registration": "CustomObjectScope custom_object_scope get_custom_objects "
    "get_registered_name get_registered_object register_keras_serializable",
    "..serialization": "deserialize_keras_object serialize_keras_object",
    ".dataset": "Dataset PyDataset Sequence split_dataset",
    ".files": "get_file",
    ".graphs": "model_to_dot plot_model",
    ".mapped": "csv_to_npy map_npy map_npy_folder npy_sequences",
    ".numerical": "normalize pack_x_y_sample_weight to_categorical unpack_x_y_sample_weight",
    ".progress": "Progbar",
    ".seeds": "clear_session get_random_seed is_keras_tensor set_random_seed",
    ".sequences": "pad_sequences",
    ".text_files": "text_dataset_from_directory",
    ".timeseries": "timeseries_dataset_from_array",
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names.split()}


def __getattr__(name: str) -> Any:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(home, __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(_HOME_OF)
