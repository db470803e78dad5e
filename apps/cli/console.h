// Where words go: standard output is for results, standard error for everything said about them.
#pragma once

#include <ostream>
#include <string_view>

namespace chronicler::cli {

// Whether a stream of this process is a terminal, and whether it may be coloured (NO_COLOR, TERM).
bool is_terminal(const std::ostream& stream);
bool is_colored(const std::ostream& stream);

// Whether a file descriptor is a pipe that nobody reads any more: `chronicler ... | head -1`.
bool is_closed_pipe(int descriptor);

// "error: message", and "hint: hint" on a line of its own if there is one; to standard error.
void print_error(std::string_view message, std::string_view hint);

// Text in bold where the stream is coloured.
std::string bold(std::string_view text, const std::ostream& stream);

}  // namespace chronicler::cli
