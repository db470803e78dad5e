// The loops of fit, evaluate and predict: what a batch is, who is called when. A batch's own work
// is in trainer.cc.
#include "chronicler/training/fit.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <iostream>
#include <numeric>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "chronicler/base/random.h"
#include "model/network.h"
#include "training/backup_and_restore.h"
#include "training/class_weight.h"
#include "training/data_check.h"
#include "training/progress_bar.h"
#include "training/trainer.h"

namespace chronicler {
namespace {

// Copies chosen rows of a data set side by side, into tensors that are used again for every batch
// of that size.
class Gatherer {
 public:
  explicit Gatherer(const Dataset& data) : data_(data) {}

  const Dataset& gather(std::span<const std::int64_t> rows) {
    gather(data_.x, rows, batch_.x);
    gather(data_.y, rows, batch_.y);
    gather(data_.sample_weight, rows, batch_.sample_weight);
    return batch_;
  }

 private:
  static void gather(const TensorList& from, std::span<const std::int64_t> rows, TensorList& to) {
    if (to.size() != from.size()) to = std::vector<Tensor>(from.size());
    for (std::size_t i = 0; i < from.size(); ++i) gather(from[i], rows, to[i]);
  }
  static void gather(const Tensor& from, std::span<const std::int64_t> rows, Tensor& to) {
    if (!from) return;
    const auto count = static_cast<std::int64_t>(rows.size());
    if (!to || to.shape()[0] != count)
      to = Tensor(from.shape().without_front().with_front(count), from.dtype());
    const std::size_t row_bytes = from.bytes() / static_cast<std::size_t>(from.shape()[0]);
    const auto* source = static_cast<const std::byte*>(from.view().raw());
    auto* target = static_cast<std::byte*>(to.view().raw());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      std::memcpy(target + i * row_bytes, source + static_cast<std::size_t>(rows[i]) * row_bytes,
                  row_bytes);
    }
  }

  Dataset data_;
  Dataset batch_;
};

// Fisher and Yates, from draws that depend on seed and epoch only.
std::vector<std::int64_t> epoch_order(std::int64_t size, bool shuffle, std::uint64_t seed,
                                      std::int64_t epoch) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(size));
  std::iota(order.begin(), order.end(), 0);
  if (!shuffle) return order;
  const Random random(seed);
  for (std::uint64_t i = order.size(); i > 1; --i) {
    const std::uint64_t j = random.below(i, static_cast<std::uint64_t>(epoch), i);
    std::swap(order[i - 1], order[j]);
  }
  return order;
}

std::int64_t batch_count(std::int64_t size, std::int64_t batch_size,
                         const std::optional<std::int64_t>& limit) {
  const std::int64_t all = (size + batch_size - 1) / batch_size;
  return limit ? std::min(all, *limit) : all;
}

void check_positive(std::string_view name, std::int64_t value) {
  if (value > 0) return;
  throw Error(fmt::format("{} must be at least 1, got {}", name, value));
}

// "x", or "x[1]" where there are several.
std::string title(std::string_view prefix, std::string_view name, const TensorList& list,
                  std::size_t index) {
  return list.size() == 1 ? fmt::format("{}{}", prefix, name)
                          : fmt::format("{}{}[{}]", prefix, name, index);
}

void check_data(const Dataset& data, std::string_view prefix) {
  const TensorList none({Tensor()});
  const TensorList& xs = data.x.empty() ? none : data.x;
  const TensorList& ys = data.y.empty() ? none : data.y;
  for (std::size_t i = 0; i < ys.size(); ++i) check_lengths(xs.front(), ys[i], Tensor(), prefix);
  for (const Tensor& weight : data.sample_weight)
    check_lengths(xs.front(), ys.front(), weight, prefix);
  for (std::size_t i = 1; i < xs.size(); ++i) {
    check_lengths(xs[i], xs[i], Tensor(), prefix);
    if (xs[i].shape()[0] == data.size()) continue;
    throw Error(fmt::format("{} has {} samples, but {} has {}", title(prefix, "x", xs, i),
                            xs[i].shape()[0], title(prefix, "x", xs, 0), data.size()));
  }
  for (std::size_t i = 0; i < xs.size(); ++i) check_finite(xs[i], title(prefix, "x", xs, i));
  for (std::size_t i = 0; i < ys.size(); ++i) check_finite(ys[i], title(prefix, "y", ys, i));
  for (const Tensor& weight : data.sample_weight)
    check_finite(weight, fmt::format("{}sample_weight", prefix));
}

// The callbacks of one run, all told the same.
class Callbacks {
 public:
  Callbacks(Model& model, const std::vector<CallbackPtr>& callbacks, const TrainingParams& params)
      : callbacks_(callbacks) {
    for (const CallbackPtr& callback : callbacks_) {
      callback->set_model(&model);
      callback->set_params(params);
    }
  }
  template <class... Arguments>
  void call(void (Callback::*hook)(Arguments...),
            std::type_identity_t<Arguments>... arguments) const {
    for (const CallbackPtr& callback : callbacks_) (callback.get()->*hook)(arguments...);
  }

 private:
  const std::vector<CallbackPtr>& callbacks_;
};

Logs to_logs(const Results& results, std::string_view prefix = {}) {
  Logs logs;
  for (std::size_t i = 0; i < results.names.size(); ++i)
    logs[std::string(prefix) + results.names[i]] = results.values[i];
  return logs;
}

// Runs the trainer over a data set without learning.
Results test(Model& model, Trainer& trainer, const Dataset& data, std::int64_t batch_size,
             const std::optional<std::int64_t>& steps, const Callbacks& callbacks,
             ProgressBar* bar) {
  Logs logs;
  trainer.reset_metrics();
  callbacks.call(&Callback::on_test_begin, logs);
  const std::int64_t batches = batch_count(data.size(), batch_size, steps);
  for (std::int64_t batch = 0; batch < batches; ++batch) {
    callbacks.call(&Callback::on_test_batch_begin, batch, logs);
    trainer.test_batch(
        model, data.rows(batch * batch_size, std::min(data.size(), (batch + 1) * batch_size)));
    logs = to_logs(trainer.results());
    callbacks.call(&Callback::on_test_batch_end, batch, logs);
    if (bar != nullptr) bar->update(batch + 1, logs);
  }
  callbacks.call(&Callback::on_test_end, logs);
  return trainer.results();
}

// Everything that fit was asked for, checked and in one place.
struct FitPlan {
  Dataset train;
  std::optional<Dataset> validation;
  std::int64_t steps = 0;
};

Dataset make_dataset(Model& model, const TensorList& x, const TensorList& y,
                     const TensorList& sample_weight, std::string_view prefix) {
  Dataset data{x, y, {}};
  std::vector<Tensor> weights;
  for (const Tensor& weight : sample_weight) weights.push_back(weight.to(DType::float32));
  data.sample_weight = std::move(weights);
  if (data.sample_weight.size() > 1 && data.sample_weight.size() != y.size()) {
    throw Error(fmt::format("{}sample_weight has {} tensors, y has {}", prefix,
                            data.sample_weight.size(), y.size()),
                "give one for all outputs, or one for each");
  }
  check_data(data, prefix);
  data.x = model.prepare_inputs(x);
  return data;
}

FitPlan make_plan(Model& model, const TensorList& x, const TensorList& y,
                  const FitOptions& options) {
  check_positive("batch_size", options.batch_size);
  check_positive("epochs", options.epochs);
  check_positive("validation_freq", options.validation_freq);
  if (options.steps_per_epoch) check_positive("steps_per_epoch", *options.steps_per_epoch);
  if (options.sample_weight && !options.class_weight.empty()) {
    throw Error("class_weight and sample_weight cannot both be given",
                "multiply them into sample_weight");
  }
  if (!(options.validation_split >= 0.0 && options.validation_split < 1.0)) {
    throw Error(fmt::format("validation_split must be at least 0 and below 1, got {}",
                            options.validation_split));
  }
  FitPlan plan;
  plan.train = make_dataset(model, x, y, options.sample_weight, "");
  if (!options.class_weight.empty()) {
    if (y.size() != 1) {
      throw Error("class_weight needs a model with one output",
                  "give sample_weight, one tensor for each output");
    }
    plan.train.sample_weight = sample_weights_from_class(y.front(), options.class_weight);
  }

  if (options.validation_data) {
    const ValidationData& given = *options.validation_data;
    plan.validation = make_dataset(model, given.x, given.y, given.sample_weight, "validation ");
  } else if (options.validation_split > 0.0) {
    const std::int64_t size = plan.train.size();
    const auto border = static_cast<std::int64_t>(
        std::floor(static_cast<double>(size) * (1.0 - options.validation_split)));
    if (border == 0 || border == size) {
      throw Error(fmt::format("validation_split {} of {} samples leaves no {} data",
                              options.validation_split, size,
                              border == 0 ? "training" : "validation"));
    }
    plan.validation = plan.train.rows(border, size);
    plan.train = plan.train.rows(0, border);
  }
  plan.steps = batch_count(plan.train.size(), options.batch_size, options.steps_per_epoch);
  return plan;
}

// The callback among these that keeps checkpoints; null if there is none.
BackupCallback* backup_among(const std::vector<CallbackPtr>& callbacks) {
  for (const CallbackPtr& callback : callbacks) {
    if (auto* backup = dynamic_cast<BackupCallback*>(callback.get())) return backup;
  }
  return nullptr;
}

// The batches of run.epoch from run.batch on.
void train_epoch(FitRun& run, std::span<const std::int64_t> order, Gatherer& gatherer,
                 const Callbacks& callbacks, BackupCallback* backup, ProgressBar& bar, Logs& logs) {
  if (run.batch == 0) {
    run.trainer.reset_metrics();
  } else {
    logs = to_logs(run.trainer.results());
  }
  while (run.batch < run.steps && !run.interrupted) {
    const std::int64_t batch = run.batch;
    callbacks.call(&Callback::on_train_batch_begin, batch, logs);
    const auto begin = static_cast<std::size_t>(batch * run.batch_size);
    const std::size_t count =
        std::min(order.size() - begin, static_cast<std::size_t>(run.batch_size));
    run.trainer.train_batch(run.model, gatherer.gather(order.subspan(begin, count)));
    logs = to_logs(run.trainer.results());
    callbacks.call(&Callback::on_train_batch_end, batch, logs);
    bar.update(batch + 1, logs);
    ++run.batch;
    run.interrupted = run.model.stop_training;
    if (backup != nullptr) backup->after_batch(run);
  }
}

}  // namespace

History Model::fit(const TensorList& x, const TensorList& y, const FitOptions& options) {
  Trainer& trainer = trainer_of(*this, "fit");
  const FitPlan plan = make_plan(*this, x, y, options);
  if (plan.validation) trainer.prepare(*this, *plan.validation);
  trainer.prepare(*this, plan.train);

  History history;
  history.params = {options.verbose, options.epochs, plan.steps};
  const Callbacks callbacks(*this, options.callbacks, history.params);
  BackupCallback* const backup = backup_among(options.callbacks);
  FitRun run{*this,
             trainer,
             options.callbacks,
             history,
             plan.train.size(),
             options.batch_size,
             plan.steps,
             options.shuffle,
             next_seed(),
             options.initial_epoch};
  Gatherer gatherer(plan.train);
  stop_training = false;

  Logs logs;
  callbacks.call(&Callback::on_train_begin, logs);
  if (backup != nullptr) backup->restore(run);
  while (run.epoch < options.epochs && !stop_training) {
    const std::int64_t epoch = run.epoch;
    logs.clear();
    if (run.batch == 0) callbacks.call(&Callback::on_epoch_begin, epoch, logs);
    ProgressBar bar(options.verbose, plan.steps);
    bar.begin_epoch(epoch, options.epochs);
    const std::vector<std::int64_t> order = epoch_order(run.samples, run.shuffle, run.seed, epoch);
    train_epoch(run, order, gatherer, callbacks, backup, bar, logs);

    if (plan.validation && (epoch + 1) % options.validation_freq == 0) {
      const std::int64_t size = options.validation_batch_size.value_or(options.batch_size);
      const Results results = test(*this, trainer, *plan.validation, size, options.validation_steps,
                                   callbacks, nullptr);
      logs.merge(to_logs(results, "val_"));
    }
    callbacks.call(&Callback::on_epoch_end, epoch, logs);
    history.epoch.push_back(epoch);
    for (const auto& [key, value] : logs) history.history[key].push_back(value);
    bar.finish(logs);
    if (run.interrupted) break;
    ++run.epoch;
    run.batch = 0;
    if (backup != nullptr) backup->after_epoch(run);
  }
  trainer.optimizer().finish();
  callbacks.call(&Callback::on_train_end, logs);
  if (backup != nullptr) backup->after_run(run);
  return history;
}

Results Model::evaluate(const TensorList& x, const TensorList& y) {
  return evaluate(x, y, EvaluateOptions{});
}

Results Model::evaluate(const TensorList& x, const TensorList& y, const EvaluateOptions& options) {
  Trainer& trainer = trainer_of(*this, "evaluate");
  check_positive("batch_size", options.batch_size);
  const Dataset data = make_dataset(*this, x, y, options.sample_weight, "");
  trainer.prepare(*this, data);
  const std::int64_t steps = batch_count(data.size(), options.batch_size, options.steps);
  const Callbacks callbacks(*this, options.callbacks, {options.verbose, 1, steps});
  ProgressBar bar(options.verbose, steps);
  Results results = test(*this, trainer, data, options.batch_size, options.steps, callbacks, &bar);
  bar.finish(to_logs(results));
  return results;
}

Tensor Model::predict(const Tensor& x) { return predict(x, PredictOptions{}); }

Tensor Model::predict(const Tensor& x, const PredictOptions& options) {
  return predict(std::vector<Tensor>{x}, options).front();
}

std::vector<Tensor> Model::predict(const std::vector<Tensor>& x) {
  return predict(x, PredictOptions{});
}

std::vector<Tensor> Model::predict(const std::vector<Tensor>& x, const PredictOptions& options) {
  check_positive("batch_size", options.batch_size);
  const Dataset data{prepare_inputs(x), {}, {}};
  for (std::size_t i = 0; i < data.x.size(); ++i)
    check_finite(data.x[i], title("", "x", data.x, i));
  const std::int64_t steps = batch_count(data.size(), options.batch_size, options.steps);
  const std::int64_t size = std::min(data.size(), steps * options.batch_size);
  const Callbacks callbacks(*this, options.callbacks, {options.verbose, 1, steps});
  ProgressBar bar(options.verbose, steps);

  std::vector<Tensor> results(network_->outputs().size());
  Logs logs;
  callbacks.call(&Callback::on_predict_begin, logs);
  for (std::int64_t batch = 0; batch < steps; ++batch) {
    callbacks.call(&Callback::on_predict_batch_begin, batch, logs);
    const std::int64_t begin = batch * options.batch_size;
    const std::int64_t end = std::min(size, begin + options.batch_size);
    const Dataset rows = data.rows(begin, end);
    std::vector<Value> inputs;
    for (const Tensor& input : rows.x) inputs.push_back({input, {}});
    execution().forward(inputs, {});
    for (std::size_t i = 0; i < results.size(); ++i) {
      const TensorView output = execution().output(i).data;
      Tensor& result = results[i];
      if (!result) result = Tensor(output.shape().without_front().with_front(size), output.dtype());
      copy(output, result.rows(begin, end));
    }
    callbacks.call(&Callback::on_predict_batch_end, batch, logs);
    bar.update(batch + 1, logs);
  }
  callbacks.call(&Callback::on_predict_end, logs);
  bar.finish(logs);
  return results;
}

Tensor Model::predict_on_batch(const Tensor& x) { return (*this)(x); }

Results Model::train_on_batch(const TensorList& x, const TensorList& y,
                              const TensorList& sample_weight) {
  Trainer& trainer = trainer_of(*this, "train_on_batch");
  const Dataset batch = make_dataset(*this, x, y, sample_weight, "");
  trainer.prepare(*this, batch);
  trainer.reset_metrics();
  trainer.train_batch(*this, batch);
  return trainer.results();
}

Results Model::test_on_batch(const TensorList& x, const TensorList& y,
                             const TensorList& sample_weight) {
  Trainer& trainer = trainer_of(*this, "test_on_batch");
  const Dataset batch = make_dataset(*this, x, y, sample_weight, "");
  trainer.prepare(*this, batch);
  trainer.reset_metrics();
  trainer.test_batch(*this, batch);
  return trainer.results();
}

}  // namespace chronicler
