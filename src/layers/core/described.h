// Tables of the classes of initializers, regularizers and constraints, and the checks of what is
// asked from them.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "chronicler/base/field_table.h"
#include "chronicler/base/fields.h"
#include "chronicler/layers/options.h"

namespace chronicler {

// One setting of a class: its name, default and range, and a sentence. One whose default is null is
// a seed.
struct DescribedField {
  std::string_view name;
  SettingValue value;
  FieldRange range;
  std::string_view sentence;
};

// One class: its name, the names by which options may ask for it, the first of which is
// shown to users, and its settings in the order of Keras's config.
struct DescribedClass {
  std::string_view class_name;
  std::vector<std::string_view> names;
  std::vector<DescribedField> settings;
  // Where files register a class that Keras does not have: "chronicler".
  std::string_view package = {};

  std::vector<Setting> defaults() const;
  FieldTable fields() const;
};

// The tables: of initializers.cc, regularizers.cc and constraints.cc.
std::span<const DescribedClass> initializer_classes();
std::span<const DescribedClass> regularizer_classes();
std::span<const DescribedClass> constraint_classes();

// The class called `name`, by its own name or one of the others; throws Error with the nearest.
// `kind` is the word for messages: "initializer".
const DescribedClass& find_described(std::string_view kind, std::string_view name,
                                     std::span<const DescribedClass> classes);

// The settings of `described`: `given` where there is one, which may be null for the default.
// Throws Error for an unknown setting, one given twice, or a value of the wrong type.
std::vector<Setting> complete_settings(const DescribedClass& described,
                                       const std::vector<Setting>& given);

// Throws Error for the first of them that is out of its range.
void check_settings(const DescribedClass& described, const std::vector<Setting>& settings);

// The value of a setting that is known to be there and to have this type.
template <class Value>
const Value& setting_value(const Described& described, std::string_view name) {
  for (const Setting& setting : described.settings()) {
    if (setting.name == name) return std::get<Value>(setting.value);
  }
  throw std::bad_variant_access();  // a mistake in a table
}

}  // namespace chronicler
