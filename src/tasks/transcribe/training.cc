#include "tasks/transcribe/training.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "chronicler/base/random.h"
#include "chronicler/base/runtime.h"
#include "chronicler/data/error_rate.h"
#include "chronicler/decoding/ctc_alignment.h"
#include "chronicler/decoding/ctc_greedy.h"
#include "chronicler/layers/layers.h"
#include "tasks/shared/length_batches.h"
#include "tasks/shared/training_checkpoint.h"
#include "tasks/shared/warm_cosine.h"
#include "training/trainer.h"

namespace chronicler::tasks {

using Clock = std::chrono::steady_clock;

Sequential speech_network(const TranscriberOptions& options, const SpeechSteps& steps,
                          std::int64_t classes) {
  Sequential model({layers::Conv1D({.filters = options.filters,
                                    .kernel_size = {steps.kernel},
                                    .strides = {steps.stride},
                                    .padding = "causal",
                                    .activation = "tanh",
                                    .use_bias = false,
                                    .name = "frames_to_steps",
                                    .input_shape = Shape{None, options.bands}}),
                    layers::Masking({.mask_value = 0.0, .name = "end_of_recording"})},
                   "transcriber");
  const double dropout = options.dropout.value_or(0.0);
  for (std::int64_t i = 1; i <= options.layers; ++i) {
    if (dropout > 0.0)
      model.add(layers::Dropout({.rate = dropout, .name = fmt::format("dropout_{}", i)}));
    const std::string name = fmt::format("reader_{}", i);
    if (options.streaming) {
      model.add(layers::LSTM({.units = options.units, .return_sequences = true, .name = name}));
    } else {
      model.add(layers::Bidirectional(
          {.layer = layers::LSTM({.units = options.units, .return_sequences = true}),
           .name = name}));
    }
  }
  if (dropout > 0.0) model.add(layers::Dropout({.rate = dropout, .name = "dropout_labels"}));
  model.add(layers::Dense({.units = classes, .name = "labels"}));
  return model;
}

std::int64_t least_steps(const LabelIds& labels) {
  auto count = static_cast<std::int64_t>(labels.size());
  for (std::size_t i = 1; i < labels.size(); ++i) count += labels[i] == labels[i - 1] ? 1 : 0;
  return count;
}

SaidWords shuffled_words(std::span<const float> sound, std::span<const std::size_t> cuts,
                         const LabelIds& labels, const Random& random, std::uint64_t stream) {
  SaidWords said;
  const std::size_t count = 1 + random.below(labels.size(), stream, 0);
  for (std::size_t i = 1; i <= count; ++i) {
    const std::size_t word = random.below(labels.size(), stream, i);
    const auto part = sound.subspan(cuts[word], cuts[word + 1] - cuts[word]);
    said.samples.insert(said.samples.end(), part.begin(), part.end());
    said.labels.push_back(labels[word]);
  }
  return said;
}

namespace {

// Numbers as words, to count edits.
std::string in_words(std::span<const std::int32_t> labels) {
  std::string text;
  for (const std::int32_t label : labels) text += fmt::format("{} ", label);
  return text;
}

// The quietest place from begin to end: the middle of 20 ms.
std::size_t quietest(std::span<const float> samples, std::size_t begin, std::size_t end, int rate) {
  const auto window = static_cast<std::size_t>(rate / 50);
  std::size_t best = (begin + end) / 2;
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t at = begin; at + window <= end; at += window / 2) {
    double energy = 0.0;
    for (std::size_t i = at; i < at + window; ++i)
      energy += static_cast<double>(samples[i]) * samples[i];
    if (energy >= least) continue;
    least = energy;
    best = at + window / 2;
  }
  return best;
}

// Whatever would make another run of it.
std::string identity_of(const TranscriberOptions& options) {
  const data::AugmentationOptions& with = *options.augmentation;
  return fmt::format(
             "{}, {}s{}, {} samples a second, {} x {} units, {} filters, stride {}, {} bands from "
             "the {}, {} dB, dropout {}, batch {}, rate {}, clipnorm {}, {} epochs, {} s, seed {}",
             options.streaming ? "streaming" : "both ways", options.level,
             options.as_written ? " as written" : "", options.rate, options.layers, options.units,
             options.filters, options.stride, options.bands, options.normalize, *options.top_db,
             *options.dropout, options.batch_size, options.learning_rate, options.clipnorm,
             options.epochs, options.max_seconds, options.seed) +
         fmt::format(
             ", speed {}, tempo {}, gain {}, noise {} of {} to {} dB, warp {}, shuffle {}, masks "
             "{} of {} and {} of {}",
             with.speed, with.tempo, with.gain, with.noise, with.least_snr, with.most_snr,
             with.warp, with.shuffle, with.time_masks, with.time_mask, with.band_masks,
             with.band_mask);
}

std::vector<std::size_t> lengths_of(std::span<const std::vector<float>> sounds) {
  std::vector<std::size_t> lengths;
  for (const std::vector<float>& sound : sounds) lengths.push_back(sound.size());
  return lengths;
}

class Run {
 public:
  Run(Sequential& model, const SpeechReader& reader, const SpeechData& data,
      const TranscriberOptions& options)
      : model_(model),
        reader_(reader),
        data_(data),
        options_(options),
        random_(options.seed),
        augmentation_(*options.augmentation, options.seed + 1),
        batches_(lengths_of(data.sounds), static_cast<std::size_t>(options.batch_size), 16,
                 random_) {
    model.compile({.optimizer = optimizers::Adam({.learning_rate = options.learning_rate,
                                                  .global_clipnorm = options.clipnorm}),
                   .loss = losses::CTC()});
    total_steps_ = static_cast<double>(batches_.count()) * static_cast<double>(options.epochs);
    identity_ = data.identity + ", " + identity_of(options);
    for (const std::vector<float>& sound : data.validation)
      validation_.push_back(reader.features(sound));
    // Words may change places, where it is known where they are.
    if (options.level == "word" && options.augmentation->shuffle > 0.0) next_cutting_ = 0.2;
    cuts_.resize(data.sounds.size());
    in_pauses_.resize(data.sounds.size(), false);
    for (std::size_t row = 0; row < cuts_.size() && next_cutting_ < 1.0; ++row) {
      if (data.labels[row].size() < 2) continue;
      cuts_[row] = cuts_in_pauses(data.sounds[row], data.labels[row].size(), reader.rate());
      in_pauses_[row] = !cuts_[row].empty();
    }
    const Batch first = batch(0);
    trainer().prepare(model_, first);
    trainer().build_optimizer(model_);
    trainer().reset_metrics();
  }

  SpeechRun run() {
    if (options_.resume) restore();
    const Clock::time_point start = Clock::now();
    before_ = seconds_;
    first_share_ = share();
    double reported = seconds_;
    double saved = seconds_;
    bool goes_on = true;
    while (share() < 1.0 && goes_on) {
      batches_.begin_epoch(epoch_);
      for (; next_batch_ < batches_.count() && goes_on && share() < 1.0; ++next_batch_) {
        trainer().optimizer().set_learning_rate(rate());
        trainer().train_batch(model_, batch(next_batch_));
        trainer().require_finite([&] {
          return fmt::format("at batch {} of {} in epoch {}", next_batch_ + 1, batches_.count(),
                             epoch_ + 1);
        });
        ++untold_;
        seconds_ = before_ + std::chrono::duration<double>(Clock::now() - start).count();
        if (seconds_ - reported < options_.report_seconds) continue;
        reported = seconds_;
        goes_on = report();
      }
      if (next_batch_ == batches_.count()) {
        ++epoch_;
        next_batch_ = 0;
      }
      if (!goes_on) break;
      if (share() >= next_cutting_) find_cuts();
      validate();
      goes_on = report();
      if (!options_.checkpoint.empty() && seconds_ - saved >= checkpoint_seconds) {
        save();
        saved = seconds_;
      }
    }
    const bool finished = share() >= 1.0;
    if (!options_.checkpoint.empty()) {
      if (finished) {
        std::filesystem::remove(options_.checkpoint);
      } else {
        save();
      }
    }
    if (!best_.empty()) model_.set_weights(best_);
    return {finished, step() / static_cast<double>(batches_.count()), best_epoch_, seconds_};
  }

 private:
  Trainer& trainer() const { return *model_.trainer(); }
  double step() const {
    return static_cast<double>(epoch_) * static_cast<double>(batches_.count()) +
           static_cast<double>(next_batch_);
  }
  double share() const {
    return std::min(
        1.0, options_.max_seconds > 0.0 ? seconds_ / options_.max_seconds : step() / total_steps_);
  }

  double rate() const {
    constexpr WarmCosine schedule{.warm_share = 0.05, .start = 0.02, .end = 0.02};
    return options_.learning_rate * schedule.at(share());
  }

  // Where each word can be cut off from the one before, as the network hears them by now; nowhere
  // if it is not sure of a word. Pauses, where they tell, are better: they do not depend on the
  // network, which may write a word that it expects before it is spoken.
  void find_cuts() {
    while (next_cutting_ <= share()) next_cutting_ += 0.15;
    Execution execution(model_.network());
    const double step = reader_.step_seconds();
    for (std::size_t row = 0; row < data_.sounds.size(); ++row) {
      if (in_pauses_[row] || data_.labels[row].size() < 2) continue;
      const std::vector<float>& sound = data_.sounds[row];
      const std::vector<std::int64_t> labels(data_.labels[row].begin(), data_.labels[row].end());
      const Tensor scores = speech_scores(execution, reader_.features(sound), reader_.steps());
      const auto places = decoding::ctc_align(scores, labels);
      cuts_[row].clear();
      const bool sure = std::all_of(places.begin(), places.end(),
                                    [](const auto& place) { return place.probability > 0.7; });
      if (!sure) continue;
      std::vector<SaidSpan> words;
      for (const auto& place : places) {
        words.push_back(
            {static_cast<double>(place.begin) * step, static_cast<double>(place.end) * step});
      }
      if (!options_.streaming) fit_to_sound(words, sound, reader_.rate());
      const auto sample_at = [&](double seconds) {
        return std::min(static_cast<std::size_t>(seconds * reader_.rate()), sound.size());
      };
      cuts_[row].push_back(0);
      for (std::size_t i = 1; i < words.size(); ++i) {
        cuts_[row].push_back(quietest(sound, sample_at(words[i - 1].begin),
                                      sample_at(words[i].begin), reader_.rate()));
      }
      cuts_[row].push_back(sound.size());
    }
  }

  struct Example {
    Tensor features;
    LabelIds labels;
  };

  // A recording, or words of it, as it might also have been.
  Example augmented(std::size_t row) const {
    const std::uint64_t place =
        static_cast<std::uint64_t>(epoch_) * data_.sounds.size() + static_cast<std::uint64_t>(row);
    std::span<const float> sound = data_.sounds[row];
    SaidWords words;
    LabelIds labels = data_.labels[row];
    constexpr std::uint64_t stream = 1ULL << 40U;
    if (!cuts_[row].empty() &&
        random_.uniform(stream, place) < static_cast<float>(options_.augmentation->shuffle)) {
      words = shuffled_words(sound, cuts_[row], labels, random_, stream + 1 + place);
      sound = words.samples;
      labels = words.labels;
    }
    const auto fits = [&](const Tensor& features) {
      return reader_.steps().of(features.shape()[0]) >= least_steps(labels);
    };
    const Tensor energies = reader_.log_mel()(augmentation_.samples(sound, place));
    Tensor features = augmentation_.features(energies, place);
    if (!fits(features)) {  // cut short, or played faster, it has too few steps
      labels = data_.labels[row];
      features = reader_.log_mel()(data_.sounds[row]);
    }
    reader_.normalise(features);
    return {features, labels};
  }

  Batch batch(std::size_t number) const {
    const std::span<const std::size_t> rows = batches_[number];
    std::vector<Tensor> features(rows.size());
    std::vector<LabelIds> labels(rows.size());
    Runtime::global().parallel(static_cast<std::int64_t>(rows.size()), [&](std::int64_t i) {
      const auto row = static_cast<std::size_t>(i);
      Example example = augmented(rows[row]);
      features[row] = std::move(example.features);
      labels[row] = std::move(example.labels);
    });
    std::size_t longest = 1;
    for (const LabelIds& ids : labels) longest = std::max(longest, ids.size());
    const auto width = static_cast<std::int64_t>(longest);
    const Tensor y({static_cast<std::int64_t>(rows.size()), width}, DType::int32);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      std::copy(labels[i].begin(), labels[i].end(),
                y.as<std::int32_t>() + static_cast<std::int64_t>(i) * width);
    }
    return {speech_batch(features, reader_.steps()), y, {}};
  }

  // As the finished model will tell it.
  LabelIds told_of(const Tensor& scores) const {
    if (data_.one_label) return {static_cast<std::int32_t>(decoding::ctc_single_label(scores))};
    LabelIds told;
    for (const decoding::CtcLabel& label : decoding::ctc_greedy(scores))
      told.push_back(static_cast<std::int32_t>(label.label));
    return told;
  }

  void validate() {
    if (validation_.empty()) return;
    Execution execution(model_.network());
    data::EditCounts edits;
    double loss = 0.0;
    for (std::size_t i = 0; i < validation_.size(); ++i) {
      const Tensor scores = speech_scores(execution, validation_[i], reader_.steps());
      const LabelIds told = told_of(scores);
      const LabelIds& truth = data_.validation_labels[i];
      edits += data::word_errors(in_words(truth), in_words(told));
      const std::vector<std::int64_t> wide(truth.begin(), truth.end());
      loss -= decoding::ctc_log_probability(scores, wide);
    }
    validation_error_ = edits.rate();
    if (std::pair(edits.rate(), loss) >= best_result_) return;
    best_result_ = {edits.rate(), loss};
    best_ = model_.get_weights();
    best_epoch_ = epoch_;
  }

  bool report() {
    if (untold_ > 0) last_loss_ = trainer().results().loss();
    untold_ = 0;
    trainer().reset_metrics();
    if (!options_.progress) return true;
    TranscriberProgress progress;
    progress.share = share();
    progress.epochs = step() / static_cast<double>(batches_.count());
    progress.loss = last_loss_;
    progress.validation_error = validation_error_;
    progress.seconds = seconds_;
    progress.seconds_left =
        (seconds_ - before_) * (1.0 - share()) / std::max(share() - first_share_, 1e-9);
    return options_.progress(progress);
  }
  // (recordings, places), -1 behind the last.
  Tensor cuts_as_tensor() const {
    std::size_t most = 1;
    for (const auto& cuts : cuts_) most = std::max(most, cuts.size());
    Tensor tensor({static_cast<std::int64_t>(cuts_.size()), static_cast<std::int64_t>(most)},
                  DType::int32);
    tensor.fill(-1.0);
    for (std::size_t row = 0; row < cuts_.size(); ++row) {
      for (std::size_t i = 0; i < cuts_[row].size(); ++i)
        tensor.as<std::int32_t>()[row * most + i] = static_cast<std::int32_t>(cuts_[row][i]);
    }
    return tensor;
  }
  void take_cuts(const Tensor& tensor) {
    const auto most = static_cast<std::size_t>(tensor.shape()[1]);
    for (std::size_t row = 0; row < cuts_.size(); ++row) {
      cuts_[row].clear();
      for (std::size_t i = 0; i < most; ++i) {
        const std::int32_t cut = tensor.as<std::int32_t>()[row * most + i];
        if (cut >= 0) cuts_[row].push_back(static_cast<std::size_t>(cut));
      }
    }
  }

  void save() {
    TrainingCheckpoint checkpoint{identity_,
                                  {{"epoch", static_cast<double>(epoch_)},
                                   {"batch", static_cast<double>(next_batch_)},
                                   {"seconds", seconds_},
                                   {"next_cutting", next_cutting_},
                                   {"best_epoch", static_cast<double>(best_epoch_)}},
                                  best_};
    checkpoint.tensors.push_back(cuts_as_tensor());
    if (best_epoch_ > 0) {
      checkpoint.numbers["best_error"] = best_result_.first;
      checkpoint.numbers["best_loss"] = best_result_.second;
    }
    save_checkpoint(options_.checkpoint, checkpoint, model_);
  }

  void restore() {
    TrainingCheckpoint checkpoint{identity_, {}, {}};
    if (!restore_checkpoint(options_.checkpoint, checkpoint, model_)) return;
    epoch_ = static_cast<std::int64_t>(checkpoint.numbers.at("epoch"));
    next_batch_ = static_cast<std::size_t>(checkpoint.numbers.at("batch"));
    seconds_ = checkpoint.numbers.at("seconds");
    next_cutting_ = checkpoint.numbers.at("next_cutting");
    best_epoch_ = static_cast<std::int64_t>(checkpoint.numbers.at("best_epoch"));
    take_cuts(checkpoint.tensors.back());
    checkpoint.tensors.pop_back();
    if (best_epoch_ > 0) {
      best_result_ = {checkpoint.numbers.at("best_error"), checkpoint.numbers.at("best_loss")};
      best_ = checkpoint.tensors;
    }
  }

  Sequential& model_;
  const SpeechReader& reader_;
  const SpeechData& data_;
  const TranscriberOptions& options_;
  Random random_;
  data::Augmentation augmentation_;
  std::string identity_;
  std::vector<Tensor> validation_;
  LengthBatches batches_;
  double total_steps_ = 1.0;
  std::int64_t epoch_ = 0;
  std::size_t next_batch_ = 0;
  double seconds_ = 0.0;
  double before_ = 0.0;
  double first_share_ = 0.0;
  std::vector<std::vector<std::size_t>> cuts_;  // before each word of a recording, and its end
  std::vector<bool> in_pauses_;                 // whether the pauses told
  double next_cutting_ = 2.0;  // the share of the run at which they are found anew; above 1: never
  std::int64_t untold_ = 0;    // batches since the last report
  double last_loss_ = 0.0;
  std::optional<double> validation_error_;
  std::pair<double, double> best_result_{std::numeric_limits<double>::infinity(), 0.0};
  std::int64_t best_epoch_ = 0;
  std::vector<Tensor> best_;
};

}  // namespace

SpeechRun train_speech(Sequential& model, const SpeechReader& reader, const SpeechData& data,
                       const TranscriberOptions& options) {
  return Run(model, reader, data, options).run();
}

}  // namespace chronicler::tasks
