"""Hears vowels: learns from 80 made recordings and what is said in each, without being told when;
writes new ones down, and live. Same as `chronicler transcribe`."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from chronicler.tasks import Transcriber

QUICK = "CHRONICLER_QUICK" in os.environ  # few epochs, for a test
RATE = 8000  # samples a second
VOWELS = {  # what the mouth lets through, in hertz
    "ah": (730, 1090, 2440), "eh": (530, 1840, 2480), "ee": (270, 2290, 3010),
    "oh": (570, 840, 2410), "oo": (300, 870, 2240),
}
random = np.random.default_rng(1)


def vowel(name: str) -> Any:
    """A sung vowel of a fifth of a second or a little more, by some voice."""
    time = np.arange(int(RATE * random.uniform(0.15, 0.3))) / RATE
    pitch, mouth = random.uniform(90, 220), random.uniform(0.92, 1.08)
    tones = pitch * np.arange(1, int(3800 / pitch))
    loudness = sum(np.exp(-0.5 * ((tones - mouth * at) / 90) ** 2) for at in VOWELS[name])
    return 0.3 * (np.sin(2 * np.pi * np.outer(time, tones)) @ loudness) * np.hanning(len(time))


def recording() -> tuple[Any, str]:
    """Two to five vowels with gaps, on a noisy line, and their names."""
    names = random.choice(list(VOWELS), random.integers(2, 6))
    parts = [np.zeros(800)]
    for name in names:
        parts += [vowel(name), np.zeros(int(RATE * random.uniform(0.05, 0.2)))]
    sound = np.concatenate(parts)
    sound = sound + random.normal(size=len(sound)) * 0.005
    return sound.astype("float32"), " ".join(names)


sounds, texts = zip(*[recording() for _ in range(110)])
listener = Transcriber(streaming=True, filters=32, units=48, layers=1, dropout=0.1, seed=1,
                       batch_size=4, learning_rate=0.006, epochs=2 if QUICK else 80)
listener.fit(list(sounds[:80]), list(texts[:80]), rate=RATE, verbose=True)

found = listener.evaluate(list(sounds[80:]), list(texts[80:]), rate=RATE)
print(f"{found['word_error']:.1%} of the words in 30 new recordings are wrong")
assert QUICK or found["word_error"] < 0.1
print("sung: ", texts[80])
print("heard:", listener.transcribe(sounds[80], rate=RATE))

live = listener.stream(RATE)  # as from a microphone, a fiftieth of a second at a time
heard = "".join(live.push(sounds[81][at : at + 160]) for at in range(0, len(sounds[81]), 160))
print("live: ", heard + live.finish())
