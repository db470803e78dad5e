#include <cmath>
#include <iostream>

#include <fmt/format.h>

#include "chronicler/model/model.h"
#include "chronicler/training/callbacks.h"

namespace chronicler {
namespace {

class TerminateOnNanCallback final : public Callback {
 public:
  void on_train_batch_end(std::int64_t batch, Logs& logs) override {
    const auto loss = logs.find("loss");
    if (loss == logs.end() || std::isfinite(loss->second)) return;
    std::cout << fmt::format("Batch {}: Invalid loss, terminating training", batch) << std::endl;
    model().stop_training = true;
  }
};

}  // namespace

CallbackPtr callbacks::TerminateOnNaN() { return std::make_shared<TerminateOnNanCallback>(); }

}  // namespace chronicler
