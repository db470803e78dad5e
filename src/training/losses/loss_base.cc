#include "training/losses/loss_base.h"

#include <fmt/format.h>

#include "chronicler/base/error.h"

namespace chronicler {

LossCommon LossCommon::from(SettingsReader& settings, std::string_view name) {
  const bool none = settings.is_null("reduction");  // Python's None is a reduction too
  const std::string reduction = settings.text("reduction", none ? "none" : "sum_over_batch_size");
  settings.ignore("dtype");
  return {settings.text("name", name), reduction_from_name(reduction)};
}

double checked_smoothing(double label_smoothing) {
  if (label_smoothing >= 0.0 && label_smoothing <= 1.0) return label_smoothing;
  throw Error(fmt::format("label_smoothing must be from 0 to 1, got {}", label_smoothing));
}

std::vector<Setting> NamedLoss::settings() const {
  return {{"name", name_}, {"reduction", std::string(name_of(reduction()))}};
}

}  // namespace chronicler
