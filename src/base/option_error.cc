#include "chronicler/base/option_error.h"

#include <utility>

namespace chronicler {
namespace {

std::string with_names(std::string_view text, const OptionError::Name& name) {
  std::string result;
  for (;;) {
    const std::size_t open = text.find('{');
    const std::size_t close = text.find('}', open);
    if (close == std::string_view::npos) return result.append(text);
    result.append(text.substr(0, open)).append(name(text.substr(open + 1, close - open - 1)));
    text.remove_prefix(close + 1);
  }
}

std::string its_own(std::string_view option) { return std::string(option); }

}  // namespace

OptionError::OptionError(std::string message, std::string hint)
    : Error(with_names(message, its_own), with_names(hint, its_own)),
      marked_message_(std::move(message)),
      marked_hint_(std::move(hint)) {}

std::string OptionError::message_with(const Name& name) const {
  return with_names(marked_message_, name);
}

std::string OptionError::hint_with(const Name& name) const {
  return with_names(marked_hint_, name);
}

}  // namespace chronicler
