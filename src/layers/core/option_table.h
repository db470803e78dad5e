// The table of a layer's options (base/fields.h) at work: what Layer::fields visits, and the
// checks.
#pragma once

#include <algorithm>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "chronicler/base/fields.h"
#include "chronicler/layers/layer.h"

namespace chronicler {

// Throws Error for a value that is out of its range: `LSTM "lstm_1": units must be at least 1`.
[[noreturn]] void refuse_option(const std::string& layer, const FieldInfo& field,
                                const std::string& value);

namespace detail {

// The table made once, in the order of files.
template <class Options>
struct OptionVisit {
  int file_rank;
  std::function<void(Options&, FieldVisitor&)> visit;
};

// The list that stands for an empty one.
template <class Options>
std::vector<std::int64_t> Options::*find_list(std::string_view name) {
  std::vector<std::int64_t> Options::*found = nullptr;
  Options::fields([&](std::string_view each, auto member, const FieldRange& /*range*/,
                      std::string_view /*sentence*/, const FieldNotes& /*notes*/ = {}) {
    if constexpr (std::is_same_v<decltype(member), std::vector<std::int64_t> Options::*>) {
      if (each == name) found = member;
    }
  });
  return found;
}

template <class Options, class Member>
std::function<void(Options&, FieldVisitor&)> visit_of(std::string_view name, Member member,
                                                      std::string_view follows) {
  if constexpr (std::is_same_v<Member, std::vector<std::int64_t> Options::*>) {
    if (!follows.empty()) {
      return [name, member, other = find_list<Options>(follows)](Options& options,
                                                                 FieldVisitor& visitor) {
        const bool is_open = (options.*member).empty();
        std::vector<std::int64_t> value = options.*(is_open ? other : member);
        visitor.field(name, value);
        if (!is_open || value != options.*other) options.*member = std::move(value);
      };
    }
  }
  return [name, member](Options& options, FieldVisitor& visitor) {
    visitor.field(name, options.*member);
  };
}

template <class Options>
std::vector<OptionVisit<Options>> option_visits() {
  std::vector<OptionVisit<Options>> visits;
  Options::fields([&](std::string_view name, auto member, const FieldRange& /*range*/,
                      std::string_view /*sentence*/, const FieldNotes& notes = {}) {
    if constexpr (!std::is_same_v<decltype(member), OptionalShape Options::*>) {
      if (notes.is_shared || !notes.is_in_files) return;
      visits.push_back({notes.file_rank, visit_of<Options>(name, member, notes.follows)});
    }
  });
  std::stable_sort(visits.begin(), visits.end(),
                   [](const auto& a, const auto& b) { return a.file_rank < b.file_rank; });
  return visits;
}

}  // namespace detail

// Visits every option but those that all layers have, in the order of files.
template <class Options>
void visit_options(Options& options, FieldVisitor& visitor) {
  static const std::vector<detail::OptionVisit<Options>> visits = detail::option_visits<Options>();
  for (const auto& each : visits) each.visit(options, visitor);
}

// The names of the options that Keras does not know.
template <class Options>
std::span<const std::string_view> own_option_names() {
  static const std::vector<std::string_view> names = [] {
    std::vector<std::string_view> own;
    Options::fields([&](std::string_view name, auto /*member*/, const FieldRange& /*range*/,
                        std::string_view /*sentence*/, const FieldNotes& notes = {}) {
      if (notes.is_extra) own.push_back(name);
    });
    return own;
  }();
  return names;
}

// Throws Error for the first option that is out of its range; described() is the layer.
template <class Options, class Described>
void check_options(const Options& options, const Described& described) {
  check_fields_or(options, [&](const FieldInfo& field, const std::string& value) {
    refuse_option(described(), field, value);
  });
}

}  // namespace chronicler
