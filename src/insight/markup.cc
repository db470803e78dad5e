#include "insight/markup.h"

namespace chronicler::insight {

std::string escaped(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      case '\'':
        result += "&#39;";
        break;
      default: {
        const auto code = static_cast<unsigned char>(c);
        const bool control = (code < 0x20 && c != '\n' && c != '\t') || code == 0x7F;
        if (control) {
          result += "\xEF\xBF\xBD";
        } else {
          result += c;
        }
      }
    }
  }
  return result;
}

// The palette is Okabe and Ito's, which most colour-blind eyes can distinguish; lighter twins on
// dark ground.
std::string_view chart_style() {
  return R"(.chart{--ink:#1f2328;--soft:#59636e;--grid:#d9dee3;--ground:#ffffff;--heat:#0f3d63;
--c0:#0072b2;--c1:#d55e00;--c2:#009e73;--c3:#b0558a;--c4:#8a6d00;--c5:#59636e;
font-family:system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
@media (prefers-color-scheme:dark){.chart{--ink:#e6edf3;--soft:#9aa6b2;--grid:#303841;--ground:#12161b;
--heat:#9fd0f5;--c0:#56b4e9;--c1:#ff9350;--c2:#2fcf9f;--c3:#e79cc5;--c4:#e3c84f;--c5:#9aa6b2}}
.chart text{fill:var(--soft);font-size:12px}.chart .title{fill:var(--ink);font-size:15px;font-weight:600}
.chart .name{fill:var(--ink)}.chart .grid{stroke:var(--grid);stroke-width:1}.chart .axis{stroke:var(--soft)}
.chart .mark{stroke:var(--soft);stroke-dasharray:2 3}.chart .ground{fill:var(--ground)}
.chart .line{fill:none;stroke-width:2;stroke-linejoin:round;stroke-linecap:round}
.chart .dashed{stroke-dasharray:5 4;stroke-width:1.75}.chart .heat{fill:var(--heat)}
.chart .c0{stroke:var(--c0)}.chart .c1{stroke:var(--c1)}.chart .c2{stroke:var(--c2)}
.chart .c3{stroke:var(--c3)}.chart .c4{stroke:var(--c4)}.chart .c5{stroke:var(--c5)}
)";
}

}  // namespace chronicler::insight
