// Which word looked at which: a picture of attention.
#pragma once

#include <string>
#include <vector>

#include "chronicler/insight/svg.h"

namespace chronicler::insight {

// Weights as shades, with a word over every column and one beside every row.
struct Alignment {
  std::string title;
  std::vector<std::string> columns;  // what is looked at
  std::vector<std::string> rows;     // what looks
  std::vector<double> values;        // rows x columns, each from 0 to 1
};

// The picture is as large as its words need. Throws Error if the number of values is another.
std::string to_svg(const Alignment& alignment, bool standalone = true);

}  // namespace chronicler::insight
