"""The five tasks as estimators: from files, lists and frames, kept, loaded, pickled, drawn."""

from __future__ import annotations

import pickle
import subprocess
import sys
import wave

import numpy as np
import pytest
from chronicler import insight, layers, models
from chronicler.tasks import Forecaster, TextClassifier, TextGenerator, Transcriber, Translator

ROWS = 240
GENERATOR = np.random.default_rng(0)
SERIES = 10 + 3 * np.sin(np.arange(ROWS) / 12 * 2 * np.pi) + 0.2 * GENERATOR.normal(size=ROWS)
QUICK = {"epochs": 2, "networks": 1, "units": 8}


def forecaster(**options):
    return Forecaster(horizon=6, **{**QUICK, **options})


@pytest.fixture(scope="module")
def fitted():
    return forecaster().fit(SERIES)


def test_forecast_from_an_array(fitted) -> None:
    forecast = fitted.predict()
    assert forecast.mean.shape == (6, 1) and list(forecast.quantiles) == [0.1, 0.9]
    assert (forecast.quantiles[0.1] <= forecast.quantiles[0.9]).all()
    truth = 10 + 3 * np.sin(np.arange(ROWS, ROWS + 6) / 12 * 2 * np.pi)
    assert np.abs(forecast.mean[:, 0] - truth).max() < 1.5
    assert fitted.report_["model"]["rmse"] < fitted.report_["repeat_last"]["rmse"]
    assert fitted.report_["verdict"] and "Forecast of 6 rows" in repr(forecast)


def test_forecast_is_the_same_from_a_file_a_list_and_a_frame(fitted, tmp_path) -> None:
    pandas = pytest.importorskip("pandas")
    path = tmp_path / "series.csv"
    path.write_text("value\n" + "\n".join(map(repr, map(float, SERIES))) + "\n")
    expected = fitted.predict().mean
    for data in (path, str(path), SERIES.tolist(), pandas.DataFrame({"value": SERIES}),
                 pandas.Series(SERIES, name="value")):
        found = forecaster().fit(data, target="value").predict().mean
        np.testing.assert_array_equal(found, expected)


def test_forecast_of_a_frame_with_a_clock(tmp_path) -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(
        {"load": SERIES, "price": SERIES[::-1]},
        index=pandas.date_range("2024-01-01", periods=ROWS, freq="h"))
    made = forecaster().fit(frame, target="load", covariates=["price"])
    forecast = made.predict()
    assert forecast.times[0].startswith("2024-01-11 00:00")
    table = forecast.to_frame()
    assert list(table.columns) == ["load", "load_q0.1", "load_q0.9"] and len(table) == 6
    assert table.index[0] == frame.index[-1] + pandas.Timedelta(hours=1)
    with pytest.raises(ValueError, match="load"):
        forecaster().fit(frame, target="laod")


def test_a_column_that_is_known_ahead_helps() -> None:
    known = GENERATOR.normal(size=400)
    series = 5 + 2 * known
    rows = np.stack([series, known], 1)
    with_it = Forecaster(horizon=4, **QUICK).fit(
        rows, target="value_1", future=["value_2"])
    assert with_it.report_["model"]["rmse"] < 0.5 * with_it.report_["repeat_last"]["rmse"]
    ahead = np.array([[1.0], [-1.0], [0.0], [2.0]])
    found = with_it.predict(ahead=ahead).mean[:, 0]
    np.testing.assert_allclose(found, 5 + 2 * ahead[:, 0], atol=0.6)


def test_forecasters_are_kept(fitted, tmp_path) -> None:
    path = tmp_path / "model.keras"
    fitted.save(path)
    expected = fitted.predict().mean
    np.testing.assert_array_equal(Forecaster.load(path).predict(SERIES).mean, expected)
    again = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(again.predict().mean, expected)
    np.testing.assert_array_equal(Forecaster.load(path).predict().mean, expected)  # rows are kept
    with pytest.raises(FileNotFoundError):
        Forecaster.load(tmp_path / "nowhere.keras")
    code = "from chronicler._command import main; raise SystemExit(main())"
    command = [sys.executable, "-c", code, "summary", str(path)]
    found = subprocess.run(command, capture_output=True, text=True, check=False,
                           env={"PYTHONPATH": ":".join(sys.path), "PATH": ""})
    assert "Forecaster" in found.stdout or "Model" in found.stdout, found.stderr


def test_update_goes_on_from_newer_rows(fitted) -> None:
    made = forecaster().fit(SERIES[:200])
    report = made.update(SERIES[200:])
    assert report["new_rows"] == 40
    moved = made.predict()
    assert np.abs(moved.mean[:, 0] - fitted.predict().mean[:, 0]).max() < 2.0
    with pytest.raises(TypeError, match="epochs"):
        made.update(SERIES, epoch=2)


def test_the_hidden_state_is_there(fitted) -> None:
    (name, state), = fitted.state_.items()
    assert state.shape == (8,) and np.abs(state).max() <= 1
    other = forecaster().fit(SERIES).state_
    np.testing.assert_array_equal(other[name], state)


def test_backtest_and_folds(fitted) -> None:
    assert fitted.backtest(rows=60)["forecasts"] > 10
    assert len(forecaster().cross_validate(SERIES, folds=3)) == 3


def test_options_and_errors() -> None:
    assert "horizon" in Forecaster.options()
    with pytest.raises(TypeError, match="horizon"):
        Forecaster(horzon=3)
    with pytest.raises(ValueError, match="horizon"):
        Forecaster(horizon=0).fit(SERIES)
    with pytest.raises(ValueError, match="learnt nothing"):
        Forecaster().predict()
    with pytest.raises(ValueError, match="target"):
        Forecaster().fit(np.zeros((50, 2)))
    with pytest.raises(FileNotFoundError):
        Forecaster().fit("nowhere.csv", target="x")
    with pytest.raises(ValueError, match="^the data"):
        forecaster().fit(SERIES[:5])
    assert forecaster(units=4).get_params()["units"] == 4


def test_progress_pauses_and_ctrl_c() -> None:
    seen = []

    def progress(now):
        seen.append(now["share"])
        return len(seen) < 2

    forecaster(epochs=50).fit(SERIES, progress=progress)
    assert seen

    def interrupt(now):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        forecaster(epochs=50).fit(SERIES, progress=interrupt)


def test_pictures(fitted, tmp_path) -> None:
    path = tmp_path / "forecast.svg"
    assert fitted.predict().plot(path).startswith("<svg") and path.read_text().startswith("<svg")
    assert "<svg" in fitted.predict()._repr_html_()


TEXTS = [f"{what}, part {i}" for what in ("a delight to watch", "a bore") for i in range(40)]
LABELS = ["good"] * 40 + ["bad"] * 40


def test_texts_are_labelled(tmp_path) -> None:
    critic = TextClassifier(epochs=2, networks=1).fit(TEXTS, LABELS)
    assert critic.predict(["a delight", "a bore"]) == ["good", "bad"]
    found = critic.predict_proba(["a delight", ""])
    assert found.shape == (2, 2) and np.allclose(found.sum(1), 1)
    assert critic.score(TEXTS, LABELS) > 0.9 and critic.classes_ == ["bad", "good"]
    assert "bore" in [word for word, _ in critic.explain("what a bore")["words"]]
    assert "<svg" in critic.plot("what a bore")
    path = tmp_path / "critic.keras"
    critic.save(path)
    assert TextClassifier.load(path).predict(["a bore"]) == ["bad"]
    table = tmp_path / "texts.tsv"
    rows = [f"{text}\t{label}\n" for text, label in zip(TEXTS, LABELS)]
    table.write_text("text\tlabel\n" + "".join(rows))
    again = TextClassifier(epochs=2, networks=1).fit(table)
    np.testing.assert_array_equal(again.predict_proba(["a bore"]), critic.predict_proba(["a bore"]))
    with pytest.raises(ValueError, match="labels"):
        TextClassifier().fit(TEXTS)
    with pytest.raises(TypeError, match="place 1"):
        critic.predict(["a", 3])


def test_text_is_written(tmp_path) -> None:
    text = "the cat sat on the mat. " * 200
    writer = TextGenerator(epochs=1, units=16).fit(text)
    assert len(writer.generate("the ", 30, seed=1)) == 30
    assert writer.generate("the ", 30, seed=1) == writer.generate("the ", 30, seed=1)
    assert writer.evaluate(text)["nats"] < np.log(20)
    path = tmp_path / "text.txt"
    path.write_text(text)
    again = TextGenerator(epochs=1, units=16).fit(path)
    assert again.generate("the ", 30, seed=1) == writer.generate("the ", 30, seed=1)
    with pytest.raises(TypeError, match="temperature"):
        writer.generate("the ", temprature=1.0)


def test_pairs_are_translated(tmp_path) -> None:
    sources = [f"{a} {b}" for a in "abcdefgh" for b in "abcdefgh"] * 4
    targets = [f"{s[2]} {s[0]}" for s in sources]
    translator = Translator(epochs=2, units=16, embedding=8).fit(sources, targets)
    assert isinstance(translator.translate("a b"), str)
    assert len(translator.translate(["a b", "c d"], beam=1)) == 2
    assert translator.evaluate(sources[:5], targets[:5])["sentences"] == 5
    assert "<svg" in translator.plot("a b")
    again = pickle.loads(pickle.dumps(translator))
    assert again.translate("a b") == translator.translate("a b")


def tone(pitch: float, seed: int) -> np.ndarray:
    moments = np.arange(8000) / 16000
    noise = np.random.default_rng(seed).normal(size=8000) * 0.01
    return (0.5 * np.sin(2 * np.pi * pitch * moments) * np.hanning(8000) + noise).astype(np.float32)


def test_recordings_are_written_down(tmp_path) -> None:
    sounds = [tone(300 + 500 * (i % 2), i) for i in range(40)]
    words = ["low" if i % 2 == 0 else "high" for i in range(40)]
    listener = Transcriber(epochs=6, units=16, filters=16).fit(sounds, words, rate=16000)
    assert listener.report_["recordings"] > 20
    found = listener.transcribe(sounds[:4], rate=16000)
    assert len(found) == 4 and all(isinstance(text, str) for text in found)
    path = tmp_path / "low.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes((sounds[0] * 32767).astype("<i2").tobytes())
    assert listener.transcribe(path) == listener.transcribe(sounds[0], rate=16000)
    assert listener.evaluate(sounds, words, rate=16000)["recordings"] == 40
    assert "<svg" in listener.plot(sounds[0], rate=16000)
    with pytest.raises(ValueError, match="rate"):
        listener.transcribe(sounds[0])


def test_insight() -> None:
    model = models.Sequential([layers.Input((10, 2)), layers.LSTM(4), layers.Dense(1)])
    model.compile("adam", "mse")
    x, y = GENERATOR.normal(size=(8, 10, 2)), GENERATOR.normal(size=(8, 1))
    flow = insight.gradient_flow(model, x, y)
    assert list(flow) == [model.layers[0].name] and flow[model.layers[0].name].shape == (10,)
    assert insight.steps_until([1.0, 0.4, 0.2], 0.5) == 1
    chart = insight.LineChart(flow, title="flow", log_y=True)
    assert "<svg" in chart._repr_html_() and "flow" in str(chart)
    assert "<svg" in insight.HeatMap(x[0])._repr_html_()
    page = insight.Report("Page").heading("One").paragraph("Text").chart(chart).summary(model)
    page.table(["name", "value"], [["a", 1.0]])
    assert "<html" in page._repr_html_()
