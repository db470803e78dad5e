// Numbers as other programs' files hold them: of every kind, size and byte order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "chronicler/base/tensor.h"

namespace chronicler {

enum class NumberClass : std::uint8_t {
  boolean,  // one byte, 0 or not
  whole,    // with a sign: 1, 2, 4 or 8 bytes
  natural,  // without
  real,     // IEEE 754: 2, 4 or 8 bytes
  brain,    // bfloat16: the upper half of a float32
};

struct StoredNumber {
  NumberClass kind;
  std::size_t size;
  bool reversed = false;  // the highest byte comes first
};

// Whether such numbers are read: kind and size go together.
bool is_readable(const StoredNumber& type);

// What holds these elements: float32 and float64 as they are, float16 and bfloat16 as float32,
// truth values as such; whole numbers as int32 if all fit, else as float64.
DType dtype_for(const StoredNumber& type, std::string_view bytes);

// The elements as `dtype`, which is what dtype_for says, or float64 for whole numbers. `bytes` is
// as long as the shape asks for. Throws Error for a whole number that a float64 does not hold
// exactly; `where` is what it stands in: "it", or "\"layers/dense/vars/0\"".
Tensor numbers_as(DType dtype, const StoredNumber& type, const Shape& shape, std::string_view bytes,
                  std::string_view where);

}  // namespace chronicler
