#include "cli/progress.h"

#include <algorithm>
#include <cmath>
#include <iostream>

#include <fmt/format.h>

#include "cli/console.h"

namespace chronicler::cli {

std::string duration_text(double seconds) {
  if (seconds < 90.0) return fmt::format("{:.0f} s", std::max(seconds, 0.0));
  const auto minutes = static_cast<int>(std::lround(seconds / 60.0));
  if (minutes < 90) return fmt::format("{} min", minutes);
  return fmt::format("{} h {} min", minutes / 60, minutes % 60);
}

void ProgressLine::update(double share, std::string_view text) {
  if (quiet_) return;
  const auto now = std::chrono::steady_clock::now();
  const double since = std::chrono::duration<double>(now - last_).count();
  if (is_terminal(std::cerr)) {
    if (is_drawn_ && since < 0.1) return;
    constexpr int width = 24;
    const auto full = static_cast<int>(std::clamp(share, 0.0, 1.0) * width);
    std::cerr << fmt::format("\r\x1b[K{}{} {}", std::string(static_cast<std::size_t>(full), '#'),
                             std::string(static_cast<std::size_t>(width - full), '.'), text)
              << std::flush;
    is_drawn_ = true;
    last_ = now;
  } else if (since > 10.0) {
    std::cerr << text << '\n';
    last_ = now;
  }
}

void ProgressLine::say(std::string_view line) {
  finish();
  if (!quiet_) std::cerr << line << '\n';
}

void ProgressLine::finish() {
  if (is_drawn_) std::cerr << "\r\x1b[K" << std::flush;
  is_drawn_ = false;
}

}  // namespace chronicler::cli
