#include <iostream>
#include <utility>

#include <fmt/format.h>

#include "chronicler/model/model.h"
#include "chronicler/training/callbacks.h"
#include "training/callbacks/monitor.h"
#include "training/field_settings.h"

namespace chronicler {
namespace {

class EarlyStoppingCallback final : public Callback {
 public:
  explicit EarlyStoppingCallback(const callbacks::EarlyStoppingOptions& options)
      : options_(checked_fields(options)),
        monitor_("EarlyStopping", options.monitor, options.mode, options.min_delta) {}

  void on_train_begin(Logs&) override { run_ = {}; }

  void on_epoch_end(std::int64_t epoch, Logs& logs) override {
    monitor_.find_direction(model());
    const std::optional<double> current = monitor_.value(logs);
    if (!current) return monitor_.warn_if_missing("Early stopping", logs);
    if (epoch < options_.start_from_epoch) return;
    if (options_.restore_best_weights && run_.best_weights.empty()) keep_weights(epoch);

    ++run_.epochs_without_progress;
    if (monitor_.is_better(*current, run_.best)) {
      run_.best = current;
      run_.best_epoch = epoch;
      if (options_.restore_best_weights) keep_weights(epoch);
      // Patience starts anew only for what also beats the baseline.
      if (monitor_.is_better(*current, options_.baseline)) run_.epochs_without_progress = 0;
    } else if (run_.epochs_without_progress >= options_.patience && epoch > 0) {
      run_.stopped_epoch = epoch;
      model().stop_training = true;
    }
  }

  void on_train_end(Logs&) override {
    if (run_.stopped_epoch && options_.verbose > 0) {
      std::cout << fmt::format("Epoch {}: early stopping", *run_.stopped_epoch + 1) << std::endl;
    }
    if (run_.best_weights.empty()) return;
    if (options_.verbose > 0) {
      std::cout << fmt::format("Restoring model weights from the end of the best epoch: {}.",
                               run_.best_epoch + 1)
                << std::endl;
    }
    model().set_weights(run_.best_weights);
  }

  CallbackState state() const override {
    CallbackState state;
    state.numbers = {{"epochs_without_progress", static_cast<double>(run_.epochs_without_progress)},
                     {"best_epoch", static_cast<double>(run_.best_epoch)}};
    if (run_.best) state.numbers["best"] = *run_.best;
    if (run_.stopped_epoch) {
      state.numbers["stopped_epoch"] = static_cast<double>(*run_.stopped_epoch);
    }
    state.tensors = run_.best_weights;
    return state;
  }
  void set_state(const CallbackState& state) override {
    run_.epochs_without_progress = state.whole("epochs_without_progress");
    run_.best = state.number("best");
    run_.best_epoch = state.whole("best_epoch");
    run_.best_weights = state.tensors;
    if (state.number("stopped_epoch")) run_.stopped_epoch = state.whole("stopped_epoch");
  }

 private:
  // What one call of fit has seen.
  struct Run {
    std::int64_t epochs_without_progress = 0;
    std::optional<double> best;
    std::int64_t best_epoch = 0;
    std::vector<Tensor> best_weights;  // empty unless they are to be restored
    std::optional<std::int64_t> stopped_epoch;
  };

  void keep_weights(std::int64_t epoch) {
    run_.best_weights = model().get_weights();
    run_.best_epoch = epoch;
  }

  callbacks::EarlyStoppingOptions options_;
  Monitor monitor_;
  Run run_;
};

}  // namespace

CallbackPtr callbacks::EarlyStopping(const EarlyStoppingOptions& options) {
  return std::make_shared<EarlyStoppingCallback>(options);
}

}  // namespace chronicler
