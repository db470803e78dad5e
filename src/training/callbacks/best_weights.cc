#include <memory>
#include <optional>
#include <vector>

#include "chronicler/model/model.h"
#include "chronicler/training/callbacks.h"
#include "training/callbacks/monitor.h"
#include "training/field_settings.h"

namespace chronicler {
namespace {

class BestWeightsCallback final : public Callback {
 public:
  explicit BestWeightsCallback(const callbacks::BestWeightsOptions& options)
      : options_(checked_fields(options)),
        monitor_("BestWeights", options.monitor, options.mode, 0.0) {}

  void on_train_begin(Logs& /*logs*/) override {
    best_ = options_.initial_value;
    weights_.clear();
    if (best_) weights_ = model().get_weights();
  }
  void on_train_batch_end(std::int64_t /*batch*/, Logs& logs) override { look(logs); }
  void on_epoch_end(std::int64_t /*epoch*/, Logs& logs) override {
    look(logs);
    monitor_.warn_if_missing("Keeping the best weights", logs);
  }
  void on_train_end(Logs& /*logs*/) override {
    if (!weights_.empty()) model().set_weights(weights_);
  }

  CallbackState state() const override {
    CallbackState state;
    if (best_) state.numbers["best"] = *best_;
    state.tensors = weights_;
    return state;
  }
  void set_state(const CallbackState& state) override {
    best_ = state.number("best");
    weights_ = state.tensors;
  }

 private:
  void look(const Logs& logs) {
    const std::optional<double> value = monitor_.value(logs);
    if (!value) return;
    monitor_.find_direction(model());
    if (!monitor_.is_better(*value, best_)) return;
    best_ = value;
    weights_ = model().get_weights();
  }

  callbacks::BestWeightsOptions options_;
  Monitor monitor_;
  std::optional<double> best_;
  std::vector<Tensor> weights_;
};

}  // namespace

CallbackPtr callbacks::BestWeights(const BestWeightsOptions& options) {
  return std::make_shared<BestWeightsCallback>(options);
}

}  // namespace chronicler
