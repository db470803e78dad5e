#include "cli/progress_line.h"

#include <cmath>
#include <cstdint>
#include <iostream>

#include <fmt/format.h>

#include "cli/console.h"

namespace chronicler::cli {

void ProgressLine::show(double share, std::string_view text) {
  if (quiet_) return;
  if (is_terminal(std::cerr)) {
    constexpr std::string_view to_line_end = "\x1b[K";
    std::cerr << fmt::format("\r{:3.0f} %  {}{}", 100.0 * share, text, to_line_end) << std::flush;
    drawn_ = true;
    return;
  }
  const int tenth = static_cast<int>(10.0 * share);
  if (tenth < next_tenth_) return;
  next_tenth_ = tenth + 1;
  std::cerr << fmt::format("{:3.0f} %  {}\n", 100.0 * share, text) << std::flush;
}

void ProgressLine::finish() {
  if (drawn_) std::cerr << '\n';
  drawn_ = false;
}

std::string clock_time(double seconds) {
  const auto whole = static_cast<std::int64_t>(std::llround(std::fmax(seconds, 0.0)));
  if (whole < 3600) return fmt::format("{}:{:02}", whole / 60, whole % 60);
  return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

}  // namespace chronicler::cli
