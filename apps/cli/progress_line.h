// How far a long run is, in one line that stays where it is, on standard error.
#pragma once

#include <string>
#include <string_view>

namespace chronicler::cli {

// On a terminal the line is drawn anew each time; elsewhere a line is written for each tenth of the
// run. Nothing at all if it is quiet.
class ProgressLine {
 public:
  explicit ProgressLine(bool quiet = false) : quiet_(quiet) {}
  ~ProgressLine() { finish(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  // share: of the run, 0 to 1.
  void show(double share, std::string_view text);
  // Goes on below the line.
  void finish();

 private:
  bool quiet_;
  bool drawn_ = false;
  int next_tenth_ = 0;
};

// 75 as "1:15", 4000 as "1:06:40".
std::string clock_time(double seconds);

}  // namespace chronicler::cli
