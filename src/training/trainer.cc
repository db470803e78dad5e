#include "training/trainer.h"

#include <algorithm>
#include <cmath>
#include <iostream>
#include <map>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "layers/core/dispatch.h"
#include "model/model_internals.h"
#include "model/network.h"
#include "training/compile_config.h"
#include "training/losses/reduced_loss.h"
#include "training/metrics/metric_direction.h"
#include "training/not_finite.h"
#include "training/target_check.h"

namespace chronicler {
namespace {

void scale(const TensorView& gradient, double factor) {
  with_real(gradient.dtype(), [&](auto real) {
    for (auto& value : gradient.span<decltype(real)>())
      value *= static_cast<decltype(real)>(factor);
  });
}

// The entry of an output, or what counts for all of them. Throws Error for a name that no output
// has.
template <class Entry>
const Entry* entry_of(const std::map<std::string, Entry>& entries, const std::string& output) {
  const auto found = entries.find(output);
  return found == entries.end() ? nullptr : &found->second;
}

template <class Entry>
void check_names(const std::map<std::string, Entry>& entries,
                 const std::vector<std::string>& outputs) {
  for (const auto& [name, entry] : entries) {
    if (std::find(outputs.begin(), outputs.end(), name) != outputs.end()) continue;
    const std::vector<std::string_view> known(outputs.begin(), outputs.end());
    unknown_name("output", name, known);
  }
}

// Whether Keras compares targets of this shape with the predictions as they are. It gives either
// side an axis more or less where they differ by one of 1, and what it has changed has no logits.
bool keeps_predictions(const Shape& y_true, const Shape& y_pred) {
  if (y_pred.rank() == y_true.rank() + 1) return y_pred[-1] != 1 || y_true.rank() == 1;
  return y_true.rank() != y_pred.rank() + 1 || y_true[-1] != 1 || y_pred.rank() != 1;
}

// A trainable weight of a trainable layer.
template <class Function>
void for_each_trainable(Model& model, const Function& function) {
  for (const LayerPtr& layer : model.layers()) {
    for (std::size_t i = 0; i < layer->parameters().size(); ++i) {
      if (layer->trains(i)) function(layer->parameters()[i]);
    }
  }
}

std::vector<Parameter*> trainable_parameters(Model& model) {
  std::vector<Parameter*> parameters;
  for_each_trainable(model, [&](Parameter& parameter) { parameters.push_back(&parameter); });
  return parameters;
}

}  // namespace

double weight_penalty(Model& model, bool gradients) {
  double penalty = 0.0;
  for_each_trainable(model, [&](Parameter& parameter) {
    if (!parameter.regularizer) return;
    penalty += parameter.regularizer.penalty(parameter.value,
                                             gradients ? parameter.gradient.view() : TensorView());
  });
  return penalty;
}

Trainer::Trainer(const CompileOptions& options) : options_(options) {
  if (!options_.loss && options_.losses.empty())
    throw Error("compile needs a loss", "for instance .loss = \"categorical_crossentropy\"");
  options_.optimizer = options_.optimizer.optimizer()->fresh();
}

Compilation Trainer::compilation(const Model& model) const {
  return {compile_config_text(options_, model.output_names()), optimizer().variables()};
}

void Trainer::restore(Model& model, const std::vector<Tensor>& optimizer_variables) {
  Optimizer& optimizer = this->optimizer();
  optimizer.build(trainable_parameters(model));
  const std::size_t slots = optimizer.variables().size();
  // Before the first step Keras saves no slots, which are then as they were made.
  constexpr std::size_t most_scalars = 2;
  const bool is_fresh =
      optimizer_variables.size() < slots && optimizer_variables.size() <= most_scalars;
  if (!is_fresh) optimizer.set_variables(optimizer_variables);
  step_ = static_cast<std::uint64_t>(optimizer.iterations());
  ModelInternals::set_optimizer_params(model, optimizer.count_params());
}

namespace {

// What a file holds of another optimizer is no reason not to train, nor is that it does not name
// its own, as files do that Keras wrote after an .h5 of the same model. Keras warns, too.
void restore_if_it_fits(Model& model, Trainer& trainer, const Compilation& before) {
  const std::vector<Tensor>& variables = before.optimizer_variables;
  if (!variables.empty() && !names_optimizer(before.config)) {
    std::cerr << fmt::format(
        "warning: the file does not say with what optimizer model \"{}\" was trained: it goes on "
        "with \"{}\", without what that one had gathered\n",
        model.name(), trainer.optimizer().name());
    return trainer.restore(model, {});
  }
  try {
    trainer.restore(model, variables);
  } catch (const Error& error) {
    std::cerr << fmt::format(
        "warning: what the optimizer of model \"{}\" had gathered is dropped, it begins anew: {}\n",
        model.name(), error.message());
    trainer.restore(model, {});
  }
}

}  // namespace

Trainer& trainer_of(Model& model, std::string_view verb) {
  if (ModelInternals::trainer(model)) return *ModelInternals::trainer(model);
  const std::optional<Compilation> before = model.compilation();
  if (!before) {
    throw CompileError(fmt::format("model \"{}\" must be compiled before {}", model.name(), verb),
                       "call model.compile({.optimizer = ..., .loss = ...}) first");
  }
  try {
    std::vector<std::string> left_out;
    const auto trainer = std::make_shared<Trainer>(
        compile_options_from(before->config, model.output_names(), &left_out));
    for (const std::string& reason : left_out) {
      std::cerr << fmt::format("warning: model \"{}\" goes on without one of its metrics: {}\n",
                               model.name(), reason);
    }
    restore_if_it_fits(model, *trainer, *before);
    ModelInternals::set_trainer(model, trainer, trainer);
    return *trainer;
  } catch (const Error& error) {
    throw CompileError(fmt::format("model \"{}\" cannot {} as it was compiled in its file: {}",
                                   model.name(), verb, error.message()),
                       "call model.compile({.optimizer = ..., .loss = ...})");
  }
}

void Trainer::find_outputs(const Model& model) {
  const std::vector<std::string> names = model.output_names();
  check_names(options_.losses, names);
  check_names(options_.loss_weights, names);
  check_names(options_.output_metrics, names);
  check_names(options_.output_weighted_metrics, names);
  outputs_.clear();
  for (const std::string& name : names) {
    Output output{.name = name};
    const LossOption* loss =
        options_.losses.empty() ? &options_.loss : entry_of(options_.losses, name);
    if (loss != nullptr) output.loss = loss->loss();
    if (const double* weight = entry_of(options_.loss_weights, name)) output.weight = *weight;
    outputs_.push_back(std::move(output));
  }
}

namespace {

std::vector<Shape> output_shapes(const Model& model, const Batch& batch) {
  std::vector<Shape> shapes;
  for (const Tensor& x : batch.x) shapes.push_back(x.shape());
  return ModelInternals::network(model).output_shapes(shapes);
}

}  // namespace

void Trainer::check(const Model& model, const Batch& batch) {
  if (outputs_.empty()) find_outputs(model);
  if (batch.y.size() != outputs_.size()) {
    throw Error(fmt::format("model \"{}\" has {} outputs, got {} tensors of targets", model.name(),
                            outputs_.size(), batch.y.size()),
                "give y in the order of the model's outputs: {a, b}");
  }
  const std::vector<Shape> shapes = output_shapes(model, batch);
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    const std::string place = outputs_.size() == 1 ? "y" : fmt::format("y[{}]", i);
    if (outputs_[i].loss) check_targets(*outputs_[i].loss, batch.y[i], shapes[i], place);
  }
}

void Trainer::prepare(Model& model, const Batch& data) {
  find_outputs(model);
  not_finite_.clear();
  check(model, data);
  const std::vector<Shape> shapes = output_shapes(model, data);
  tracked_.clear();
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    const Output& output = outputs_[i];
    const Shape& y = data.y[i].shape();
    track(options_.metrics, false, i, y, shapes[i]);
    if (const auto* own = entry_of(options_.output_metrics, output.name))
      track(*own, false, i, y, shapes[i]);
    track(options_.weighted_metrics, true, i, y, shapes[i]);
    if (const auto* own = entry_of(options_.output_weighted_metrics, output.name))
      track(*own, true, i, y, shapes[i]);
  }
  name_tracked();
  takes_logits_ =
      std::any_of(
          outputs_.begin(), outputs_.end(),
          [](const Output& output) { return output.loss && output.loss->takes_logits(); }) ||
      std::any_of(tracked_.begin(), tracked_.end(),
                  [](const Tracked& tracked) { return tracked.metric->takes_logits(); });
  if (!ModelInternals::network(model).has_gradients())
    ModelInternals::network(model).make_gradients();
}

void Trainer::track(const std::vector<MetricOption>& options, bool weighted, std::size_t output,
                    const Shape& y_true, const Shape& y_pred) {
  for (const MetricOption& option : options) {
    MetricPtr metric = option.resolve(y_true, y_pred);
    std::string key =
        option.given_name().empty() ? std::string(metric->name()) : option.given_name();
    if (outputs_.size() > 1) key = fmt::format("{}_{}", outputs_[output].name, key);
    tracked_.push_back({std::move(key), std::move(metric), weighted, output});
  }
}

// The keys of metrics that are called alike, as Keras makes them: "mae", "mae_1", ...; of a
// weighted one "weighted_mae", "weighted_mae_1", ... The weighted ones come last there.
void Trainer::name_tracked() {
  std::map<std::string, int> uses;
  const auto place = [&](bool weighted) {
    for (Tracked& tracked : tracked_) {
      if (tracked.weighted != weighted) continue;
      std::string& key = tracked.key;
      if (const int used = uses[key]++; used > 0 && !weighted) {
        key = fmt::format("{}_{}", key, used);
      } else if (used > 0) {
        const std::size_t own = outputs_.size() > 1 ? outputs_[tracked.output].name.size() + 1 : 0;
        key.insert(own, "weighted_");
        if (const int again = uses[key]++; again > 0) key = fmt::format("{}_{}", key, again);
      }
    }
  };
  place(false);
  place(true);
}

void Trainer::reset_metrics() {
  loss_sum_ = 0.0;
  loss_count_ = 0.0;
  batch_count_ = 0.0;
  part_activity_ = 0.0;
  for (Output& output : outputs_) output.loss_sum = output.part_sum = output.part_divisor = 0.0;
  for (Tracked& tracked : tracked_) tracked.metric->reset();
}

void Trainer::run(Model& model, const Batch& batch, const Execution::Mode& mode) {
  inputs_.clear();
  for (std::size_t i = 0; i < batch.x.size(); ++i)
    inputs_.push_back({batch.x[i], i < batch.masks.size() ? batch.masks[i].view() : TensorView()});
  Execution::Mode within = mode;
  if (mode.keep && budget_)
    within.keep_bytes = budget_->shares(ModelInternals::network(model), inputs_);
  ModelInternals::execution(model).forward(inputs_, within);
}

// The loss of a batch: data, weights' penalties and activities' penalties. With `gradients`,
// dLoss/doutputs of the data part.
double Trainer::forward(Model& model, const Batch& batch, const PartOfBatch& part, bool training,
                        bool gradients) {
  Execution::Mode mode;
  mode.training = training;
  mode.keep = gradients;
  mode.step = step_;
  mode.logits = takes_logits_;
  run(model, batch, mode);
  return losses_of_run(ModelInternals::execution(model), batch, part, gradients);
}

double Trainer::losses_of_run(Execution& execution, const Batch& batch, const PartOfBatch& part,
                              bool gradients) {
  see_outputs(execution, part);
  gradients_.assign(outputs_.size(), TensorView());
  logit_gradients_.assign(outputs_.size(), TensorView());
  double loss = execution.activity_penalty();
  counted_loss_ = loss;
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    if (!outputs_[i].loss || !seen_[i].counts) continue;
    const double own = output_loss(execution, batch, i, gradients);
    loss += own;
    counted_loss_ += own * seen_[i].share;
  }
  if (gradients && part.old_steps > 0) spread_gradients(execution, part);
  return loss;
}

double Trainer::output_loss(Execution& execution, const Batch& batch, std::size_t index,
                            bool gradients) {
  Output& own = outputs_[index];
  const Value& output = seen_[index].value;
  LossInput input{batch.y[index], output.data, batch.weight_of(index), output.mask};
  if (own.loss->takes_logits() && keeps_predictions(input.y_true.shape(), output.data.shape()))
    input.logits = seen_[index].logits;
  TensorView& gradient = gradients_[index];
  TensorView& logit_gradient = logit_gradients_[index];
  if (gradients) {
    const auto make = [&] {
      return execution.arena().tensor(output.data.shape(), output.data.dtype());
    };
    if (!input.logits.data || own.loss->takes_both()) gradient = make();
    if (input.logits.data) logit_gradient = make();
  }
  const ReducedLoss reduced =
      reduce_loss(*own.loss, input, gradient, execution.arena(), logit_gradient);
  own.part_sum += reduced.sum;
  own.part_divisor += reduced.divisor;
  const double loss = reduced.value();
  if (gradients) own.loss_sum += loss * seen_[index].share;
  if (own.weight == 1.0) return loss;
  if (gradient) scale(gradient, own.weight);
  if (logit_gradient) scale(logit_gradient, own.weight);
  return loss * own.weight;
}

void Trainer::train_batch(Model& model, const Batch& batch, const PartOfBatch& part) {
  const FlushDenormals guard;
  build_optimizer(model);
  optimizer().prepare_rows();
  ModelInternals::network(model)
      .zero_gradients();  // a loss may add to those of weights that it uses
  const double loss = forward(model, batch, part, true, true);
  const double penalty = weight_penalty(model, true);
  note_loss(model, loss + penalty);
  ModelInternals::execution(model).backward(gradients_, false, logit_gradients_);
  count(batch);
  count_loss(counted_loss_ + penalty * part.share, static_cast<double>(batch.size()), part.share);
  optimizer().step(Runtime::global());
  ++step_;
}

double Trainer::learn_from_run(Model& model, const Batch& batch) {
  const FlushDenormals guard;
  Execution& execution = ModelInternals::execution(model);
  const double loss = losses_of_run(execution, batch, {}, true) + weight_penalty(model, true);
  note_loss(model, loss);
  execution.backward(gradients_, false, logit_gradients_);
  count(batch);
  count_loss(loss, static_cast<double>(batch.size()), 1.0);
  return loss;
}

double Trainer::gradients_of_run(Execution& execution, const Batch& batch) {
  const FlushDenormals guard;
  const double loss = losses_of_run(execution, batch, {}, true);
  execution.backward(gradients_, false, logit_gradients_);
  return loss;
}

void Trainer::move_weights(Model& model, std::int64_t count, Runtime& runtime) {
  if (count > 1) {
    for_each_trainable(model, [&](Parameter& parameter) {
      scale(parameter.gradient, 1.0 / static_cast<double>(count));
    });
  }
  optimizer().step(runtime);
  ++step_;
}

void Trainer::check_target(std::size_t output, const TensorView& target, const Shape& shape) const {
  if (outputs_[output].loss) outputs_[output].loss->check(target, shape, "y");
}

void Trainer::build_optimizer(Model& model) {
  if (optimizer().built()) return;
  optimizer().build(trainable_parameters(model));
  ModelInternals::set_optimizer_params(model, optimizer().count_params());
}

void Trainer::note_loss(Model& model, double loss) {
  if (std::isfinite(loss) || !not_finite_.empty()) return;
  not_finite_ = fmt::format("the loss is {}, and {}", loss, why_not_finite(model));
}

Trainer::Progress Trainer::progress() const {
  Progress progress{step_, {loss_sum_, loss_count_}, {}};
  for (const Output& output : outputs_) progress.losses.push_back(output.loss_sum);
  if (outputs_.size() > 1) progress.losses.push_back(batch_count_);
  for (const Tracked& tracked : tracked_) progress.metrics.push_back(tracked.metric->state());
  return progress;
}

void Trainer::set_progress(const Progress& progress) {
  const std::size_t losses = outputs_.size() > 1 ? outputs_.size() + 3 : outputs_.size() + 2;
  if (progress.losses.size() != losses || progress.metrics.size() != tracked_.size()) {
    throw Error("the progress of training is that of a model with other outputs or metrics",
                "compile the model as before");
  }
  step_ = progress.step;
  loss_sum_ = progress.losses[0];
  loss_count_ = progress.losses[1];
  batch_count_ = progress.losses.back();
  for (std::size_t i = 0; i < outputs_.size(); ++i) outputs_[i].loss_sum = progress.losses[i + 2];
  for (std::size_t i = 0; i < tracked_.size(); ++i) {
    tracked_[i].metric->set_state(progress.metrics[i]);
  }
}

void Trainer::count_loss(double loss, double size, double share) {
  loss_sum_ += loss * size;
  loss_count_ += size * share;
  batch_count_ += share;
}

void Trainer::count(const Batch& batch) {
  for (Tracked& tracked : tracked_) {
    const Seen& seen = seen_[tracked.output];
    if (!seen.counts) continue;
    const TensorView weight = tracked.weighted ? batch.weight_of(tracked.output) : TensorView();
    if (tracked.metric->takes_logits()) tracked.metric->see_logits(seen.logits);
    tracked.metric->see_share(seen.share);
    const TensorView mask = tracked.metric->heeds_mask() ? seen.value.mask : TensorView();
    tracked.metric->update(batch.y[tracked.output], seen.value.data, weight, mask);
  }
}

Results Trainer::results() const {
  Results results;
  const auto add = [&](std::string name, double sum, double count) {
    results.names.push_back(std::move(name));
    results.values.push_back(count > 0.0 ? sum / count : 0.0);
  };
  add("loss", loss_sum_, loss_count_);
  const auto losses = std::count_if(outputs_.begin(), outputs_.end(),
                                    [](const Output& output) { return output.loss != nullptr; });
  for (const Output& output : outputs_) {
    if (losses > 1 && output.loss) add(output.name + "_loss", output.loss_sum, batch_count_);
  }
  for (const Tracked& tracked : tracked_) {
    results.names.push_back(tracked.key);
    results.values.push_back(tracked.metric->result());
    std::vector<double> list = tracked.metric->results();
    if (!list.empty()) results.lists[tracked.key] = std::move(list);
  }
  results.not_finite = not_finite_;
  return results;
}

Direction Trainer::direction(std::string_view key) const {
  if (key.starts_with("val_")) key.remove_prefix(4);
  if (key == "loss") return Direction::down;
  for (const Output& output : outputs_) {
    if (key == output.name + "_loss") return Direction::down;
  }
  for (const Tracked& tracked : tracked_) {
    if (tracked.key == key) return tracked.metric->direction();
  }
  return Direction::unknown;
}

Direction metric_direction(const Model& model, std::string_view key) {
  if (key == "loss" || key == "val_loss") return Direction::down;
  return ModelInternals::trainer(model) ? ModelInternals::trainer(model)->direction(key)
                                        : Direction::unknown;
}

double Results::operator[](const std::string& name) const {
  std::vector<std::string_view> known(names.begin(), names.end());
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == name) return values[i];
  }
  unknown_name("result", name, known);
}

void Model::compile(const CompileOptions& options) {
  const auto trainer = std::make_shared<Trainer>(options);
  ModelInternals::set_trainer(*this, trainer, trainer);
  ModelInternals::set_optimizer_params(*this, 0);
}

}  // namespace chronicler
