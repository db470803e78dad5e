#include "tasks/transcribe/training.h"

#include <algorithm>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "chronicler/base/random.h"
#include "chronicler/base/runtime.h"
#include "chronicler/data/error_rate.h"
#include "chronicler/decoding/ctc_alignment.h"
#include "chronicler/decoding/ctc_greedy.h"
#include "chronicler/training/fit.h"
#include "chronicler/training/losses/ctc.h"
#include "chronicler/training/optimizers/adam.h"
#include "model/model_internals.h"
#include "model/network.h"
#include "tasks/shared/length_batches.h"
#include "tasks/shared/networks_in_turn.h"
#include "tasks/transcribe/network.h"
#include "tasks/transcribe/word_cuts.h"

namespace chronicler::tasks {
namespace {

// Numbers as words, to count edits.
std::string in_words(std::span<const std::int32_t> labels) {
  std::string text;
  for (const std::int32_t label : labels) text += fmt::format("{} ", label);
  return text;
}

std::vector<std::size_t> lengths_of(std::span<const std::vector<float>> sounds) {
  std::vector<std::size_t> lengths;
  for (const std::vector<float>& sound : sounds) lengths.push_back(sound.size());
  return lengths;
}

// The recordings of an epoch, each as it might also have been; batches of like lengths in another
// order each time.
class EpochOfRecordings {
 public:
  EpochOfRecordings(const SpeechReader& reader, const SpeechPart& part,
                    const TranscriberOptions& options, const WordCuts& cuts)
      : reader_(reader),
        part_(part),
        shuffle_(static_cast<float>(options.augmentation->shuffle)),
        cuts_(cuts),
        random_(options.seed),
        augmentation_(*options.augmentation, options.seed + 1),
        batches_(lengths_of(part.sounds), static_cast<std::size_t>(options.batch_size), 16,
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
        static_cast<std::uint64_t>(epoch) * part_.sounds.size() + static_cast<std::uint64_t>(row);
    std::span<const float> sound = part_.sounds[row];
    SaidWords words;
    LabelIds labels = part_.labels[row];
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
      labels = part_.labels[row];
      features = reader_.log_mel()(part_.sounds[row]);
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
  const SpeechPart& part_;
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
Validation validate(const Model& model, const SpeechRecognition& recognition,
                    const SpeechPart& part, std::span<const Tensor> features) {
  Execution execution(ModelInternals::network(model));
  data::EditCounts edits;
  double loss = 0.0;
  for (std::size_t i = 0; i < features.size(); ++i) {
    const Tensor scores = speech_scores(execution, features[i], recognition.sound.steps());
    const LabelIds& truth = part.labels[i];
    edits += data::word_errors(in_words(truth), in_words(labels_of(scores, recognition.one_label)));
    const std::vector<std::int64_t> wide(truth.begin(), truth.end());
    loss -= decoding::ctc_log_probability(scores, wide);
  }
  loss /= static_cast<double>(features.size());
  return {static_cast<double>(edits.edits()) + 1.0 - 1.0 / (1.0 + loss), edits.rate()};
}

TaskRun common_run(const SpeechParts& parts, const TranscriberOptions& options) {
  TaskRun run = task_run("transcribe", options, parts.identity());
  for (auto& field : identity_fields(*options.augmentation))
    run.identity.push_back(std::move(field));
  run.learning_rate = callbacks::warm_cosine(
      {.learning_rate = options.learning_rate, .warm_share = 0.05, .start = 0.02, .end = 0.02});
  return run;
}

// Trains the one that is next.
TaskRunResult train_next(Sequential& model, const SpeechRecognition& recognition,
                         const SpeechParts& parts, const TranscriberOptions& options,
                         NetworksInTurn& networks) {
  model.compile({.optimizer = optimizers::Adam(
                     {.learning_rate = options.learning_rate, .global_clipnorm = options.clipnorm}),
                 .loss = losses::CTC()});
  const SpeechReader& reader = recognition.sound;
  const auto cuts = std::make_shared<WordCuts>(reader, parts.train, options);
  EpochOfRecordings recordings(reader, parts.train, options, *cuts);
  std::vector<Tensor> validation;
  for (const std::vector<float>& sound : parts.validation.sounds)
    validation.push_back(reader.features(sound));
  TaskRun run = networks.next();
  run.seed = options.seed;
  if (!validation.empty())
    run.validate = [&] { return validate(model, recognition, parts.validation, validation); };
  run.callbacks = {cuts};
  return networks.train(
      model,
      Dataset::from_epochs([&](const Epoch& epoch) { return recordings.begin(epoch); },
                           recordings.size()),
      run);
}

}  // namespace

TrainedSpeech train_speech(std::shared_ptr<Sequential> first, const SpeechRecognition& recognition,
                           const SpeechParts& parts, const TranscriberOptions& options) {
  const SpeechSteps& steps = recognition.sound.steps();
  const std::int64_t classes = recognition.labels.classes();
  NetworksInTurn networks(common_run(parts, options), options.networks);
  std::vector<std::shared_ptr<Sequential>> trained;
  std::vector<TaskRunResult> results;
  for (std::int64_t n = 0; n < options.networks; ++n) {
    TranscriberOptions own = options;
    own.seed = network_seed(options.seed, n);
    if (n > 0) {
      set_random_seed(own.seed);
      first = std::make_shared<Sequential>(speech_network(own, steps, classes));
    }
    std::optional<TaskRunResult> result = networks.take_finished(*first);
    if (!result && networks.pauses()) break;
    if (!result) result = train_next(*first, recognition, parts, own, networks);
    results.push_back(*result);
    trained.push_back(first);
    if (!result->is_finished) break;
  }
  const TaskRunResult all = together(results, options.networks);
  if (all.is_finished) networks.remove();
  if (trained.size() == 1) return {trained.front(), all};
  return {std::make_shared<Functional>(joined_speech_network(trained, options, steps, classes)),
          all};
}

}  // namespace chronicler::tasks
