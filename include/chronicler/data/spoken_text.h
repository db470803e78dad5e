// Texts as they are spoken: what a transcript says, whatever its spelling.
#pragma once

#include <string>
#include <string_view>

namespace chronicler::data {

// Letters in lower case, digits, and apostrophes within words; everything else stands between words
// and becomes one space. "Okay - it’s ON!" is "okay it's on".
std::string spoken_text(std::string_view text);

}  // namespace chronicler::data
