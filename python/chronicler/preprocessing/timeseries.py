"""Windows over time series."""

from ..utils.timeseries import timeseries_dataset_from_array as timeseries_dataset_from_array
from .sequence import TimeseriesGenerator as TimeseriesGenerator

__all__ = ["TimeseriesGenerator", "timeseries_dataset_from_array"]
