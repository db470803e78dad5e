// Every callback, by name.
#pragma once

#include <span>
#include <string_view>

#include "chronicler/base/field_table.h"
#include "chronicler/training/callbacks.h"
#include "training/field_settings.h"

namespace chronicler {

struct CallbackKind {
  std::string_view class_name;
  FieldTable (*fields)();                         // null: it has no table
  CallbackPtr (*from)(SettingsReader& settings);  // null: it is made of functions
  bool is_of_keras = true;                        // Keras has it too
};

std::span<const CallbackKind> callback_catalog();

}  // namespace chronicler
