"""Translates numbers in words into digits ("two hundred and five" to "2 0 5"): learns from 1,500
pairs that it makes, and is asked for 200 others. Same as `chronicler translate`."""

from __future__ import annotations

import os

import numpy as np
from chronicler.tasks import Translator

QUICK = "CHRONICLER_QUICK" in os.environ  # few epochs, for a test
ONES = ("zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
        "fifteen sixteen seventeen eighteen nineteen").split()
TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()


def in_words(number: int) -> str:
    """A number below 10,000 as one says it."""
    if number < 20:
        return ONES[number]
    if number < 100:
        rest = f" {ONES[number % 10]}" if number % 10 else ""
        return TENS[number // 10 - 2] + rest
    size, name = (100, "hundred") if number < 1000 else (1000, "thousand")
    below = number % size
    joint = " and " if 0 < below < 100 else " "
    return f"{in_words(number // size)} {name}" + (joint + in_words(below) if below else "")


numbers = np.random.default_rng(1).permutation(10_000)[:1700]
words = [in_words(int(number)) for number in numbers]
digits = [" ".join(str(number)) for number in numbers]

translator = Translator(source_level="word", target_level="word", units=96, layers=1, seed=1,
                        epochs=1 if QUICK else 20)
translator.fit(words[:1500], digits[:1500], verbose=True)

found = translator.translate(words[1500:])
right = np.mean([a == b for a, b in zip(found, digits[1500:])])
print(f"{right:.0%} of 200 numbers that it has not seen are right")
for source, target in list(zip(words[1500:], found))[:5]:
    print(f"{source}: {target}")
translator.plot(words[1500], "attention.svg")
assert QUICK or right > 0.8
