// Words that tests speak: each is a tone of its own, with a gap before it.
#pragma once

#include <cmath>
#include <numbers>
#include <string>
#include <vector>

#include "chronicler/base/random.h"
#include "chronicler/data/recordings.h"

namespace chronicler::test {

inline constexpr int speech_rate = 8000;

// "low", "middle" and "high" are 0, 1 and 2.
inline data::Recording spoken(const std::vector<int>& words, std::uint64_t seed) {
  static const std::vector<std::string> names{"low", "middle", "high"};
  const Random random(seed);
  data::Recording recording;
  recording.name = "made " + std::to_string(seed);
  recording.audio.rate = speech_rate;
  std::uint64_t draw = 0;
  const auto silence = [&](double seconds) {
    for (int i = 0; i < static_cast<int>(seconds * speech_rate); ++i)
      recording.audio.samples.push_back(0.001F * random.uniform(1, draw++));
  };
  for (std::size_t w = 0; w < words.size(); ++w) {
    silence(0.05 + 0.1 * double{random.uniform(0, w)});
    const double hertz =
        300.0 * std::pow(3.0, words[w]) * (0.95 + 0.1 * double{random.uniform(2, w)});
    for (int i = 0; i < speech_rate / 5; ++i) {
      recording.audio.samples.push_back(
          static_cast<float>(0.3 * std::sin(2.0 * std::numbers::pi * hertz * i / speech_rate)));
    }
    recording.text += (w == 0 ? "" : " ") + names[static_cast<std::size_t>(words[w])];
  }
  silence(0.1);
  return recording;
}

// 1 to 3 words each.
inline std::vector<data::Recording> spoken_at_random(std::int64_t count, std::uint64_t seed) {
  const Random random(seed);
  std::vector<data::Recording> recordings;
  for (std::int64_t i = 0; i < count; ++i) {
    const auto stream = static_cast<std::uint64_t>(i);
    std::vector<int> words(1 + random.below(3, stream, 0));
    for (std::size_t w = 0; w < words.size(); ++w)
      words[w] = static_cast<int>(random.below(3, stream, w + 1));
    recordings.push_back(spoken(words, seed * 1000 + stream));
  }
  return recordings;
}

}  // namespace chronicler::test
