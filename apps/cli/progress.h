// A line that shows how far a long run has come, rewritten on a terminal.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace chronicler::cli {

// "41 s", "3 min", "2 h 5 min"
std::string duration_text(double seconds);

// On standard error. On a terminal the line is rewritten; elsewhere, it is printed now and then: at
// most one line every ten seconds.
class ProgressLine {
 public:
  explicit ProgressLine(bool quiet) : quiet_(quiet) {}
  ~ProgressLine() { finish(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  // `share` of the whole, 0 to 1; `text` goes behind the bar.
  void update(double share, std::string_view text);
  // A line that stays.
  void say(std::string_view line);
  void finish();

 private:
  bool quiet_;
  bool is_drawn_ = false;
  std::chrono::steady_clock::time_point last_ = {};
};

}  // namespace chronicler::cli
