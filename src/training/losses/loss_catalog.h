// Every loss, by name.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "chronicler/training/loss.h"
#include "training/field_settings.h"

namespace chronicler {

struct LossKind {
  std::string_view class_name;
  std::vector<std::string_view> names;  // besides the class name; the first is shown to users
  LossPtr (*from)(SettingsReader& settings);
  FieldTable (*fields)();
  std::string_view earlier;  // one more name, which Keras had before and no longer reads
};

std::span<const LossKind> loss_catalog();

// A name as files have it: one that Keras reads.
std::string written_loss_name(std::string_view given);

}  // namespace chronicler
