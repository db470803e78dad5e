#include "cli/console.h"

#include <poll.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <string>

#include <fmt/format.h>

namespace chronicler::cli {
namespace {

std::string_view variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

bool is_terminal(const std::ostream& stream) {
  if (stream.rdbuf() == std::cout.rdbuf()) return isatty(STDOUT_FILENO) != 0;
  if (stream.rdbuf() == std::cerr.rdbuf()) return isatty(STDERR_FILENO) != 0;
  return false;
}

bool is_colored(const std::ostream& stream) {
  return is_terminal(stream) && variable("NO_COLOR").empty() && variable("TERM") != "dumb";
}

bool is_closed_pipe(int descriptor) {
  pollfd pipe{descriptor, POLLOUT, 0};
  return poll(&pipe, 1, 0) > 0 && (pipe.revents & POLLERR) != 0;
}

void print_error(std::string_view message, std::string_view hint) {
  const bool color = is_colored(std::cerr);
  std::cerr << fmt::format("{} {}\n", color ? "\x1b[31merror:\x1b[0m" : "error:", message);
  if (!hint.empty()) std::cerr << "hint: " << hint << '\n';
}

std::string bold(std::string_view text, const std::ostream& stream) {
  return is_colored(stream) ? fmt::format("\x1b[1m{}\x1b[0m", text) : std::string(text);
}

}  // namespace chronicler::cli
