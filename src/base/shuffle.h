// A list in a random order that can be made again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "chronicler/base/random.h"

namespace chronicler {

// Fisher and Yates, with the draws from + 2 to from + list.size() of a stream.
template <class List>
void shuffle(List& list, const Random& random, std::uint64_t stream, std::uint64_t from = 0) {
  for (std::size_t i = list.size(); i > 1; --i)
    std::swap(list[i - 1], list[random.below(i, stream, from + i)]);
}

}  // namespace chronicler
