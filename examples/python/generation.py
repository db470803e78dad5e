"""Learns to write like the Apache License, character by character, and continues it; the unseen
last tenth of the text says how well it foretells. Same as `chronicler generate`."""

from __future__ import annotations

import os
import pathlib

from chronicler.tasks import TextGenerator

TEXT = pathlib.Path(__file__).parent.parent.parent / "LICENSE"
QUICK = "CHRONICLER_QUICK" in os.environ  # few epochs, for a test

writer = TextGenerator(units=96, layers=1, seed=1, epochs=2 if QUICK else 40)
writer.fit(" ".join(TEXT.read_text().split()), verbose=True)

found = writer.report_["validation"]
print(f"nats a character: {found['nats']:.2f}; n-grams of the same text: "
      f"{writer.report_['ngram_nats']:.2f}")
print("The License" + writer.generate("The License", length=300, temperature=0.5, seed=1))
writer.save("license.keras")
