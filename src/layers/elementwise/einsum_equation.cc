#include "layers/elementwise/einsum_equation.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "chronicler/base/error.h"

namespace chronicler {
namespace {

[[noreturn]] void refuse(const std::string& who, std::string_view equation) {
  throw Error(fmt::format("{}: \"{}\" is no equation of an input and a kernel", who,
                          equation.substr(0, 60)),
              "write it as \"abc,cd->abd\", \"...c,cd->...d\" or \"ab...,bc->ac...\", each letter "
              "once in a part");
}

bool take_dots(std::string& part, bool at_front) {
  constexpr std::string_view dots = "...";
  if (at_front && part.starts_with(dots)) {
    part.erase(0, dots.size());
    return true;
  }
  if (!at_front && part.ends_with(dots)) {
    part.erase(part.size() - dots.size());
    return true;
  }
  return false;
}

bool is_letters(const std::string& part) {
  for (std::size_t i = 0; i < part.size(); ++i) {
    if (std::isalpha(static_cast<unsigned char>(part[i])) == 0) return false;
    if (part.find(part[i], i + 1) != std::string::npos) return false;
  }
  return !part.empty() && part.size() <= Shape::max_rank;
}

bool has(const std::string& part, char letter) { return part.find(letter) != std::string::npos; }

}  // namespace

EinsumEquation EinsumEquation::parsed(const std::string& who, std::string_view equation) {
  const std::size_t comma = equation.find(',');
  const std::size_t arrow = equation.find("->");
  if (comma == std::string_view::npos || arrow == std::string_view::npos || arrow < comma)
    refuse(who, equation);
  EinsumEquation parts;
  parts.input = equation.substr(0, comma);
  parts.kernel = equation.substr(comma + 1, arrow - comma - 1);
  parts.output = equation.substr(arrow + 2);
  parts.is_left_open = take_dots(parts.input, true);
  parts.is_right_open = !parts.is_left_open && take_dots(parts.input, false);
  if (parts.is_left_open && !take_dots(parts.output, true)) refuse(who, equation);
  if (parts.is_right_open && !take_dots(parts.output, false)) refuse(who, equation);
  if (!is_letters(parts.input) || !is_letters(parts.kernel) || !is_letters(parts.output))
    refuse(who, equation);
  for (const char letter : parts.output) {
    if (!has(parts.input, letter) && !has(parts.kernel, letter)) refuse(who, equation);
  }
  for (const char letter : parts.kernel) {
    if (!has(parts.input, letter) && !has(parts.output, letter)) refuse(who, equation);
  }
  const bool keeps_batch = parts.is_left_open || (parts.input[0] == parts.output[0] &&
                                                  !has(parts.kernel, parts.input[0]));
  if (keeps_batch) return parts;
  throw Error(
      fmt::format("{}: the batch, the first axis of the input, must be the first of the "
                  "output and none of the kernel, got \"{}\"",
                  who, equation.substr(0, 60)));
}

EinsumEquation EinsumEquation::closed(const std::string& who, int rank) const {
  const int more = rank - static_cast<int>(input.size());
  const bool is_open = is_left_open || is_right_open;
  const int needed = is_left_open ? 1 : 0;  // the batch
  const int most = Shape::max_rank - static_cast<int>(std::max(input.size(), output.size()));
  if (more < needed || (more > 0 && !is_open) || more > most) {
    throw Error(fmt::format("{}: the equation is of an input of {}{} axes, got one of {}", who,
                            is_open ? "at least " : "", input.size() + (is_left_open ? 1U : 0U),
                            rank));
  }
  std::string others;
  for (char letter = 'A'; static_cast<int>(others.size()) < more; ++letter) {
    if (letter == 'Z' + 1) letter = 'a';
    if (!has(input, letter) && !has(kernel, letter) && !has(output, letter)) others += letter;
  }
  EinsumEquation full = *this;
  full.input = is_left_open ? others + input : input + others;
  full.output = is_left_open ? others + output : output + others;
  return full;
}

}  // namespace chronicler
