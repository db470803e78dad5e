#include <cmath>
#include <iostream>
#include <string>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "chronicler/model/model.h"
#include "chronicler/training/callbacks.h"
#include "model/model_internals.h"
#include "training/trainer.h"

namespace chronicler {
namespace {

class TerminateOnNanCallback final : public Callback {
 public:
  explicit TerminateOnNanCallback(bool raise_error) : raise_error_(raise_error) {}
  void on_epoch_begin(std::int64_t epoch, Logs& /*logs*/) override { epoch_ = epoch; }
  void on_train_batch_end(std::int64_t batch, Logs& logs) override {
    const auto loss = logs.find("loss");
    if (loss == logs.end() || std::isfinite(loss->second)) return;
    if (raise_error_) {
      throw Error(fmt::format("training has become NaN at batch {} in epoch {}: {}", batch + 1,
                              epoch_ + 1, why(loss->second)),
                  "lower the learning rate, clip the gradients, or look at the data");
    }
    std::cout << fmt::format("Batch {}: Invalid loss, terminating training", batch) << std::endl;
    model().stop_training = true;
  }

  // A run that goes on amid an epoch does not begin it.
  CallbackState state() const override {
    CallbackState state;
    state.numbers["epoch"] = static_cast<double>(epoch_);
    return state;
  }
  void set_state(const CallbackState& state) override { epoch_ = state.whole("epoch"); }

 private:
  std::string why(double loss) {
    if (ModelInternals::trainer(model()) && !ModelInternals::trainer(model())->not_finite().empty())
      return ModelInternals::trainer(model())->not_finite();
    return fmt::format("the loss is {}", loss);
  }

  bool raise_error_;
  std::int64_t epoch_ = 0;
};

}  // namespace

CallbackPtr callbacks::TerminateOnNaN(bool raise_error) {
  return std::make_shared<TerminateOnNanCallback>(raise_error);
}

}  // namespace chronicler
