// Where a recording is loud, which says where its words are.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace chronicler::tasks {

// Where to cut a sound of so many words, 0 and its end included, if it is loud exactly so many
// times with pauses between; else nothing.
std::vector<std::size_t> cuts_in_pauses(std::span<const float> samples, std::size_t words,
                                        int rate);

// When a word is said, in seconds.
struct SaidSpan {
  double begin;
  double end;
};

// A network that hears a recording in both directions may write a word before it is said, and go on
// while nobody speaks: a word begins and ends where it is loud, and before the next one.
void fit_to_sound(std::span<SaidSpan> words, std::span<const float> samples, int rate);

// Where to cut a long sound so that each part is at most `longest` samples: at its quietest places.
std::vector<std::size_t> quiet_cuts(std::span<const float> samples, std::size_t longest);

}  // namespace chronicler::tasks
