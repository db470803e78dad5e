// What is shown of how a model writes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "chronicler/tasks/text_generator.h"

namespace chronicler::cli::generate {

// A passage of the training text that is longer than this was memorized.
inline constexpr std::int64_t long_copy = 50;

std::int64_t characters_of(std::string_view text);
// A passage in one line, its newlines shown.
std::string in_one_line(std::string_view text);
// On standard error, where the training text lacks characters.
void print_score_note(const tasks::TextScore& score);

}  // namespace chronicler::cli::generate
