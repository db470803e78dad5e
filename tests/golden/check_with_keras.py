"""Loads what Chronicler saved into real Keras, and compares it with the golden models.

    python check_with_keras.py SAVED      SAVED holds NAME.keras, NAME.trained.keras and NAME.trained.npy

Every weight must be equal to the bit, and so must what Keras predicts with the model; the model trained by Chronicler
must predict in Keras what it predicts in Chronicler, and go on training there.
"""
import os
import pathlib
import sys
import warnings

# Golden models are saved before their first step: Keras, too, then warns that there are no slots.
warnings.filterwarnings("ignore", message="Skipping variable loading for optimizer")
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import keras
import numpy as np

GOLDEN = pathlib.Path(__file__).parent
BATCH_SIZE = 4


def predict(model, inputs):
    for layer in model._flatten_layers():
        if getattr(layer, "stateful", False) and hasattr(layer, "reset_state"):
            layer.reset_state()
    return model.predict(inputs, batch_size=BATCH_SIZE, verbose=0)


def check(name, saved):
    folder = GOLDEN / name
    inputs = [np.load(path) for path in sorted(folder.glob("x*.npy"))]
    inputs = [keras.ops.convert_to_tensor(x, dtype="string") if x.dtype.kind == "U" else x for x in inputs]
    inputs = inputs if len(inputs) > 1 else inputs[0]
    original = keras.saving.load_model(folder / "model.keras")
    model = keras.saving.load_model(saved / f"{name}.keras")
    before, after = original.get_weights(), model.get_weights()
    assert len(before) == len(after), f"{len(after)} weights, expected {len(before)}"
    for weight, a, b in zip(original.weights, before, after):
        assert a.tobytes() == b.tobytes(), f"weight {weight.path} differs"
    a, b = predict(original, inputs), predict(model, inputs)
    assert a.tobytes() == b.tobytes(), f"outputs differ by {np.abs(a - b).max()}"
    a, b = original.get_compile_config(), model.get_compile_config()
    assert a["loss"] == b["loss"] and a["optimizer"] == b["optimizer"], f"compiled with {b}, expected {a}"

    trained = keras.saving.load_model(saved / f"{name}.trained.keras")
    steps = int(trained.optimizer.iterations.numpy())
    assert steps == 3, f"the optimizer has made {steps} steps, expected 3"
    expected = np.load(saved / f"{name}.trained.npy")
    assert np.allclose(predict(trained, inputs), expected, rtol=1e-4, atol=1e-5), "trained outputs differ"
    if any(getattr(layer, "stateful", False) for layer in trained._flatten_layers()):
        return
    y = np.load(folder / "y.npy")
    for _ in range(2):
        original.fit(inputs, y, epochs=1, batch_size=BATCH_SIZE, shuffle=False, verbose=0)
    trained.fit(inputs, y, epochs=1, batch_size=BATCH_SIZE, shuffle=False, verbose=0)
    a, b = predict(original, inputs), predict(trained, inputs)
    assert np.allclose(a, b, rtol=1e-3, atol=1e-4), f"training goes on differently: {np.abs(a - b).max()}"


def main():
    saved = pathlib.Path(sys.argv[1])
    names = sorted(path.parent.name for path in GOLDEN.glob("*/model.keras"))
    failed = 0
    for name in names:
        try:
            check(name, saved)
            print(f"ok      {name}", flush=True)
        except Exception as error:
            failed += 1
            print(f"FAILED  {name}: {type(error).__name__}: {error}", flush=True)
    print(f"{len(names) - failed} of {len(names)} golden models pass through Chronicler and back into Keras")
    sys.exit(1 if failed else 0)


main()
