// What the losses have in common besides their interface.
#pragma once

#include <string>
#include <string_view>

#include "chronicler/training/losses.h"
#include "training/settings.h"

namespace chronicler {

// keras.backend.epsilon(): how far from 0 and 1 a probability is kept before its logarithm.
inline constexpr double loss_epsilon = 1e-7;

// The name in a configuration, and the reduction.
struct LossCommon {
  std::string name;
  Reduction reduction;

  // Takes both out of the settings.
  static LossCommon from(SettingsReader& settings, std::string_view name);
};

// label_smoothing as given; Error unless it is from 0 to 1.
double checked_smoothing(double label_smoothing);

class NamedLoss : public Loss {
 public:
  std::string_view name() const override { return name_; }
  std::vector<Setting> settings() const override;

 protected:
  explicit NamedLoss(LossCommon common) : Loss(common.reduction), name_(std::move(common.name)) {}

 private:
  std::string name_;
};

}  // namespace chronicler
