// The error of options that do not go together.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "chronicler/base/error.h"

namespace chronicler {

// Message and hint have options in braces, "leave {top_db} open, or give 0": a program whose user
// knows them by other names ("--top-db") says it with these.
class OptionError : public Error {
 public:
  explicit OptionError(std::string message, std::string hint = {});

  using Name = std::function<std::string(std::string_view option)>;
  std::string message_with(const Name& name) const;
  std::string hint_with(const Name& name) const;

 private:
  std::string marked_message_;
  std::string marked_hint_;
};

}  // namespace chronicler
