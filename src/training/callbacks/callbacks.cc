#include "chronicler/training/callbacks.h"

#include <string_view>

#include "chronicler/base/error.h"

namespace chronicler {

std::optional<double> CallbackState::number(const std::string& name) const {
  const auto found = numbers.find(name);
  return found == numbers.end() ? std::nullopt : std::optional(found->second);
}

std::int64_t CallbackState::whole(const std::string& name) const {
  return static_cast<std::int64_t>(number(name).value_or(0.0));
}

const std::vector<double>& History::operator[](const std::string& key) const {
  const auto found = history.find(key);
  if (found != history.end()) return found->second;
  std::vector<std::string_view> known;
  for (const auto& entry : history) known.emplace_back(entry.first);
  unknown_name("key of the history", key, known);
}

}  // namespace chronicler
