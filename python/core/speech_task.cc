// The transcriber, and reading recordings.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <string>
#include <utility>
#include <vector>

#include "bindings.h"
#include "chronicler/data/audio.h"
#include "chronicler/data/recordings.h"
#include "chronicler/tasks/transcriber.h"
#include "convert.h"
#include "interpreter_lock.h"
#include "task_options.h"

namespace chronicler::python {
namespace {

using tasks::Transcriber;
using Samples = nb::ndarray<const float, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

data::Audio audio_of(nb::handle samples, int rate) {
  const auto array = nb::cast<Samples>(samples);
  return {{array.data(), array.data() + array.size()}, rate};
}

nb::tuple audio_to_python(const data::Audio& audio) {
  const Shape shape{static_cast<std::int64_t>(audio.samples.size())};
  return nb::make_tuple(to_array(Tensor(shape, audio.samples)), audio.rate);
}

// (name, samples, rate, text) each.
std::vector<data::Recording> recordings_of(nb::handle list) {
  std::vector<data::Recording> recordings;
  for (const nb::handle item : list) {
    recordings.push_back({nb::cast<std::string>(item[0]),
                          audio_of(nb::object(item[1]), nb::cast<int>(item[2])),
                          nb::cast<std::string>(item[3])});
  }
  return recordings;
}

nb::dict transcript_of(const tasks::Transcript& transcript) {
  nb::list words;
  for (const tasks::Transcript::Word& word : transcript.words)
    words.append(nb::make_tuple(word.text, word.begin, word.end, word.probability));
  nb::dict all;
  all["text"] = transcript.text;
  all["words"] = words;
  all["seconds"] = transcript.seconds;
  return all;
}

nb::dict score_of(const tasks::TranscriberScore& score) {
  nb::dict all;
  all["word_error"] = score.words.rate();
  all["character_error"] = score.characters.rate();
  all["accuracy"] = score.accuracy();
  all["recordings"] = score.recordings;
  all["usual_word_error"] = score.usual_word_error;
  all["linear_word_error"] = score.linear_word_error;
  all["audio_seconds"] = score.audio_seconds;
  all["seconds"] = score.seconds;
  all["unknown"] = score.unknown;
  return all;
}

Transcriber train(nb::handle recordings, const nb::dict& given, nb::object progress) {
  std::vector<data::Recording> all = recordings_of(recordings);
  return train_with<tasks::TranscriberOptions>(
      given, std::move(progress),
      [&](const auto& options) { return Transcriber::train(std::move(all), options); });
}

}  // namespace

void bind_speech_task(nb::module_& module) {
  nb::class_<tasks::TranscriptStream>(module, "TranscriptStream")
      .def("push",
           [](tasks::TranscriptStream& stream, const Samples& samples) {
             const Unlocked unlocked;
             return stream.push({samples.data(), samples.size()});
           })
      .def("finish", &tasks::TranscriptStream::finish)
      .def_prop_ro(
          "transcript",
          [](const tasks::TranscriptStream& stream) { return transcript_of(stream.transcript()); })
      .def_prop_ro("delay_seconds", &tasks::TranscriptStream::delay_seconds);
  nb::class_<Transcriber>(module, "Transcriber")
      .def("run",
           [](const Transcriber& transcriber, nb::handle samples, int rate, const nb::dict& given) {
             tasks::TranscribeOptions options;
             take_options(given, options);
             const data::Audio audio = audio_of(samples, rate);
             const tasks::Transcript transcript =
                 alone_on(&transcriber, [&] { return transcriber.run(audio, options); });
             return transcript_of(transcript);
           })
      .def("evaluate",
           [](const Transcriber& transcriber, nb::handle recordings, const nb::dict& given) {
             tasks::TranscribeOptions options;
             take_options(given, options);
             const std::vector<data::Recording> all = recordings_of(recordings);
             const tasks::TranscriberScore score =
                 alone_on(&transcriber, [&] { return transcriber.evaluate(all, options); });
             return score_of(score);
           })
      .def("stream", &Transcriber::stream)
      .def("read_language", [](Transcriber& transcriber,
                               const std::string& text) { transcriber.read_language(text); })
      .def("save", &Transcriber::save)
      .def_prop_ro("rate", &Transcriber::rate)
      .def_prop_ro("is_streaming", &Transcriber::is_streaming)
      .def_prop_ro("report", [](const Transcriber& transcriber) {
        const tasks::TranscriberReport& report = transcriber.report();
        nb::dict all;
        all["recordings"] = report.recordings;
        all["validation_recordings"] = report.validation_recordings;
        all["audio_seconds"] = report.audio_seconds;
        all["labels"] = report.labels;
        all["skipped"] = report.skipped;
        all["weights"] = report.weights;
        all["epochs"] = report.epochs;
        all["best_epoch"] = report.best_epoch;
        all["seconds"] = report.seconds;
        all["finished"] = report.finished;
        if (report.validation) all["validation"] = score_of(*report.validation);
        return all;
      });
  module.def("transcriber_train", &train, nb::arg("recordings"), nb::arg("options"),
             nb::arg("progress").none());
  module.def("transcriber_load", &Transcriber::load);
  module.def("read_audio",
             [](const std::string& path) { return audio_to_python(data::read_audio(path)); });
  module.def("read_recordings", [](const std::string& path, const std::string& file,
                                   const std::string& text) {
    const data::Recordings read = data::read_recordings(path, {.path = file, .text = text});
    nb::list all;
    for (const data::Recording& recording : read.recordings) {
      const nb::tuple audio = audio_to_python(recording.audio);
      all.append(nb::make_tuple(recording.name, nb::object(audio[0]), nb::object(audio[1]),
                                recording.text));
    }
    return nb::make_tuple(all, read.skipped);
  });
}

}  // namespace chronicler::python
