#include <cmath>
#include <iostream>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "chronicler/model/model.h"
#include "chronicler/training/callbacks.h"

namespace chronicler {
namespace {

class TerminateOnNanCallback final : public Callback {
 public:
  explicit TerminateOnNanCallback(bool raise_error) : raise_error_(raise_error) {}
  void on_train_batch_end(std::int64_t batch, Logs& logs) override {
    const auto loss = logs.find("loss");
    if (loss == logs.end() || std::isfinite(loss->second)) return;
    if (raise_error_) {
      throw Error(fmt::format("the loss of batch {} is {}", batch, loss->second),
                  "lower the learning rate, clip the gradients, or look at the data");
    }
    std::cout << fmt::format("Batch {}: Invalid loss, terminating training", batch) << std::endl;
    model().stop_training = true;
  }

 private:
  bool raise_error_;
};

}  // namespace

CallbackPtr callbacks::TerminateOnNaN(bool raise_error) {
  return std::make_shared<TerminateOnNanCallback>(raise_error);
}

}  // namespace chronicler
