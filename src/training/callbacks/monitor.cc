#include "training/callbacks/monitor.h"

#include <cmath>
#include <iostream>
#include <utility>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "training/metrics/metric_direction.h"

namespace chronicler {
namespace {

Direction direction_from(std::string_view mode) {
  if (mode == "min") return Direction::down;
  return mode == "max" ? Direction::up : Direction::unknown;
}

}  // namespace

Monitor::Monitor(std::string_view callback, std::string key, std::string_view mode,
                 double min_delta)
    : callback_(callback),
      key_(std::move(key)),
      direction_(direction_from(mode)),
      min_delta_(std::abs(min_delta)) {}

std::optional<double> Monitor::value(const Logs& logs) const {
  const auto found = logs.find(key_);
  return found == logs.end() ? std::nullopt : std::optional(found->second);
}

void Monitor::find_direction(const Model& model) {
  if (direction_ != Direction::unknown) return;
  direction_ = metric_direction(model, key_);
  if (direction_ != Direction::unknown) return;
  throw Error(
      fmt::format("{} cannot know whether a larger or a smaller \"{}\" is better", callback_, key_),
      "set mode to \"max\" or \"min\"");
}

bool Monitor::is_better(double value, const std::optional<double>& reference) const {
  if (std::isnan(value)) return false;  // in Keras a first NaN is never beaten; here it never leads
  if (!reference || std::isnan(*reference)) return true;
  return direction_ == Direction::up ? value - min_delta_ > *reference
                                     : value + min_delta_ < *reference;
}

void Monitor::warn_if_missing(std::string_view what, const Logs& logs) {
  if (value(logs) || std::exchange(warned_, true)) return;
  std::string keys;
  for (const auto& [key, value] : logs) keys += (keys.empty() ? "" : ",") + key;
  std::cerr << fmt::format(
                   "warning: {} conditioned on metric `{}` which is not available. Available "
                   "metrics are: {}",
                   what, key_, keys)
            << std::endl;
}

}  // namespace chronicler
