// One key of the logs, watched for getting better: what EarlyStopping and ModelCheckpoint share.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "chronicler/training/callbacks.h"
#include "chronicler/training/metric.h"

namespace chronicler {

class Monitor {
 public:
  // mode: "auto", "min" or "max"; Error for any other. `callback` is its name for errors.
  Monitor(std::string_view callback, std::string key, std::string_view mode, double min_delta);

  const std::string& key() const { return key_; }
  // The value in the logs; empty if there is none.
  std::optional<double> value(const Logs& logs) const;
  // With mode "auto", asks the model in which direction the key gets better, once; Error if it does
  // not know.
  void find_direction(const Model& model);
  // Whether `value` is better than `reference` by more than min_delta. Any number beats nothing;
  // NaN beats nothing at all.
  bool is_better(double value, const std::optional<double>& reference) const;
  // Says once, as Keras does, that `what` needs a key that the logs lack. Not an error: with
  // validation_freq, most epochs have no val_loss.
  void warn_if_missing(std::string_view what, const Logs& logs);

 private:
  std::string callback_;
  std::string key_;
  Direction direction_;
  double min_delta_;
  bool warned_ = false;
};

}  // namespace chronicler
