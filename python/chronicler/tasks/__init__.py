"""The five uses, each as an estimator: from files, lists and data frames to a trained model.

>>> from chronicler.tasks import Forecaster
>>> forecaster = Forecaster(horizon=24).fit("energy.csv", target="OT")
>>> forecaster.predict().plot("next.svg")
"""

from __future__ import annotations

from typing import Any

_PLACES = {
    "Forecaster": "forecaster",
    "Forecast": "forecaster",
    "TextClassifier": "text_classifier",
    "TextGenerator": "text_generator",
    "Translator": "translator",
    "Transcriber": "transcriber",
}
__all__ = sorted(_PLACES)


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)


def __dir__() -> list[str]:
    return list(__all__)
