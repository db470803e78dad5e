"""From one language to another, as an estimator."""

from __future__ import annotations

from typing import Any

from .. import _core
from .._classes import arguments, table
from .estimator import Estimator, column_of, existing, is_path, shown_progress, texts_of


class Translator(Estimator):
    """Translates: learnt from one's own pairs of texts. `options()` lists every option.

    >>> translator = Translator().fit("eng-fra.tsv")
    >>> translator.translate("I am here.")
    """

    _task = "Translator"

    def fit(
        self, sources: Any, targets: Any = None, *, source: str = "", target: str = "",
        verbose: bool = False, progress: Any = None, checkpoint: Any = None, resume: bool = False,
    ) -> Translator:
        """Learn from pairs: two lists, a data frame, or a TSV, CSV or JSON-lines file."""
        texts, translations = _pairs(sources, targets, source, target)
        self._model = _core.translator_train(
            texts, translations, self._run_options(checkpoint, resume),
            shown_progress(verbose, progress))
        return self

    def translate(self, texts: Any, **options: Any) -> Any:
        """Return the translation of a text, or a list of them for a list.

        Parameters
        ----------
        texts : str or list of str
            What to translate; many at once are many times faster.
        beam, length_penalty
            How the translation is searched for.
        """
        given = arguments("translate", table("tasks", "Translator.run").fields, options)
        found = [each["text"] for each in self._ready.run(texts_of(texts), given)]
        return found[0] if isinstance(texts, str) else found

    predict = translate

    def explain(self, text: str, **options: Any) -> dict[str, Any]:
        """Return the translation with its pieces and the attention between them."""
        return self._ready.run([text], options)[0]  # type: ignore[no-any-return]

    def evaluate(self, sources: Any, references: Any = None, **options: Any) -> Any:
        """Return BLEU, chrF and kin; a reference is a text, or a list of them."""
        if references is None:
            sources, targets = _pairs(sources, None, "", "")
            references = targets
        listed = [[each] if isinstance(each, str) else list(each) for each in references]
        return self._ready.evaluate(texts_of(sources), listed, options)

    def plot(self, text: str, path: Any = None) -> str:
        """Return the attention of a translation as an SVG picture."""
        from ..pictures import attention_picture, written

        found = self.explain(text)
        return written(attention_picture(
            found["source_pieces"], found["target_pieces"], found["attention"]), path)

    _load_core = staticmethod(_core.translator_load)


def _pairs(sources: Any, targets: Any, source: str, target: str) -> Any:
    if targets is None and is_path(sources):
        return _core.read_sentence_pairs(existing(sources), source, target)
    if targets is None and hasattr(sources, "columns"):
        columns = [str(name) for name in sources.columns]
        if len(columns) < 2:
            raise ValueError("a frame of pairs needs two columns")
        return (column_of(sources, source or columns[0]), column_of(sources, target or columns[1]))
    if targets is None:
        raise ValueError("targets are missing")
    return texts_of(sources), texts_of(targets)
