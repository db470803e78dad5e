// The options of a class as a table: name, member, range and one sentence each. What checks them,
// writes them into files and reports, makes command-line options and documents of them walks over
// this table; nothing else lists them.
//
//   struct HuberOptions {
//     double delta = 1.0;
//
//     template <class Visitor>
//     static void fields(Visitor&& visit) {
//       visit("delta", &HuberOptions::delta, above(0.0), "the error up to which it is squared");
//     }
//   };
//
// A default is the member's own; a struct's fields are in Keras's order, where Keras has the class.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "chronicler/base/number_array.h"

namespace chronicler {

// Which values a field takes. Text takes one of some words, or any.
struct FieldRange {
  std::optional<double> least = {};
  std::optional<double> most = {};
  bool least_is_out = false;  // more than `least`
  bool most_is_out = false;   // less than `most`
  std::vector<std::string_view> words = {};
  // Of a list: how many numbers it may hold.
  std::size_t fewest = 0;
  std::size_t longest = std::numeric_limits<std::size_t>::max();

  bool holds(double number) const;
  bool holds(std::string_view word) const;
  bool holds(std::span<const std::int64_t> numbers) const;
  // "at least 1", "above 0", "from 0 to 1", "word, subword or char", "one number, at least 1";
  // empty for any value.
  std::string text() const;
};
FieldRange any_value();
FieldRange at_least(double least);
FieldRange above(double least);
FieldRange at_most(double most);
FieldRange between(double least, double most);  // both are in
FieldRange share_below(double most);            // from 0, less than `most`
FieldRange one_of(std::initializer_list<std::string_view> words);
// Lists, whose numbers are each in `range`.
FieldRange one_number(FieldRange range = {});
FieldRange number_list(std::size_t fewest, std::size_t longest, FieldRange range = {});

// What else is to be said of a field.
struct FieldNotes {
  // Where the member's own default stands for a choice: "64; 96 for characters".
  std::string_view default_text = {};
  // Says only how and how long a run goes on, not what it computes: may differ when it is resumed.
  bool is_of_run = false;
  bool is_required = false;  // the default is not a value
  // Not in Keras's configurations: files hold it only where it is not the default.
  bool is_extra = false;
  bool is_shared = false;   // all classes of its kind have it: a layer's name
  bool is_in_files = true;  // false: another way to say what another field says
  // The place in files, where it is not that of the table: lower ones come first.
  int file_rank = 0;
  std::string_view follows = {};  // a list: in files, where it is empty, that of the field so named
};

// One field as what walks over the table sees it, beside its value.
struct FieldInfo {
  std::string_view name;
  const FieldRange& range;
  std::string_view sentence;
  FieldNotes notes;
};

// Calls visit(info, value) for every field of the options, in the order of their table.
template <class Options, class Visitor>
void for_each_field(Options& options, Visitor&& visit) {
  std::remove_const_t<Options>::fields([&](std::string_view name, auto member,
                                           const FieldRange& range, std::string_view sentence,
                                           const FieldNotes& notes = {}) {
    visit(FieldInfo{name, range, sentence, notes}, options.*member);
  });
}

// A value as text: "64", "0.5", "true", "word"; "none" for an empty option.
std::string field_text(bool value);
std::string field_text(int value);
std::string field_text(std::int64_t value);
std::string field_text(std::uint64_t value);
std::string field_text(double value);  // all digits that it takes to read it back
std::string field_text(const std::string& value);
std::string field_text(const std::vector<double>& value);        // "0, 1"; "none" if there are none
std::string field_text(const std::vector<std::int64_t>& value);  // "1, 2"; "none" if empty
std::string field_text(const std::vector<std::string>& value);   // "a, b"; "none" if empty
template <class Value>
requires requires(const Value& value) { field_text(value); }
std::string field_text(const std::optional<Value>& value) {
  return value ? field_text(*value) : "none";
}

// Throws Error: "units of LSTM must be at least 1, got 0".
[[noreturn]] void refuse_field(std::string_view of, const FieldInfo& field,
                               const std::string& value);

namespace detail {
template <class Value>
bool is_in_range(const FieldRange& range, const Value& value) {
  if constexpr (std::is_same_v<Value, std::string>) return range.holds(std::string_view(value));
  if constexpr (std::is_same_v<Value, std::vector<std::int64_t>>)
    return range.holds(std::span<const std::int64_t>(value));
  if constexpr (std::is_arithmetic_v<Value> && !std::is_same_v<Value, bool>)
    return range.holds(static_cast<double>(value));
  return true;
}
template <class Value>
bool is_in_range(const FieldRange& range, const std::optional<Value>& value) {
  return !value || is_in_range(range, *value);
}
}  // namespace detail

// Calls refuse(info, value as text), which throws, for the first value that is out of its range; a
// default, which may stand for a choice, is in it unless the field is required.
template <class Options, class Refuse>
void check_fields_or(const Options& options, const Refuse& refuse) {
  const Options defaults{};
  Options::fields([&](std::string_view name, auto member, const FieldRange& range,
                      std::string_view sentence, const FieldNotes& notes = {}) {
    if constexpr (requires { options.*member == defaults.*member; }) {
      if (!notes.is_required && options.*member == defaults.*member) return;
    }
    [[maybe_unused]] const FieldInfo field{name, range, sentence, notes};
    if constexpr (requires(const std::vector<double>*& list) { list = &(options.*member); }) {
      for (const double each : options.*member) {
        if (!range.holds(each)) refuse(field, field_text(each));
      }
    } else if constexpr (requires { field_text(options.*member); }) {
      if (!detail::is_in_range(range, options.*member)) refuse(field, field_text(options.*member));
    }
  });
}

// The same, throwing Error. `of` is the class for the message.
template <class Options>
void check_fields(std::string_view of, const Options& options) {
  check_fields_or(options, [&](const FieldInfo& field, const std::string& value) {
    refuse_field(of, field, value);
  });
}

// Names and values of all fields but those of the run: what must be the same when it is resumed.
template <class Options>
std::vector<std::pair<std::string, std::string>> identity_fields(const Options& options) {
  std::vector<std::pair<std::string, std::string>> identity;
  for_each_field(options, [&](const FieldInfo& field, const auto& value) {
    if (!field.notes.is_of_run) identity.emplace_back(field.name, field_text(value));
  });
  return identity;
}

}  // namespace chronicler
