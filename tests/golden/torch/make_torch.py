"""Small networks of PyTorch: NAME.safetensors, NAME_x.npy and NAME_y.npy (the network's output).

    python make_torch.py      writes beside this script

Needs: pip install torch==2.15.0 safetensors numpy
"""
import pathlib

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn

HERE = pathlib.Path(__file__).parent


class Stack(nn.Module):
    """Two layers in both directions in one module, then one of each kind."""

    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(3, 4, num_layers=2, bidirectional=True, batch_first=True)
        self.gru = nn.GRU(8, 3, batch_first=True)
        self.rnn = nn.RNN(3, 2, batch_first=True)
        self.linear = nn.Linear(2, 2)

    def forward(self, x):
        return self.linear(self.rnn(self.gru(self.lstm(x)[0])[0])[0][:, -1])


class Mixed(nn.Module):
    """What is not recurrent, and a projection."""

    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(7, 4)
        self.convolution = nn.Conv1d(4, 5, 3)
        self.batch_norm = nn.BatchNorm1d(5)
        self.layer_norm = nn.LayerNorm(5)
        self.memory = nn.LSTM(5, 4, proj_size=2, batch_first=True)

    def forward(self, x):
        y = self.batch_norm(torch.relu(self.convolution(self.table(x).transpose(1, 2)))).transpose(1, 2)
        return self.memory(self.layer_norm(y))[0]


def write(name, model, x):
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn_like(parameter) * 0.4)
        for module in model.modules():
            if isinstance(module, nn.BatchNorm1d):
                module.running_mean.copy_(torch.randn(5) * 0.3)
                module.running_var.copy_(torch.rand(5) + 0.5)
        model.eval()
        np.save(HERE / f"{name}_y.npy", model(x).numpy())
    np.save(HERE / f"{name}_x.npy", x.numpy().astype("i4") if x.dtype == torch.int64 else x.numpy())
    save_file(model.state_dict(), HERE / f"{name}.safetensors")


torch.manual_seed(1)
write("stack", Stack(), torch.randn(2, 5, 3))
write("mixed", Mixed(), torch.randint(0, 7, (2, 6)))
