// The loops of fit and evaluate: which batch comes when, and who is called. A batch's own work is
// in trainer.cc.
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
#include "training/callbacks/callback_list.h"
#include "training/callbacks/progress_bar.h"
#include "training/data_check.h"
#include "training/fit_plan.h"
#include "training/not_finite.h"
#include "training/run_progress.h"
#include "training/trainer.h"

namespace chronicler {
namespace {

Logs to_logs(const Results& results, std::string_view prefix = {}) {
  Logs logs;
  for (std::size_t i = 0; i < results.names.size(); ++i)
    logs[std::string(prefix) + results.names[i]] = results.values[i];
  return logs;
}

// Runs the trainer over a data set without learning.
Results test(Model& model, Trainer& trainer, const FitData& data, const CallbackList& callbacks,
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
                 const CallbackList& callbacks, BackupCallback* backup, ProgressBar& bar,
                 Logs& logs) {
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
  const CallbackList callbacks(model, options.callbacks, history.params, progress.now());
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
  const CallbackList callbacks(model, options.callbacks,
                               {options.verbose, 1, data.steps.value_or(0)});
  ProgressBar bar(options.verbose, data.steps);
  Results results = test(model, trainer, data, callbacks, &bar);
  bar.finish(to_logs(results));
  return results;
}

}  // namespace

History Model::fit(const TensorList& x, const TensorList& y, const FitOptions& options) {
  Trainer& trainer = trainer_of(*this, "fit");
  return run_fit(*this, trainer, fit_plan(*this, x, y, options), options);
}
History Model::fit(const Dataset& data, const FitOptions& options) {
  Trainer& trainer = trainer_of(*this, "fit");
  return run_fit(*this, trainer, fit_plan(*this, data, options), options);
}
History Model::fit(const SequenceList& x, const TensorList& y, const FitOptions& options) {
  Trainer& trainer = trainer_of(*this, "fit");
  return run_fit(*this, trainer, fit_plan(*this, SequenceData{x, y}, options), options);
}
History Model::fit(const SequenceList& x, const SequenceList& y, const FitOptions& options) {
  Trainer& trainer = trainer_of(*this, "fit");
  return run_fit(*this, trainer, fit_plan(*this, SequenceData{x, {}, y}, options), options);
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
