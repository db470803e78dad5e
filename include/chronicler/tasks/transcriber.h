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

#include "chronicler/data/audio.h"
#include "chronicler/data/audio_augmentation.h"
#include "chronicler/data/error_rate.h"
#include "chronicler/data/recordings.h"
#include "chronicler/decoding/ctc_greedy.h"
#include "chronicler/model/functional.h"
#include "chronicler/tasks/task_progress.h"

namespace chronicler::tasks {

struct TranscriberReport;

// What is 0 or empty is chosen from the recordings.
struct TranscriberOptions {
  // What the network writes: "word" or "char"; empty: word where there are few different ones.
  std::string level = {};
  bool as_written = false;  // false: texts are lower-cased and lose their punctuation
  bool streaming = false;   // one-way, so that it can follow live sound
  // What each band's energy counts from: its mean in the "recording" itself, or in all recordings
  // for "training"; empty: recording, but training for a streaming model.
  std::string normalize = {};
  // Decibels below the loudest moment and band of a recording; what is softer is silence, however
  // silent the microphone and the room are. Empty: 30 where every text is one word and bands are
  // normalised by the recording, else 0: everything counts.
  std::optional<double> top_db = {};
  int rate = 0;                // samples a second; what has another is resampled
  std::int64_t bands = 40;     // of the spectrum
  std::int64_t filters = 128;  // of the convolution that makes steps of frames
  std::int64_t stride = 0;     // frames of 10 ms to a step
  std::int64_t units = 0;      // of each LSTM
  std::int64_t layers = 2;
  std::optional<double> dropout = {};
  std::optional<data::AugmentationOptions> augmentation = {};
  std::int64_t batch_size = 0;
  double learning_rate = 0.0;
  double clipnorm = 5.0;
  std::int64_t epochs = 0;
  double max_seconds = 0.0;                      // instead of epochs, if it is above 0
  std::optional<std::int64_t> stop_after = {};   // epochs: pauses there, to go on with `resume`
  double validation_fraction = 0.1;              // of the recordings, that choose the epoch
  std::vector<data::Recording> validation = {};  // instead
  std::uint64_t seed = 0;
  std::string checkpoint = {};  // a file: what an interrupted training goes on from
  bool resume = false;          // goes on from the checkpoint, if there is one
  std::function<void(const TranscriberReport&)> on_start = {};
  double report_seconds = 0.5;  // at least so long between two calls of progress
  TaskProgressFunction progress = {};
};

// How well texts were recognised.
struct TranscriberScore {
  data::EditCounts words;
  data::EditCounts characters;
  std::int64_t recordings = 0;
  std::int64_t right = 0;         // recognised without an error
  double usual_word_error = 0.0;  // of always telling the most frequent text of the training
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
  std::vector<std::string> skipped = {};  // a sentence for each recording that was passed over
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

struct TranscribeOptions {
  std::int64_t beams = 0;  // 0: the likeliest label of each step, or 32 with a language model
  double language_weight = 0.5;
  double label_bonus = 0.5;  // makes up for what the language model takes from longer texts
};

// Live sound: text as it is spoken. What has been told is never taken back.
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
  struct Parts;
  explicit TranscriptStream(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

class Transcriber {
 public:
  // Log-mel energies, normalised band by band; a convolution over the frames, LSTMs in both
  // directions (or one), and CTC over words or characters. Recordings that cannot be learnt are
  // passed over, see the report. Throws Error if too few are left.
  static Transcriber train(std::vector<data::Recording> recordings,
                           TranscriberOptions options = {});

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
  friend class TranscriptStream;
  struct Reader;
  Transcriber(std::shared_ptr<const Reader> reader, std::shared_ptr<Model> model,
              TranscriberReport report);
  struct Language;
  Transcript read(const Tensor& scores, const TranscribeOptions& options) const;

  std::shared_ptr<const Reader> reader_;  // from sound to what the network takes, and back to text
  std::shared_ptr<Model> model_;
  std::shared_ptr<const Language> language_;
  TranscriberReport report_;
};

}  // namespace chronicler::tasks
