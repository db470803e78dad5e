#include "cli/generate/scores.h"

#include <algorithm>
#include <iostream>

#include <fmt/format.h>

#include "cli/table.h"

namespace chronicler::cli::generate {

std::int64_t characters_of(std::string_view text) {
  return std::count_if(text.begin(), text.end(),
                       [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80; });
}

std::string in_one_line(std::string_view text) {
  std::string line;
  for (const char c : text) line += c == '\n' ? std::string("\\n") : std::string(1, c);
  return line;
}

void print_score_note(const tasks::TextScore& score) {
  if (score.unknown == 0) return;
  std::cerr << fmt::format("note: {} of {} characters do not occur in the training text\n",
                           with_commas(score.unknown), with_commas(score.characters));
}

}  // namespace chronicler::cli::generate
