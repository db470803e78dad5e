// What the losses have in common besides their interface.
#pragma once

#include <string>
#include <string_view>

#include "chronicler/training/losses.h"
#include "training/settings.h"

namespace chronicler {

// keras.backend.epsilon(): how far from 0 and 1 a probability is kept before its logarithm.
inline constexpr double loss_epsilon = 1e-7;
// The bounds themselves are of the predictions' type: in float32 1 - epsilon is 1 - 1.19e-7.
template <class Real>
inline constexpr double lowest_probability = static_cast<double>(static_cast<Real>(loss_epsilon));
template <class Real>
inline constexpr double highest_probability = static_cast<double>(static_cast<Real>(1.0 -
                                                                                    loss_epsilon));

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
