// What HTML and SVG share: escaping, and the style sheet that makes both readable by day and by
// night.
#pragma once

#include <string>
#include <string_view>

namespace chronicler::insight {

// Text as it may stand between tags or inside a quoted attribute. Control characters, which no HTML
// file may hold, become U+FFFD.
std::string escaped(std::string_view text);

// Rules for charts, for a <style> element.
std::string_view chart_style();

}  // namespace chronicler::insight
