// The loops of fit and evaluate: which batch comes when, and who is called. A batch's own work is
// in trainer.cc.
#include "chronicler/training/fit.h"

#include <algorithm>
#include <cmath>
#include <iostream>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "chronicler/base/random.h"
#include "model/network.h"
#include "training/callbacks/backup_and_restore.h"
#include "training/callbacks/callback_list.h"
#include "training/callbacks/progress_bar.h"
#include "training/data_check.h"
#include "training/fit_plan.h"
#include "training/memory_span.h"
#include "training/not_finite.h"
#include "training/part_walk.h"
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
  TestWalk batches(data, trainer, model);
  std::int64_t index = 0;
  for (const Batch* batch = batches.next(); batch != nullptr; batch = batches.next()) {
    callbacks.call(&Callback::on_test_batch_begin, index, logs);
    batches.test(*batch);
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

// The batches of run.epoch, or the parts of them that are learnt one by one, from run.batch on.
void train_epoch(FitRun& run, const FitData& data, RunProgress& progress,
                 const CallbackList& callbacks, BackupCallback* backup, ProgressBar& bar,
                 Logs& logs) {
  if (run.batch == 0) {
    run.trainer.reset_metrics();
  } else {
    logs = to_logs(run.trainer.results());
  }
  LearningWalk batches(data, {run.seed, run.epoch}, run.batch, run.trainer, run.model);
  while (!run.interrupted && !progress.has_reached_limit() && batches.next()) {
    const std::int64_t batch = run.batch;
    callbacks.call(&Callback::on_train_batch_begin, batch, logs);
    batches.learn();
    if (!run.trainer.not_finite().empty()) note_not_finite(run, batch_title(batch, batches.size()));
    logs = to_logs(run.trainer.results());
    ++run.batch;
    progress.update(run.epoch, batches.share(), run.progress.steps + 1);
    run.progress = progress.now();
    callbacks.call(&Callback::on_train_batch_end, batch, logs);
    bar.update(batch + 1, logs);
    run.interrupted = run.model.stop_training || run.model.pause_training;
    if (backup != nullptr) backup->after_batch(run);
  }
}

// One run of fit: epochs, and what comes between them.
class FitLoop {
 public:
  FitLoop(Model& model, Trainer& trainer, const FitPlan& plan, const FitOptions& options)
      : plan_(plan),
        options_(options),
        history_{.params = {options.verbose, options.epochs, plan.train.updates.value_or(0)}},
        progress_(options, plan.train.updates),
        callbacks_(model, options.callbacks, history_.params, progress_.now()),
        backup_(backup_among(options.callbacks)),
        run_{model,
             trainer,
             options.callbacks,
             history_,
             plan.train.samples,
             options.batch_size,
             plan.train.updates.value_or(0),
             options.shuffle,
             text_of(plan.train.parts),
             options.seed ? *options.seed : next_seed(),
             options.initial_epoch} {
    run_.progress.steps = options.initial_epoch * plan.train.updates.value_or(0);
    run_.progress.epochs = static_cast<double>(options.initial_epoch);
    model.stop_training = false;
    model.pause_training = false;
  }

  History run() {
    callbacks_.call(&Callback::on_train_begin, logs_);
    if (backup_ != nullptr) backup_->restore(run_);
    progress_.begin(run_.progress);
    run_.paused = pauses() && !is_done();  // nothing to do: it went as far before
    while (!is_done() && !run_.paused) {
      run_epoch();
      if (run_.interrupted) break;
      ++run_.epoch;
      run_.batch = 0;
      run_.paused = pauses() && !is_done();
      if (backup_ != nullptr) backup_->after_epoch(run_);
    }
    history_.is_paused = run_.interrupted || run_.paused;
    history_.progress = progress_.now();
    run_.trainer.optimizer().finish();
    note_last_step(run_.model, history_);
    callbacks_.call(&Callback::on_train_end, logs_);
    if (backup_ != nullptr) backup_->after_run(run_);
    return std::move(history_);
  }

 private:
  bool is_done() const {
    if (run_.model.stop_training) return true;
    if (run_.batch > 0) return false;  // an epoch that was begun is still to be ended
    return progress_.has_reached_limit() ||
           (progress_.epochs() && run_.epoch >= *progress_.epochs());
  }
  bool pauses() const {
    return run_.model.pause_training ||
           (options_.pause_after && run_.epoch >= *options_.pause_after);
  }

  // What is left of run_.epoch, with its validation.
  void run_epoch() {
    const std::int64_t epoch = run_.epoch;
    logs_.clear();
    if (run_.batch == 0) callbacks_.call(&Callback::on_epoch_begin, epoch, logs_);
    ProgressBar bar(options_.verbose, plan_.train.updates);
    bar.begin_epoch(epoch, progress_.epochs());
    train_epoch(run_, plan_.train, progress_, callbacks_, backup_, bar, logs_);
    if (plan_.validation && (epoch + 1) % options_.validation_freq == 0) {
      const Results results =
          test(run_.model, run_.trainer, *plan_.validation, callbacks_, nullptr);
      logs_.merge(to_logs(results, "val_"));
      note_not_finite(run_, "in the validation of epoch");
    }
    callbacks_.call(&Callback::on_epoch_end, epoch, logs_);
    history_.epoch.push_back(epoch);
    for (const auto& [key, value] : logs_) history_.history[key].push_back(value);
    bar.finish(logs_);
  }

  const FitPlan& plan_;
  const FitOptions& options_;
  History history_;
  RunProgress progress_;
  CallbackList callbacks_;
  BackupCallback* backup_;
  FitRun run_;
  Logs logs_;
};

// The trainer's budget while a run of fit lasts.
class BudgetOfRun {
 public:
  BudgetOfRun(Trainer& trainer, const FitOptions& options) : trainer_(trainer) {
    if (options.memory_budget.empty()) return;
    std::function<void(const std::string&)> report;
    if (options.verbose > 0) report = [](const std::string& text) { std::cout << text; };
    trainer.set_memory_budget(MemoryBudget(bytes_from(options.memory_budget), report));
  }
  ~BudgetOfRun() { trainer_.set_memory_budget({}); }
  BudgetOfRun(const BudgetOfRun&) = delete;
  BudgetOfRun& operator=(const BudgetOfRun&) = delete;

 private:
  Trainer& trainer_;
};

// Validation goes over long sequences in parts, too: at least this many steps at a time.
constexpr std::int64_t validation_steps_at_a_time = 1024;

// The steps that a gradient goes back at most; 0 if nobody knows.
std::int64_t window_of(const FitData& data) {
  std::int64_t steps = 0;
  for (const Tensor& x : data.all.x) {
    if (x.shape().rank() > 2) steps = std::max(steps, x.shape()[1]);
  }
  for (const std::int64_t own : data.batch_steps) steps = std::max(steps, own);
  return data.parts.steps > 0 ? std::min(steps, data.parts.steps) : steps;
}

// Once: a model that was trained has learnt what to remember.
void say_how_long_it_remembers(const Model& model, const Trainer& trainer, const FitPlan& plan,
                               const FitOptions& options) {
  if (options.verbose == 0 || options.initial_epoch > 0 || trainer.step() > 0) return;
  std::cerr << note_on_memory(model, window_of(plan.train));
}

History run_fit(Model& model, Trainer& trainer, FitPlan plan, const FitOptions& options) {
  const BudgetOfRun budget(trainer, options);
  if (plan.validation) prepare(*plan.validation, trainer, model);
  prepare(plan.train, trainer, model);
  if (const Bptt bptt = checked_bptt(options.bptt); bptt.steps > 0) {
    cut_into_parts(plan.train, bptt, model);
    if (plan.validation)
      plan.validation->parts.steps = std::max(bptt.steps, validation_steps_at_a_time);
  }
  say_how_long_it_remembers(model, trainer, plan, options);
  return FitLoop(model, trainer, plan, options).run();
}

Results run_evaluate(Model& model, Trainer& trainer, FitData data, const EvaluateOptions& options) {
  check_steps_at_a_time(options.steps_at_a_time);
  prepare(data, trainer, model);
  data.parts.steps = options.steps_at_a_time;
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
  FitData data = fit_data(*this, {x, y, {}, as_float32(options.sample_weight)},
                          {options.batch_size, options.steps});
  return run_evaluate(*this, trainer, std::move(data), options);
}
Results Model::evaluate(const SequenceList& x, const SequenceList& y,
                        const EvaluateOptions& options) {
  Trainer& trainer = trainer_of(*this, "evaluate");
  check_positive("batch_size", options.batch_size);
  FitData data = fit_data(*this, {x, {}, y, as_float32(options.sample_weight)},
                          {options.batch_size, options.steps});
  return run_evaluate(*this, trainer, std::move(data), options);
}

Results Model::evaluate(const TensorList& x, const TensorList& y) {
  return evaluate(x, y, EvaluateOptions{});
}

Results Model::evaluate(const TensorList& x, const TensorList& y, const EvaluateOptions& options) {
  Trainer& trainer = trainer_of(*this, "evaluate");
  check_positive("batch_size", options.batch_size);
  FitData data = fit_data(tensors_for(*this, x, y, options.sample_weight, ""),
                          {options.batch_size, options.steps});
  return run_evaluate(*this, trainer, std::move(data), options);
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
