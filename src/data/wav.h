// WAV, read by ourselves: it is simple, comes from everywhere, and is often wrong about its length.
#pragma once

#include <string>
#include <string_view>

#include "chronicler/data/audio.h"

namespace chronicler::data {

// The mean of all channels: whole numbers of 8 to 32 bits, float32 and float64, A-law and mu-law;
// WAVE_FORMAT_EXTENSIBLE, RF64 and BW64. A length of 0 or of more than 2 GB, as programs write it
// that do not know yet how much there will be, means all that follows. Throws Error for a damaged
// file, one that ends before its header says, another coding (by its name), and more than
// longest_seconds.
Audio read_wav(std::string_view bytes, const std::string& name, double longest_seconds);

}  // namespace chronicler::data
