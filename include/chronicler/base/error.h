// The one exception that Chronicler throws, and the helper that turns an unknown name into a useful
// sentence.
#pragma once

#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace chronicler {

// A failure in one sentence: what happened, where, what was expected and what came instead
// (`message`), and what to do about it (`hint`, may be empty). what() is "message: hint".
class Error : public std::runtime_error {
 public:
  explicit Error(std::string message, std::string hint = {});

  const std::string& message() const { return message_; }
  const std::string& hint() const { return hint_; }

 private:
  std::string message_;
  std::string hint_;
};

// Up to three of `known` that are spelt most like `name`, best first; empty if none is near.
std::vector<std::string> nearest_names(std::string_view name,
                                       std::span<const std::string_view> known);

// Throws Error(`unknown KIND "NAME"`), with the nearest names as the hint, or all of them if none
// is near.
[[noreturn]] void unknown_name(std::string_view kind, std::string_view name,
                               std::span<const std::string_view> known);

}  // namespace chronicler
