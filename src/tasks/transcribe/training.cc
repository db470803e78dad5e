#include "tasks/transcribe/training.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "chronicler/base/random.h"
#include "chronicler/base/runtime.h"
#include "chronicler/data/error_rate.h"
#include "chronicler/decoding/ctc_alignment.h"
#include "chronicler/decoding/ctc_greedy.h"
#include "chronicler/layers/layers.h"
#include "chronicler/training/fit.h"
#include "chronicler/training/losses/ctc.h"
#include "model/network.h"
#include "tasks/shared/length_batches.h"

namespace chronicler::tasks {

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

std::vector<std::size_t> lengths_of(std::span<const std::vector<float>> sounds) {
  std::vector<std::size_t> lengths;
  for (const std::vector<float>& sound : sounds) lengths.push_back(sound.size());
  return lengths;
}

// Where the words of each recording can be cut apart, so that they may change places: in pauses,
// where these show it; else, from a fifth of the run on, where the network hears them. Pauses are
// better: they do not depend on the network, which may write a word that it expects before it is
// spoken.
class WordCuts final : public Callback {
 public:
  WordCuts(const SpeechReader& reader, const SpeechData& data, const TranscriberOptions& options)
      : reader_(reader),
        data_(data),
        streaming_(options.streaming),
        cuts_(data.sounds.size()),
        in_pauses_(data.sounds.size(), false) {
    if (options.level != "word" || options.augmentation->shuffle <= 0.0) return;
    next_search_ = 0.2;
    for (std::size_t row = 0; row < cuts_.size(); ++row) {
      if (data.labels[row].size() < 2) continue;
      cuts_[row] = cuts_in_pauses(data.sounds[row], data.labels[row].size(), reader.rate());
      in_pauses_[row] = !cuts_[row].empty();
    }
  }

  // Before each word of a recording, and its end; empty where they are not known.
  std::span<const std::size_t> of(std::size_t row) const { return cuts_[row]; }

  void on_epoch_end(std::int64_t /*epoch*/, Logs& /*logs*/) override {
    if (model().pause_training || progress().share < next_search_) return;
    while (next_search_ <= progress().share) next_search_ += 0.15;
    Execution execution(model().network());
    for (std::size_t row = 0; row < cuts_.size(); ++row) {
      if (!in_pauses_[row] && data_.labels[row].size() >= 2) cuts_[row] = find(row, execution);
    }
  }

  CallbackState state() const override {
    std::size_t most = 1;
    for (const auto& cuts : cuts_) most = std::max(most, cuts.size());
    Tensor all({static_cast<std::int64_t>(cuts_.size()), static_cast<std::int64_t>(most)},
               DType::int32);  // -1 behind the last of a recording
    all.fill(-1.0);
    for (std::size_t row = 0; row < cuts_.size(); ++row)
      std::copy(cuts_[row].begin(), cuts_[row].end(), all.as<std::int32_t>() + row * most);
    return {{{"next_search", next_search_}}, {all}};
  }
  void set_state(const CallbackState& state) override {
    next_search_ = state.number("next_search").value_or(next_search_);
    if (state.tensors.size() != 1 || state.tensors[0].dtype() != DType::int32 ||
        state.tensors[0].shape().rank() != 2 ||
        state.tensors[0].shape()[0] != static_cast<std::int64_t>(cuts_.size())) {
      throw Error("the checkpoint has no places between words for these recordings",
                  "start anew without --resume");
    }
    const Tensor& all = state.tensors[0];
    const auto most = static_cast<std::size_t>(all.shape()[1]);
    for (std::size_t row = 0; row < cuts_.size(); ++row) {
      cuts_[row].clear();
      const std::size_t size = data_.sounds[row].size();
      for (std::size_t i = 0; i < most; ++i) {
        const std::int32_t cut = all.as<std::int32_t>()[row * most + i];
        if (cut >= 0) cuts_[row].push_back(std::min(static_cast<std::size_t>(cut), size));
      }
    }
  }

 private:
  // None if the network is not sure of a word.
  std::vector<std::size_t> find(std::size_t row, Execution& execution) const {
    const std::vector<float>& sound = data_.sounds[row];
    const std::vector<std::int64_t> labels(data_.labels[row].begin(), data_.labels[row].end());
    const Tensor scores = speech_scores(execution, reader_.features(sound), reader_.steps());
    const auto places = decoding::ctc_align(scores, labels);
    const bool sure = std::all_of(places.begin(), places.end(),
                                  [](const auto& place) { return place.probability > 0.7; });
    if (!sure) return {};
    const double step = reader_.step_seconds();
    std::vector<SaidSpan> words;
    for (const auto& place : places) {
      words.push_back(
          {static_cast<double>(place.begin) * step, static_cast<double>(place.end) * step});
    }
    if (!streaming_) fit_to_sound(words, sound, reader_.rate());
    const auto sample_at = [&](double seconds) {
      return std::min(static_cast<std::size_t>(seconds * reader_.rate()), sound.size());
    };
    std::vector<std::size_t> cuts{0};
    for (std::size_t i = 1; i < words.size(); ++i) {
      cuts.push_back(quietest(sound, sample_at(words[i - 1].begin), sample_at(words[i].begin),
                              reader_.rate()));
    }
    cuts.push_back(sound.size());
    return cuts;
  }

  const SpeechReader& reader_;
  const SpeechData& data_;
  bool streaming_;
  std::vector<std::vector<std::size_t>> cuts_;
  std::vector<bool> in_pauses_;  // whether the pauses show them
  double next_search_ = 2.0;  // share of the run from which on they are found anew; above 1: never
};

// The recordings of an epoch, each as it might also have been; batches of like lengths in another
// order each time.
class EpochOfRecordings {
 public:
  EpochOfRecordings(const SpeechReader& reader, const SpeechData& data,
                    const TranscriberOptions& options, const WordCuts& cuts)
      : reader_(reader),
        data_(data),
        shuffle_(static_cast<float>(options.augmentation->shuffle)),
        cuts_(cuts),
        random_(options.seed),
        augmentation_(*options.augmentation, options.seed + 1),
        batches_(lengths_of(data.sounds), static_cast<std::size_t>(options.batch_size), 16,
                 random_) {}

  std::int64_t size() const { return static_cast<std::int64_t>(batches_.count()); }

  Dataset::EpochItems begin(const Epoch& epoch) {
    batches_.begin_epoch(epoch.number);
    return {size(), [this, number = epoch.number](std::int64_t index) {
              return batch(batches_[static_cast<std::size_t>(index)], number);
            }};
  }

 private:
  struct Example {
    Tensor features;
    LabelIds labels;
  };

  // A recording, or words of it, as it might also have been.
  Example augmented(std::size_t row, std::int64_t epoch) const {
    const std::uint64_t place =
        static_cast<std::uint64_t>(epoch) * data_.sounds.size() + static_cast<std::uint64_t>(row);
    std::span<const float> sound = data_.sounds[row];
    SaidWords words;
    LabelIds labels = data_.labels[row];
    constexpr std::uint64_t stream = 1ULL << 40U;
    const std::span<const std::size_t> cuts = cuts_.of(row);
    if (!cuts.empty() && random_.uniform(stream, place) < shuffle_) {
      words = shuffled_words(sound, cuts, labels, random_, stream + 1 + place);
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

  Batch batch(std::span<const std::size_t> rows, std::int64_t epoch) const {
    std::vector<Tensor> features(rows.size());
    std::vector<LabelIds> labels(rows.size());
    Runtime::global().parallel(static_cast<std::int64_t>(rows.size()), [&](std::int64_t i) {
      const auto row = static_cast<std::size_t>(i);
      Example example = augmented(rows[row], epoch);
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
    return {{speech_batch(features, reader_.steps())}, {y}};
  }

  const SpeechReader& reader_;
  const SpeechData& data_;
  float shuffle_;
  const WordCuts& cuts_;
  Random random_;
  data::Augmentation augmentation_;
  LengthBatches batches_;
};

// As the finished model will write it.
LabelIds labels_of(const Tensor& scores, bool one_label) {
  if (one_label) return {static_cast<std::int32_t>(decoding::ctc_single_label(scores))};
  LabelIds labels;
  for (const decoding::CtcLabel& label : decoding::ctc_greedy(scores))
    labels.push_back(static_cast<std::int32_t>(label.label));
  return labels;
}

// By the number of wrong labels; among equals by the mean of -ln p, brought below 1.
Validation validate(const Model& model, const SpeechReader& reader, const SpeechData& data,
                    std::span<const Tensor> features) {
  Execution execution(model.network());
  data::EditCounts edits;
  double loss = 0.0;
  for (std::size_t i = 0; i < features.size(); ++i) {
    const Tensor scores = speech_scores(execution, features[i], reader.steps());
    const LabelIds& truth = data.validation_labels[i];
    edits += data::word_errors(in_words(truth), in_words(labels_of(scores, data.one_label)));
    const std::vector<std::int64_t> wide(truth.begin(), truth.end());
    loss -= decoding::ctc_log_probability(scores, wide);
  }
  loss /= static_cast<double>(features.size());
  return {static_cast<double>(edits.edits()) + 1.0 - 1.0 / (1.0 + loss), edits.rate()};
}

}  // namespace

TaskRunResult train_speech(Sequential& model, const SpeechReader& reader, const SpeechData& data,
                           const TranscriberOptions& options) {
  model.compile({.optimizer = optimizers::Adam(
                     {.learning_rate = options.learning_rate, .global_clipnorm = options.clipnorm}),
                 .loss = losses::CTC()});
  const auto cuts = std::make_shared<WordCuts>(reader, data, options);
  EpochOfRecordings recordings(reader, data, options, *cuts);
  std::vector<Tensor> validation;
  for (const std::vector<float>& sound : data.validation)
    validation.push_back(reader.features(sound));
  TaskRun run = task_run(options, data.identity);
  for (auto& field : identity_fields(*options.augmentation))
    run.identity.push_back(std::move(field));
  run.learning_rate = callbacks::warm_cosine(
      {.learning_rate = options.learning_rate, .warm_share = 0.05, .start = 0.02, .end = 0.02});
  if (!validation.empty()) run.validate = [&] { return validate(model, reader, data, validation); };
  run.callbacks = {cuts};
  return train(model,
               Dataset::from_epochs([&](const Epoch& epoch) { return recordings.begin(epoch); },
                                    recordings.size()),
               run);
}

}  // namespace chronicler::tasks
