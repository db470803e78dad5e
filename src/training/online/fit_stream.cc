#include "chronicler/training/fit_stream.h"

#include <chrono>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "chronicler/model/model.h"
#include "chronicler/training/dataset.h"
#include "chronicler/training/stream_learner.h"
#include "training/callbacks/backup_and_restore.h"
#include "training/callbacks/callback_list.h"
#include "training/callbacks/progress_bar.h"
#include "training/not_finite.h"
#include "training/trainer.h"

namespace chronicler {
namespace {

// Steps that follow one another, as rows of numbers.
struct Steps {
  Tensor x;
  Tensor y;
  std::int64_t count = 0;

  std::span<const float> row_of(const Tensor& all, std::int64_t step) const {
    const std::int64_t width = all.size() / count;
    return {all.as<float>() + step * width, static_cast<std::size_t>(width)};
  }
};

// x (T, F), or (1, T, F): a row of a batch.
Steps steps_of(const Tensor& x, const Tensor& y, std::int64_t features, std::string_view where) {
  if (!x || !y || x.size() == 0)
    throw Error(fmt::format("fit_stream got no {}{}", x && x.size() > 0 ? "y" : "x", where),
                "give x (steps, features) and y (steps, outputs)");
  const std::int64_t count = x.size() / features;
  if (x.size() % features != 0 || (x.shape()[0] != count && x.shape()[0] != 1)) {
    throw Error(fmt::format("fit_stream takes one sequence of steps of {} features, x{} is {}",
                            features, where, x.shape().to_string()),
                "give x (steps, features)");
  }
  if (y.shape()[0] != x.shape()[0] || y.size() % count != 0) {
    throw Error(fmt::format("x{} has {} steps, y is {}", where, count, y.shape().to_string()),
                "give a target for each step: y (steps, outputs)");
  }
  return {x.to(DType::float32), y.to(DType::float32), count};
}

// One run of fit_stream.
class StreamRun {
 public:
  StreamRun(Model& model, const FitStreamOptions& options, std::optional<std::int64_t> steps)
      : model_(model),
        options_(options),
        learner_(model, options),
        history_{.params = {options.verbose, 1, steps.value_or(0)}},
        callbacks_(model, options.callbacks, history_.params, history_.progress),
        bar_(options.verbose, steps) {
    for (const CallbackPtr& callback : options.callbacks) {
      if (dynamic_cast<BackupCallback*>(callback.get()) == nullptr) continue;
      throw Error("BackupAndRestore cannot go on with a stream: what it has carried is not kept",
                  "leave it out, and save the model");
    }
    model.stop_training = false;
    callbacks_.call(&Callback::on_train_begin, logs_);
  }

  std::int64_t features() const { return learner_.features(); }
  void new_sequence() { learner_.reset(); }

  // False: the run is over.
  bool learn(const Steps& steps) {
    for (std::int64_t i = 0; i < steps.count; ++i) {
      if (in_report_ == 0) callbacks_.call(&Callback::on_epoch_begin, reports_, logs_);
      learner_.learn(steps.row_of(steps.x, i), steps.row_of(steps.y, i));
      if (++in_report_ == options_.report_every && !report()) return false;
    }
    return true;
  }

  History finish() {
    if (in_report_ > 0) report();
    if (history_.not_finite.empty()) {
      const std::string weight = first_weight_not_finite(model_);
      if (!weight.empty())
        history_.not_finite = fmt::format("after the last step: {} is not finite", weight);
    }
    history_.is_paused = model_.stop_training;
    trainer_of(model_, "fit_stream").optimizer().finish();
    callbacks_.call(&Callback::on_train_end, logs_);
    bar_.finish(logs_);
    return std::move(history_);
  }

 private:
  bool report() {
    const Results results = learner_.results();
    logs_.clear();
    for (std::size_t i = 0; i < results.names.size(); ++i)
      logs_[results.names[i]] = results.values[i];
    if (history_.not_finite.empty() && !results.not_finite.empty()) {
      history_.not_finite = fmt::format("up to step {}: {}", learner_.steps(), results.not_finite);
    }
    const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start_;
    TrainingProgress& progress = history_.progress;
    progress.steps = learner_.steps();
    progress.seconds = passed.count();
    progress.steps_per_second = static_cast<double>(progress.steps) / progress.seconds;
    if (history_.params.steps > 0)
      progress.share =
          static_cast<double>(progress.steps) / static_cast<double>(history_.params.steps);
    callbacks_.call(&Callback::on_epoch_end, reports_, logs_);
    history_.epoch.push_back(reports_);
    for (const auto& [key, value] : logs_) history_.history[key].push_back(value);
    bar_.update(learner_.steps(), logs_);
    learner_.reset_results();
    in_report_ = 0;
    ++reports_;
    return !model_.stop_training &&
           !(options_.max_seconds && progress.seconds >= *options_.max_seconds);
  }

  Model& model_;
  const FitStreamOptions& options_;
  StreamLearner learner_;
  History history_;
  CallbackList callbacks_;
  ProgressBar bar_;
  Logs logs_;
  std::int64_t in_report_ = 0;
  std::int64_t reports_ = 0;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

// A model that was not given a shape takes any number of steps of what comes first.
void build_for(Model& model, const Tensor& x) {
  if (model.built() || !x || x.shape().rank() == 0) return;
  Shape step = x.shape().without_front();
  if (step.rank() > 1) step = step.without_front();
  model.build(step.with_front(None).with_front(None));
}

}  // namespace

History Model::fit_stream(const Tensor& x, const Tensor& y, const FitStreamOptions& options) {
  trainer_of(*this, "fit_stream");
  build_for(*this, x);
  StreamRun run(*this, options, x && x.shape().rank() > 0 ? x.shape()[0] : 0);
  run.learn(steps_of(x, y, run.features(), ""));
  return run.finish();
}

History Model::fit_stream(const Dataset& samples, const FitStreamOptions& options) {
  trainer_of(*this, "fit_stream");
  Batches batches = samples.batches();
  std::optional<StreamRun> run;
  std::int64_t index = 0;
  for (const Batch* batch = batches.next(); batch != nullptr; batch = batches.next(), ++index) {
    const std::string where = fmt::format(" of batch {}", index + 1);
    if (batch->x.size() != 1 || batch->y.size() != 1 || batch->size() != 1) {
      throw Error(fmt::format("fit_stream takes batches of one row with one x and one y, batch {} "
                              "has {} rows, {} x and {} y",
                              index + 1, batch->x.size() == 0 ? 0 : batch->size(), batch->x.size(),
                              batch->y.size()),
                  "leave out batch(): an item of from_tensors is one row");
    }
    if (!run) {
      build_for(*this, batch->x.front());
      run.emplace(*this, options, std::nullopt);
    } else if (options.new_sequences) {
      run->new_sequence();
    }
    if (!run->learn(steps_of(batch->x.front(), batch->y.front(), run->features(), where))) break;
  }
  if (!run) throw Error("the data set has no batches", "give at least one sample");
  return run->finish();
}

}  // namespace chronicler
