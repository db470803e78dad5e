"""Keras's own tests, run on Chronicler.

Keras's wheel has its tests beside its sources. `modules` loads the test files of it, and nothing
else, and answers their imports of `keras.src.…` with Chronicler's names, so that Keras itself is
never imported; `case` has the base class of the tests, whose checks are written here
and are as strict as Keras's; `lists` says which files run and what is left out, with reasons.

    python -m keras_shim recurrent     runs the recurrent tests and prints the counts
"""
