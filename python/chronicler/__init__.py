"""Recurrent neural networks with Keras's API and files."""

from ._core import version as __version__

__all__ = ["__version__"]
