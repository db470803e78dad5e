#include <algorithm>
#include <iostream>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "chronicler/model/model.h"
#include "chronicler/training/callbacks.h"
#include "model/model_internals.h"
#include "training/callbacks/monitor.h"
#include "training/field_settings.h"
#include "training/trainer.h"

namespace chronicler {
namespace {

class ReduceLrOnPlateauCallback final : public Callback {
 public:
  explicit ReduceLrOnPlateauCallback(const callbacks::ReduceLROnPlateauOptions& options)
      : options_(checked_fields(options)),
        monitor_("ReduceLROnPlateau", options.monitor, options.mode, options.min_delta) {}

  void on_train_begin(Logs&) override { run_ = {}; }

  void on_epoch_end(std::int64_t epoch, Logs& logs) override {
    Optimizer& optimizer = ModelInternals::trainer(model())->optimizer();
    logs["learning_rate"] = optimizer.learning_rate();
    monitor_.find_direction(model());
    const std::optional<double> current = monitor_.value(logs);
    if (!current) return monitor_.warn_if_missing("Learning rate reduction", logs);

    if (run_.cooldown > 0) {
      --run_.cooldown;
      run_.epochs_without_progress = 0;
    }
    if (monitor_.is_better(*current, run_.best)) {
      run_.best = current;
      run_.epochs_without_progress = 0;
      return;
    }
    if (run_.cooldown > 0 || ++run_.epochs_without_progress < options_.patience) return;
    reduce(optimizer, epoch);
  }

  CallbackState state() const override {
    CallbackState state;
    state.numbers = {{"epochs_without_progress", static_cast<double>(run_.epochs_without_progress)},
                     {"cooldown", static_cast<double>(run_.cooldown)}};
    if (run_.best) state.numbers["best"] = *run_.best;
    return state;
  }
  void set_state(const CallbackState& state) override {
    run_.epochs_without_progress = state.whole("epochs_without_progress");
    run_.cooldown = state.whole("cooldown");
    run_.best = state.number("best");
  }

 private:
  void reduce(Optimizer& optimizer, std::int64_t epoch) {
    const double before = optimizer.learning_rate();
    if (before <= static_cast<double>(static_cast<float>(options_.min_lr))) return;
    const double now = std::max(before * options_.factor, options_.min_lr);
    optimizer.set_learning_rate(now);
    if (options_.verbose > 0) {
      std::cout << fmt::format("\nEpoch {}: ReduceLROnPlateau reducing learning rate to {}.",
                               epoch + 1, now)
                << std::endl;
    }
    run_.cooldown = options_.cooldown;
    run_.epochs_without_progress = 0;
  }

  // What one call of fit has seen.
  struct Run {
    std::int64_t epochs_without_progress = 0;
    std::int64_t cooldown = 0;
    std::optional<double> best;
  };

  callbacks::ReduceLROnPlateauOptions options_;
  Monitor monitor_;
  Run run_;
};

}  // namespace

CallbackPtr callbacks::ReduceLROnPlateau(const ReduceLROnPlateauOptions& options) {
  return std::make_shared<ReduceLrOnPlateauCallback>(options);
}

}  // namespace chronicler
