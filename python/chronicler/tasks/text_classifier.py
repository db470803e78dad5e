"""The mood of a text, or any other label, as an estimator."""

from __future__ import annotations

from typing import Any

from .. import _core
from ..tensor import Array
from .estimator import Estimator, column_of, existing, is_path, shown_progress, texts_of


class TextClassifier(Estimator):
    """Labels texts: learnt from one's own labelled texts. `options()` lists every option.

    >>> critic = TextClassifier().fit(texts, labels)
    >>> critic.predict(["a delight", "a bore"])
    """

    _task = "TextClassifier"

    def fit(
        self, texts: Any, labels: Any = None, *, text: str = "", label: str = "",
        verbose: bool = False, progress: Any = None, checkpoint: Any = None, resume: bool = False,
    ) -> TextClassifier:
        """Learn from labelled texts.

        Parameters
        ----------
        texts : list of str, data frame, or path of a CSV, TSV or JSON-lines file
            The texts.
        labels : list of str, optional
            One for each text; a frame and a file hold them.
        text, label : str, optional
            The columns of a frame or file; found by their names and content by default.
        """
        found, names = _labelled(texts, labels, text, label)
        self._model = _core.classifier_train(
            found, names, self._run_options(checkpoint, resume), shown_progress(verbose, progress))
        return self

    @property
    def classes_(self) -> list[str]:
        """The labels, in the order of the probabilities."""
        return list(self._ready.labels)

    def predict(self, texts: Any) -> list[str | None]:
        """Return a label for each text; None for one without anything to be seen."""
        return [each["label"] or None for each in self._ready.run(texts_of(texts), False)]

    def predict_proba(self, texts: Any) -> Array:
        """Return the probability of each label: (texts, labels)."""
        import numpy as np

        count = len(self.classes_)
        rows = [each["probabilities"] or [1.0 / count] * count
                for each in self._ready.run(texts_of(texts), False)]
        return np.asarray(rows, np.float64).reshape(-1, count)

    def explain(self, text: str) -> dict[str, Any]:
        """Return the label with what each word did for it."""
        return self._ready.run([text], True)[0]  # type: ignore[no-any-return]

    def evaluate(self, texts: Any, labels: Any = None, *, text: str = "", label: str = "") -> Any:
        """Return accuracy, F1 and calibration over labelled texts, beside the baselines'."""
        return self._ready.evaluate(*_labelled(texts, labels, text, label))

    def score(self, texts: Any, labels: Any) -> float:
        """Return the accuracy."""
        return float(self.evaluate(texts, labels)["accuracy"])

    def plot(self, text: str, path: Any = None) -> str:
        """Return a picture of what each word of a text did for its label, as SVG."""
        from ..pictures import word_picture, written

        found = self.explain(text)
        return written(word_picture(found["label"], found["probability"], found["words"]), path)

    _load_core = staticmethod(_core.classifier_load)


def _labelled(texts: Any, labels: Any, text: str, label: str) -> tuple[list[str], list[str]]:
    if labels is None and is_path(texts):
        return _core.read_labelled_texts(existing(texts), text, label, True)  # type: ignore[no-any-return]
    if labels is None and hasattr(texts, "columns"):
        if not text or not label:
            raise ValueError("which columns of the frame? give text=... and label=...")
        return column_of(texts, text), column_of(texts, label)
    if labels is None:
        raise ValueError("labels are missing")
    listed = labels.to_list() if hasattr(labels, "to_list") else list(labels)
    found = [str(each) for each in listed]
    return texts_of(texts), found
