// Which previous hidden states a stretch of units reads where a cell has heads: those of the heads
// that the stretch touches, laid out in as many rows for every stretch.
#pragma once

#include <cstdint>

namespace chronicler::kernels {

struct HeadRows {
  std::int64_t units = 0;
  std::int64_t head = 0;  // units of a head
  std::int64_t rows = 0;  // hidden states that a stretch reads

  constexpr HeadRows() = default;
  // For stretches of `width` units that begin at multiples of `width`.
  constexpr HeadRows(std::int64_t all_units, std::int64_t heads, std::int64_t width)
      : units(all_units), head(all_units / heads), rows(all_units) {
    if (heads == 1) return;
    std::int64_t most = (width - 1 + head - 1) / head * head + head;
    if (head % width == 0) most = head;
    if (width % head == 0) most = width;
    if (most < units) rows = most;
  }
  // The first that the stretch from unit u on reads.
  constexpr std::int64_t begin(std::int64_t u) const {
    const std::int64_t first = u / head * head;
    return first < units - rows ? first : units - rows;
  }
};

}  // namespace chronicler::kernels
