// Windows over the steps of a sequence: where they lie and what is put around it.
#pragma once

#include <cstdint>
#include <string_view>

#include "chronicler/base/shape.h"

namespace chronicler {

struct Windows {
  std::int64_t size = 1;  // steps from a window's first to its last, both counted
  std::int64_t stride = 1;
  std::int64_t left = 0;  // steps added before and after the sequence
  std::int64_t right = 0;
  std::int64_t count = 0;  // None if the number of steps is

  // padding: "valid", "same" or "causal".
  static Windows over(std::int64_t steps, std::int64_t size, std::int64_t stride,
                      std::string_view padding);
};

}  // namespace chronicler
