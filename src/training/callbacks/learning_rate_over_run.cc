#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include "chronicler/training/callbacks.h"
#include "model/model_internals.h"
#include "training/trainer.h"

namespace chronicler {
namespace {

class LearningRateOverRunCallback final : public Callback {
 public:
  explicit LearningRateOverRunCallback(callbacks::RateOfShare rate) : rate_(std::move(rate)) {}

  void on_train_batch_begin(std::int64_t /*batch*/, Logs& /*logs*/) override {
    ModelInternals::trainer(model())->optimizer().set_learning_rate(rate_(progress().share));
  }

 private:
  callbacks::RateOfShare rate_;
};

}  // namespace

callbacks::RateOfShare callbacks::warm_cosine(const WarmCosineOptions& options) {
  return [options](double share) {
    const double warm = std::min(1.0, share / options.warm_share + options.start);
    const double cosine = 0.5 * (1.0 + std::cos(std::numbers::pi * share));
    return options.learning_rate * (warm * (options.end + (1.0 - options.end) * cosine));
  };
}

CallbackPtr callbacks::LearningRateOverRun(RateOfShare rate) {
  return std::make_shared<LearningRateOverRunCallback>(std::move(rate));
}

}  // namespace chronicler
