#include "tasks/generate/training.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/hash.h"
#include "chronicler/base/random.h"
#include "chronicler/layers/layers.h"
#include "chronicler/model/stream.h"
#include "chronicler/training/fit.h"
#include "chronicler/training/losses/sparse_categorical_crossentropy.h"
#include "chronicler/training/optimizers/adam.h"
#include "model/model_internals.h"
#include "model/network.h"
#include "tasks/shared/joined_networks.h"
#include "tasks/shared/networks_in_turn.h"
#include "tasks/shared/recurrent_cell.h"

namespace chronicler::tasks {
namespace {

using Id = data::Pieces::Id;

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
  RowScores(const Model& model, bool carry) : execution_(ModelInternals::network(model), carry) {}

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

namespace {

// From ids to scores, by layers whose names begin with the prefix.
Symbol scores_of(const Symbol& ids, std::int64_t pieces, const TextGeneratorOptions& options,
                 bool training, const std::string& prefix) {
  // The table both reads and writes: with Keras's usual small numbers neither says anything at
  // first, and the first two epochs are lost.
  const LayerPtr table =
      layers::ReversibleEmbedding({.input_dim = pieces,
                                   .output_dim = options.embedding,
                                   .embeddings_initializer = initializers::RandomUniform(-0.4, 0.4),
                                   .name = prefix + "pieces"});
  Symbol x = table(ids);
  const double dropout = options.dropout.value_or(0.0);
  for (std::int64_t i = 1; i <= options.layers; ++i) {
    x = recurrent_cell(options.cell, {.units = options.units,
                                      .stateful = training,
                                      .name = fmt::format("{}{}_{}", prefix, options.cell, i)})(x);
    if (dropout > 0.0)
      x = layers::Dropout({.rate = dropout, .name = fmt::format("{}dropout_{}", prefix, i)})(x);
  }
  // Back to the length of a piece's vector, and by the same table to scores.
  x = layers::Dense({.units = options.embedding, .name = prefix + "to_pieces"})(x);
  return table(x, {.reverse = true});
}

layers::InputOptions ids_input() { return {.shape = {None}, .dtype = "int32", .name = "ids"}; }

}  // namespace

Functional language_model(std::int64_t pieces, const TextGeneratorOptions& options,
                          std::int64_t batch_size) {
  const bool training = batch_size > 0;
  layers::InputOptions input = ids_input();
  if (training) input.batch_size = batch_size;
  const Symbol ids = chronicler::Input(input);
  return Functional({ids}, {scores_of(ids, pieces, options, training, "")}, "text_generator");
}

Functional joined_language_model(std::span<const std::shared_ptr<Functional>> networks,
                                 std::int64_t pieces, const TextGeneratorOptions& options) {
  const Symbol ids = chronicler::Input(ids_input());
  std::vector<Symbol> scores;
  for (std::size_t i = 0; i < networks.size(); ++i)
    scores.push_back(scores_of(ids, pieces, options, false, branch_prefix(i, networks.size())));
  Functional joined({ids}, {layers::Average({.name = "mean_scores"})(scores)}, "text_generator");
  for (std::size_t i = 0; i < networks.size(); ++i)
    set_branch_weights(*networks[i], joined, branch_prefix(i, networks.size()));
  return joined;
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

double adapted_nats(const Model& model, PieceIds ids, const AdaptOptions& options) {
  const std::shared_ptr<Model> own = ModelInternals::cloned_model(model);
  if (const std::optional<Compilation> before = model.compilation()) {
    ModelInternals::set_compilation(*own, *before);
  } else {
    own->compile(
        {.optimizer = "sgd", .loss = losses::SparseCategoricalCrossentropy({.from_logits = true})});
  }
  StreamOptions how;
  how.adapt = options;
  Stream live = own->stream(how);
  double sum = 0.0;
  for (std::size_t t = 0; t + 1 < ids.size(); ++t) {
    const float id = ids[t];
    const float next = ids[t + 1];
    sum += nats_of(live.step(std::span(&id, 1)), ids[t + 1]);
    live.learn(std::span(&next, 1));
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

std::string hash_of(PieceIds ids) {
  std::uint64_t hash = fnv_start;
  for (const Id id : ids) hash = fnv_after(hash, id);
  return fmt::format("{:016x}", hash);
}

// The text cut into passages of equal lengths, which are read side by side, a few steps at a time:
// row i of a batch goes on with row i of the one before.
class Passages {
 public:
  Passages(PieceIds text, const TextGeneratorOptions& options)
      : text_(text), rows_(options.batch_size), steps_(options.steps), random_(options.seed) {
    // A passage begins somewhere in the first `steps` pieces, another place in each epoch.
    length_ = (static_cast<std::int64_t>(text.size()) - 1 - steps_) / rows_;
  }

  std::int64_t size() const { return std::max<std::int64_t>(length_ / steps_, 1); }

  Dataset::EpochItems begin(const Epoch& epoch) const {
    std::uint64_t offset = 0;
    if (epoch.number > 0) {
      offset = random_.below(static_cast<std::uint64_t>(steps_), 0,
                             static_cast<std::uint64_t>(epoch.number));
    }
    return {size(), [this, offset](std::int64_t index) {
              return batch(static_cast<std::int64_t>(offset) + index * steps_);
            }};
  }

 private:
  // The pieces from this place of each passage on, and those that follow them.
  Batch batch(std::int64_t place) const {
    const Tensor x({rows_, steps_}, DType::int32);
    const Tensor y({rows_, steps_}, DType::int32);
    for (std::int64_t r = 0; r < rows_; ++r) {
      const Id* from = text_.data() + place + r * length_;
      std::copy_n(from, steps_, x.as<std::int32_t>() + r * steps_);
      std::copy_n(from + 1, steps_, y.as<std::int32_t>() + r * steps_);
    }
    return {x, y};
  }

  PieceIds text_;
  std::int64_t rows_;
  std::int64_t steps_;
  Random random_;
  std::int64_t length_ = 0;
};

// In nats a character, of a part of the text if it is long.
Validation validate(const Model& model, const LanguageData& data) {
  const std::int64_t rows = data.validation.size() > 4096 ? 16 : 1;
  const double nats =
      parallel_nats(model, data.validation, rows, 25'000) / data.validation_characters;
  return {nats, nats};
}

TaskRun common_run(const LanguageData& data, const TextGeneratorOptions& options) {
  TaskRun run = task_run(
      "generate", options,
      fmt::format("text {}, validation {}", hash_of(data.train), hash_of(data.validation)));
  run.learning_rate = callbacks::warm_cosine(
      {.learning_rate = options.learning_rate, .warm_share = 0.03, .start = 0.01, .end = 0.02});
  run.items_per_step =
      static_cast<double>(options.batch_size * options.steps) / data.pieces_per_character;
  return run;
}

// Trains the one that is next.
TaskRunResult train_next(Functional& model, const LanguageData& data,
                         const TextGeneratorOptions& options, NetworksInTurn& networks) {
  Functional learner = language_model(model.output_shape()[-1], options, options.batch_size);
  learner.set_weights(model.get_weights());
  learner.compile({.optimizer = optimizers::AdamW({.learning_rate = options.learning_rate,
                                                   .weight_decay = options.weight_decay,
                                                   .global_clipnorm = options.clipnorm}),
                   .loss = losses::SparseCategoricalCrossentropy({.from_logits = true})});
  const Passages passages(data.train, options);
  TaskRun run = networks.next();
  run.seed = options.seed;
  // Passages begin anew with each epoch.
  run.callbacks = {callbacks::LambdaCallback(
      {.on_epoch_begin = [&](std::int64_t, Logs&) { learner.reset_states(); }})};
  constexpr std::size_t least_validation = 64;
  if (data.validation.size() >= least_validation) {
    run.validate = [&] {
      model.set_weights(learner.get_weights());
      return validate(model, data);
    };
    // Long epochs are looked at amid them, too.
    run.validate_every = std::max<std::int64_t>(passages.size() / 2, 200);
  }
  const TaskRunResult result =
      networks.train(learner,
                     Dataset::from_epochs([&](const Epoch& epoch) { return passages.begin(epoch); },
                                          passages.size()),
                     run);
  model.set_weights(learner.get_weights());
  return result;
}

}  // namespace

TrainedLanguageModel train_language_model(std::shared_ptr<Functional> first,
                                          const LanguageData& data,
                                          const TextGeneratorOptions& options) {
  const std::int64_t pieces = first->output_shape()[-1];
  NetworksInTurn networks(common_run(data, options), options.networks);
  std::vector<std::shared_ptr<Functional>> trained;
  std::vector<TaskRunResult> results;
  for (std::int64_t n = 0; n < options.networks; ++n) {
    TextGeneratorOptions own = options;
    own.seed = network_seed(options.seed, n);
    if (n > 0) {
      set_random_seed(own.seed);
      first = std::make_shared<Functional>(language_model(pieces, own, 0));
    }
    std::optional<TaskRunResult> result = networks.take_finished(*first);
    if (!result && networks.pauses()) break;
    if (!result) result = train_next(*first, data, own, networks);
    results.push_back(*result);
    trained.push_back(first);
    if (!results.back().is_finished) break;
  }
  const TaskRunResult all = together(results, options.networks);
  if (all.is_finished) networks.remove();
  if (trained.size() == 1) return {trained.front(), all};
  return {std::make_shared<Functional>(joined_language_model(trained, pieces, options)), all};
}

}  // namespace chronicler::tasks
