#include "chronicler/base/error.h"

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <utility>

#include <fmt/format.h>

namespace chronicler {
namespace {

// Names are compared without case and without underscores, so that "GlorotUniform" is the same
// spelling as "glorot_uniform".
std::string spelling(std::string_view name) {
  std::string letters;
  for (const char c : name) {
    if (c != '_') letters += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return letters;
}

// How many letters must be added, removed, replaced or swapped with their neighbour (optimal string
// alignment).
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::swap(before_last, last);
    std::swap(last, row);
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({replaced, last[j] + 1, row[j - 1] + 1});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before_last[j - 2] + 1);
      }
    }
  }
  return row[b.size()];
}

// One name inside the other ("relu" in "leaky_relu") is near, however much is left over.
bool is_part(std::string_view a, std::string_view b) {
  constexpr std::size_t shortest = 3;
  if (std::min(a.size(), b.size()) < shortest) return false;
  return a.find(b) != std::string_view::npos || b.find(a) != std::string_view::npos;
}

template <class Names>
std::string joined(const Names& names, std::string_view between) {
  std::string text;
  for (const auto& name : names) {
    if (!text.empty()) text += between;
    text += name;
  }
  return text;
}

std::string full_text(const std::string& message, const std::string& hint) {
  return hint.empty() ? message : fmt::format("{}: {}", message, hint);
}

}  // namespace

Error::Error(std::string message, std::string hint)
    : std::runtime_error(full_text(message, hint)),
      message_(std::move(message)),
      hint_(std::move(hint)) {}

namespace {

constexpr std::size_t most_shown = 3;

// The names that are spelt most like `name`, best first; `only_near`: none at all rather than one
// that is another word.
std::vector<std::string> names_by_distance(std::string_view name,
                                           std::span<const std::string_view> known,
                                           bool only_near) {
  struct Candidate {
    std::size_t distance;
    std::string_view name;
  };
  const std::string asked = spelling(name);
  std::vector<Candidate> near;
  for (const std::string_view candidate : known) {
    const std::string other = spelling(candidate);
    const std::size_t longest = std::max(asked.size(), other.size());
    const std::size_t limit = std::max<std::size_t>(1, longest / 3);
    std::size_t distance = edit_distance(asked, other);
    if (is_part(asked, other)) distance = std::min(distance, limit);
    if (!only_near || (distance <= limit && distance < longest))
      near.push_back({distance, candidate});
  }
  std::stable_sort(near.begin(), near.end(),
                   [](const Candidate& a, const Candidate& b) { return a.distance < b.distance; });
  std::vector<std::string> names;
  for (const Candidate& candidate : near) {
    if (names.size() == most_shown) break;
    names.emplace_back(candidate.name);
  }
  return names;
}

}  // namespace

std::vector<std::string> nearest_names(std::string_view name,
                                       std::span<const std::string_view> known) {
  return names_by_distance(name, known, true);
}

void unknown_name(std::string_view kind, std::string_view name,
                  std::span<const std::string_view> known) {
  std::string message = fmt::format("unknown {} \"{}\"", kind, name);
  if (known.empty()) throw Error(std::move(message), "there is none to choose from");
  const std::vector<std::string> near = nearest_names(name, known);
  if (!near.empty())
    throw Error(std::move(message), fmt::format("did you mean \"{}\"?", joined(near, "\" or \"")));
  constexpr std::size_t few = 4;
  if (known.size() <= few) throw Error(std::move(message), "choose one of " + joined(known, ", "));
  throw Error(std::move(message), fmt::format("the nearest of {} are {}", known.size(),
                                              joined(names_by_distance(name, known, false), ", ")));
}

}  // namespace chronicler
