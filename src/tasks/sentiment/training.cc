#include "tasks/sentiment/training.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <numeric>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "chronicler/base/random.h"
#include "chronicler/layers/layers.h"
#include "chronicler/training/fit.h"
#include "chronicler/training/losses/categorical_crossentropy.h"
#include "chronicler/training/optimizers/adam.h"
#include "kernels/softmax.h"
#include "model/model_internals.h"
#include "model/network.h"
#include "tasks/shared/length_batches.h"

namespace chronicler::tasks {
namespace {

// Samples that go through the network together, as tensors.
struct SampleTensors {
  std::vector<Tensor> inputs;

  SampleTensors(std::span<const Sample> samples, std::span<const std::size_t> rows, bool with_bag) {
    std::size_t longest = 1;
    for (const std::size_t row : rows) longest = std::max(longest, samples[row].ids.size());
    // A few lengths only: memory is laid out anew for each.
    constexpr std::size_t rounding = 8;
    const auto steps = static_cast<std::int64_t>((longest + rounding - 1) / rounding * rounding);
    const auto count = static_cast<std::int64_t>(rows.size());
    inputs.emplace_back(Shape({count, steps}), DType::int32);
    for (std::int64_t i = 0; i < count; ++i) {
      const Sample& sample = samples[rows[static_cast<std::size_t>(i)]];
      std::copy(sample.ids.begin(), sample.ids.end(), inputs[0].as<std::int32_t>() + i * steps);
    }
    const auto width = static_cast<std::int64_t>(samples[rows[0]].wide.size());
    if (!with_bag) return;
    inputs.emplace_back(Shape({count, width}));
    for (std::int64_t i = 0; i < count; ++i) {
      const Sample& sample = samples[rows[static_cast<std::size_t>(i)]];
      std::copy(sample.wide.begin(), sample.wide.end(), inputs[1].as<float>() + i * width);
    }
  }
};

// Numbers from 0 on, those of shorter samples first.
std::vector<std::size_t> by_length(std::span<const Sample> samples) {
  std::vector<std::size_t> order(samples.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return samples[a].ids.size() < samples[b].ids.size();
  });
  return order;
}

std::int64_t argmax(std::span<const float> scores) {
  return std::max_element(scores.begin(), scores.end()) - scores.begin();
}

}  // namespace

namespace {

// From ids to the scores of one network of several, (batch, 1, classes).
Symbol tower(const Symbol& ids, std::int64_t vocabulary, std::int64_t classes,
             const TextClassifierOptions& options, std::int64_t number) {
  const auto named = [&](std::string_view name) {
    return number == 0 ? std::string(name) : fmt::format("{}_{}", name, number);
  };
  Symbol x = layers::Embedding({.input_dim = vocabulary,
                                .output_dim = options.embedding,
                                .mask_zero = true,
                                .name = named("words")})(ids);
  x = layers::Dropout({.rate = *options.dropout / 2.0, .name = named("word_dropout")})(x);
  const Symbol states = layers::Bidirectional(
      {.layer = layers::LSTM({.units = options.units, .return_sequences = true}),
       .name = named("reader")})(x);
  // Attention: what is read on average asks, every step answers.
  const std::int64_t width = 2 * options.units;
  const Symbol mean = layers::GlobalAveragePooling1D({.name = named("mean")})(states);
  const Symbol question =
      layers::Reshape({.target_shape = {1, options.units}, .name = named("question")})(
          layers::Dense({.units = options.units, .name = named("to_question")})(mean));
  const Symbol keys = layers::Dense({.units = options.units, .name = named("to_keys")})(states);
  const Symbol attended = layers::Reshape({.target_shape = {width}, .name = named("attended")})(
      layers::AdditiveAttention({.name = named("attention")})({question, states, keys}));
  Symbol all = layers::Concatenate({.name = named("summary")})({attended, mean});
  all = layers::Dropout({.rate = *options.dropout, .name = named("summary_dropout")})(all);
  const Symbol deep = layers::Dense({.units = classes, .name = named("deep")})(all);
  return layers::Reshape({.target_shape = {1, classes}, .name = named("row")})(deep);
}

}  // namespace

Functional classifier_network(std::int64_t vocabulary, std::int64_t classes,
                              const TextClassifierOptions& options, Scoring scoring) {
  const Symbol ids = Input({.shape = {None}, .dtype = "int32", .name = "ids"});
  std::vector<Symbol> towers;
  for (std::int64_t number = 0; number < options.networks; ++number)
    towers.push_back(tower(ids, vocabulary, classes, options, number));
  Symbol rows = towers.front();
  if (towers.size() > 1) rows = layers::Concatenate({.axis = 1, .name = "networks"})(towers);
  if (scoring == Scoring::each) return Functional({ids}, {rows}, "text_classifier");
  const Symbol deep = layers::GlobalAveragePooling1D({.name = "mean_scores"})(rows);
  if (scoring == Scoring::mean) return Functional({ids}, {deep}, "text_classifier");
  const std::int64_t scores_of_bags = 2 * (*options.spelling > 0 ? 2 : 1);
  const Symbol bags = Input({.shape = {scores_of_bags * classes}, .name = "bags"});
  const Symbol wide = layers::Dense({.units = classes, .name = "wide"})(bags);
  return Functional({ids, bags}, {layers::Add({.name = "scores"})({deep, wide})},
                    "text_classifier");
}

std::vector<std::vector<float>> log_probabilities(const Model& model,
                                                  std::span<const Sample> samples) {
  constexpr std::size_t rows = 32;
  std::vector<std::vector<float>> results(samples.size());
  Execution execution(ModelInternals::network(model));
  const bool with_bag = model.input_shapes().size() > 1;
  const std::vector<std::size_t> order = by_length(samples);
  for (std::size_t begin = 0; begin < order.size(); begin += rows) {
    const auto part = std::span(order).subspan(begin, std::min(rows, order.size() - begin));
    const SampleTensors batch(samples, part, with_bag);
    std::vector<Value> values;
    for (const Tensor& input : batch.inputs) values.push_back({input, {}});
    execution.forward(values, {});
    const TensorView scores = execution.output().data;
    const auto classes = static_cast<std::size_t>(scores.shape()[-1]);
    const std::size_t networks = static_cast<std::size_t>(scores.size()) / part.size() / classes;
    for (std::size_t i = 0; i < part.size(); ++i) {
      const float* row = scores.as<float>() + i * networks * classes;
      std::vector<float> result(classes, 0.0F);
      for (std::size_t j = 0; j < networks * classes; ++j)
        result[j % classes] += row[j] / static_cast<float>(networks);
      kernels::log_softmax_of_row(static_cast<std::int64_t>(classes), result.data());
      results[part[i]] = std::move(result);
    }
  }
  return results;
}

namespace {

std::vector<std::size_t> lengths_of(std::span<const Sample> samples) {
  std::vector<std::size_t> lengths;
  for (const Sample& sample : samples) lengths.push_back(sample.ids.size());
  return lengths;
}

// The samples of an epoch, batches of like lengths in another order each time.
class EpochOfSamples {
 public:
  EpochOfSamples(const ClassifierData& data, const TextClassifierOptions& options,
                 std::int64_t classes)
      : data_(data),
        options_(options),
        classes_(classes),
        random_(options.seed),
        batches_(lengths_of(data.train), static_cast<std::size_t>(options.batch_size), 32,
                 random_) {}

  std::int64_t size() const { return static_cast<std::int64_t>(batches_.count()); }

  Dataset::EpochItems begin(const Epoch& epoch) {
    batches_.begin_epoch(epoch.number);
    return {size(), [this, first = epoch.number * size()](std::int64_t index) {
              return batch(static_cast<std::size_t>(index), first + index);
            }};
  }

 private:
  // `step`: of all epochs.
  Batch batch(std::size_t number, std::int64_t step) const {
    const std::span<const std::size_t> rows = batches_[number];
    const SampleTensors made(data_.train, rows, false);
    // Some words become unknown, others each time: what is learnt must not hang on one of them.
    const auto stream = (1ULL << 32U) + static_cast<std::uint64_t>(step);
    const std::span<std::int32_t> ids = made.inputs[0].span<std::int32_t>();
    for (std::size_t i = 0; i < ids.size() && *options_.word_dropout > 0.0; ++i) {
      if (ids[i] != 0 && random_.uniform(stream, i) < static_cast<float>(*options_.word_dropout))
        ids[i] = TextReader::unknown;
    }
    // Each network learns the same labels by itself.
    Tensor y({static_cast<std::int64_t>(rows.size()), options_.networks, classes_});
    float* row = y.as<float>();
    for (const std::size_t sample : rows) {
      for (std::int64_t network = 0; network < options_.networks; ++network, row += classes_)
        row[data_.train_labels[sample]] = 1.0F;
    }
    return {made.inputs, y};
  }

  const ClassifierData& data_;
  const TextClassifierOptions& options_;
  std::int64_t classes_;
  Random random_;
  LengthBatches batches_;
};

// By the mean of -ln p, and the accuracy.
Validation validate(const Model& model, const ClassifierData& data) {
  const auto predicted = log_probabilities(model, data.validation);
  double loss = 0.0;
  double right = 0.0;
  for (std::size_t i = 0; i < predicted.size(); ++i) {
    const std::int32_t label = data.validation_labels[i];
    loss -= static_cast<double>(predicted[i][static_cast<std::size_t>(label)]);
    right += argmax(predicted[i]) == label ? 1.0 : 0.0;
  }
  const auto count = static_cast<double>(predicted.size());
  return {loss / count, right / count};
}

}  // namespace

TaskRunResult train_classifier(Functional& model, const ClassifierData& data,
                               const TextClassifierOptions& options) {
  model.compile({.optimizer = optimizers::Adam(
                     {.learning_rate = options.learning_rate, .global_clipnorm = options.clipnorm}),
                 .loss = losses::CategoricalCrossentropy(
                     {.from_logits = true, .label_smoothing = *options.label_smoothing})});
  EpochOfSamples samples(data, options, model.output_shape()[-1]);
  TaskRun run = task_run("sentiment", options, data.identity);
  run.learning_rate = callbacks::warm_cosine(
      {.learning_rate = options.learning_rate, .warm_share = 0.05, .start = 0.02, .end = 0.05});
  if (!data.validation.empty()) run.validate = [&] { return validate(model, data); };
  return train(model,
               Dataset::from_epochs([&](const Epoch& epoch) { return samples.begin(epoch); },
                                    samples.size()),
               run);
}

namespace {

// A part of the network's scores: for each text, the centred score of each class.
using Scores = std::vector<std::vector<float>>;

std::vector<float> centred(std::vector<float> scores) {
  const float mean =
      std::accumulate(scores.begin(), scores.end(), 0.0F) / static_cast<float>(scores.size());
  for (float& score : scores) score -= mean;
  return scores;
}

// How much each part counts, so that their weighted sum predicts the labels best (by the mean of
// -ln p). A few numbers, held to the usual ones where texts are few.
std::vector<double> best_shares(const std::vector<Scores>& parts, const std::vector<double>& usual,
                                std::span<const std::int32_t> labels) {
  std::vector<double> shares = usual;
  if (labels.empty()) return shares;
  constexpr int rounds = 400;
  constexpr double hold = 5.0;
  const auto count = static_cast<double>(labels.size());
  for (int round = 0; round < rounds; ++round) {
    std::vector<double> slopes(parts.size());
    std::vector<double> curves(parts.size());
    for (std::size_t p = 0; p < parts.size(); ++p) {
      slopes[p] = 2.0 * hold * (shares[p] - usual[p]);
      curves[p] = 2.0 * hold;
    }
    for (std::size_t i = 0; i < labels.size(); ++i) {
      const std::size_t classes = parts[0][i].size();
      std::vector<double> scores(classes, 0.0);
      for (std::size_t p = 0; p < parts.size(); ++p) {
        for (std::size_t c = 0; c < classes; ++c)
          scores[c] += shares[p] * static_cast<double>(parts[p][i][c]);
      }
      kernels::softmax_of_row(static_cast<std::int64_t>(classes), scores.data());
      for (std::size_t p = 0; p < parts.size(); ++p) {
        double mean = 0.0;
        double square = 0.0;
        for (std::size_t c = 0; c < classes; ++c) {
          const auto score = static_cast<double>(parts[p][i][c]);
          mean += scores[c] * score;
          square += scores[c] * score * score;
        }
        slopes[p] += mean - static_cast<double>(parts[p][i][static_cast<std::size_t>(labels[i])]);
        curves[p] += square - mean * mean;
      }
    }
    // Newton's step for each by itself, shortened because they are alike.
    for (std::size_t p = 0; p < parts.size(); ++p)
      shares[p] = std::max(0.0, shares[p] - 0.3 * slopes[p] / (curves[p] + 1e-3 * count));
  }
  return shares;
}

Scores part_of(std::span<const Sample> samples, std::size_t part, std::size_t classes) {
  Scores scores;
  for (const Sample& sample : samples) {
    const auto begin = sample.wide.begin() + static_cast<std::ptrdiff_t>(part * classes);
    scores.emplace_back(begin, begin + static_cast<std::ptrdiff_t>(classes));
  }
  return scores;
}

}  // namespace

namespace {

void take_weights(const Functional& from, Functional& to, float share) {
  for (const LayerPtr& layer : from.layers()) {
    ParameterList& parameters = to.get_layer(layer->name())->parameters();
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      copy(layer->parameters()[i].value, parameters[i].value);
      if (!layer->name().starts_with("deep")) continue;
      for (float& number : parameters[i].value.span<float>()) number *= share;
    }
  }
}

}  // namespace

Functional finished_network(const Functional& trained, std::int64_t vocabulary,
                            const TextClassifierOptions& options,
                            std::span<const Sample> validation,
                            std::span<const std::int32_t> labels) {
  const std::int64_t classes = trained.output_shape()[-1];
  Functional model = classifier_network(vocabulary, classes, options,
                                        options.wide ? Scoring::with_bags : Scoring::mean);
  if (!options.wide) {
    take_weights(trained, model, 1.0F);
    return model;
  }
  Scores network = log_probabilities(trained, validation);
  for (std::vector<float>& scores : network) scores = centred(std::move(scores));
  const Tensor& kernel = model.get_layer("wide")->parameters()[0].value;
  // The network counts half; the other half is that of the bags' logistic regressions.
  const auto wide_parts = static_cast<std::size_t>(kernel.shape()[0] / classes);
  std::vector<Scores> parts{std::move(network)};
  std::vector<double> usual{0.5};
  for (std::size_t part = 0; part < wide_parts; ++part) {
    parts.push_back(part_of(validation, part, static_cast<std::size_t>(classes)));
    usual.push_back(part % 2 == 0 ? 1.0 / static_cast<double>(wide_parts) : 0.0);
  }
  const std::vector<double> shares = best_shares(parts, usual, labels);
  take_weights(trained, model, static_cast<float>(shares[0]));
  std::fill_n(kernel.as<float>(), kernel.size(), 0.0F);
  for (std::size_t part = 0; part < wide_parts; ++part) {
    for (std::int64_t c = 0; c < classes; ++c) {
      const std::int64_t row = static_cast<std::int64_t>(part) * classes + c;
      kernel.as<float>()[row * classes + c] = static_cast<float>(shares[part + 1]);
    }
  }
  return model;
}

}  // namespace chronicler::tasks
