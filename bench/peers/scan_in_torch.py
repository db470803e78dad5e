"""MinGRU and RGLRU as one writes them in PyTorch: the layers of chronicler/layers/min_gru.h and rglru.h.

PyTorch has no operation for h_t = a_t h_(t-1) + b_t, so there are three ways, all in eager mode: `loop`, a step after the
other; `log`, cumulative sums of logarithms (the way of minGRU's paper, which keeps b positive for it; here positive and
negative parts of b go separately where a layer's b may be negative); `doubling`, log2(T) passes over the whole array,
each of which joins neighbours twice as far apart (Hillis and Steele 1986).
"""
import torch
from torch import nn
from torch.nn import functional


def loop(log_a, b):
    a, h, outputs = torch.exp(log_a), torch.zeros_like(b[:, 0]), []
    for t in range(b.shape[1]):
        h = a[:, t] * h + b[:, t]
        outputs.append(h)
    return torch.stack(outputs, 1)


def log_of_positive(log_a, log_b):
    sums = torch.cumsum(log_a, 1)
    return torch.exp(sums + torch.logcumsumexp(log_b - sums, 1))


def log(log_a, b):
    least = torch.finfo(b.dtype).tiny
    return log_of_positive(log_a, torch.log(b.clamp_min(least))) - log_of_positive(
        log_a, torch.log((-b).clamp_min(least)))


def doubling(log_a, b):
    a, distance = torch.exp(log_a), 1
    while distance < b.shape[1]:
        before = functional.pad(b[:, :-distance], (0, 0, distance, 0))
        b = torch.addcmul(b, a, before)
        a = a * functional.pad(a[:, :-distance], (0, 0, distance, 0), value=1.0)
        distance *= 2
    return b


WAYS = {"loop": loop, "log": log, "doubling": doubling}


class MinGRU(nn.Module):
    """z = sigmoid(W_z x + b_z), h = (1 - z) h' + z (W x + b): arXiv 2410.01201."""

    def __init__(self, features, units, scan):
        super().__init__()
        self.kernel, self.scan = nn.Linear(features, 2 * units), scan

    def forward(self, x):
        gate, candidate = self.kernel(x).chunk(2, -1)
        if self.scan is log:  # as its paper has it: the candidate kept positive
            positive = torch.where(candidate >= 0, torch.log(functional.relu(candidate) + 0.5),
                                   -functional.softplus(-candidate))
            return log_of_positive(-functional.softplus(gate), positive - functional.softplus(-gate))
        return self.scan(-functional.softplus(gate), torch.sigmoid(gate) * candidate)


class RGLRU(nn.Module):
    """log a = 8 r log sigmoid(L), h = a h' + sqrt(1 - a^2) (i x), r and i gates of x: arXiv 2402.19427."""

    def __init__(self, features, units, scan):
        super().__init__()
        assert features == units
        self.kernel, self.scan = nn.Linear(features, 2 * units), scan
        self.decay = nn.Parameter(torch.logit(torch.rand(units) * 0.099 + 0.9))

    def forward(self, x):
        recurrence, entry = torch.sigmoid(self.kernel(x)).chunk(2, -1)
        log_a = 8.0 * recurrence * functional.logsigmoid(self.decay)
        return self.scan(log_a, torch.sqrt(-torch.expm1(2.0 * log_a)) * entry * x)


class LSTM(nn.Module):
    """The whole sequence of h, as the others give it."""

    def __init__(self, features, units):
        super().__init__()
        self.layer = nn.LSTM(features, units, batch_first=True)

    def forward(self, x):
        return self.layer(x)[0]


def layers(cell, features, units):
    """The ways to run a cell, by name."""
    if cell == "LSTM":
        return {"nn.LSTM": lambda: LSTM(features, units)}
    kind = {"MinGRU": MinGRU, "RGLRU": RGLRU}[cell]
    return {name: lambda scan=scan: kind(features, units, scan) for name, scan in WAYS.items()}
