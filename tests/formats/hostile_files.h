// Files that are damaged or made to harm: each is to give a model or one Error, with little
// work, and nothing else.
#pragma once

#include <cstdint>
#include <string>

namespace chronicler::test {

// What became of the files.
struct Outcomes {
  int loaded = 0;
  int refused = 0;
};

// Damages files of every format `count` times in all and loads them. Anything but a model or an
// Error is a failure of the running test, as is a load that takes more of the heap than such a file
// is worth.
Outcomes load_damaged_files(std::uint64_t seed, int count);

}  // namespace chronicler::test
