#include "tasks/translate/training.h"

#include <algorithm>
#include <array>
#include <memory>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "base/hash.h"
#include "chronicler/base/random.h"
#include "chronicler/training/fit.h"
#include "chronicler/training/optimizers/adam.h"
#include "model/model_internals.h"
#include "model/network.h"
#include "tasks/shared/joined_networks.h"
#include "tasks/shared/networks_in_turn.h"
#include "tasks/translate/batches.h"
#include "tasks/translate/tied_loss.h"

namespace chronicler::tasks {
namespace {

std::string hash_of(std::span<const IdPair> pairs) {
  std::uint64_t hash = fnv_start;
  const auto take = [&](std::span<const PieceId> ids) {
    for (const PieceId id : ids) hash = fnv_after(hash, static_cast<std::uint64_t>(id));
    hash = fnv_after(hash, ids.size());
  };
  for (const IdPair& pair : pairs) {
    take(pair.source);
    take(pair.target);
  }
  return fmt::format("{:016x}", hash);
}

// The pairs of an epoch, batches of like lengths in another order each time. Where one ends is
// decided by lengths alone, so that all epochs have as many.
class EpochOfPairs {
 public:
  EpochOfPairs(std::span<const IdPair> pairs, const TranslatorOptions& options)
      : pairs_(pairs), batch_pieces_(options.batch_pieces), random_(options.seed) {
    const std::vector<PairBatch> first = batches(0);
    size_ = static_cast<std::int64_t>(first.size());
    for (const PairBatch& batch : first)
      pieces_ += static_cast<double>(padded_pieces(pairs_, batch)) / static_cast<double>(size_);
  }

  std::int64_t size() const { return size_; }
  // Of a batch, on average, padding included.
  double pieces() const { return pieces_; }

  Dataset::EpochItems begin(const Epoch& epoch) const {
    const auto own = std::make_shared<std::vector<PairBatch>>(batches(epoch.number));
    return {size_, [this, own](std::int64_t index) {
              const PairTensors made(pairs_, (*own)[static_cast<std::size_t>(index)]);
              return Batch{{made.source, made.target}, made.expected};
            }};
  }

 private:
  std::vector<PairBatch> batches(std::int64_t epoch) const {
    return batches_of(pairs_, batch_pieces_, random_, static_cast<std::uint64_t>(epoch));
  }

  std::span<const IdPair> pairs_;
  std::int64_t batch_pieces_;
  Random random_;
  std::int64_t size_ = 0;
  double pieces_ = 0.0;
};

// In nats a piece.
Validation validate(Functional& learner, const TiedLoss& loss, std::span<const IdPair> pairs,
                    std::int64_t batch_pieces) {
  double sum = 0.0;
  double count = 0.0;
  for (const PairBatch& each : batches_of(pairs, batch_pieces, Random(0), 0)) {
    const PairTensors batch(pairs, each);
    const std::array<Value, 2> inputs{Value{batch.source, {}}, Value{batch.target, {}}};
    ModelInternals::execution(learner).forward(inputs, {});
    const auto pieces = static_cast<double>(batch.count);
    sum += pieces *
           loss.run(ModelInternals::execution(learner).output().data, batch.expected, 0.0, {});
    count += pieces;
  }
  return {sum / count, sum / count};
}

TaskRun common_run(const EpochOfPairs& pairs, const TranslationData& data,
                   const TranslatorOptions& options) {
  TaskRun run = task_run(
      "translate", options,
      fmt::format("pairs {}, validation {}", hash_of(data.train), hash_of(data.validation)));
  // A batch has the rate of the share that is done after it.
  const auto rate = callbacks::warm_cosine(
      {.learning_rate = options.learning_rate, .warm_share = 0.03, .start = 0.01, .end = 0.02});
  const double batches = options.epochs * static_cast<double>(pairs.size());
  const double batch_share = options.max_seconds > 0.0 ? 0.0 : 1.0 / batches;
  run.learning_rate = [rate, batch_share](double share) {
    return rate(std::min(1.0, share + batch_share));
  };
  run.items_per_step = pairs.pieces();
  return run;
}

// Trains the one that is next.
TaskRunResult train_next(Functional& learner, Layer& table, const TranslationData& data,
                         const TranslatorOptions& options, NetworksInTurn& networks) {
  table.expect_call({.reverse = true});  // the loss does: see TiedLoss
  const auto loss = std::make_shared<TiedLoss>(table.parameters()[0], options.label_smoothing);
  learner.compile({.optimizer = optimizers::Adam({.learning_rate = options.learning_rate,
                                                  .beta_2 = 0.98,
                                                  .global_clipnorm = options.clipnorm}),
                   .loss = LossPtr(loss)});
  const EpochOfPairs pairs(data.train, options);
  TaskRun run = networks.next();
  run.seed = options.seed;
  if (!data.validation.empty()) {
    run.validate = [&] { return validate(learner, *loss, data.validation, options.batch_pieces); };
  }
  return networks.train(
      learner,
      Dataset::from_epochs([&](const Epoch& epoch) { return pairs.begin(epoch); }, pairs.size()),
      run);
}

// One model of several, with their weights.
std::shared_ptr<Functional> joined(std::span<const std::shared_ptr<Functional>> networks,
                                   std::int64_t vocabulary, const TranslatorOptions& options) {
  std::vector<TranslationLayers> layers;
  for (std::size_t i = 0; i < networks.size(); ++i) {
    layers.push_back(
        TranslationLayers::make(vocabulary, options, branch_prefix(i, networks.size())));
  }
  auto model = std::make_shared<Functional>(TranslationLayers::whole_model(layers));
  for (std::size_t i = 0; i < networks.size(); ++i)
    set_branch_weights(*networks[i], *model, layers[i].prefix);
  return model;
}

}  // namespace

TrainedTranslation train_translation(std::shared_ptr<Functional> first, std::int64_t vocabulary,
                                     const TranslationData& data,
                                     const TranslatorOptions& options) {
  NetworksInTurn networks(common_run(EpochOfPairs(data.train, options), data, options),
                          options.networks);
  std::vector<std::shared_ptr<Functional>> trained;
  std::vector<TaskRunResult> results;
  for (std::int64_t n = 0; n < options.networks; ++n) {
    TranslatorOptions own = options;
    own.seed = network_seed(options.seed, n);
    if (n > 0) {
      set_random_seed(own.seed);
      const auto layers = TranslationLayers::make(vocabulary, own);
      first = std::make_shared<Functional>(TranslationLayers::whole_model({&layers, 1}));
    }
    const TranslationLayers layers = TranslationLayers::of(*first).front();
    Functional learner = layers.learner();
    std::optional<TaskRunResult> result = networks.take_finished(learner);
    if (!result && networks.pauses()) break;
    if (!result) result = train_next(learner, *layers.table, data, own, networks);
    results.push_back(*result);
    trained.push_back(first);
    if (!result->is_finished) break;
  }
  const TaskRunResult all = together(results, options.networks);
  if (all.is_finished) networks.remove();
  if (trained.size() == 1) return {trained.front(), all};
  return {joined(trained, vocabulary, options), all};
}

}  // namespace chronicler::tasks
