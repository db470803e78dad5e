#include "chronicler/tasks/transcriber.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "chronicler/base/random.h"
#include "chronicler/base/runtime.h"
#include "chronicler/formats/model_file.h"
#include "kernels/softmax.h"
#include "tasks/shared/folds.h"
#include "tasks/transcribe/choices.h"
#include "tasks/transcribe/live.h"
#include "tasks/transcribe/network.h"
#include "tasks/transcribe/parts.h"
#include "tasks/transcribe/recognition.h"
#include "tasks/transcribe/scores.h"
#include "tasks/transcribe/settings.h"
#include "tasks/transcribe/training.h"

namespace chronicler::tasks {
namespace {

// Every text that says anything is one label.
bool are_single(std::span<const std::string> texts, const SpeechLabels& labels) {
  return std::all_of(texts.begin(), texts.end(), [&](const std::string& text) {
    return labels.ids(labels.cleaned(text)).size() <= 1;
  });
}

// The greatest share of these that is one and the same.
std::string most_frequent(std::span<const std::string> texts) {
  std::map<std::string, int> counts;
  for (const std::string& text : texts) ++counts[text];
  const auto best =
      std::max_element(counts.begin(), counts.end(),
                       [](const auto& a, const auto& b) { return a.second < b.second; });
  return best == counts.end() ? std::string() : best->first;
}

// How the recordings are to be read; options become complete. Throws Error for recordings that are
// too few, or whose texts say nothing.
SpeechRecognition recognition_for(std::span<const data::Recording> recordings,
                                  TranscriberOptions& options) {
  constexpr std::size_t least_recordings = 4;
  if (recordings.size() < least_recordings) {
    throw Error(fmt::format("{} recordings are too few to learn from", recordings.size()),
                fmt::format("give at least {}; some hundred make a good model", least_recordings));
  }
  std::vector<std::string> texts;
  texts.reserve(recordings.size());
  for (const data::Recording& each : recordings) texts.push_back(each.text);
  SpeechLabels labels = SpeechLabels::of(texts, options.level, options.as_written);
  if (labels.classes() < 2)
    throw Error("no text of the recordings has a letter or a digit", "see their transcripts");
  const bool one_label = are_single(texts, labels);
  choose(options, recordings, labels, one_label);
  const data::LogMelOptions spectrum{.rate = options.rate, .bands = options.bands};
  return {SpeechReader(spectrum, {.stride = options.stride},
                       {options.normalize == "recording", *options.top_db}),
          std::move(labels), options.streaming, one_label};
}

// The fold that tests each recording: a text that is spoken in many of them, as digits are, is in
// all.
std::vector<std::int64_t> folds_of_recordings(std::span<const data::Recording> recordings,
                                              std::int64_t folds, std::uint64_t seed) {
  std::map<std::string_view, std::int32_t> numbers;
  std::vector<std::int32_t> classes;
  for (const data::Recording& each : recordings) {
    const auto next = static_cast<std::int32_t>(numbers.size());
    classes.push_back(numbers.emplace(each.text, next).first->second);
  }
  const bool are_few = static_cast<std::int64_t>(numbers.size()) * folds <=
                       static_cast<std::int64_t>(recordings.size());
  return are_few ? folds_of(classes, folds, seed, "recordings")
                 : folds_of(recordings.size(), folds, seed, "recordings");
}

// What is learnt from the training part before there is a network.
void learn_from(const SpeechPart& part, SpeechRecognition& recognition) {
  recognition.usual_text = most_frequent(part.texts);
  recognition.sound.learn_scale(part.sounds);
  if (!recognition.one_label || part.sounds.size() < LinearWords::least_sounds) return;
  std::vector<std::int32_t> ids;
  for (const LabelIds& each : part.labels) ids.push_back(each.front());
  recognition.linear = std::make_shared<const LinearWords>(recognition.sound.log_mel(), part.sounds,
                                                           ids, recognition.labels.classes());
}

}  // namespace

Transcriber::Transcriber(std::shared_ptr<const SpeechRecognition> recognition,
                         std::shared_ptr<Model> model, TranscriberReport report)
    : recognition_(std::move(recognition)), model_(std::move(model)), report_(std::move(report)) {}

bool Transcriber::is_streaming() const { return recognition_->streaming; }
int Transcriber::rate() const { return recognition_->sound.rate(); }

Transcriber Transcriber::train(std::vector<data::Recording> recordings,
                               TranscriberOptions options) {
  check(options);
  set_random_seed(options.seed);
  auto recognition = std::make_shared<SpeechRecognition>(recognition_for(recordings, options));
  SpeechParts parts =
      speech_parts(std::move(recordings), std::move(options.validation), *recognition, options);
  options.validation.clear();
  learn_from(parts.train, *recognition);
  const std::int64_t classes = recognition->labels.classes();
  const auto first =
      std::make_shared<Sequential>(speech_network(options, recognition->sound.steps(), classes));
  TranscriberReport report;
  report.recordings = static_cast<std::int64_t>(parts.train.sounds.size());
  report.validation_recordings = static_cast<std::int64_t>(parts.validation.sounds.size());
  report.audio_seconds = parts.audio_seconds;
  report.skipped = std::move(parts.skipped);
  report.labels = classes - 1;
  report.weights = options.networks * first->count_params();
  report.options = options;
  if (options.on_start) options.on_start(report);

  auto [model, run] = train_speech(first, *recognition, parts, options);
  report.weights = model->count_params();
  report.finished = run.is_finished;
  report.epochs = run.epochs;
  report.best_epoch = run.best_epoch;
  report.seconds = run.seconds;
  report.options.on_start = {};
  report.options.progress = {};
  Transcriber result(std::move(recognition), std::move(model), std::move(report));
  if (!parts.validation_recordings.empty())
    result.report_.validation = result.evaluate(parts.validation_recordings);
  return result;
}

std::vector<TranscriberScore> Transcriber::cross_validate(
    std::span<const data::Recording> recordings, const TranscriberOptions& options,
    std::int64_t folds) {
  check_folds(folds, options.resume, options.stop_after.has_value());
  const std::vector<std::int64_t> fold_of = folds_of_recordings(recordings, folds, options.seed);
  const auto score = [&](const TranscriberOptions& own,
                         std::int64_t fold) -> std::optional<TranscriberScore> {
    std::vector<data::Recording> learnt;
    std::vector<data::Recording> tested;
    for (std::size_t i = 0; i < recordings.size(); ++i)
      (fold_of[i] == fold ? tested : learnt).push_back(recordings[i]);
    const Transcriber typist = train(std::move(learnt), own);
    if (!typist.report().finished) return {};
    return typist.evaluate(tested);
  };
  return cross_validated<TranscriberScore>(options, folds, score);
}

Transcript Transcriber::run(const data::Audio& audio, const TranscribeOptions& options) const {
  const FlushDenormals guard;
  const std::vector<float> samples = recognition_->samples(audio);
  const Tensor scores = recognition_->scores(*model_, samples);
  Transcript result;
  if (scores) result = recognition_->transcript(scores, options, language_.get());
  recognition_->fit_to_sound(result, samples, audio.seconds());
  return result;
}

TranscriptTrace Transcriber::trace(const data::Audio& audio,
                                   const TranscribeOptions& options) const {
  const FlushDenormals guard;
  const std::vector<float> samples = recognition_->samples(audio);
  Tensor scores = recognition_->scores(*model_, samples);
  TranscriptTrace trace;
  trace.spectrum = recognition_->sound.log_mel()(samples);
  if (scores) {
    trace.transcript = recognition_->transcript(scores, options, language_.get());
  } else {
    const SilentSteps all{0, recognition_->sound.steps().of(trace.spectrum.shape()[0])};
    scores = with_silence(Tensor({0, recognition_->labels.classes()}), std::span(&all, 1));
  }
  recognition_->fit_to_sound(trace.transcript, samples, audio.seconds());
  trace.labels = recognition_->labels.names();
  trace.step_seconds = recognition_->sound.step_seconds();
  trace.frame_seconds =
      trace.step_seconds / static_cast<double>(recognition_->sound.steps().stride);
  trace.probabilities = scores.clone();
  const std::int64_t classes = scores.shape()[1];
  for (std::int64_t t = 0; t < scores.shape()[0]; ++t) {
    kernels::softmax_of_row(classes, trace.probabilities.as<float>() + t * classes);
  }
  return trace;
}

TranscriberScore Transcriber::evaluate(
    std::span<const data::Recording> recordings, const TranscribeOptions& options,
    const std::function<void(const data::Recording&, const Transcript&)>& each) const {
  using Clock = std::chrono::steady_clock;
  TranscriptScores scores(*recognition_);
  for (const data::Recording& recording : recordings) {
    const Clock::time_point start = Clock::now();
    const Transcript found = run(recording.audio, options);
    scores.add(recording, found, std::chrono::duration<double>(Clock::now() - start).count());
    if (each) each(recording, found);
  }
  return scores.result();
}

void Transcriber::read_language(std::string_view text, int orders) {
  language_ = std::make_shared<const LabelLanguage>(text, recognition_->labels, orders);
}

void Transcriber::save(const std::string& path) const {
  keep_settings(*recognition_, report_.options.seed, *model_);
  model_->save(path);
}

Transcriber Transcriber::load(const std::string& path) {
  std::shared_ptr<Model> model = load_model(path);
  if (!has_settings(*model)) {
    throw Error(fmt::format("\"{}\" is not a model that recognises speech", path),
                "make one with chronicler transcribe train, or Transcriber::train");
  }
  try {
    auto recognition = std::make_shared<const SpeechRecognition>(recognition_of(*model));
    TranscriberReport report;
    report.labels = recognition->labels.classes() - 1;
    report.weights = model->count_params();
    report.options.level = recognition->labels.level();
    report.options.streaming = recognition->streaming;
    report.options.rate = recognition->sound.rate();
    return {std::move(recognition), std::move(model), std::move(report)};
  } catch (const Error& error) {
    throw Error(fmt::format("cannot load \"{}\": {}", path, error.message()), error.hint());
  }
}

TranscriptStream::TranscriptStream(std::unique_ptr<LiveSpeech> live) : live_(std::move(live)) {}
TranscriptStream::~TranscriptStream() = default;
TranscriptStream::TranscriptStream(TranscriptStream&&) noexcept = default;
TranscriptStream& TranscriptStream::operator=(TranscriptStream&&) noexcept = default;

std::string TranscriptStream::push(std::span<const float> samples) { return live_->push(samples); }
std::string TranscriptStream::finish() { return live_->finish(); }
const Transcript& TranscriptStream::transcript() const { return live_->transcript(); }
double TranscriptStream::delay_seconds() const { return live_->delay_seconds(); }

TranscriptStream Transcriber::stream(int rate) const {
  if (!recognition_->streaming) {
    throw Error("the model hears a recording in both directions and cannot follow live sound",
                "train it with --streaming (streaming = true)");
  }
  return TranscriptStream(std::make_unique<LiveSpeech>(recognition_, model_, rate));
}

}  // namespace chronicler::tasks
