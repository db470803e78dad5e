#include <iostream>
#include <utility>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "chronicler/model/model.h"
#include "chronicler/training/callbacks.h"
#include "model/model_internals.h"
#include "training/trainer.h"

namespace chronicler {
namespace {

class LearningRateSchedulerCallback final : public Callback {
 public:
  LearningRateSchedulerCallback(callbacks::RateOfEpoch schedule, int verbose)
      : schedule_(std::move(schedule)), verbose_(verbose) {
    if (!schedule_) throw Error("LearningRateScheduler needs a schedule");
  }

  void on_epoch_begin(std::int64_t epoch, Logs&) override {
    Optimizer& optimizer = ModelInternals::trainer(model())->optimizer();
    const double rate = schedule_(epoch, optimizer.learning_rate());
    optimizer.set_learning_rate(rate);
    if (verbose_ == 0) return;
    std::cout << fmt::format("\nEpoch {}: LearningRateScheduler setting learning rate to {}.",
                             epoch + 1, rate)
              << std::endl;
  }

  void on_epoch_end(std::int64_t, Logs& logs) override {
    logs["learning_rate"] = ModelInternals::trainer(model())->optimizer().learning_rate();
  }

 private:
  callbacks::RateOfEpoch schedule_;
  int verbose_;
};

}  // namespace

CallbackPtr callbacks::LearningRateScheduler(RateOfEpoch schedule, int verbose) {
  return std::make_shared<LearningRateSchedulerCallback>(std::move(schedule), verbose);
}

}  // namespace chronicler
