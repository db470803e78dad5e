#include "chronicler/base/error.h"
#include "chronicler/model/model.h"
#include "chronicler/training/callbacks.h"
#include "training/trainer.h"

namespace chronicler {
namespace {

class SwapEmaWeightsCallback final : public Callback {
 public:
  explicit SwapEmaWeightsCallback(bool swap_on_epoch) : swap_on_epoch_(swap_on_epoch) {}

  void on_epoch_begin(std::int64_t /*epoch*/, Logs& /*logs*/) override {
    if (swap_on_epoch_) show(false);
  }
  void on_epoch_end(std::int64_t epoch, Logs& /*logs*/) override {
    if (!swap_on_epoch_ || averages_are_in_) return;
    show(true);
    // The end of training puts the averages into the model: by then they must be these.
    if (epoch == params().epochs - 1) optimizer().take_weights_as_averages();
  }
  void on_test_begin(Logs& /*logs*/) override { show(true); }
  void on_test_end(Logs& /*logs*/) override { show(false); }
  void on_predict_begin(Logs& /*logs*/) override { show(true); }
  void on_predict_end(Logs& /*logs*/) override { show(false); }

  CallbackState state() const override {
    return {{{"averages_are_in", averages_are_in_ ? 1.0 : 0.0}}, {}};
  }
  void set_state(const CallbackState& state) override {
    averages_are_in_ = state.whole("averages_are_in") != 0;
  }

 private:
  Optimizer& optimizer() const { return trainer_of(model(), "swap its weights").optimizer(); }

  void show(bool averages) {
    if (averages_are_in_ == averages) return;
    if (!optimizer().has_averages()) {
      throw Error("SwapEMAWeights needs an optimizer that has averages of the weights",
                  "compile with use_ema = true, and train before you evaluate");
    }
    optimizer().swap_averages();
    averages_are_in_ = averages;
  }

  bool swap_on_epoch_;
  bool averages_are_in_ = false;
};

}  // namespace

CallbackPtr callbacks::SwapEMAWeights(bool swap_on_epoch) {
  return std::make_shared<SwapEmaWeightsCallback>(swap_on_epoch);
}

}  // namespace chronicler
