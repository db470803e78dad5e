"""Writing text, as an estimator."""

from __future__ import annotations

from typing import Any

from .. import _core
from .._classes import arguments, table
from .estimator import Estimator, existing, is_path, shown_progress


class TextGenerator(Estimator):
    """Writes text like the one that it read. `options()` lists every option.

    >>> writer = TextGenerator(max_seconds=180).fit("shakespeare.txt")
    >>> print(writer.generate("ROMEO:", length=300, temperature=0.8))
    """

    _task = "TextGenerator"

    def fit(
        self, text: Any, *, verbose: bool = False, progress: Any = None, checkpoint: Any = None,
        resume: bool = False,
    ) -> TextGenerator:
        """Learn from a text, or from the file that holds it."""
        content = _core.read_text(existing(text)) if is_path(text) else str(text)
        self._model = _core.generator_train(
            content, self._run_options(checkpoint, resume), shown_progress(verbose, progress))
        return self

    def generate(self, prompt: str = "", length: int = 500, **options: Any) -> str:
        """Return text that follows the prompt, without it.

        Parameters
        ----------
        prompt : str
            What the text begins with.
        length : int, default 500
            Characters to write.
        temperature, top_k, top_p, repetition_penalty, seed, stop, weights
            How each piece is chosen: see `chronicler generate run --help`.
        """
        fields = (*table("tasks", "TextGenerator.run").fields,
                  *table("tasks", "TextGenerator.sampling").fields)
        given = arguments("generate", fields, options)
        return self._ready.run({"prompt": prompt, "length": length, **given})  # type: ignore[no-any-return]

    def evaluate(self, text: Any, adapt: bool = False, *, learning_rate: float | None = None,
                 decay: float | None = None, steps: int | None = None) -> Any:
        """Return the cross-entropy of a text, in nats and bits a character.

        Parameters
        ----------
        text : str or path
            What is scored.
        adapt : bool, default False
            Also "adapted_nats": of a copy of the model that keeps learning while it reads.
        learning_rate, decay, steps : optional
            How it does: see `chronicler generate evaluate --help`.
        """
        content = _core.read_text(existing(text)) if is_path(text) else str(text)
        return self._ready.evaluate(content, {
            "adapt": adapt, "learning_rate": learning_rate, "decay": decay, "steps": steps})

    _load_core = staticmethod(_core.generator_load)
