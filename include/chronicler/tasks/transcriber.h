// From spoken words to text: a recogniser learnt from a user's own recordings.
//
//   data::Recordings list = data::read_recordings("calls.tsv");
//   Transcriber typist = Transcriber::train(std::move(list.recordings));
//   std::cout << typist.run(data::read_audio("call.wav")).text;
//   typist.save("calls.keras");
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "chronicler/base/fields.h"
#include "chronicler/data/audio.h"
#include "chronicler/data/audio_augmentation.h"
#include "chronicler/data/error_rate.h"
#include "chronicler/data/recordings.h"
#include "chronicler/decoding/ctc_greedy.h"
#include "chronicler/model/functional.h"
#include "chronicler/tasks/task_progress.h"

namespace chronicler::tasks {

struct TranscriberReport;
struct SpeechRecognition;
class LabelLanguage;
class LiveSpeech;

// What is 0 or empty is chosen from the recordings; fields() says what each option is.
struct TranscriberOptions {
  std::string level = {};
  bool as_written = false;
  bool streaming = false;
  std::string normalize = {};
  std::optional<double> top_db = {};
  int rate = 0;
  std::int64_t bands = 40;
  std::int64_t filters = 128;
  std::int64_t stride = 0;
  std::int64_t units = 0;
  std::int64_t layers = 2;
  std::int64_t networks = 1;
  std::optional<double> dropout = {};
  std::optional<data::AugmentationOptions> augmentation = {};  // empty: its defaults
  std::int64_t batch_size = 0;
  double learning_rate = 0.0;
  double clipnorm = 5.0;
  std::int64_t epochs = 0;
  double max_seconds = 0.0;
  std::optional<std::int64_t> stop_after = {};
  std::string memory_budget = {};  // "64MB": see FitOptions
  double validation_fraction = 0.1;
  std::vector<data::Recording> validation = {};  // instead of a share of the recordings
  std::uint64_t seed = 0;
  std::string checkpoint = {};  // a file: what an interrupted training goes on from
  bool resume = false;          // goes on from the checkpoint, if there is one
  std::function<void(const TranscriberReport&)> on_start = {};
  double report_seconds = 0.5;  // at least so long between two calls of progress
  TaskProgressFunction progress = {};

  // But those of `augmentation`, which has a table of its own.
  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = TranscriberOptions;
    visit("level", &Options::level, one_of({"word", "char"}), "labels that the network predicts",
          {.default_text = "word where there are few different ones, else char"});
    visit("as_written", &Options::as_written, any_value(), "keeps capital letters and punctuation");
    visit("streaming", &Options::streaming, any_value(),
          "unidirectional: a model that can follow live sound");
    visit("normalize", &Options::normalize, one_of({"recording", "training"}),
          "whose mean is subtracted from each band",
          {.default_text = "recording; streaming training"});
    visit("top_db", &Options::top_db, between(0, 200),
          "decibels below the loudest moment, under which all counts as silence; 0: nothing does",
          {.default_text = "30 where every text is one word and the recording normalizes, else 0"});
    visit("rate", &Options::rate, between(1000, 200'000),
          "samples a second, to which recordings are resampled",
          {.default_text = "that of most recordings, at most 16,000"});
    visit("bands", &Options::bands, between(4, 256), "mel bands of the spectrum");
    visit("filters", &Options::filters, between(1, 8192),
          "filters of the convolution that turns frames into steps");
    visit("stride", &Options::stride, between(1, 16), "frames of 10 ms in a step",
          {.default_text = "3; characters 2"});
    visit("units", &Options::units, between(1, 8192), "units of each LSTM",
          {.default_text = "128; streaming 160"});
    visit("layers", &Options::layers, between(1, 16), "LSTM layers");
    visit("networks", &Options::networks, between(1, 64),
          "networks, trained one after the other, whose probabilities are averaged");
    visit("dropout", &Options::dropout, share_below(1.0), "dropout rate between the layers",
          {.default_text = "0.3"});
    visit("batch_size", &Options::batch_size, between(1, 4096), "recordings in a batch",
          {.default_text = "8 to 32, from their number"});
    visit("learning_rate", &Options::learning_rate, above(0.0),
          "peak of the learning-rate schedule", {.default_text = "0.002"});
    visit("clipnorm", &Options::clipnorm, above(0.0), "the largest norm of a step's gradients");
    visit("validation_fraction", &Options::validation_fraction, share_below(1.0),
          "share of the recordings that chooses the epoch");
    visit("seed", &Options::seed, at_least(0), "fixes weights, order and noise");
    visit("epochs", &Options::epochs, between(1, 1'000'000), "passes over the recordings",
          {.default_text = "from their number"});
    visit_run_fields<Options>(visit);
  }
};

// How well texts were recognised.
struct TranscriberScore {
  data::EditCounts words;
  data::EditCounts characters;
  std::int64_t recordings = 0;
  std::int64_t right = 0;         // recognised without an error
  double usual_word_error = 0.0;  // of the most frequent text of the training, for everything
  // Of a linear map of the recording's log-mel picture, where every text is one word, or character;
  // right after training only, files do not keep it.
  std::optional<double> linear_word_error = {};
  double audio_seconds = 0.0;
  double seconds = 0.0;      // that it took
  std::int64_t unknown = 0;  // labels of the texts that the model cannot write

  double accuracy() const {
    return recordings == 0 ? 0.0 : static_cast<double>(right) / static_cast<double>(recordings);
  }
  double real_time_factor() const { return audio_seconds > 0.0 ? seconds / audio_seconds : 0.0; }
};

struct TranscriberReport {
  TranscriberOptions options;  // as they were chosen
  bool finished = true;        // false: paused
  std::int64_t recordings = 0;
  std::int64_t validation_recordings = 0;
  double audio_seconds = 0.0;
  std::int64_t labels = 0;                // different ones
  std::vector<std::string> skipped = {};  // a sentence for each recording that was skipped
  std::int64_t weights = 0;
  double epochs = 0.0;
  double best_epoch = 0.0;
  double seconds = 0.0;  // of training
  std::optional<TranscriberScore> validation = {};
};

// What was said, and when.
struct Transcript {
  struct Word {
    std::string text;
    double begin = 0.0;  // seconds
    double end = 0.0;
    double probability = 0.0;  // of its least certain label
  };
  std::string text;
  std::vector<Word> words;
  double seconds = 0.0;  // of the recording
};

// What the network made of a recording, to look at.
struct TranscriptTrace {
  Tensor spectrum;       // ln of the energy: (frames, bands)
  Tensor probabilities;  // of the blank, then of each label: (steps, labels + 1)
  std::vector<std::string> labels;
  double frame_seconds = 0.0;
  double step_seconds = 0.0;
  Transcript transcript;
};

// How a text is chosen.
struct TranscribeOptions {
  std::int64_t beams = 0;
  double language_weight = 0.5;
  double label_bonus = 0.5;

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = TranscribeOptions;
    visit("beams", &Options::beams, between(1, 10'000), "width of the beam search",
          {.default_text = "1: the likeliest label of each step; with a language model 32"});
    visit("language_weight", &Options::language_weight, at_least(0.0),
          "weight of the language model beside the network");
    visit("label_bonus", &Options::label_bonus, between(-1000.0, 1000.0),
          "added for each word or character, as the language model prefers short texts");
  }
};

// Live sound: text as it is spoken. What has been reported is never taken back.
class TranscriptStream {
 public:
  ~TranscriptStream();
  TranscriptStream(TranscriptStream&&) noexcept;
  TranscriptStream& operator=(TranscriptStream&&) noexcept;

  // Takes sound of the rate that the stream was made for, and returns what is new of the text.
  std::string push(std::span<const float> samples);
  // The end: what is still in it.
  std::string finish();
  // All words so far; the last one may still grow.
  const Transcript& transcript() const;
  // Of sound, before a sound that came in can show in the text.
  double delay_seconds() const;

 private:
  friend class Transcriber;
  explicit TranscriptStream(std::unique_ptr<LiveSpeech> live);
  std::unique_ptr<LiveSpeech> live_;
};

class Transcriber {
 public:
  // Log-mel energies, normalised band by band; a convolution over the frames, LSTMs in both
  // directions (or one), and CTC over words or characters. Recordings that cannot be learnt are
  // skipped, see the report. Throws Error if too few are left.
  static Transcriber train(std::vector<data::Recording> recordings,
                           TranscriberOptions options = {});

  // The scores of K = 2 to 20 folds of the recordings, drawn by the seed, each with its share of
  // every text where few texts are spoken often: each is read by a model that has learnt from all
  // others. A run that is paused gives the folds before. Throws Error for fewer recordings than
  // folds.
  static std::vector<TranscriberScore> cross_validate(std::span<const data::Recording> recordings,
                                                      const TranscriberOptions& options,
                                                      std::int64_t folds);

  Transcript run(const data::Audio& audio, const TranscribeOptions& options = {}) const;
  TranscriptTrace trace(const data::Audio& audio, const TranscribeOptions& options = {}) const;
  TranscriberScore evaluate(
      std::span<const data::Recording> recordings, const TranscribeOptions& options = {},
      const std::function<void(const data::Recording&, const Transcript&)>& each = {}) const;
  // Throws Error unless the model is one-way.
  TranscriptStream stream(int rate) const;

  // From now on run and evaluate choose among texts also by how likely they are: n-grams of labels,
  // counted in a text with a sentence on each line. Throws Error for an empty text.
  void read_language(std::string_view text, int orders = 0);

  // A model file; how sound becomes features and labels text is among its assets.
  void save(const std::string& path) const;
  // Throws Error for a model that is not a transcriber's.
  static Transcriber load(const std::string& path);

  bool is_streaming() const;
  int rate() const;
  const Model& model() const { return *model_; }
  const TranscriberReport& report() const { return report_; }

 private:
  Transcriber(std::shared_ptr<const SpeechRecognition> recognition, std::shared_ptr<Model> model,
              TranscriberReport report);

  std::shared_ptr<const SpeechRecognition> recognition_;  // from sound to scores, and to text
  std::shared_ptr<Model> model_;
  std::shared_ptr<const LabelLanguage> language_;
  TranscriberReport report_;
};

}  // namespace chronicler::tasks
