"""Whole models in the old .h5 format, made by Keras 3 and by Keras 2 (the package tf-keras).

    python make_legacy.py      writes NAME.h5, NAME_x*.npy and NAME_y.npy (the model's output) beside this script
    python make_legacy.py metrics      only metrics_keras3.h5 and .json: what Keras calls metrics when it has read it

Needs: pip install keras==3.15.1 tensorflow-cpu==2.21.0 tf-keras
"""
import json
import os
import pathlib
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import numpy as np
import keras
import tf_keras

HERE = pathlib.Path(__file__).parent


def write(name, model, *inputs):
    rng = np.random.default_rng(5)
    model.set_weights([(rng.standard_normal(w.shape) * 0.3).astype("f4") for w in model.get_weights()])
    for i, x in enumerate(inputs):
        np.save(HERE / f"{name}_x{i}.npy", x)
    np.save(HERE / f"{name}_y.npy", model.predict(list(inputs) if len(inputs) > 1 else inputs[0], verbose=0))
    model.save(HERE / f"{name}.h5")


def stack(k):
    l = k.layers
    model = k.Sequential([
        k.Input((6, 4)), l.Masking(0.0), l.LSTM(5, return_sequences=True), l.Bidirectional(l.GRU(3)),
        l.Dropout(0.2), l.Dense(3, activation="softmax")])
    model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    x = np.random.default_rng(1).standard_normal((4, 6, 4)).astype("f4")
    x[1, 4:] = 0
    model.fit(x, np.eye(3, dtype="f4")[[0, 1, 2, 0]], verbose=0)
    return model, x


def translator(k):
    l = k.layers
    a, b = k.Input((6, 4)), k.Input((5, 3))
    _, h, c = l.LSTM(5, return_state=True)(a)
    y = l.LSTM(5, return_sequences=True)(b, initial_state=[h, c])
    rng = np.random.default_rng(2)
    return (k.Model([a, b], l.Dense(2)(y)), rng.standard_normal((4, 6, 4)).astype("f4"),
            rng.standard_normal((4, 5, 3)).astype("f4"))


# Each with a name of its own in a .keras file; as classes many are called otherwise.
METRICS = ("mae MSE mape MSLE bce acc binary_accuracy AUC kl_divergence KLDivergence log_cosh_error LogCoshError "
           "cosine_similarity hinge poisson r2_score RootMeanSquaredError precision Recall F1Score FBetaScore").split()


def metrics():
    l = keras.layers
    keras.utils.set_random_seed(7)
    model = keras.Sequential([keras.Input((2, 3)), l.SimpleRNN(2), l.Dense(1, activation="sigmoid")])
    model.compile("sgd", keras.losses.MeanSquaredError(), metrics=METRICS, weighted_metrics=["mae"])
    rng = np.random.default_rng(6)
    x, y = rng.standard_normal((8, 2, 3)).astype("f4"), rng.integers(0, 2, (8, 1)).astype("f4")
    model.evaluate(x, y, verbose=0)
    model.save(HERE / "metrics_keras3.h5")
    np.save(HERE / "metrics_keras3_x0.npy", x)
    np.save(HERE / "metrics_keras3_y.npy", y)
    keras.backend.clear_session()
    results = keras.saving.load_model(HERE / "metrics_keras3.h5").evaluate(x, y, verbose=0, return_dict=True)
    results = {name: float(np.ravel(value)[0]) for name, value in results.items()}
    (HERE / "metrics_keras3.json").write_text(json.dumps(results, indent=1) + "\n")


if "metrics" in sys.argv[1:]:
    metrics()
    sys.exit()

for version, k in ((3, keras), (2, tf_keras)):
    write(f"stack_keras{version}", *stack(k))
    write(f"translator_keras{version}", *translator(k))


def old_layers():
    """hard_sigmoid of Keras 2 in gates, in a wrapper and in a Dense layer."""
    l = tf_keras.layers
    model = tf_keras.Sequential([
        tf_keras.Input((6, 4)), l.LSTM(5, recurrent_activation="hard_sigmoid", return_sequences=True),
        l.Bidirectional(l.GRU(3, recurrent_activation="hard_sigmoid", return_sequences=True)),
        l.SimpleRNN(4, activation="hard_sigmoid"), l.Dense(3, activation="hard_sigmoid")])
    return model, np.random.default_rng(1).standard_normal((4, 6, 4)).astype("f4") * 3


def cudnn_layers():
    """Needs a GPU in Keras: the layers are the usual ones, their file is rewritten as cuDNN's."""
    import h5py

    l = tf_keras.layers
    model = tf_keras.Sequential([
        tf_keras.Input((6, 4)), l.LSTM(5, return_sequences=True, name="one"), l.GRU(3, reset_after=True, name="two")])
    x = np.random.default_rng(3).standard_normal((4, 6, 4)).astype("f4")
    write("cudnn_keras2", model, x)
    with h5py.File(HERE / "cudnn_keras2.h5", "r+") as file:
        config = json.loads(file.attrs["model_config"])
        for layer in config["config"]["layers"][1:]:
            layer["class_name"] = "CuDNN" + layer["class_name"]
            keys = ("name", "trainable", "dtype", "return_sequences", "return_state", "go_backwards", "stateful", "units")
            layer["config"] = {key: layer["config"][key] for key in keys if key in layer["config"]}
        file.attrs["model_config"] = json.dumps(config)
        for layer, kind in ((model.layers[0], "LSTM"), (model.layers[1], "GRU")):
            group = file["model_weights"][layer.name]
            names = [n for n in group.attrs["weight_names"]]
            gates = 4 if kind == "LSTM" else 3
            weights = [np.array(group[n]) for n in names]
            kernel, recurrent, bias = weights
            # The inverse of what tf_keras.src.saving.legacy.hdf5_format._convert_rnn_weights does when it reads cuDNN's.
            kernel = np.hstack([k.T.reshape(k.shape, order="C") for k in np.hsplit(kernel, gates)])
            recurrent = np.hstack([k.T for k in np.hsplit(recurrent, gates)])
            bias = np.concatenate([bias * 0.25, bias * 0.75]) if kind == "LSTM" else bias.reshape(-1)
            for name, value in zip(names, (kernel, recurrent, bias)):
                del group[name]
                group[name] = value.astype("f4")


write("old_keras2", *old_layers())
cudnn_layers()
metrics()
