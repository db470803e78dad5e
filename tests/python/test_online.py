"""Models that learn along a stream, and streams that learn while they predict."""

import chronicler
import numpy as np
import pytest
from chronicler import Sequential, layers, optimizers


def model_of(cell="GRU", outputs=1):
    chronicler.utils.set_random_seed(1)
    model = Sequential([layers.Input((None, 2)), getattr(layers, cell)(8), layers.Dense(outputs)])
    model.compile(optimizer=optimizers.Adam(0.01), loss="mse")
    return model


def series(steps=3000):
    x = np.random.default_rng(1).uniform(-1, 1, (steps, 2)).astype(np.float32)
    y = 0.6 * x[:, :1] + 0.4 * np.roll(x[:, 1:], 1)
    return x, y


@pytest.mark.parametrize("cell", ["LSTM", "GRU", "SimpleRNN", "MinGRU", "MinLSTM", "RGLRU"])
def test_fit_stream_learns(cell):
    model = model_of(cell)
    x, y = series()
    history = model.fit_stream(x, y, verbose=0)
    losses = history.history["loss"]
    assert len(losses) == 3
    assert losses[-1] < 0.5 * losses[0]


def test_samples_one_by_one_are_the_same():
    first, second = model_of(), model_of()
    x, y = series(500)
    first.fit_stream(x, y, report_every=100, verbose=0)
    history = second.fit_stream(zip(x, y), report_every=100, verbose=0)
    assert len(history.history["loss"]) == 5
    for one, other in zip(first.get_weights(), second.get_weights()):
        np.testing.assert_array_equal(one, other)


def test_learner_predicts_before_the_target_comes():
    model = model_of("MinGRU")
    learner = chronicler.StreamLearner(model)
    x, y = series(50)
    for one, target in zip(x, y):
        prediction = learner.step(one)
        loss = learner.learn(target)
        assert loss == pytest.approx(float((prediction[0] - target[0]) ** 2), rel=1e-4)
    assert learner.exact
    assert learner.steps == 50
    with pytest.raises(ValueError, match="without a step"):
        learner.learn(y[0])


def test_stream_learns_on_its_own_copy():
    model = model_of()
    before = model.get_weights()
    stream = model.stream(adapt={"learning_rate": 0.01, "steps": 5})
    plain = model.stream()
    x, y = series(1000)
    errors = np.zeros(2)
    for one, target in zip(x, y):
        errors[0] += (plain.step(one)[0] - target[0]) ** 2
        errors[1] += (stream.step(one)[0] - target[0]) ** 2
        stream.learn(target)
    assert errors[1] < 0.8 * errors[0]
    for one, other in zip(before, model.get_weights()):
        np.testing.assert_array_equal(one, other)


def test_wrong_use_is_said():
    model = Sequential([layers.Input((None, 2)), layers.GRU(4), layers.Dense(1)])
    stream = model.stream(adapt=True)
    stream.step([1.0, 2.0])
    with pytest.raises(Exception, match="must be compiled"):
        stream.learn([1.0])
    model.compile(loss="mse")
    plain = model.stream()
    plain.step([1.0, 2.0])
    with pytest.raises(ValueError, match="adapt"):
        plain.learn([1.0])
    with pytest.raises(TypeError, match="adapt has no option"):
        model.stream(adapt={"rate": 1})
