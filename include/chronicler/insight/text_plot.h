// Charts in a terminal.
#pragma once

#include <string>

#include "chronicler/insight/chart.h"

namespace chronicler::insight {

struct TextOptions {
  int width = 72;      // columns, at least 40
  int height = 14;     // rows of the drawing, at least 4
  bool color = false;  // ANSI colours
};

// The chart in Braille dots (UTF-8), with labelled axes; each line is named at its right end. Marks
// are left out. Throws as to_svg does, and for a size below the least.
std::string to_text(const LineChart& chart, const TextOptions& options = {});

}  // namespace chronicler::insight
