"""Speech to text, as an estimator."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import _core
from .._classes import arguments, table
from .estimator import Estimator, existing, is_path, shown_progress, texts_of


class Transcriber(Estimator):
    """Writes down what is said: learnt from one's own recordings. `options()` lists every option.

    >>> transcriber = Transcriber().fit("list.tsv")
    >>> transcriber.transcribe("new.wav")
    """

    _task = "Transcriber"

    def fit(
        self, recordings: Any, texts: Any = None, *, rate: int | None = None, verbose: bool = False,
        progress: Any = None, checkpoint: Any = None, resume: bool = False,
    ) -> Transcriber:
        """Learn from recordings and what is said in them.

        Parameters
        ----------
        recordings : path of a list (TSV, CSV, JSON lines), or list of paths or arrays
            The sound: WAV, FLAC, OGG, or samples from -1 to 1.
        texts : list of str, optional
            What is said in each; a list's file holds it.
        rate : int, optional
            Samples a second, of arrays.
        """
        found = _recordings(recordings, texts, rate)
        self._model = _core.transcriber_train(
            found, self._run_options(checkpoint, resume), shown_progress(verbose, progress))
        return self

    def transcribe(self, recordings: Any, rate: int | None = None, **options: Any) -> Any:
        """Return what is said in a recording, or a list for a list of them."""
        if isinstance(recordings, (list, tuple)):
            return [self.transcribe(each, rate, **options) for each in recordings]
        return self.explain(recordings, rate, **options)["text"]

    predict = transcribe

    def explain(self, recording: Any, rate: int | None = None, **options: Any) -> dict[str, Any]:
        """Return the text with its words: (word, begin, end in seconds, probability)."""
        given = arguments("transcribe", table("tasks", "Transcriber.run").fields, options)
        samples, found = _sound(recording, rate)
        return self._ready.run(samples, found, given)  # type: ignore[no-any-return]

    def evaluate(
        self, recordings: Any, texts: Any = None, rate: int | None = None, **options: Any
    ) -> Any:
        """Return the word and character error rates, beside the baselines'."""
        return self._ready.evaluate(_recordings(recordings, texts, rate), options)

    def read_language(self, text: Any) -> None:
        """From now on choose among texts also by how likely they are: a sentence on each line."""
        content = _core.read_text(existing(text)) if is_path(text) else str(text)
        self._ready.read_language(content)

    def stream(self, rate: int) -> Any:
        """Return a live stream: `push(samples)` returns what is new of the text."""
        return self._ready.stream(int(rate))

    def plot(self, recording: Any, path: Any = None, rate: int | None = None) -> str:
        """Return the sound with the words above it, as an SVG picture."""
        from ..pictures import speech_picture, written

        samples, found = _sound(recording, rate)
        transcript = self._ready.run(samples, found, {})
        return written(speech_picture(samples, found, transcript["words"]), path)

    _load_core = staticmethod(_core.transcriber_load)


def _sound(recording: Any, rate: int | None) -> tuple[Any, int]:
    if isinstance(recording, str) or is_path(recording):
        return _core.read_audio(existing(recording))  # type: ignore[no-any-return]
    if isinstance(recording, tuple) and len(recording) == 2:
        recording, rate = recording
    if rate is None:
        raise ValueError("rate is missing: how many samples are there a second?")
    samples = np.asarray(recording)
    if samples.dtype.kind in "iu":
        samples = samples / float(np.iinfo(samples.dtype).max)
    if samples.ndim == 2:
        samples = samples.mean(axis=1)
    return np.ascontiguousarray(samples, np.float32), int(rate)


def _recordings(recordings: Any, texts: Any, rate: int | None) -> list[Any]:
    if texts is None:
        if not is_path(recordings) and not isinstance(recordings, str):
            raise ValueError("texts are missing: what is said in each recording?")
        found, _ = _core.read_recordings(existing(recordings), "", "")
        return list(found)
    listed = texts_of(texts)
    if len(listed) != len(recordings):
        raise ValueError(f"{len(recordings)} recordings and {len(listed)} texts")
    return [
        (str(each) if is_path(each) else f"recording {place}", *_sound(each, rate), text)
        for place, (each, text) in enumerate(zip(recordings, listed))
    ]
