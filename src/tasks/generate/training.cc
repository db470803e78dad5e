#include "tasks/generate/training.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <limits>
#include <span>
#include <vector>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "chronicler/layers/layers.h"
#include "chronicler/model/stream.h"
#include "model/network.h"
#include "tasks/shared/training_checkpoint.h"
#include "tasks/shared/warm_cosine.h"
#include "training/trainer.h"

namespace chronicler::tasks {
namespace {

using Clock = std::chrono::steady_clock;
using Id = data::Pieces::Id;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// -ln p of one piece from the scores of all.
double nats_of(std::span<const float> scores, Id id) {
  const float best = *std::max_element(scores.begin(), scores.end());
  float total = 0.0F;
  for (const float score : scores) total += std::exp(score - best);
  return std::log(static_cast<double>(total)) + static_cast<double>(best) -
         static_cast<double>(scores[id]);
}

// Runs rows of ids through the network and adds up -ln p of the pieces that follow.
class RowScores {
 public:
  RowScores(const Model& model, bool carry) : execution_(model.network(), carry) {}

  // at(row, step): the id there. Scores `steps` steps, of which those from `first` on count.
  template <class At>
  double run(std::int64_t rows, std::int64_t steps, std::int64_t first, const At& at) {
    if (ids_.shape() != Shape({rows, steps})) ids_ = Tensor({rows, steps}, DType::int32);
    auto* ids = ids_.as<std::int32_t>();
    for (std::int64_t r = 0; r < rows; ++r) {
      for (std::int64_t t = 0; t < steps; ++t) ids[r * steps + t] = at(r, t);
    }
    const Value value{ids_, {}};
    execution_.forward(std::span(&value, 1), {});
    const TensorView scores = execution_.output().data;
    const auto pieces = static_cast<std::size_t>(scores.shape()[-1]);
    double sum = 0.0;
    for (std::int64_t r = 0; r < rows; ++r) {
      for (std::int64_t t = first; t < steps; ++t) {
        const float* row = scores.as<float>() + static_cast<std::size_t>(r * steps + t) * pieces;
        sum += nats_of({row, pieces}, at(r, t + 1));
      }
    }
    return sum;
  }

 private:
  Execution execution_;
  Tensor ids_;
};

}  // namespace

Functional language_model(std::int64_t pieces, const TextGeneratorOptions& options,
                          std::int64_t batch_size) {
  const bool training = batch_size > 0;
  // The table both reads and writes: with Keras's usual small numbers neither says anything at
  // first, and the first two epochs are lost.
  const LayerPtr table =
      layers::ReversibleEmbedding({.input_dim = pieces,
                                   .output_dim = options.embedding,
                                   .embeddings_initializer = initializers::RandomUniform(-0.4, 0.4),
                                   .name = "pieces"});
  layers::InputOptions input{.shape = {None}, .dtype = "int32", .name = "ids"};
  if (training) input.batch_size = batch_size;
  const Symbol ids = chronicler::Input(input);
  Symbol x = table(ids);
  const double dropout = options.dropout.value_or(0.0);
  for (std::int64_t i = 1; i <= options.layers; ++i) {
    x = layers::LSTM({.units = options.units,
                      .return_sequences = true,
                      .stateful = training,
                      .name = fmt::format("lstm_{}", i)})(x);
    if (dropout > 0.0)
      x = layers::Dropout({.rate = dropout, .name = fmt::format("dropout_{}", i)})(x);
  }
  // Back to the length of a piece's vector, and by the same table to scores.
  x = layers::Dense({.units = options.embedding, .name = "to_pieces"})(x);
  return Functional({ids}, {table(x, {.reverse = true})}, "text_generator");
}

double contiguous_nats(const Model& model, PieceIds ids) {
  Stream live = model.stream();
  double sum = 0.0;
  for (std::size_t t = 0; t + 1 < ids.size(); ++t) {
    const float id = ids[t];
    sum += nats_of(live.step(std::span(&id, 1)), ids[t + 1]);
  }
  return sum;
}

double cold_nats(const Model& model, PieceIds ids, std::int64_t steps) {
  RowScores scores(model, false);
  constexpr std::int64_t rows = 32;
  const auto count = static_cast<std::int64_t>(ids.size()) - 1;
  const std::int64_t windows = count / steps;
  double sum = 0.0;
  for (std::int64_t begin = 0; begin < windows; begin += rows) {
    sum +=
        scores.run(std::min(rows, windows - begin), steps, 0, [&](std::int64_t r, std::int64_t t) {
          return ids[static_cast<std::size_t>((begin + r) * steps + t)];
        });
  }
  if (const std::int64_t rest = count - windows * steps; rest > 0) {
    sum += scores.run(1, rest, 0, [&](std::int64_t, std::int64_t t) {
      return ids[static_cast<std::size_t>(windows * steps + t)];
    });
  }
  return sum;
}

double parallel_nats(const Model& model, PieceIds ids, std::int64_t rows, std::int64_t most) {
  RowScores scores(model, true);
  const std::int64_t stride = (static_cast<std::int64_t>(ids.size()) - 1) / rows;
  const std::int64_t length = std::min(stride, most / rows);
  constexpr std::int64_t steps = 64;
  double sum = 0.0;
  std::int64_t counted = 0;
  for (std::int64_t begin = 0; begin < length; begin += steps) {
    const std::int64_t now = std::min(steps, length - begin);
    sum += scores.run(rows, now, 0, [&](std::int64_t r, std::int64_t t) {
      return ids[static_cast<std::size_t>(r * stride + begin + t)];
    });
    counted += rows * now;
  }
  return sum / static_cast<double>(std::max<std::int64_t>(counted, 1));
}

namespace {

// Of the text and the options: the checkpoint of another run is refused.
// Whatever would make another run of it; it may get more or less time than before.
std::string identity_of(const LanguageData& data, const TextGeneratorOptions& options) {
  const auto hash_of = [](std::span<const Id> ids) {
    std::uint64_t hash = 0xcbf29ce484222325ULL;  // FNV-1a
    for (const Id id : ids) hash = (hash ^ id) * 0x100000001b3ULL;
    return hash;
  };
  return fmt::format(
      "text {:016x}, validation {:016x}, level {}, vocabulary {}, {} x {} units, embedding {}, "
      "batch {} x {}, dropout {}, rate {}, decay {}, clipnorm {}, seed {}",
      hash_of(data.train), hash_of(data.validation), options.level, options.vocabulary,
      options.layers, options.units, options.embedding, options.batch_size, options.steps,
      options.dropout.value_or(0.0), options.learning_rate, options.weight_decay, options.clipnorm,
      options.seed);
}

class Run {
 public:
  Run(Functional& model, const LanguageData& data, const TextGeneratorOptions& options)
      : model_(model),
        data_(data),
        options_(options),
        learner_(language_model(model.output_shape()[-1], options, options.batch_size)),
        identity_(identity_of(data, options)),
        random_(options.seed) {
    learner_.set_weights(model.get_weights());
    learner_.compile({.optimizer = optimizers::AdamW({.learning_rate = options.learning_rate,
                                                      .weight_decay = options.weight_decay,
                                                      .global_clipnorm = options.clipnorm}),
                      .loss = losses::SparseCategoricalCrossentropy({.from_logits = true})});
    const std::int64_t rows = options.batch_size;
    x_ = Tensor({rows, options.steps}, DType::int32);
    y_ = Tensor({rows, options.steps}, DType::int32);
    const auto length = static_cast<std::int64_t>(data.train.size());
    // A passage begins somewhere in the first `steps` pieces, another place in each epoch.
    row_length_ = (length - 1 - options.steps) / rows;
    steps_per_epoch_ = std::max<std::int64_t>(row_length_ / options.steps, 1);
    total_steps_ = std::max<std::int64_t>(
        static_cast<std::int64_t>(std::llround(options.epochs * steps_per_epoch_d())), 1);
    batch_ = {x_, y_, {}};
    trainer().prepare(learner_, batch_);
    trainer().reset_metrics();
    trainer().build_optimizer(learner_);
  }

  LanguageRun run() {
    if (options_.resume) restore();
    start_ = Clock::now();
    const double before = seconds_;
    double reported = 0.0;
    double saved = seconds_;
    bool finished = true;
    double share = share_done();
    const std::int64_t first_step = step_;
    while (share < 1.0) {
      train_step(share);
      seconds_ = before + seconds_since(start_);
      share = share_done();
      if (step_ % validation_interval() == 0) validate();
      if (seconds_ - reported >= options_.report_seconds || share >= 1.0) {
        const double session = seconds_ - before;
        const double rate =
            static_cast<double>(step_ - first_step) * characters_a_step() / std::max(session, 1e-9);
        if (!report(share, rate, before)) {
          finished = share >= 1.0;
          break;
        }
        reported = seconds_;
      }
      if (!options_.checkpoint.empty() && seconds_ - saved >= checkpoint_seconds) {
        save();
        saved = seconds_;
      }
    }
    validate();
    if (!options_.checkpoint.empty()) {
      if (!finished) {
        save();
      } else {
        std::filesystem::remove(options_.checkpoint);
      }
    }
    model_.set_weights(best_.empty() ? learner_.get_weights() : best_);
    const double session = std::max(seconds_ - before, 1e-9);
    return {finished, epochs(), best_epoch_, seconds_,
            static_cast<double>(step_ - first_step) * characters_a_step() / session};
  }

 private:
  Trainer& trainer() const { return *learner_.trainer(); }
  double steps_per_epoch_d() const { return static_cast<double>(steps_per_epoch_); }
  double epochs() const { return static_cast<double>(step_) / steps_per_epoch_d(); }
  double characters_a_step() const {
    return static_cast<double>(options_.batch_size * options_.steps) / data_.pieces_per_character;
  }

  double share_done() const {
    const double share = options_.max_seconds > 0.0
                             ? seconds_ / options_.max_seconds
                             : static_cast<double>(step_) / static_cast<double>(total_steps_);
    return std::min(share, 1.0);
  }

  double rate_at(double share) const {
    constexpr WarmCosine schedule{.warm_share = 0.03, .start = 0.01, .end = 0.02};
    return options_.learning_rate * schedule.at(share);
  }

  void train_step(double share) {
    const std::int64_t epoch = step_ / steps_per_epoch_;
    const std::int64_t chunk = step_ % steps_per_epoch_;
    if (chunk == 0) learner_.reset_states();
    const std::int64_t T = options_.steps;
    const auto offset =
        static_cast<std::int64_t>(epoch == 0 ? 0
                                             : random_.below(static_cast<std::uint64_t>(T), 0,
                                                             static_cast<std::uint64_t>(epoch)));
    for (std::int64_t r = 0; r < options_.batch_size; ++r) {
      const Id* from = data_.train.data() + offset + r * row_length_ + chunk * T;
      std::copy_n(from, T, x_.as<std::int32_t>() + r * T);
      std::copy_n(from + 1, T, y_.as<std::int32_t>() + r * T);
    }
    trainer().optimizer().set_learning_rate(rate_at(share));
    trainer().train_batch(learner_, batch_);
    trainer().require_finite([&] {
      return fmt::format("at step {} of {} in epoch {}", chunk + 1, steps_per_epoch_, epoch + 1);
    });
    ++step_;
  }

  // Between two looks at the validation text lie a tenth of an epoch, or more on short ones.
  std::int64_t validation_interval() const {
    return std::max<std::int64_t>(steps_per_epoch_ / 2, 200);
  }

  void validate() {
    if (data_.validation.size() < 64) return;
    model_.set_weights(learner_.get_weights());
    const std::int64_t rows = data_.validation.size() > 4096 ? 16 : 1;
    validation_ =
        parallel_nats(model_, data_.validation, rows, 25'000) / data_.validation_characters;
    if (*validation_ >= best_nats_) return;
    best_nats_ = *validation_;
    best_epoch_ = epochs();
    best_ = model_.get_weights();
  }

  bool report(double share, double rate, double before) {
    const double loss = trainer().results().loss();
    trainer().reset_metrics();
    if (!options_.progress) return true;
    GeneratorProgress progress;
    progress.share = share;
    progress.epochs = epochs();
    progress.steps = step_;
    progress.loss = loss;
    progress.validation_nats = validation_;
    progress.learning_rate = trainer().optimizer().learning_rate();
    progress.seconds = seconds_;
    progress.characters_per_second = rate;
    const double share_before =
        options_.max_seconds > 0.0 ? before / options_.max_seconds : first_share_;
    progress.seconds_left = options_.max_seconds > 0.0 ? options_.max_seconds - seconds_
                                                       : (seconds_ - before) * (1.0 - share) /
                                                             std::max(share - share_before, 1e-9);
    return options_.progress(progress);
  }

  void save() {
    TrainingCheckpoint checkpoint{
        identity_, {{"step", static_cast<double>(step_)}, {"seconds", seconds_}}, {}};
    for (const State& state : learner_.execution().states())
      checkpoint.tensors.insert(checkpoint.tensors.end(), state.begin(), state.end());
    if (!best_.empty()) {
      checkpoint.numbers["best_nats"] = best_nats_;
      checkpoint.numbers["best_epoch"] = best_epoch_;
      checkpoint.tensors.insert(checkpoint.tensors.end(), best_.begin(), best_.end());
    }
    save_checkpoint(options_.checkpoint, checkpoint, learner_);
  }

  void restore() {
    TrainingCheckpoint checkpoint{identity_, {}, {}};
    if (!restore_checkpoint(options_.checkpoint, checkpoint, learner_)) return;
    step_ = static_cast<std::int64_t>(checkpoint.numbers.at("step"));
    seconds_ = checkpoint.numbers.at("seconds");
    // A pass over zeros makes the states, which then are what they were.
    const Value zeros{x_, {}};
    learner_.execution().forward(std::span(&zeros, 1), {});
    std::size_t next = 0;
    for (State& state : learner_.execution().states()) {
      for (Tensor& tensor : state) copy(checkpoint.tensors.at(next++), tensor);
    }
    if (checkpoint.numbers.contains("best_nats")) {
      best_nats_ = checkpoint.numbers.at("best_nats");
      best_epoch_ = checkpoint.numbers.at("best_epoch");
      best_.assign(checkpoint.tensors.begin() + static_cast<std::ptrdiff_t>(next),
                   checkpoint.tensors.end());
    }
    first_share_ = share_done();
  }

  Functional& model_;
  const LanguageData& data_;
  const TextGeneratorOptions& options_;
  Functional learner_;
  std::string identity_;
  Random random_;
  Tensor x_;
  Tensor y_;
  Batch batch_;
  std::int64_t row_length_ = 0;
  std::int64_t steps_per_epoch_ = 1;
  std::int64_t total_steps_ = 1;
  std::int64_t step_ = 0;
  double seconds_ = 0.0;
  double first_share_ = 0.0;
  Clock::time_point start_;
  std::optional<double> validation_;
  double best_nats_ = std::numeric_limits<double>::infinity();
  double best_epoch_ = 0.0;
  std::vector<Tensor> best_;  // weights; none before the first look at validation text
};

}  // namespace

LanguageRun train_language_model(Functional& model, const LanguageData& data,
                                 const TextGeneratorOptions& options) {
  return Run(model, data, options).run();
}

}  // namespace chronicler::tasks
