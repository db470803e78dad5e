// Command-line options from the fields of an options struct (chronicler/base/fields.h): names,
// help, defaults and checks are the table's.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "chronicler/base/fields.h"

namespace chronicler::cli {

// "label_smoothing" is "--label-smoothing".
std::string option_name(std::string_view field);
// "share of the words made unknown (0.4; characters 0.05)"
std::string option_help(const FieldInfo& field, const std::string& default_value);
// Refuses what is out of the field's range.
CLI::Validator range_check(const FieldInfo& field, bool is_whole);
// The same for numbers between commas: "0.1,0.9"; or "none".
CLI::Validator list_check(const FieldInfo& field);
std::vector<double> numbers_of(const std::string& list);
std::string list_of(const std::vector<double>& numbers);

namespace detail {

template <class Value>
struct Inner {
  using Type = Value;
};
template <class Value>
struct Inner<std::optional<Value>> {
  using Type = Value;
};

template <class Value>
void add_field(CLI::App& app, const FieldInfo& field, Value& value) {
  using Type = typename Inner<Value>::Type;
  const std::string name = option_name(field.name);
  if constexpr (std::is_same_v<Type, bool>) {
    // What is on by default is turned off: --no-wide.
    const bool is_on = value;
    app.add_flag_callback(
           is_on ? "--no-" + name.substr(2) : name, [&value, is_on] { value = !is_on; },
           is_on ? fmt::format("not: {}", field.sentence) : std::string(field.sentence))
        ->disable_flag_override();
  } else if constexpr (std::is_same_v<Type, std::string>) {
    auto* option = app.add_option(name, value, option_help(field, field_text(value)));
    option->type_name(field.range.words.empty() ? "TEXT" : "WORD");
    if (!field.range.words.empty()) option->check(range_check(field, false));
  } else if constexpr (std::is_same_v<Type, std::vector<double>>) {
    app.add_option_function<std::string>(
           name, [&value](const std::string& list) { value = numbers_of(list); },
           option_help(field, list_of(value)))
        ->type_name("X,...")
        ->check(list_check(field));
  } else {
    constexpr bool is_whole = std::is_integral_v<Type>;
    app.add_option(name, value, option_help(field, field_text(value)))
        ->type_name(is_whole ? "N" : "X")
        ->check(range_check(field, is_whole));
  }
}

template <class Value>
nlohmann::ordered_json json_of(const Value& value) {
  return value;
}
template <class Value>
nlohmann::ordered_json json_of(const std::optional<Value>& value) {
  return value ? nlohmann::ordered_json(*value) : nlohmann::ordered_json(nullptr);
}

}  // namespace detail

// An option for each field but those named.
template <class Options>
void add_fields(CLI::App& app, Options& options, const std::vector<std::string_view>& but = {}) {
  for_each_field(options, [&](const FieldInfo& field, auto& value) {
    if (std::find(but.begin(), but.end(), field.name) == but.end())
      detail::add_field(app, field, value);
  });
}

// The fields by their names, but those that say only how the run went on.
template <class Options>
void add_fields(nlohmann::ordered_json& json, const Options& options) {
  for_each_field(options, [&](const FieldInfo& field, const auto& value) {
    if (!field.notes.is_of_run) json[std::string(field.name)] = detail::json_of(value);
  });
}

}  // namespace chronicler::cli
