"""PyTorch: nn.RNN, nn.LSTM and nn.GRU with nn.Linear, Adam. No gradient by the input is asked for.

    python torch_peer.py train|infer|stream --shapes FILE [--only IDS] [--seconds S] [--threads N]      pip install torch
"""
import torch
from torch import nn

import common

given = common.options(__doc__)
torch.set_num_threads(1 if given.what == "stream" else given.threads)
torch.set_flush_denormal(True)
torch.manual_seed(0)


class Network(nn.Module):
    def __init__(self, shape):
        super().__init__()
        units, both = shape["units"], bool(shape.get("bidirectional"))
        cell = {"simple_rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}[shape["cell"]]
        self.sequences = bool(shape.get("sequences"))
        self.recurrent = cell(shape["features"], units[0], len(units), batch_first=True, bidirectional=both)
        self.dense = nn.Linear(units[0] * (2 if both else 1), shape["classes"])

    def forward(self, x):
        y = self.recurrent(x)[0]
        return self.dense(y if self.sequences else y[:, -1])


class Characters(nn.Module):
    def __init__(self, units):
        super().__init__()
        self.embedding = nn.Embedding(common.ALPHABET, 64)
        self.recurrent = nn.LSTM(64, units, 2, batch_first=True)
        self.dense = nn.Linear(units, common.ALPHABET)

    def forward(self, x, state):
        y, state = self.recurrent(self.embedding(x), state)
        return torch.softmax(self.dense(y), -1), state


def time_shape(shape):
    classes = shape["classes"]
    model = Network(shape)
    rows = shape["batch"] * (shape["steps"] if shape.get("sequences") else 1)
    x = torch.randn(shape["batch"], shape["steps"], shape["features"])
    y = torch.randn(rows, 1) if classes == 1 else torch.randint(0, classes, (rows,))
    loss = nn.MSELoss() if classes == 1 else nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters())

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss(model(x).reshape(-1, classes), y).backward()
        optimizer.step()

    train = common.timed(step, given.seconds) if given.what == "train" else None
    model.eval()
    with torch.inference_mode():
        infer = common.timed(lambda: model(x), given.seconds / 2)
    common.report(shape["id"], "torch", train=train, infer=infer)


def time_stream(name, units):
    """The faster of nn.LSTM over one step and nn.LSTMCell."""
    with torch.inference_mode():
        if name == "LSTM2x256chars":
            model, x = Characters(units).eval(), torch.zeros(1, 1, dtype=torch.int64)
            state = (torch.zeros(2, 1, units), torch.zeros(2, 1, units))
            step = common.timed(lambda: model(x, state), given.seconds)
        else:
            dense = nn.Linear(units, 1)
            layer, x, state = nn.LSTM(1, units), torch.randn(1, 1, 1), (torch.zeros(1, 1, units), torch.zeros(1, 1, units))
            cell, row, start = nn.LSTMCell(1, units), torch.randn(1, 1), (torch.zeros(1, units), torch.zeros(1, units))
            step = common.better(common.timed(lambda: dense(layer(x, state)[0]), given.seconds / 2),
                                 common.timed(lambda: dense(cell(row, start)[0]), given.seconds / 2))
    common.report(name, "torch", step=step)


if given.what == "stream":
    for name, units in common.streams(given).items():
        time_stream(name, units)
else:
    for shape in common.shapes(given):
        time_shape(shape)
