#include "tasks/translate/training.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <limits>
#include <span>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "chronicler/base/random.h"
#include "chronicler/layers/layers.h"
#include "model/network.h"
#include "tasks/shared/training_checkpoint.h"
#include "tasks/shared/warm_cosine.h"
#include "tasks/translate/batches.h"
#include "tasks/translate/tied_loss.h"
#include "training/trainer.h"

namespace chronicler::tasks {
namespace {

using Clock = std::chrono::steady_clock;

// Whatever would make another run of it; it may get more or less time than before.
std::string identity_of(const TranslationData& data, const TranslatorOptions& options) {
  const auto hash_of = [](std::span<const IdPair> pairs) {
    std::uint64_t hash = 0xcbf29ce484222325ULL;  // FNV-1a
    const auto take = [&](std::span<const PieceId> ids) {
      for (const PieceId id : ids)
        hash = (hash ^ static_cast<std::uint64_t>(id)) * 0x100000001b3ULL;
      hash = (hash ^ ids.size()) * 0x100000001b3ULL;
    };
    for (const IdPair& pair : pairs) {
      take(pair.source);
      take(pair.target);
    }
    return hash;
  };
  return fmt::format(
      "pairs {:016x}, validation {:016x}, {} to {}, vocabulary {}, embedding {}, {} + 2 x {} "
      "units, "
      "{} attention, dropout {}, label smoothing {}, batches of {}, rate {}, clipnorm {}, seed {}",
      hash_of(data.train), hash_of(data.validation), options.source_level, options.target_level,
      options.vocabulary, options.embedding, options.layers, options.units, options.attention,
      options.dropout.value_or(0.0), options.label_smoothing, options.batch_pieces,
      options.learning_rate, options.clipnorm, options.seed);
}

class Run {
 public:
  Run(const TranslationLayers& layers, const TranslationData& data,
      const TranslatorOptions& options)
      : data_(data),
        options_(options),
        table_(layers.table->parameters()[0]),
        learner_(layers.learner()),
        identity_(identity_of(data, options)),
        random_(options.seed) {
    // The loss is computed by hand; the optimizer, and what checkpoints keep, are the trainer's.
    learner_.compile({.optimizer = optimizers::Adam({.learning_rate = options.learning_rate,
                                                     .beta_2 = 0.98,
                                                     .global_clipnorm = options.clipnorm}),
                      .loss = "mse"});
    layers.table->expect_call({.reverse = true});  // the loss does: see TiedLoss
    learner_.network().make_gradients();
    trainer().build_optimizer(learner_);
    make_epoch();
  }

  TranslationRun run() {
    if (options_.resume) restore();
    const Clock::time_point start = Clock::now();
    const double before = seconds_;
    const double share_before = share_done();
    double reported = seconds_;
    double saved = seconds_;
    bool finished = true;
    std::int64_t trained = 0;
    while (share_done() < 1.0) {
      trained += train_step();
      seconds_ = before + std::chrono::duration<double>(Clock::now() - start).count();
      const bool is_epoch = next_batch_ == batches_.size();
      if (is_epoch) {
        ++epoch_;
        make_epoch();
      }
      if (is_epoch || share_done() >= 1.0) validate();
      const double share = share_done();
      if (seconds_ - reported >= options_.report_seconds || is_epoch || share >= 1.0) {
        reported = seconds_;
        const double session = std::max(seconds_ - before, 1e-9);
        pieces_per_second_ = static_cast<double>(trained) / session;
        const double left = options_.max_seconds > 0.0
                                ? options_.max_seconds - seconds_
                                : session * (1.0 - share) / std::max(share - share_before, 1e-9);
        if (!report(share, left)) {
          finished = share >= 1.0;
          break;
        }
      }
      if (!options_.checkpoint.empty() && seconds_ - saved >= checkpoint_seconds) {
        save();
        saved = seconds_;
      }
    }
    if (!options_.checkpoint.empty()) {
      if (finished) {
        std::filesystem::remove(options_.checkpoint);
      } else {
        save();
      }
    }
    if (!finished) validate();
    if (!best_.empty()) learner_.set_weights(best_);
    return {finished,           epochs(),
            best_epoch_,        seconds_,
            pieces_per_second_, best_.empty() ? std::nullopt : std::optional<double>(best_nats_)};
  }

 private:
  Trainer& trainer() const { return *learner_.trainer(); }

  double epochs() const {
    return static_cast<double>(epoch_) +
           static_cast<double>(next_batch_) / static_cast<double>(batches_.size());
  }
  double share_done() const {
    const double share =
        options_.max_seconds > 0.0 ? seconds_ / options_.max_seconds : epochs() / options_.epochs;
    return std::min(share, 1.0);
  }

  double rate_at(double share) const {
    constexpr WarmCosine schedule{.warm_share = 0.03, .start = 0.01, .end = 0.02};
    return options_.learning_rate * schedule.at(share);
  }

  void make_epoch() {
    batches_ =
        batches_of(data_.train, options_.batch_pieces, random_, static_cast<std::uint64_t>(epoch_));
    next_batch_ = 0;
  }

  TensorView forward(const PairTensors& batch, const Execution::Mode& mode) {
    const std::array<Value, 2> inputs{Value{batch.source, {}}, Value{batch.target, {}}};
    learner_.execution().forward(inputs, mode);
    return learner_.execution().output().data;
  }

  // Returns how many pieces it was.
  std::int64_t train_step() {
    const PairTensors batch(data_.train, batches_[next_batch_++]);
    Execution::Mode mode;
    mode.training = true;
    mode.keep = true;
    mode.step = trainer().step();
    const TensorView vectors = forward(batch, mode);
    learner_.network().zero_gradients();
    const TensorView slope = learner_.execution().arena().zeros(vectors.shape(), vectors.dtype());
    const auto smoothing = static_cast<float>(options_.label_smoothing);
    const double loss = loss_.run(table_, vectors, batch.places, batch.expected, smoothing, slope);
    trainer().note_loss(learner_, loss);
    trainer().require_finite([&] {
      return fmt::format("at batch {} of {} in epoch {}", next_batch_, batches_.size(), epoch_ + 1);
    });
    loss_sum_ += loss;
    loss_count_ += 1.0;
    learner_.execution().backward(std::span(&slope, 1));
    trainer().optimizer().set_learning_rate(rate_at(share_done()));
    trainer().optimizer().step(Runtime::global());
    trainer().set_step(trainer().step() + 1);
    return batch.source.size() + batch.target.size();
  }

  void validate() {
    if (data_.validation.empty()) return;
    double sum = 0.0;
    double count = 0.0;
    for (const PairBatch& each :
         batches_of(data_.validation, options_.batch_pieces, Random(0), 0)) {
      const PairTensors batch(data_.validation, each);
      const TensorView vectors = forward(batch, {});
      const auto pieces = static_cast<double>(batch.places.size());
      sum += pieces * loss_.run(table_, vectors, batch.places, batch.expected, 0.0F, {});
      count += pieces;
    }
    validation_nats_ = sum / count;
    if (!(*validation_nats_ < best_nats_)) return;
    best_nats_ = *validation_nats_;
    best_epoch_ = epochs();
    best_ = learner_.get_weights();
  }

  bool report(double share, double left) {
    if (loss_count_ > 0.0) last_loss_ = loss_sum_ / loss_count_;
    loss_sum_ = 0.0;
    loss_count_ = 0.0;
    if (!options_.progress) return true;
    TranslatorProgress progress;
    progress.share = share;
    progress.epochs = epochs();
    progress.steps = static_cast<std::int64_t>(trainer().step());
    progress.loss = last_loss_;
    progress.validation_nats = validation_nats_;
    progress.seconds = seconds_;
    progress.seconds_left = left;
    progress.pieces_per_second = pieces_per_second_;
    return options_.progress(progress);
  }

  void save() {
    TrainingCheckpoint checkpoint{identity_,
                                  {{"epoch", static_cast<double>(epoch_)},
                                   {"batch", static_cast<double>(next_batch_)},
                                   {"seconds", seconds_},
                                   {"best_epoch", best_epoch_}},
                                  best_};
    if (!best_.empty()) checkpoint.numbers["best_nats"] = best_nats_;
    save_checkpoint(options_.checkpoint, checkpoint, learner_);
  }

  void restore() {
    TrainingCheckpoint checkpoint{identity_, {}, {}};
    if (!restore_checkpoint(options_.checkpoint, checkpoint, learner_)) return;
    epoch_ = static_cast<std::int64_t>(checkpoint.numbers.at("epoch"));
    make_epoch();
    next_batch_ = static_cast<std::size_t>(checkpoint.numbers.at("batch"));
    seconds_ = checkpoint.numbers.at("seconds");
    best_epoch_ = checkpoint.numbers.at("best_epoch");
    best_ = checkpoint.tensors;
    if (!best_.empty()) best_nats_ = checkpoint.numbers.at("best_nats");
  }

  const TranslationData& data_;
  const TranslatorOptions& options_;
  const Parameter& table_;
  Functional learner_;
  std::string identity_;
  Random random_;
  TiedLoss loss_;
  std::vector<PairBatch> batches_;
  std::int64_t epoch_ = 0;
  std::size_t next_batch_ = 0;
  double seconds_ = 0.0;
  double pieces_per_second_ = 0.0;
  double loss_sum_ = 0.0;
  double loss_count_ = 0.0;
  double last_loss_ = 0.0;
  std::optional<double> validation_nats_;
  double best_nats_ = std::numeric_limits<double>::infinity();
  double best_epoch_ = 0.0;
  std::vector<Tensor> best_;
};

}  // namespace

TranslationRun train_translation(const TranslationLayers& layers, const TranslationData& data,
                                 const TranslatorOptions& options) {
  return Run(layers, data, options).run();
}

}  // namespace chronicler::tasks
