// The hour that a clock without offsets shows twice when it is set back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace chronicler::data {

// Rows [begin, end) that hold an hour twice, one pass behind the other or row beside row, as the
// end of summer time leaves it: each of its times at most twice, nothing else doubled near it, in
// the night to a Friday, Saturday or Sunday of spring or autumn, once in a hundred days. Steps that
// divide an hour, in files of any length.
std::vector<std::pair<std::size_t, std::size_t>> doubled_hours(std::span<const std::int64_t> times);

}  // namespace chronicler::data
