// What the losses have in common besides their interface.
#pragma once

#include <string_view>
#include <vector>

#include "chronicler/training/loss.h"
#include "training/field_settings.h"

namespace chronicler {

// keras.backend.epsilon(): how far from 0 and 1 a probability is kept before its logarithm.
inline constexpr double loss_epsilon = 1e-7;
// The bounds themselves are of the predictions' type: in float32 1 - epsilon is 1 - 1.19e-7.
template <class Real>
inline constexpr double lowest_probability = static_cast<double>(static_cast<Real>(loss_epsilon));
template <class Real>
inline constexpr double highest_probability = static_cast<double>(static_cast<Real>(1.0 -
                                                                                    loss_epsilon));

// A loss with its options, whose table says what is checked and what files hold.
template <class Options>
class LossWith : public Loss {
 public:
  explicit LossWith(const Options& options)
      : Loss(reduction_from_name(checked_fields(options).reduction)), options_(options) {}

  std::string_view class_name() const final { return Options::class_name; }
  std::string_view name() const final { return options_.name; }
  std::vector<Setting> settings() const final {
    // Keras writes these first, whatever the order of its arguments.
    return field_settings(options_,
                          {"name", "reduction", "from_logits", "label_smoothing", "axis"});
  }

 protected:
  const Options& options() const { return options_; }

 private:
  Options options_;
};

}  // namespace chronicler
