"""Files as Keras 1.2 to 2.3 and TensorFlow 1.14 to 2.3 wrote them, which no longer install: made by editing.

    python make_keras1.py OUT       writes OUT/NAME/: model.h5 or model.keras, x*.npy, y*.npy

The weights come from a model of tf_keras, which also gives y; configuration and HDF5 are written as those versions did
(keras 1.2.2 models.py, engine/topology.py; 2.0.8; 2.2.4; tensorflow 1.14, 2.1). Needs tf_keras and h5py.
"""
import io, json, os, pathlib, sys, zipfile
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
import h5py, numpy as np, tensorflow as tf, tf_keras
L = tf_keras.layers
RNG = np.random.default_rng(1)


def floats(*shape):
    return RNG.standard_normal(shape).astype("float32")


def randomised(model):
    model.set_weights([(RNG.uniform(0.5, 1.5, w.shape) if "variance" in v.name or "gamma" in v.name
                        else RNG.standard_normal(w.shape) * 0.4).astype("float32")
                       for w, v in zip(model.get_weights(), model.weights)])
    return model


def write(name, config, weights, xs, ys, **attributes):
    """weights: [(layer, [(name, array), ...]), ...] in the order of the model."""
    folder = pathlib.Path(sys.argv[1]) / name
    folder.mkdir(parents=True, exist_ok=True)
    with h5py.File(folder / "model.h5", "w") as f:
        f.attrs["model_config"] = json.dumps(config).encode()
        for key, value in attributes.items():
            f.attrs[key] = value.encode()
        group = f.create_group("model_weights")
        group.attrs["layer_names"] = [layer.encode() for layer, _ in weights]
        for layer, arrays in weights:
            own = group.create_group(layer)
            own.attrs["weight_names"] = np.array([n.encode() for n, _ in arrays]) if arrays else np.zeros(0, "S1")
            for n, array in arrays:
                own.create_dataset(n, data=array)
    save_arrays(folder, xs, ys)


def save_arrays(folder, xs, ys):
    for i, x in enumerate(xs):
        np.save(folder / f"x{i}.npy", x)
    for i, y in enumerate(ys if isinstance(ys, list) else [ys]):
        np.save(folder / f"y{i}.npy", y)


def gates(layer, weights, letters, order):
    """kernel, recurrent kernel and bias as Keras 1 named them: one array for each gate."""
    w, u, b = weights
    n = len(letters)
    parts = [np.split(a, n, axis=-1) for a in (w, u, b)]
    return [(f"{layer}_{kind}_{letters[g]}", parts[k][g]) for g in order for k, kind in enumerate("WUb")]


def lstm1(layer, weights):
    return gates(layer, weights, "ifco", [0, 2, 1, 3])


def gru1(layer, weights):
    return gates(layer, weights, "zrh", [0, 1, 2])


RNN1 = {"trainable": True, "init": "glorot_uniform", "inner_init": "orthogonal", "activation": "tanh",
        "inner_activation": "hard_sigmoid", "W_regularizer": None, "U_regularizer": None, "b_regularizer": None,
        "dropout_W": 0.0, "dropout_U": 0.0, "return_sequences": False, "go_backwards": False, "stateful": False,
        "unroll": False, "consume_less": "cpu", "input_length": None}
DENSE1 = {"trainable": True, "init": "glorot_uniform", "W_regularizer": None, "b_regularizer": None,
          "activity_regularizer": None, "W_constraint": None, "b_constraint": None, "bias": True}


def keras1_sequential():
    m = randomised(tf_keras.Sequential([
        L.Input((6,)), L.Embedding(9, 4), L.Conv1D(3, 3, padding="same", activation="relu"), L.MaxPooling1D(2),
        L.LSTM(2, recurrent_activation="hard_sigmoid"), L.Dense(2, activation="softmax")]))
    e, c, l, d = [x.get_weights() for x in m.layers if x.weights]
    config = {"class_name": "Sequential", "config": [
        {"class_name": "Embedding", "config": {
            "name": "embedding_1", "trainable": True, "batch_input_shape": [None, 6], "input_dtype": "int32",
            "input_dim": 9, "output_dim": 4, "init": "uniform", "input_length": 6, "mask_zero": False,
            "activity_regularizer": None, "W_regularizer": None, "W_constraint": None, "dropout": 0.0}},
        {"class_name": "Convolution1D", "config": {
            "name": "convolution1d_1", "trainable": True, "nb_filter": 3, "filter_length": 3, "init": "glorot_uniform",
            "activation": "relu", "border_mode": "same", "subsample_length": 1,
            "W_regularizer": {"name": "WeightRegularizer", "l1": 0.0, "l2": 0.01}, "b_regularizer": None,
            "activity_regularizer": None, "W_constraint": {"name": "MaxNorm", "m": 2, "axis": 0}, "b_constraint": None,
            "bias": True, "input_dim": None, "input_length": None}},
        {"class_name": "MaxPooling1D", "config": {"name": "maxpooling1d_1", "trainable": True, "stride": 2,
                                                  "pool_length": 2, "border_mode": "valid"}},
        {"class_name": "LSTM", "config": {**RNN1, "name": "lstm_1", "output_dim": 2, "forget_bias_init": "one", "input_dim": 3}},
        {"class_name": "Dropout", "config": {"name": "dropout_1", "trainable": True, "p": 0.5}},
        {"class_name": "Dense", "config": {**DENSE1, "name": "dense_1", "output_dim": 2, "activation": "linear", "input_dim": 2}},
        {"class_name": "Activation", "config": {"name": "activation_1", "trainable": True, "activation": "softmax"}}]}
    x = RNG.integers(0, 9, (3, 6)).astype("int32")
    write("k1.2_sequential", config, [
        ("embedding_1", [("embedding_1_W", e[0])]),
        ("convolution1d_1", [("convolution1d_1_W", c[0][:, None]), ("convolution1d_1_b", c[1])]), ("maxpooling1d_1", []),
        ("lstm_1", lstm1("lstm_1", l)), ("dropout_1", []),
        ("dense_1", [("dense_1_W", d[0]), ("dense_1_b", d[1])]), ("activation_1", [])], [x], m.predict(x, verbose=0),
        keras_version="1.2.2")


def keras1_functional():
    x = L.Input((5, 3))
    forward = L.GRU(2, recurrent_activation="hard_sigmoid", reset_after=False, return_sequences=True)
    b = L.Bidirectional(forward)(x)
    n = L.BatchNormalization()(L.TimeDistributed(L.Dense(3))(b))
    g = L.GRU(2, recurrent_activation="hard_sigmoid", reset_after=False)(n)
    s = L.SimpleRNN(2)(x)
    y = L.Dense(2, activation="hard_sigmoid")(L.Concatenate()([g, s]))
    z = L.Multiply()([g, s])
    m = randomised(tf_keras.Model(x, [y, z]))
    w = {l.name.rstrip("0123456789_"): l.get_weights() for l in m.layers if l.weights}
    gru = {**RNN1, "output_dim": 2, "input_dim": None}
    node = lambda *names: [[[n, 0, 0] for n in names]]
    layer = lambda cls, name, config, inbound: {"class_name": cls, "name": name, "inbound_nodes": inbound,
                                                "config": {"name": name, "trainable": True, **config}}
    merge = {"mode_type": "raw", "concat_axis": -1, "dot_axes": -1, "output_shape": None, "output_shape_type": "raw",
             "output_mask": None, "output_mask_type": "raw", "arguments": {}, "node_indices": None, "tensor_indices": None}
    dense = [l.get_weights() for l in m.layers if isinstance(l, L.Dense)][0]
    td = [l.get_weights() for l in m.layers if isinstance(l, L.TimeDistributed)][0]
    bn = [l.get_weights() for l in m.layers if isinstance(l, L.BatchNormalization)][0]
    bi = [l.get_weights() for l in m.layers if isinstance(l, L.Bidirectional)][0]
    rnn = [l.get_weights() for l in m.layers if type(l) is L.GRU][0]
    simple = [l.get_weights() for l in m.layers if isinstance(l, L.SimpleRNN)][0]
    config = {"class_name": "Model", "config": {"name": "model_1", "layers": [
        {"class_name": "InputLayer", "name": "input_1", "inbound_nodes": [],
         "config": {"batch_input_shape": [None, 5, 3], "input_dtype": "float32", "sparse": False, "name": "input_1"}},
        layer("Bidirectional", "bidirectional_1", {"merge_mode": "concat", "layer": {"class_name": "GRU", "config": {
            **gru, "name": "gru_1", "return_sequences": True}}}, node("input_1")),
        layer("TimeDistributed", "timedistributed_1", {"layer": {"class_name": "Dense", "config": {
            **DENSE1, "name": "dense_1", "output_dim": 3, "activation": "linear", "input_dim": None}}}, node("bidirectional_1")),
        layer("BatchNormalization", "batchnormalization_1", {
            "epsilon": 0.001, "mode": 0, "axis": -1, "momentum": 0.99, "gamma_regularizer": None, "beta_regularizer": None},
            node("timedistributed_1")),
        layer("GRU", "gru_2", gru, node("batchnormalization_1")),
        layer("SimpleRNN", "simplernn_1", {k: v for k, v in gru.items() if k != "inner_activation"}, node("input_1")),
        layer("Merge", "merge_1", {"mode": "concat", **merge}, node("gru_2", "simplernn_1")),
        layer("Merge", "merge_2", {"mode": "mul", **merge}, node("gru_2", "simplernn_1")),
        layer("Dense", "dense_2", {**DENSE1, "output_dim": 2, "activation": "hard_sigmoid", "input_dim": None}, node("merge_1"))],
        "input_layers": [["input_1", 0, 0]], "output_layers": [["dense_2", 0, 0], ["merge_2", 0, 0]]}}
    data = floats(3, 5, 3)
    write("k1.1_functional", config, [
        ("input_1", []), ("bidirectional_1", gru1("forward_gru_1", bi[:3]) + gru1("backward_gru_1", bi[3:])),
        ("timedistributed_1", [("dense_1_W", td[0]), ("dense_1_b", td[1])]),
        ("batchnormalization_1", list(zip(["bn_gamma", "bn_beta", "bn_running_mean", "bn_running_std"], bn))),
        ("gru_2", gru1("gru_2", rnn)), ("simplernn_1", list(zip(["s_W", "s_U", "s_b"], simple))), ("merge_1", []), ("merge_2", []),
        ("dense_2", list(zip(["d_W", "d_b"], dense)))], [data], m.predict(data, verbose=0), keras_version="1.1.0")


def renamed(config):
    """Config of tf_keras as Keras 2.0 to 2.2 wrote it."""
    config = json.loads(json.dumps(config))
    def walk(value):
        if isinstance(value, dict):
            for key in ("module", "registered_name", "build_config", "ragged", "time_major", "shared_object_id"):
                value.pop(key, None)
            for inner in value.values():
                walk(inner)
        if isinstance(value, list):
            for inner in value:
                walk(inner)
    walk(config)
    return config


def by_layer(model):
    return [(l.name, [(w.name, w.numpy()) for w in l.trainable_weights + l.non_trainable_weights]) for l in model.layers]


def keras20_list():
    m = randomised(tf_keras.Sequential([
        L.Input((6, 2)), L.Conv1D(3, 3, name="conv1d_1"), L.LeakyReLU(0.2, name="leaky_re_lu_1"),
        L.LSTM(3, recurrent_activation="hard_sigmoid", name="lstm_1"), L.ELU(0.5, name="elu_1"), L.ThresholdedReLU(0.1, name="thresholded_re_lu_1"),
        L.Dense(2, activation="hard_sigmoid", name="dense_1")]))
    layers = renamed(json.loads(m.to_json()))["config"]["layers"][1:]
    layers[0]["config"]["batch_input_shape"] = [None, 6, 2]
    layers[0]["config"]["dtype"] = "float32"
    for l in layers:
        if l["class_name"] in ("LeakyReLU", "ELU"):
            l["config"]["alpha"] = {"type": "ndarray", "value": l["config"]["alpha"]}
    weights = [(n, [(k, v[::-1] if n == "conv1d_1" and v.ndim == 3 else v) for k, v in a]) for n, a in by_layer(m)]
    x = floats(3, 6, 2)
    write("k2.0_theano_list", {"class_name": "Sequential", "config": layers}, weights, [x], m.predict(x, verbose=0),
          keras_version="2.0.8", backend="theano")


def keras22_nested():
    inner = tf_keras.Sequential([L.Input((4, 2)), L.GRU(2, reset_after=False, recurrent_activation="hard_sigmoid"),
                                 L.BatchNormalization(axis=[1]), L.Dense(2)], name="sequential_1")
    a, b = L.Input((4, 2), name="input_1"), L.Input((4, 2), name="input_2")
    m = randomised(tf_keras.Model([a, b], [inner(a), L.Dot(1)([inner(a), inner(b)])], name="model_1"))
    config = renamed(json.loads(m.to_json()))["config"]
    for l in config["layers"]:
        if l["class_name"] == "Sequential":
            layers = l["config"]["layers"][1:]
            layers[0]["config"]["batch_input_shape"] = [None, 4, 2]
            l["config"] = layers  # before 2.2.3; the name stands outside
    xs = [floats(3, 4, 2), floats(3, 4, 2)]
    write("k2.2_nested_list", {"class_name": "Model", "config": config}, by_layer(m), xs, m.predict(xs, verbose=0),
          keras_version="2.2.2", backend="tensorflow")


def tensorflow_nulls():
    m = randomised(tf_keras.Sequential([
        L.Input((5, 3)), L.Bidirectional(L.LSTM(2, return_sequences=True)), L.TimeDistributed(L.Dense(2)),
        L.LayerNormalization(), L.GRU(2, reset_after=True)]))
    config = renamed(json.loads(m.to_json()))
    def walk(value):
        if isinstance(value, dict):
            if isinstance(value.get("layer"), dict):
                value["layer"]["config"]["dtype"] = None
            for inner in value.values():
                walk(inner)
        if isinstance(value, list):
            for inner in value:
                walk(inner)
    walk(config)
    config["config"]["layers"][2]["config"]["dtype"] = {"class_name": "Policy", "config": {"name": "infer"}}
    config["config"]["layers"][4]["config"]["dtype"] = {"class_name": "Policy", "config": {"name": "mixed_bfloat16", "loss_scale": None}}
    config["config"]["layers"][3]["config"]["axis"] = {"class_name": "__tuple__", "items": [2]}
    x = floats(3, 5, 3)
    write("k2.2-tf_nulls", config, by_layer(m), [x], m.predict(x, verbose=0), keras_version="2.2.4-tf", backend="tensorflow")


def tensorflow_op_layers():
    x = L.Input((4, 3), name="input_1")
    l = L.LSTM(3, return_sequences=True, name="lstm")
    h = l(x)
    d = L.Dense(2, name="dense")
    last = h[:, -1, :]
    y = d(last + x[:, 0] * 2.0)
    z = tf.transpose(tf.reduce_mean(h[:, 1:3], axis=1, keepdims=True), [0, 2, 1])
    m = randomised(tf_keras.Model(x, [y, z]))
    def op(name, kind, constants, inputs, **attr):
        return {"class_name": "TensorFlowOpLayer", "name": "tf_op_layer_" + name, "inbound_nodes": [[[i, 0, 0, {}] for i in inputs]],
                "config": {"name": name, "trainable": True, "dtype": "float32", "constants": constants, "node_def": {
                    "name": name, "op": kind, "input": ["a", "b"], "attr": {"T": {"type": "DT_FLOAT"}, **attr}}}}
    slice_of = lambda name, begin, end, source, **masks: op(name, "StridedSlice", {"1": begin, "2": end, "3": [1] * len(begin)}, [source],
                                                            **{k: {"i": str(v)} for k, v in masks.items()})
    config = renamed(json.loads(m.to_json()))["config"]
    keep = {layer["name"]: layer for layer in config["layers"]}
    keep["dense"]["inbound_nodes"] = [[["tf_op_layer_add", 0, 0, {}]]]
    config["layers"] = [keep["input_1"], keep["lstm"],
        slice_of("strided_slice", [0, -1, 0], [0, 0, 0], "lstm", begin_mask=5, end_mask=5, shrink_axis_mask=2, ellipsis_mask=0, new_axis_mask=0),
        slice_of("strided_slice_1", [0, 0], [0, 1], "input_1", begin_mask=1, end_mask=1, shrink_axis_mask=2),
        op("mul", "Mul", {"1": 2.0}, ["tf_op_layer_strided_slice_1"]),
        op("add", "AddV2", {}, ["tf_op_layer_strided_slice", "tf_op_layer_mul"]), keep["dense"],
        slice_of("strided_slice_2", [0, 1], [0, 3], "lstm", begin_mask=1, end_mask=1),
        op("Mean", "Mean", {"1": 1}, ["tf_op_layer_strided_slice_2"], keep_dims={"b": True}),
        op("transpose", "Transpose", {"1": [0, 2, 1]}, ["tf_op_layer_Mean"])]
    config["output_layers"] = [["dense", 0, 0], ["tf_op_layer_transpose", 0, 0]]
    data = floats(3, 4, 3)
    weights = [(n, a) for n, a in by_layer(m) if n in ("lstm", "dense")]
    write("k2.3-tf_op_layers", {"class_name": "Model", "config": config}, weights, [data], m.predict(data, verbose=0),
          keras_version="2.3.0-tf", backend="tensorflow")


def repacked(name, source, change_config=None, change_path=None):
    """A .keras file of make_versions.py with another configuration or other paths."""
    source = pathlib.Path(sys.argv[1]) / source
    folder = pathlib.Path(sys.argv[1]) / name
    folder.mkdir(exist_ok=True)
    with zipfile.ZipFile(source / "model.keras") as z:
        members = {n: z.read(n) for n in z.namelist()}
    if change_config:
        config = json.loads(members["config.json"])
        change_config(config)
        members["config.json"] = json.dumps(config).encode()
    if change_path:
        old, new = h5py.File(io.BytesIO(members["model.weights.h5"]), "r"), io.BytesIO()
        with h5py.File(new, "w") as out:
            names = []
            old.visititems(lambda n, o: names.append(n) if isinstance(o, h5py.Dataset) else None)
            for n in names:
                out.create_dataset(change_path(n), data=old[n][()])
        members["model.weights.h5"] = new.getvalue()
    with zipfile.ZipFile(folder / "model.keras", "w", zipfile.ZIP_DEFLATED) as z:
        for n, data in members.items():
            z.writestr(n, data)
    for path in source.glob("*.npy"):
        (folder / path.name).write_bytes(path.read_bytes())


def windows():
    repacked("k2.15_windows", "k2.15_sequential_nested", change_path=lambda n: n.replace("layers/", "layers\\"))


def without_input():
    def change(config):
        config["config"]["layers"].pop(0)
        config["config"].pop("build_input_shape", None)
        config.pop("build_config", None)
    repacked("k3.15_without_input", "k3.15_unnamed_input", change_config=change)


for make in (keras1_sequential, keras1_functional, keras20_list, keras22_nested, tensorflow_nulls, tensorflow_op_layers, windows,
             without_input):
    make()
