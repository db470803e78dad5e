#include "chronicler/tasks/transcriber.h"

#include <algorithm>
#include <bit>
#include <chrono>
#include <cmath>
#include <deque>
#include <map>
#include <numeric>
#include <utility>

#include <fmt/format.h>

#include "base/hash.h"
#include "base/json.h"
#include "base/shuffle.h"
#include "chronicler/base/error.h"
#include "chronicler/base/random.h"
#include "chronicler/base/runtime.h"
#include "chronicler/decoding/ctc_alignment.h"
#include "chronicler/decoding/ctc_beam_search.h"
#include "chronicler/decoding/ngram_model.h"
#include "chronicler/formats/model_file.h"
#include "tasks/transcribe/choices.h"
#include "tasks/transcribe/labels.h"
#include "tasks/transcribe/linear_words.h"
#include "tasks/transcribe/reader.h"
#include "tasks/transcribe/silence.h"
#include "tasks/transcribe/training.h"

namespace chronicler::tasks {
namespace {

constexpr const char* settings_asset = "transcriber.json";
constexpr std::size_t least_recordings = 4;
constexpr double longest_part = 30.0;  // seconds that the network sees at once
constexpr std::int64_t usual_beams = 32;

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// Every text that says anything is one label.
bool are_single(std::span<const std::string> texts, const SpeechLabels& labels) {
  return std::all_of(texts.begin(), texts.end(), [&](const std::string& text) {
    return labels.ids(labels.cleaned(text)).size() <= 1;
  });
}

std::string hash_of(std::span<const std::vector<float>> sounds, std::span<const LabelIds> labels) {
  std::uint64_t hash = fnv_start;
  for (const std::vector<float>& sound : sounds) {
    hash = fnv_after(hash, sound.size());
    for (const float sample : sound) hash = fnv_after(hash, std::bit_cast<std::uint32_t>(sample));
  }
  for (const LabelIds& ids : labels) {
    for (const std::int32_t id : ids) hash = fnv_after(hash, static_cast<std::uint64_t>(id));
    hash = fnv_after(hash, std::uint64_t{0});
  }
  return fmt::format("{:016x}", hash);
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

}  // namespace

// N-grams of the labels of a text.
struct Transcriber::Language {
  using Id = std::uint16_t;
  static constexpr Id line_end = 0;
  decoding::NgramModel ngrams;

  double score(std::span<const std::int64_t> before, std::int64_t next) const {
    std::vector<Id> ids;
    const std::size_t reach = std::min(before.size(), static_cast<std::size_t>(ngrams.orders()));
    if (reach == before.size()) ids.push_back(line_end);
    for (std::size_t i = before.size() - reach; i < before.size(); ++i)
      ids.push_back(static_cast<Id>(before[i]));
    return ngrams.log_probability(
        ids, next == decoding::end_of_labels ? line_end : static_cast<Id>(next));
  }
};

struct Transcriber::Reader {
  SpeechReader sound;
  SpeechLabels labels;
  bool streaming = false;
  bool one_label = false;  // every text is one label: the likeliest single one is its text
  std::string usual_text;
  std::shared_ptr<const LinearWords> linear = {};  // of one-label texts; not kept in files

  std::vector<float> samples(const data::Audio& audio) const {
    if (audio.samples.empty()) throw Error("a recording without samples", "record it anew");
    return data::resampled(audio.samples, audio.rate, sound.rate());
  }

  // The network's scores, without any where nothing was recorded.
  Tensor scores(const Model& model, std::span<const float> samples) const {
    const HeardSound heard = sound.heard(samples, streaming);
    if (heard.samples.empty()) return {};
    return with_silence(scores_of(model, heard.samples), heard.left_out);
  }

  // Long recordings in parts that end where it is quiet.
  Tensor scores_of(const Model& model, std::span<const float> samples) const {
    Execution execution(model.network());
    const auto longest = static_cast<std::size_t>(longest_part * sound.rate());
    std::vector<std::size_t> cuts = quiet_cuts(samples, longest);
    if (cuts.empty()) return speech_scores(execution, sound.features(samples), sound.steps());
    // A part begins on a step, so that all steps stay evenly spaced.
    const auto unit = static_cast<std::size_t>(sound.steps().stride * sound.log_mel().hop());
    for (std::size_t& cut : cuts) cut = cut / unit * unit;
    cuts.push_back(samples.size());
    std::vector<Tensor> parts;
    std::int64_t steps = 0;
    std::size_t begin = 0;
    for (const std::size_t end : cuts) {
      Tensor part = speech_scores(execution, sound.features(samples.subspan(begin, end - begin)),
                                  sound.steps());
      const auto wanted = static_cast<std::int64_t>((end - begin) / unit);
      if (end != samples.size() && part.shape()[0] > wanted) part = part.rows(0, wanted);
      steps += part.shape()[0];
      parts.push_back(part);
      begin = end;
    }
    Tensor all({steps, labels.classes()});
    float* to = all.as<float>();
    for (const Tensor& part : parts) to = std::copy_n(part.as<float>(), part.size(), to);
    return all;
  }

  // Words are said within their recording. (What hears one way writes nothing before it is said.)
  void fit_to_sound(Transcript& transcript, std::span<const float> samples, double seconds) const {
    std::vector<SaidSpan> spans;
    for (const Transcript::Word& word : transcript.words) spans.push_back({word.begin, word.end});
    if (!streaming) tasks::fit_to_sound(spans, samples, sound.rate());
    for (std::size_t i = 0; i < spans.size(); ++i) {
      transcript.words[i].begin = std::min(spans[i].begin, seconds);
      transcript.words[i].end = std::min(spans[i].end, seconds);
    }
    transcript.seconds = seconds;
  }
};

Transcriber::Transcriber(std::shared_ptr<const Reader> reader, std::shared_ptr<Model> model,
                         TranscriberReport report)
    : reader_(std::move(reader)), model_(std::move(model)), report_(std::move(report)) {}

bool Transcriber::is_streaming() const { return reader_->streaming; }
int Transcriber::rate() const { return reader_->sound.rate(); }

Transcriber Transcriber::train(std::vector<data::Recording> recordings,
                               TranscriberOptions options) {
  check(options);
  set_random_seed(options.seed);
  if (recordings.size() < least_recordings) {
    throw Error(fmt::format("{} recordings are too few to learn from", recordings.size()),
                fmt::format("give at least {}; some hundred make a good model", least_recordings));
  }
  std::vector<std::string> texts;
  texts.reserve(recordings.size());
  for (const data::Recording& each : recordings) texts.push_back(each.text);
  const SpeechLabels labels = SpeechLabels::of(texts, options.level, options.as_written);
  if (labels.classes() < 2)
    throw Error("no text of the recordings has a letter or a digit", "see their transcripts");
  const bool one_label = are_single(texts, labels);
  choose(options, recordings, labels, one_label);

  TranscriberReport report;
  const data::LogMelOptions front{.rate = options.rate, .bands = options.bands};
  auto reader = std::make_shared<Reader>(
      Reader{SpeechReader(front, {.stride = options.stride},
                          {options.normalize == "recording", *options.top_db}),
             labels,
             options.streaming,
             one_label,
             {},
             {}});

  // The parts.
  struct Part {
    std::vector<std::vector<float>> sounds;
    std::vector<LabelIds> labels;
    std::vector<std::string> texts;
    std::vector<data::Recording> recordings;
  };
  const auto take = [&](Part& part, data::Recording& recording, bool keep) {
    std::vector<float> sound =
        reader->sound.heard(reader->samples(recording.audio), options.streaming).samples;
    LabelIds ids = labels.ids(labels.cleaned(recording.text));
    const std::int64_t steps = reader->sound.steps().of(
        reader->sound.log_mel().frames(static_cast<std::int64_t>(sound.size())));
    std::string reason;
    if (sound.empty()) {
      reason = "it is silent: all of its samples are alike";
    } else if (ids.empty()) {
      reason = "its text has no letter and no digit";
    } else if (std::find(ids.begin(), ids.end(), SpeechLabels::unknown) != ids.end()) {
      reason = fmt::format("its text has a {} that the training recordings do not have",
                           labels.level() == "word" ? "word" : "character");
    } else if (least_steps(ids) > steps) {
      reason = fmt::format("its {:.2f} s make {} steps, its {} labels need {}",
                           recording.audio.seconds(), steps, ids.size(), least_steps(ids));
    } else if (recording.audio.seconds() > longest_part) {
      reason = fmt::format("it is longer than {} seconds", longest_part);
    }
    if (!reason.empty()) {
      report.skipped.push_back(fmt::format("{}: {}", recording.name, reason));
      return;
    }
    report.audio_seconds += keep ? 0.0 : recording.audio.seconds();
    part.sounds.push_back(std::move(sound));
    part.texts.push_back(labels.cleaned(recording.text));
    part.labels.push_back(std::move(ids));
    if (keep) part.recordings.push_back(std::move(recording));
  };
  Part train;
  Part validation;
  for (data::Recording& each : options.validation) take(validation, each, true);
  std::vector<std::size_t> order(recordings.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::size_t held = 0;
  if (options.validation.empty()) {
    held = static_cast<std::size_t>(
        std::llround(static_cast<double>(recordings.size()) * options.validation_fraction));
    shuffle(order, Random(options.seed + 2), 0);
  }
  for (std::size_t i = 0; i < order.size(); ++i)
    take(i < held ? validation : train, recordings[order[i]], i < held);
  recordings.clear();
  if (train.sounds.empty())
    throw Error(fmt::format("no recording is left to learn from: {}", report.skipped.front()),
                "longer recordings, or shorter texts");
  reader->usual_text = most_frequent(train.texts);
  reader->sound.learn_scale(train.sounds);
  if (reader->one_label && train.sounds.size() >= LinearWords::least_sounds) {
    std::vector<std::int32_t> ids;
    for (const LabelIds& each : train.labels) ids.push_back(each.front());
    reader->linear = std::make_shared<const LinearWords>(reader->sound.log_mel(), train.sounds, ids,
                                                         labels.classes());
  }

  auto model = std::make_shared<Sequential>(
      speech_network(options, reader->sound.steps(), labels.classes()));
  report.recordings = static_cast<std::int64_t>(train.sounds.size());
  report.validation_recordings = static_cast<std::int64_t>(validation.sounds.size());
  report.labels = labels.classes() - 1;
  report.weights = model->count_params();
  report.options = options;
  if (options.on_start) options.on_start(report);

  const SpeechData data{
      train.sounds,
      train.labels,
      validation.sounds,
      validation.labels,
      one_label,
      fmt::format("recordings {}, validation {}", hash_of(train.sounds, train.labels),
                  hash_of(validation.sounds, validation.labels))};
  const TaskRunResult run = train_speech(*model, reader->sound, data, options);
  report.finished = run.is_finished;
  report.epochs = run.epochs;
  report.best_epoch = run.best_epoch;
  report.seconds = run.seconds;
  report.options.on_start = {};
  report.options.progress = {};
  report.options.validation.clear();
  Transcriber result(std::move(reader), std::move(model), std::move(report));
  if (!validation.recordings.empty())
    result.report_.validation = result.evaluate(validation.recordings);
  return result;
}

Transcript Transcriber::read(const Tensor& scores, const TranscribeOptions& options) const {
  check_fields("Transcriber", options);
  const double step = reader_->sound.step_seconds();
  if (reader_->one_label) {
    const std::int64_t label = decoding::ctc_single_label(scores);
    return reader_->labels.transcript(decoding::ctc_align(scores, std::span(&label, 1)), step);
  }
  if (options.beams == 0 && !language_)
    return reader_->labels.transcript(decoding::ctc_greedy(scores), step);
  decoding::CtcBeamOptions search;
  search.beams = options.beams > 0 ? options.beams : usual_beams;
  if (language_) {
    search.scorer = [this](std::span<const std::int64_t> before, std::int64_t next) {
      return language_->score(before, next);
    };
    search.scorer_weight = options.language_weight;
    search.label_bonus = options.label_bonus;
  }
  const auto found = decoding::ctc_beam_search(scores, search);
  return reader_->labels.transcript(decoding::ctc_align(scores, found.front().labels), step);
}

Transcript Transcriber::run(const data::Audio& audio, const TranscribeOptions& options) const {
  const FlushDenormals guard;
  const std::vector<float> samples = reader_->samples(audio);
  const Tensor scores = reader_->scores(*model_, samples);
  Transcript result = scores ? read(scores, options) : Transcript();
  reader_->fit_to_sound(result, samples, audio.seconds());
  return result;
}

TranscriptTrace Transcriber::trace(const data::Audio& audio,
                                   const TranscribeOptions& options) const {
  const FlushDenormals guard;
  const std::vector<float> samples = reader_->samples(audio);
  Tensor scores = reader_->scores(*model_, samples);
  TranscriptTrace trace;
  trace.spectrum = reader_->sound.log_mel()(samples);
  if (scores) {
    trace.transcript = read(scores, options);
  } else {
    const SilentSteps all{0, reader_->sound.steps().of(trace.spectrum.shape()[0])};
    scores = with_silence(Tensor({0, reader_->labels.classes()}), std::span(&all, 1));
  }
  reader_->fit_to_sound(trace.transcript, samples, audio.seconds());
  trace.labels = reader_->labels.names();
  trace.step_seconds = reader_->sound.step_seconds();
  trace.frame_seconds = trace.step_seconds / static_cast<double>(reader_->sound.steps().stride);
  trace.probabilities = scores.clone();
  const std::int64_t classes = scores.shape()[1];
  for (std::int64_t t = 0; t < scores.shape()[0]; ++t) {
    float* row = trace.probabilities.as<float>() + t * classes;
    const float best = *std::max_element(row, row + classes);
    float total = 0.0F;
    for (std::int64_t k = 0; k < classes; ++k) total += row[k] = std::exp(row[k] - best);
    for (std::int64_t k = 0; k < classes; ++k) row[k] /= total;
  }
  return trace;
}

TranscriberScore Transcriber::evaluate(
    std::span<const data::Recording> recordings, const TranscribeOptions& options,
    const std::function<void(const data::Recording&, const Transcript&)>& each) const {
  TranscriberScore score;
  data::EditCounts usual;
  data::EditCounts linear;
  for (const data::Recording& recording : recordings) {
    const std::string truth = reader_->labels.cleaned(recording.text);
    for (const std::int32_t id : reader_->labels.ids(truth))
      score.unknown += id == SpeechLabels::unknown ? 1 : 0;
    const Clock::time_point start = Clock::now();
    const Transcript found = run(recording.audio, options);
    score.seconds += seconds_since(start);
    score.audio_seconds += recording.audio.seconds();
    score.words += data::word_errors(truth, found.text);
    score.characters += data::character_errors(truth, found.text);
    usual += data::word_errors(truth, reader_->usual_text);
    if (reader_->linear) {
      const HeardSound heard =
          reader_->sound.heard(reader_->samples(recording.audio), reader_->streaming);
      const std::int32_t label =
          heard.samples.empty() ? 0
                                : reader_->linear->label(reader_->sound.log_mel(), heard.samples);
      linear += data::word_errors(truth, label > 0 ? reader_->labels.name(label) : "");
    }
    score.right += found.text == truth ? 1 : 0;
    ++score.recordings;
    if (each) each(recording, found);
  }
  score.usual_word_error = usual.rate();
  if (reader_->linear) score.linear_word_error = linear.rate();
  return score;
}

void Transcriber::read_language(std::string_view text, int orders) {
  const SpeechLabels& labels = reader_->labels;
  const auto unknown = static_cast<Language::Id>(labels.classes());
  std::vector<Language::Id> ids{Language::line_end};
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string line = labels.cleaned(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty()) continue;
    for (const std::int32_t id : labels.ids(line))
      ids.push_back(id == SpeechLabels::unknown ? unknown : static_cast<Language::Id>(id));
    ids.push_back(Language::line_end);
  }
  if (ids.size() < 2)
    throw Error("the text for the language model has no line to count",
                "give sentences as they are spoken, one a line");
  if (orders == 0) orders = labels.level() == "word" ? 3 : 8;
  language_ = std::make_shared<const Language>(
      Language{decoding::NgramModel(ids, labels.classes() + 1, orders)});
}

void Transcriber::save(const std::string& path) const {
  const data::LogMelOptions& front = reader_->sound.log_mel().options();
  const Json settings{{"task", "transcribe"},
                      {"version", 1},
                      {"rate", front.rate},
                      {"window_seconds", front.window_seconds},
                      {"hop_seconds", front.hop_seconds},
                      {"bands", front.bands},
                      {"low", front.low},
                      {"floor", front.floor},
                      {"by_recording", reader_->sound.level().by_recording},
                      {"top_db", reader_->sound.level().top_db},
                      {"mean", reader_->sound.mean()},
                      {"factor", reader_->sound.factor()},
                      {"kernel", reader_->sound.steps().kernel},
                      {"stride", reader_->sound.steps().stride},
                      {"level", reader_->labels.level()},
                      {"as_written", reader_->labels.as_written()},
                      {"labels", reader_->labels.names()},
                      {"one_label", reader_->one_label},
                      {"streaming", reader_->streaming},
                      {"usual_text", reader_->usual_text},
                      {"seed", report_.options.seed}};
  model_->assets()[settings_asset] = to_text(settings);
  model_->save(path);
}

Transcriber Transcriber::load(const std::string& path) {
  std::shared_ptr<Model> model = load_model(path);
  if (!model->assets().contains(settings_asset)) {
    throw Error(fmt::format("\"{}\" is not a model that recognises speech", path),
                "make one with chronicler transcribe train, or Transcriber::train");
  }
  try {
    const Json json = parse_json(model->assets().at(settings_asset), "its settings");
    const JsonPlace place(json, "its settings");
    if (place["task"].text() != "transcribe") place["task"].refuse("\"transcribe\"");
    if (place["version"].whole() != 1)
      throw Error("it is of a newer Chronicler", "use a newer Chronicler");
    data::LogMelOptions front;
    constexpr std::int64_t most_rate = 1'000'000;
    const std::int64_t rate = place["rate"].whole();
    if (rate < 1 || rate > most_rate) place["rate"].refuse("1 to 1,000,000");
    front.rate = static_cast<int>(rate);
    front.window_seconds = place["window_seconds"].number();
    front.hop_seconds = place["hop_seconds"].number();
    front.bands = place["bands"].whole();
    front.low = place["low"].number();
    front.floor = place["floor"].number();
    const SpeechSteps steps{place["kernel"].whole(), place["stride"].whole()};
    if (steps.kernel < 1 || steps.kernel > 64) place["kernel"].refuse("1 to 64");
    if (steps.stride < 1 || steps.stride > 64) place["stride"].refuse("1 to 64");
    std::vector<std::string> names;
    for (const JsonPlace& name : place["labels"].items()) names.push_back(name.text());
    SpeechLevel level;  // files of older versions have none
    if (const auto by_recording = place.find("by_recording"))
      level.by_recording = by_recording->flag();
    if (const auto top_db = place.find("top_db")) {
      level.top_db = top_db->number();
      if (!(level.top_db >= 0.0)) top_db->refuse("0 or more");
    }
    auto reader = std::make_shared<Reader>(
        Reader{SpeechReader(front, steps, level),
               SpeechLabels(place["level"].text(), place["as_written"].flag(), names),
               place["streaming"].flag(),
               place["one_label"].flag(),
               place["usual_text"].text(),
               {}});
    const auto numbers = [&](std::string_view member) {
      std::vector<float> result;
      for (const JsonPlace& number : place[member].items())
        result.push_back(static_cast<float>(number.number()));
      if (result.size() != static_cast<std::size_t>(front.bands))
        place[member].refuse("a number for each band");
      return result;
    };
    std::vector<float> mean = numbers("mean");
    reader->sound.set_scale(std::move(mean), numbers("factor"));
    if (model->input_shape()[-1] != front.bands ||
        model->output_shape()[-1] != reader->labels.classes()) {
      throw Error(fmt::format("its network has {} bands and {} classes, its settings {} and {}",
                              model->input_shape()[-1], model->output_shape()[-1], front.bands,
                              reader->labels.classes()),
                  "use another copy of the model");
    }
    TranscriberReport report;
    report.labels = reader->labels.classes() - 1;
    report.weights = model->count_params();
    report.options.level = reader->labels.level();
    report.options.streaming = reader->streaming;
    report.options.rate = front.rate;
    return {std::move(reader), std::move(model), std::move(report)};
  } catch (const Error& error) {
    throw Error(fmt::format("cannot load \"{}\": {}", path, error.message()), error.hint());
  }
}

// ---- live

struct TranscriptStream::Parts {
  Parts(std::shared_ptr<const Transcriber::Reader> of, std::shared_ptr<const Model> network,
        int rate)
      : reader(std::move(of)),
        model(std::move(network)),
        execution(model->network(), true),
        resampler(rate, reader->sound.rate()),
        silence(reader->sound.silence_filter()),
        frames({1, reader->sound.steps().stride, reader->sound.log_mel().bands()}) {}

  std::shared_ptr<const Transcriber::Reader> reader;
  std::shared_ptr<const Model> model;
  Execution execution;
  data::Resampler resampler;
  std::vector<float> resampled;
  SilenceFilter silence;
  std::deque<SilentSteps> left_out;  // that `greedy` has not got yet
  std::vector<float> last_scores;
  std::int64_t step_count = 0;  // that the network took
  decoding::CtcGreedy greedy;
  std::vector<float> samples;  // of which no frame was made yet
  Tensor frames;               // that make the next step
  std::int64_t filled = 0;
  std::int64_t frame_count = 0;
  double seconds = 0.0;
  Transcript transcript;
  std::string news;

  void make_frames() {
    const SpeechReader& sound = reader->sound;
    const auto window = static_cast<std::size_t>(sound.log_mel().window());
    const auto hop = static_cast<std::size_t>(sound.log_mel().hop());
    std::size_t at = 0;
    for (; at + window <= samples.size(); at += hop) {
      float* frame = next_frame();
      sound.log_mel().frame(std::span(samples).subspan(at, window),
                            {frame, static_cast<std::size_t>(sound.log_mel().bands())});
      sound.normalise_frame(frame);
      ++frame_count;
      use_frame();
    }
    samples.erase(samples.begin(), samples.begin() + static_cast<std::ptrdiff_t>(at));
  }

  // Sound as the network hears it.
  void take(bool is_end) {
    seconds += static_cast<double>(resampled.size()) / static_cast<double>(reader->sound.rate());
    silence.push(resampled, samples);
    resampled.clear();
    if (is_end && !silence.finish(samples)) samples.clear();
    for (const SilentSteps& steps : silence.take_left_out()) left_out.push_back(steps);
    make_frames();
  }

  float* next_frame() { return frames.as<float>() + filled * frames.shape()[2]; }

  // Once there are frames for a step, the network takes it.
  void use_frame() {
    if (++filled < frames.shape()[1]) return;
    filled = 0;
    const Value value{frames, {}};
    execution.forward(std::span(&value, 1), {});
    const TensorView scores = execution.output().data;
    const auto classes = static_cast<std::size_t>(scores.shape()[-1]);
    const std::span<const float> now(scores.as<float>(), classes);
    for (; !left_out.empty() && left_out.front().before <= step_count; left_out.pop_front()) {
      const std::vector<float> silent = silent_scores(last_scores, now, classes);
      for (std::int64_t i = 0; i < left_out.front().count; ++i) greedy.push(silent);
    }
    last_scores.assign(now.begin(), now.end());
    ++step_count;
    const bool begins = greedy.push(now);
    if (greedy.labels().empty()) return;
    if (begins)
      news += reader->labels.text(greedy.labels().back().label, greedy.labels().size() == 1);
    const double seconds_before = transcript.seconds;
    transcript = reader->labels.transcript(greedy.labels(), reader->sound.step_seconds());
    transcript.seconds = seconds_before;
  }

  std::string take_news() {
    transcript.seconds = seconds;
    return std::exchange(news, {});
  }
};

TranscriptStream::TranscriptStream(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
TranscriptStream::~TranscriptStream() = default;
TranscriptStream::TranscriptStream(TranscriptStream&&) noexcept = default;
TranscriptStream& TranscriptStream::operator=(TranscriptStream&&) noexcept = default;

std::string TranscriptStream::push(std::span<const float> samples) {
  const FlushDenormals guard;
  parts_->resampler.push(samples, parts_->resampled);
  parts_->take(false);
  return parts_->take_news();
}

std::string TranscriptStream::finish() {
  const FlushDenormals guard;
  parts_->resampler.finish(parts_->resampled);
  parts_->take(true);
  if (parts_->frame_count == 0) return parts_->take_news();
  const SpeechSteps& steps = parts_->reader->sound.steps();
  // The network sees the last frames once others follow; silence in its numbers is zero.
  const std::int64_t end =
      (parts_->frame_count + steps.tail() + steps.stride - 1) / steps.stride * steps.stride;
  for (std::int64_t i = parts_->frame_count; i < end; ++i) {
    std::fill_n(parts_->next_frame(), parts_->frames.shape()[2], 0.0F);
    parts_->use_frame();
  }
  return parts_->take_news();
}

const Transcript& TranscriptStream::transcript() const { return parts_->transcript; }

double TranscriptStream::delay_seconds() const {
  return parts_->reader->sound.step_seconds() +
         parts_->reader->sound.log_mel().options().window_seconds;
}

TranscriptStream Transcriber::stream(int rate) const {
  if (!reader_->streaming) {
    throw Error("the model hears a recording in both directions and cannot follow live sound",
                "train it with --streaming (streaming = true)");
  }
  return TranscriptStream(std::make_unique<TranscriptStream::Parts>(reader_, model_, rate));
}

}  // namespace chronicler::tasks
