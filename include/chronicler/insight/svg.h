// Charts as pictures.
#pragma once

#include <string>

#include "chronicler/insight/chart.h"

namespace chronicler::insight {

struct SvgOptions {
  int width = 720;
  int height = 340;
  // A file of its own, with its style in it; false: to stand inside a Report's page, which has the
  // style.
  bool standalone = true;
};

// An SVG picture without scripts, outside fonts or links; readable on light and dark ground. Names
// and labels are escaped. Throws Error if a series has another number of x than of y, or a heat map
// another number of values than places.
std::string to_svg(const LineChart& chart, const SvgOptions& options = {});
std::string to_svg(const HeatMap& map, const SvgOptions& options = {});

}  // namespace chronicler::insight
