// What needs no network: counts of characters.
#pragma once

#include <string_view>

namespace chronicler::tasks {

// In nats a character.
struct TextBaselines {
  double ngram_nats = 0.0;  // of the text that is tested, by the order that is best on it
  int ngram_order = 0;
  double uniform_nats = 0.0;  // all characters alike
};

// Of characters, whatever the network's own pieces are. `tested` may be empty.
TextBaselines baselines_of(std::string_view learnt, std::string_view tested);

}  // namespace chronicler::tasks
