// The loops of fit, evaluate and predict: what a batch is, who is called when. A batch's own work
// is in trainer.cc.
#include "chronicler/training/fit.h"

#include <algorithm>
#include <cmath>
#include <iostream>
#include <memory>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "chronicler/base/random.h"
#include "model/network.h"
#include "training/callbacks/backup_and_restore.h"
#include "training/callbacks/progress_bar.h"
#include "training/class_weight.h"
#include "training/data_check.h"
#include "training/dataset/batch_rows.h"
#include "training/fit_data.h"
#include "training/not_finite.h"
#include "training/run_progress.h"
#include "training/trainer.h"

namespace chronicler {
namespace {

std::int64_t batch_count(std::int64_t size, std::int64_t batch_size,
                         const std::optional<std::int64_t>& limit) {
  const std::int64_t all = (size + batch_size - 1) / batch_size;
  return limit ? std::min(all, *limit) : all;
}

void check_positive(std::string_view name, std::int64_t value) {
  if (value > 0) return;
  throw Error(fmt::format("{} must be at least 1, got {}", name, value));
}

// The callbacks of one run, all told the same.
class Callbacks {
 public:
  Callbacks(Model& model, const std::vector<CallbackPtr>& callbacks, const TrainingParams& params,
            const TrainingProgress& progress)
      : callbacks_(callbacks) {
    for (const CallbackPtr& callback : callbacks_) {
      callback->set_model(&model);
      callback->set_params(params);
      callback->set_progress(&progress);
    }
  }
  // For evaluate and predict, which have no run.
  Callbacks(Model& model, const std::vector<CallbackPtr>& callbacks, const TrainingParams& params)
      : Callbacks(model, callbacks, params, no_progress()) {}

  template <class... Arguments>
  void call(void (Callback::*hook)(Arguments...),
            std::type_identity_t<Arguments>... arguments) const {
    for (const CallbackPtr& callback : callbacks_) (callback.get()->*hook)(arguments...);
  }

 private:
  static const TrainingProgress& no_progress() {
    static const TrainingProgress none;
    return none;
  }
  const std::vector<CallbackPtr>& callbacks_;
};

Logs to_logs(const Results& results, std::string_view prefix = {}) {
  Logs logs;
  for (std::size_t i = 0; i < results.names.size(); ++i)
    logs[std::string(prefix) + results.names[i]] = results.values[i];
  return logs;
}

// Runs the trainer over a data set without learning.
Results test(Model& model, Trainer& trainer, const FitData& data, const Callbacks& callbacks,
             ProgressBar* bar) {
  Logs logs;
  trainer.reset_metrics();
  callbacks.call(&Callback::on_test_begin, logs);
  FitBatches batches(data, {}, 0, trainer, model);
  std::int64_t index = 0;
  for (const Batch* batch = batches.next(); batch != nullptr; batch = batches.next()) {
    callbacks.call(&Callback::on_test_batch_begin, index, logs);
    trainer.test_batch(model, *batch);
    logs = to_logs(trainer.results());
    callbacks.call(&Callback::on_test_batch_end, index, logs);
    ++index;
    if (bar != nullptr) bar->update(index, logs);
  }
  callbacks.call(&Callback::on_test_end, logs);
  return trainer.results();
}

// Everything that fit was asked for, checked and in one place.
struct FitPlan {
  FitData train;
  std::optional<FitData> validation;
};

void check_options(const FitOptions& options) {
  check_positive("batch_size", options.batch_size);
  check_positive("epochs", options.epochs);
  check_positive("validation_freq", options.validation_freq);
  if (options.steps_per_epoch) check_positive("steps_per_epoch", *options.steps_per_epoch);
  if (options.pause_after) check_positive("pause_after", *options.pause_after);
  if (options.max_seconds && !(*options.max_seconds > 0.0))
    throw Error(fmt::format("max_seconds must be above 0, got {}", *options.max_seconds));
  if (options.max_epochs && !(*options.max_epochs > 0.0))
    throw Error(fmt::format("max_epochs must be above 0, got {}", *options.max_epochs));
  if (options.max_seconds && options.max_epochs)
    throw Error("max_seconds and max_epochs cannot both be given", "leave one of them out");
  if (options.sample_weight && !options.class_weight.empty()) {
    throw Error("class_weight and sample_weight cannot both be given",
                "multiply them into sample_weight");
  }
  if (!(options.validation_split >= 0.0 && options.validation_split < 1.0)) {
    throw Error(fmt::format("validation_split must be at least 0 and below 1, got {}",
                            options.validation_split));
  }
}

// Weights of the samples, whichever way they were given.
TensorList sample_weights(const TensorList& y, const FitOptions& options) {
  if (options.class_weight.empty()) return options.sample_weight;
  if (y.size() != 1) {
    throw Error("class_weight needs a model with one output",
                "give sample_weight, one tensor for each output");
  }
  return TensorList({sample_weights_from_class(y.front(), options.class_weight)});
}

// How many samples come before the last ones, which validate.
std::int64_t border_of(std::int64_t size, double validation_split) {
  const auto border =
      static_cast<std::int64_t>(std::floor(static_cast<double>(size) * (1.0 - validation_split)));
  if (border > 0 && border < size) return border;
  throw Error(fmt::format("validation_split {} of {} samples leaves no {} data", validation_split,
                          size, border == 0 ? "training" : "validation"));
}

BatchCut training_cut(const FitOptions& options) {
  return {options.batch_size, options.steps_per_epoch, options.shuffle};
}
BatchCut validation_cut(const FitOptions& options) {
  return {options.validation_batch_size.value_or(options.batch_size), options.validation_steps};
}

// A Dataset to validate on, if that was given.
std::optional<FitData> given_validation(const FitOptions& options) {
  if (!options.validation_data || !options.validation_data->batches) return {};
  return fit_data(*options.validation_data->batches, options.validation_steps, "validation ");
}

FitPlan make_plan(Model& model, const TensorList& x, const TensorList& y,
                  const FitOptions& options) {
  check_options(options);
  Batch train = tensors_for(model, x, y, options.sample_weight, "");
  if (!options.class_weight.empty()) train.sample_weight = sample_weights(y, options);
  std::optional<Batch> validation;
  std::optional<FitData> given = given_validation(options);
  if (options.validation_data && !given) {
    const ValidationData& data = *options.validation_data;
    validation = tensors_for(model, data.x, data.y, data.sample_weight, "validation ");
  } else if (options.validation_split > 0.0) {
    const std::int64_t border = border_of(train.size(), options.validation_split);
    validation = train.rows(border, train.size());
    train = train.rows(0, border);
  }
  if (validation) given = fit_data(*std::move(validation), validation_cut(options));
  return {fit_data(std::move(train), training_cut(options)), std::move(given)};
}

FitPlan make_plan(Model& model, SequenceData data, const FitOptions& options) {
  check_options(options);
  data.sample_weight = as_float32(sample_weights(data.y, options));
  std::optional<SequenceData> validation;
  std::optional<FitData> given = given_validation(options);
  if (options.validation_data && !given) {
    const ValidationData& held = *options.validation_data;
    validation = SequenceData{
        SequenceList({held.x.begin(), held.x.end()}), {}, {}, as_float32(held.sample_weight)};
    if (data.y_steps) {
      validation->y_steps = SequenceList({held.y.begin(), held.y.end()});
    } else {
      validation->y = held.y;
    }
  } else if (options.validation_split > 0.0) {
    const std::int64_t size = data.x.size();
    const std::int64_t border = border_of(size, options.validation_split);
    validation = data.part(border, size);
    data = data.part(0, border);
  }
  FitData train = fit_data(model, std::move(data), training_cut(options));
  if (validation) given = fit_data(model, *std::move(validation), validation_cut(options));
  return {std::move(train), std::move(given)};
}

// Weights of classes, put on each batch.
Dataset weighted(const Dataset& data, const std::map<std::int64_t, double>& class_weight) {
  if (class_weight.empty()) return data;
  return data.map([class_weight](Batch& batch, const BatchPlace&) {
    if (batch.y.size() != 1) {
      throw Error("class_weight needs a model with one output",
                  "give sample_weight, one tensor for each output");
    }
    batch.sample_weight = sample_weights_from_class(batch.y.front(), class_weight);
  });
}

FitPlan make_plan(Model& model, const Dataset& data, const FitOptions& options) {
  check_options(options);
  if (options.sample_weight) {
    throw Error("sample_weight cannot be given beside a data set",
                "put it into the batches: Batch::sample_weight");
  }
  if (options.validation_split > 0.0) {
    throw Error("validation_split cannot be given beside a data set",
                "give the last part of the data as .validation_data");
  }
  FitPlan plan{fit_data(weighted(data, options.class_weight), options.steps_per_epoch, ""),
               given_validation(options)};
  if (options.validation_data && !plan.validation) {
    const ValidationData& held = *options.validation_data;
    plan.validation =
        fit_data(tensors_for(model, held.x, held.y, held.sample_weight, "validation "),
                 validation_cut(options));
  }
  return plan;
}

// The callback among these that keeps checkpoints; null if there is none.
BackupCallback* backup_among(const std::vector<CallbackPtr>& callbacks) {
  for (const CallbackPtr& callback : callbacks) {
    if (auto* backup = dynamic_cast<BackupCallback*>(callback.get())) return backup;
  }
  return nullptr;
}

void note_not_finite(const FitRun& run, const std::string& when) {
  std::string& said = run.history.not_finite;
  if (!said.empty() || run.trainer.not_finite().empty()) return;
  said = fmt::format("{} {}: {}", when, run.epoch + 1, run.trainer.not_finite());
}

// The last step moves weights that no batch has seen.
void note_last_step(const Model& model, History& history) {
  if (!history.not_finite.empty()) return;
  const std::string weight = first_weight_not_finite(model);
  if (!weight.empty())
    history.not_finite = fmt::format("after the last step: {} is not finite", weight);
}

// "at batch 3 of 20 in epoch", without the 20 if nobody knows of how many.
std::string batch_title(std::int64_t batch, const std::optional<std::int64_t>& steps) {
  return steps ? fmt::format("at batch {} of {} in epoch", batch + 1, *steps)
               : fmt::format("at batch {} in epoch", batch + 1);
}

// The batches of run.epoch from run.batch on.
void train_epoch(FitRun& run, const FitData& data, RunProgress& progress,
                 const Callbacks& callbacks, BackupCallback* backup, ProgressBar& bar, Logs& logs) {
  if (run.batch == 0) {
    run.trainer.reset_metrics();
  } else {
    logs = to_logs(run.trainer.results());
  }
  FitBatches batches(data, {run.seed, run.epoch}, run.batch, run.trainer, run.model);
  while (!run.interrupted && !progress.has_reached_limit()) {
    const Batch* const next = batches.next();
    if (next == nullptr) break;
    const std::int64_t batch = run.batch;
    callbacks.call(&Callback::on_train_batch_begin, batch, logs);
    run.trainer.train_batch(run.model, *next);
    if (!run.trainer.not_finite().empty()) note_not_finite(run, batch_title(batch, batches.size()));
    logs = to_logs(run.trainer.results());
    ++run.batch;
    progress.update(run.epoch, run.batch, batches.size(), run.progress.steps + 1);
    run.progress = progress.now();
    callbacks.call(&Callback::on_train_batch_end, batch, logs);
    bar.update(batch + 1, logs);
    run.interrupted = run.model.stop_training || run.model.pause_training;
    if (backup != nullptr) backup->after_batch(run);
  }
}

History run_fit(Model& model, Trainer& trainer, const FitPlan& plan, const FitOptions& options) {
  if (plan.validation) prepare(*plan.validation, trainer, model);
  prepare(plan.train, trainer, model);

  History history;
  history.params = {options.verbose, options.epochs, plan.train.steps.value_or(0)};
  RunProgress progress(options, plan.train.steps);
  const Callbacks callbacks(model, options.callbacks, history.params, progress.now());
  BackupCallback* const backup = backup_among(options.callbacks);
  FitRun run{model,
             trainer,
             options.callbacks,
             history,
             plan.train.samples,
             options.batch_size,
             plan.train.steps.value_or(0),
             options.shuffle,
             options.seed ? *options.seed : next_seed(),
             options.initial_epoch};
  run.progress.steps = options.initial_epoch * plan.train.steps.value_or(0);
  run.progress.epochs = static_cast<double>(options.initial_epoch);
  model.stop_training = false;
  model.pause_training = false;

  Logs logs;
  callbacks.call(&Callback::on_train_begin, logs);
  if (backup != nullptr) backup->restore(run);
  progress.begin(run.progress);
  const auto is_done = [&] {
    return model.stop_training || progress.has_reached_limit() ||
           (progress.epochs() && run.epoch >= *progress.epochs());
  };
  const auto pauses = [&] {
    return model.pause_training || (options.pause_after && run.epoch >= *options.pause_after);
  };
  run.paused = pauses() && !is_done();  // nothing to do: it went as far before
  while (!is_done() && !run.paused) {
    const std::int64_t epoch = run.epoch;
    logs.clear();
    if (run.batch == 0) callbacks.call(&Callback::on_epoch_begin, epoch, logs);
    ProgressBar bar(options.verbose, plan.train.steps);
    bar.begin_epoch(epoch, progress.epochs());
    train_epoch(run, plan.train, progress, callbacks, backup, bar, logs);

    if (plan.validation && (epoch + 1) % options.validation_freq == 0) {
      const Results results = test(model, trainer, *plan.validation, callbacks, nullptr);
      logs.merge(to_logs(results, "val_"));
      note_not_finite(run, "in the validation of epoch");
    }
    callbacks.call(&Callback::on_epoch_end, epoch, logs);
    history.epoch.push_back(epoch);
    for (const auto& [key, value] : logs) history.history[key].push_back(value);
    bar.finish(logs);
    if (run.interrupted) break;
    ++run.epoch;
    run.batch = 0;
    run.paused = pauses() && !is_done();
    if (backup != nullptr) backup->after_epoch(run);
  }
  history.is_paused = run.interrupted || run.paused;
  history.progress = progress.now();
  trainer.optimizer().finish();
  note_last_step(model, history);
  callbacks.call(&Callback::on_train_end, logs);
  if (backup != nullptr) backup->after_run(run);
  return history;
}

Results run_evaluate(Model& model, Trainer& trainer, const FitData& data,
                     const EvaluateOptions& options) {
  prepare(data, trainer, model);
  const Callbacks callbacks(model, options.callbacks, {options.verbose, 1, data.steps.value_or(0)});
  ProgressBar bar(options.verbose, data.steps);
  Results results = test(model, trainer, data, callbacks, &bar);
  bar.finish(to_logs(results));
  return results;
}

// What the model gives for one batch: a tensor for each output.
std::vector<Tensor> forward(Model& model, const Batch& batch) {
  const std::vector<Tensor> x = model.prepare_inputs(batch.x);
  std::vector<Value> inputs;
  for (std::size_t i = 0; i < x.size(); ++i)
    inputs.push_back({x[i], i < batch.masks.size() ? batch.masks[i].view() : TensorView()});
  model.execution().forward(inputs, {});
  std::vector<Tensor> outputs;
  for (std::size_t i = 0; i < model.network().outputs().size(); ++i)
    outputs.push_back(own(model.execution().output(i).data));
  return outputs;
}

// The outputs of all batches, one below the other.
std::vector<Tensor> joined_outputs(const std::vector<std::vector<Tensor>>& parts) {
  std::vector<Batch> batches;
  for (const std::vector<Tensor>& outputs : parts) batches.push_back({outputs});
  try {
    Batch all = join_rows(batches);
    return {all.x.begin(), all.x.end()};
  } catch (const Error&) {
    throw Error("the outputs of the batches have different shapes, so they are no one tensor",
                "predict batch by batch, or a SequenceList, which gives an answer for each");
  }
}

// What belongs to one row of a batch: with a mask, the steps that are the sequence's.
Tensor answer_of(const Value& output, std::int64_t row, std::int64_t length) {
  const TensorView whole = output.data.rows(row, row + 1);
  const TensorView answer = whole.reshaped(whole.shape().without_front());
  return own(output.mask ? answer.rows(0, length) : answer);
}

}  // namespace

History Model::fit(const TensorList& x, const TensorList& y, const FitOptions& options) {
  Trainer& trainer = trainer_of(*this, "fit");
  return run_fit(*this, trainer, make_plan(*this, x, y, options), options);
}
History Model::fit(const Dataset& data, const FitOptions& options) {
  Trainer& trainer = trainer_of(*this, "fit");
  return run_fit(*this, trainer, make_plan(*this, data, options), options);
}
History Model::fit(const SequenceList& x, const TensorList& y, const FitOptions& options) {
  Trainer& trainer = trainer_of(*this, "fit");
  return run_fit(*this, trainer, make_plan(*this, SequenceData{x, y}, options), options);
}
History Model::fit(const SequenceList& x, const SequenceList& y, const FitOptions& options) {
  Trainer& trainer = trainer_of(*this, "fit");
  return run_fit(*this, trainer, make_plan(*this, SequenceData{x, {}, y}, options), options);
}

Results Model::evaluate(const Dataset& data, const EvaluateOptions& options) {
  Trainer& trainer = trainer_of(*this, "evaluate");
  return run_evaluate(*this, trainer, fit_data(data, options.steps, ""), options);
}
Results Model::evaluate(const SequenceList& x, const TensorList& y,
                        const EvaluateOptions& options) {
  Trainer& trainer = trainer_of(*this, "evaluate");
  check_positive("batch_size", options.batch_size);
  const FitData data = fit_data(*this, {x, y, {}, as_float32(options.sample_weight)},
                                {options.batch_size, options.steps});
  return run_evaluate(*this, trainer, data, options);
}
Results Model::evaluate(const SequenceList& x, const SequenceList& y,
                        const EvaluateOptions& options) {
  Trainer& trainer = trainer_of(*this, "evaluate");
  check_positive("batch_size", options.batch_size);
  const FitData data = fit_data(*this, {x, {}, y, as_float32(options.sample_weight)},
                                {options.batch_size, options.steps});
  return run_evaluate(*this, trainer, data, options);
}

std::vector<Tensor> Model::predict(const SequenceList& x) { return predict(x, PredictOptions{}); }

std::vector<Tensor> Model::predict(const SequenceList& x, const PredictOptions& options) {
  check_positive("batch_size", options.batch_size);
  const SequenceData data{x};
  check_sequences(data);
  check_takes_sequences(*this, x);
  std::vector<Bucket> buckets =
      sequence_buckets(data, bucket_options(*this, options.batch_size), false, {});
  const auto all = static_cast<std::int64_t>(buckets.size());
  const std::int64_t steps = std::min(all, options.steps.value_or(all));
  const Callbacks callbacks(*this, options.callbacks, {options.verbose, 1, steps});
  ProgressBar bar(options.verbose, steps);
  std::vector<Tensor> answers(static_cast<std::size_t>(x.size()));
  Logs logs;
  callbacks.call(&Callback::on_predict_begin, logs);
  Batch rows;
  for (std::int64_t batch = 0; batch < steps; ++batch) {
    callbacks.call(&Callback::on_predict_batch_begin, batch, logs);
    const Bucket& bucket = buckets[static_cast<std::size_t>(batch)];
    fill_sequence_batch(data, bucket, rows);
    const Tensor inputs = prepare_input(rows.x.front());
    const Value input{inputs, rows.masks.empty() ? TensorView() : rows.masks[0].view()};
    execution().forward(std::span(&input, 1), {});
    for (std::size_t row = 0; row < bucket.size(); ++row) {
      answers[static_cast<std::size_t>(bucket[row])] =
          answer_of(execution().output(), static_cast<std::int64_t>(row), x.length(bucket[row]));
    }
    callbacks.call(&Callback::on_predict_batch_end, batch, logs);
    bar.update(batch + 1, logs);
  }
  callbacks.call(&Callback::on_predict_end, logs);
  bar.finish(logs);
  return answers;
}

Results Model::evaluate(const TensorList& x, const TensorList& y) {
  return evaluate(x, y, EvaluateOptions{});
}

Results Model::evaluate(const TensorList& x, const TensorList& y, const EvaluateOptions& options) {
  Trainer& trainer = trainer_of(*this, "evaluate");
  check_positive("batch_size", options.batch_size);
  const FitData data = fit_data(tensors_for(*this, x, y, options.sample_weight, ""),
                                {options.batch_size, options.steps});
  return run_evaluate(*this, trainer, data, options);
}

std::vector<Tensor> Model::predict(const Dataset& data, const PredictOptions& options) {
  Dataset some = options.steps ? data.take(*options.steps) : data;
  const std::optional<std::int64_t> steps = some.size();
  const Callbacks callbacks(*this, options.callbacks, {options.verbose, 1, steps.value_or(0)});
  ProgressBar bar(options.verbose, steps);
  std::vector<std::vector<Tensor>> parts;
  Logs logs;
  callbacks.call(&Callback::on_predict_begin, logs);
  Batches batches = some.batches();
  std::int64_t index = 0;
  for (const Batch* batch = batches.next(); batch != nullptr; batch = batches.next()) {
    callbacks.call(&Callback::on_predict_batch_begin, index, logs);
    for (std::size_t i = 0; i < batch->x.size(); ++i) {
      check_finite(batch->x[i], title_of(fmt::format("batch {}: ", index + 1), "x", batch->x, i));
    }
    parts.push_back(forward(*this, *batch));
    callbacks.call(&Callback::on_predict_batch_end, index, logs);
    bar.update(++index, logs);
  }
  if (parts.empty()) throw Error("the data set has no batches");
  callbacks.call(&Callback::on_predict_end, logs);
  bar.finish(logs);
  return joined_outputs(parts);
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
  const Batch data{prepare_inputs(x)};
  for (std::size_t i = 0; i < data.x.size(); ++i)
    check_finite(data.x[i], title_of("", "x", data.x, i));
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
    const Batch rows = data.rows(begin, end);
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
  const Batch batch = tensors_for(*this, x, y, sample_weight, "");
  trainer.prepare(*this, batch);
  trainer.reset_metrics();
  trainer.train_batch(*this, batch);
  return trainer.results();
}

Results Model::test_on_batch(const TensorList& x, const TensorList& y,
                             const TensorList& sample_weight) {
  Trainer& trainer = trainer_of(*this, "test_on_batch");
  const Batch batch = tensors_for(*this, x, y, sample_weight, "");
  trainer.prepare(*this, batch);
  trainer.reset_metrics();
  trainer.test_batch(*this, batch);
  return trainer.results();
}

}  // namespace chronicler
