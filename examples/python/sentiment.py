"""Learns praise and blame from 288 short sentences, two in five of them negated, and tells the
other 72 apart; shows which words weighed most. Same as `chronicler sentiment`."""

from __future__ import annotations

import csv
import os
import pathlib

from chronicler.tasks import TextClassifier

DATA = pathlib.Path(__file__).parent.parent / "data" / "opinions.tsv"
QUICK = "CHRONICLER_QUICK" in os.environ  # few epochs, for a test

with open(DATA, encoding="utf-8") as file:
    rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
texts, labels = [row["text"] for row in rows], [row["label"] for row in rows]

critic = TextClassifier(embedding=16, units=24, dropout=0.2, word_dropout=0.05, batch_size=16,
                        learning_rate=0.01, seed=1, epochs=2 if QUICK else 40)
critic.fit(texts[:288], labels[:288], verbose=True)

found = critic.evaluate(texts[288:], labels[288:])
print(f"right in {found['accuracy']:.0%} of 72 sentences that it has not seen; naive Bayes "
      f"{found['naive_bayes_accuracy']:.0%}")
assert QUICK or found["accuracy"] > 0.9
for text in ("the hotel was superb .", "the hotel was n't superb .", "what a dull evening !"):
    print(f"{critic.predict([text])[0]:5} {critic.predict_proba([text])[0].max():.0%}  {text}")
critic.plot("the hotel was n't superb .", "words.svg")
critic.save("opinions.keras")
