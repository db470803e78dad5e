"""What NumPy makes of a sound, by the formulas of data/log_mel.h, and PyTorch's CTC loss.

    python make_speech.py      writes beside this script

log_mel_x.npy: samples at 8,000 a second; log_mel_y.npy: (frames, bands). ctc_x.npy: logits (B, T, C); ctc_labels.npy: (B, S),
0 behind a row's labels; ctc_lengths.npy: steps that count; ctc_loss.npy: a value for each row; ctc_gradient.npy: of their sum.

Needs: pip install torch==2.15.0 numpy
"""
import pathlib

import numpy as np
import torch

HERE = pathlib.Path(__file__).parent


def mel(hertz):
    return 2595.0 * np.log10(1.0 + hertz / 700.0)


def hertz(value):
    return 700.0 * (10.0 ** (value / 2595.0) - 1.0)


def log_mel(x, rate=8000, window=200, hop=80, size=256, bands=40, low=20.0, floor=1e-6):
    shape = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(window) / window)
    corners = hertz(np.linspace(mel(low), mel(rate / 2), bands + 2))
    at = np.arange(size // 2 + 1) * rate / size
    weights = np.zeros((bands, at.size))
    for band in range(bands):
        left, peak, right = corners[band:band + 3]
        weights[band] = np.maximum(0.0, np.minimum((at - left) / (peak - left), (right - at) / (right - peak)))
    frames = [x[i:i + window] * shape for i in range(0, x.size - window + 1, hop)]
    power = np.abs(np.fft.rfft(frames, size)) ** 2 / window
    return np.log(floor + power @ weights.T)


def save(name, array, dtype="f4"):
    np.save(HERE / f"{name}.npy", np.asarray(array).astype(dtype))


random = np.random.default_rng(7)
time = np.arange(1000) / 8000.0
sound = 0.3 * np.sin(2 * np.pi * (300 + 1500 * time) * time) + 0.05 * random.standard_normal(time.size)
sound = sound.astype("f4")
save("log_mel_x", sound)
save("log_mel_y", log_mel(sound.astype("f8")))

torch.manual_seed(3)
logits = (2.0 * torch.randn(4, 12, 6, dtype=torch.float64)).requires_grad_()
labels = torch.tensor([[1, 2, 3, 0], [4, 4, 0, 0], [5, 1, 1, 2], [3, 0, 0, 0]])
lengths = torch.tensor([12, 7, 9, 3])
loss = torch.nn.functional.ctc_loss(
    logits.log_softmax(-1).transpose(0, 1), labels, lengths, (labels > 0).sum(1), blank=0, reduction="none")
loss.sum().backward()
save("ctc_x", logits.detach(), "f8")
save("ctc_labels", labels, "i4")
save("ctc_lengths", lengths, "i4")
save("ctc_loss", loss.detach(), "f8")
save("ctc_gradient", logits.grad, "f8")
