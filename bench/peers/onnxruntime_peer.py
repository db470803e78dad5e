"""ONNX Runtime, inference: its RNN, LSTM and GRU operators in the layout they want, (steps, batch, features).

    python onnxruntime_peer.py infer|stream --shapes FILE [--only IDS] [--seconds S] [--threads N]      pip install onnxruntime onnx
"""
import numpy
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

import common

given = common.options(__doc__)
OPERATORS = {"simple_rnn": ("RNN", 1), "lstm": ("LSTM", 4), "gru": ("GRU", 3)}


class Graph:
    """Nodes one after the other, each with weights of its own; `last` is what the next one reads."""

    def __init__(self, last):
        self.nodes, self.constants, self.last = [], [], last

    def constant(self, values):
        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(values, name))
        return name

    def weights(self, *shape):
        return self.constant((numpy.random.randn(*shape) * 0.1).astype("f"))

    def add(self, operator, inputs, outputs=None, **attributes):
        outputs = outputs or [f"value_{len(self.nodes)}"]
        self.nodes.append(helper.make_node(operator, inputs, outputs, **attributes))
        self.last = outputs[0]

    def recurrent(self, cell, inputs, units, directions, last_only, states=()):
        operator, gates = OPERATORS[cell]
        more = {"linear_before_reset": 1} if cell == "gru" else {}
        weights = [self.weights(directions, gates * units, inputs), self.weights(directions, gates * units, units),
                   self.constant(numpy.zeros((directions, 2 * gates * units), "f"))]
        outputs = [f"sequence_{len(self.nodes)}", f"last_{len(self.nodes)}"]
        if cell == "lstm" and states:
            outputs.append(f"cell_{len(self.nodes)}")
        self.add(operator, [self.last, *weights, *(["", *states] if states else [])], outputs, hidden_size=units,
                 direction="bidirectional" if directions == 2 else "forward", **more)
        if last_only:  # (directions, batch, units)
            self.add("Transpose", [outputs[1]], perm=[1, 0, 2])
            self.add("Reshape", [self.last, self.constant(numpy.array([0, directions * units]))])
        else:  # (steps, directions, batch, units)
            self.add("Transpose", [outputs[0]], perm=[0, 2, 1, 3])
            self.add("Reshape", [self.last, self.constant(numpy.array([0, 0, directions * units]))])
        return outputs

    def dense(self, inputs, units, softmax):
        self.add("MatMul", [self.last, self.weights(inputs, units)])
        self.add("Add", [self.last, self.weights(units)])
        if softmax:
            self.add("Softmax", [self.last], axis=-1)

    def session(self, inputs, outputs, threads):
        values = [helper.make_tensor_value_info(name, kind, shape) for name, kind, shape in inputs]
        results = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs]
        graph = helper.make_graph(self.nodes, "network", values, results, self.constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)])
        model.ir_version = 8
        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads = threads
        return onnxruntime.InferenceSession(model.SerializeToString(), settings, providers=["CPUExecutionProvider"])


def time_shape(shape):
    directions = 2 if shape.get("bidirectional") else 1
    graph, inputs = Graph("x"), shape["features"]
    for place, units in enumerate(shape["units"]):
        last = place + 1 == len(shape["units"]) and not shape.get("sequences")
        graph.recurrent(shape["cell"], inputs, units, directions, last)
        inputs = directions * units
    graph.dense(inputs, shape["classes"], shape["classes"] > 1)
    sizes = [shape["steps"], shape["batch"], shape["features"]]
    session = graph.session([("x", TensorProto.FLOAT, sizes)], [graph.last], given.threads)
    x = numpy.random.randn(*sizes).astype("f")
    common.report(shape["id"], "onnxruntime", infer=common.timed(lambda: session.run(None, {"x": x}), given.seconds / 2))


def time_stream(name, units):
    graph = Graph("x")
    characters = name == "LSTM2x256chars"
    layers, inputs, feed, states = 2 if characters else 1, 1, {}, []
    if characters:
        graph.add("Gather", [graph.weights(common.ALPHABET, 64), "x"])
        inputs = 64
    for layer in range(layers):
        names = [f"h{layer}", f"c{layer}"]
        states += graph.recurrent("lstm", inputs, units, 1, layer + 1 == layers, names)[1:]
        feed.update({each: numpy.zeros((1, 1, units), "f") for each in names})
        inputs = units
    graph.dense(units, common.ALPHABET if characters else 1, characters)
    sizes = [1, 1] if characters else [1, 1, 1]
    session = graph.session(
        [("x", TensorProto.INT64 if characters else TensorProto.FLOAT, sizes)] +
        [(each, TensorProto.FLOAT, [1, 1, units]) for each in feed], [graph.last, *states], 1)
    feed["x"] = numpy.zeros(sizes, "int64" if characters else "f")
    common.report(name, "onnxruntime", step=common.timed(lambda: session.run(None, feed), given.seconds))


if given.what == "stream":
    for name, units in common.streams(given).items():
        time_stream(name, units)
else:
    for shape in common.shapes(given):
        time_shape(shape)
