#include "training/target_check.h"

#include <algorithm>
#include <cstdint>

#include "base/mapped_memory.h"
#include "chronicler/base/error.h"

namespace chronicler {

void check_targets(const Loss& loss, const Tensor& y, const Shape& outputs,
                   const std::string& place) {
  constexpr std::int64_t numbers = std::int64_t{1} << 20U;  // at a time
  // Rows, or the steps of one row.
  const int axis = y.shape().rank() > 1 && y.shape()[0] == 1 ? 1 : 0;
  const bool fits = y.shape().rank() > axis && outputs.rank() > axis &&
                    outputs[axis] == y.shape()[axis] && y.size() > numbers;
  if (!is_mapped(y) || !fits || loss.takes_mask()) return loss.check(y, outputs, place);
  const std::int64_t extent = y.shape()[axis];
  const std::int64_t each = y.size() / extent;
  const std::int64_t piece = std::max<std::int64_t>(1, numbers / std::max<std::int64_t>(1, each));
  for (std::int64_t begin = 0; begin < extent; begin += piece) {
    check_mapped(y);
    Shape some = y.shape();
    Shape of_outputs = outputs;
    some.set(axis, std::min(piece, extent - begin));
    of_outputs.set(axis, some[axis]);
    const Tensor part = y.part(begin * each, some);
    try {
      loss.check(part, of_outputs, place);
    } catch (const Error&) {
      loss.check(y, outputs, place);  // says where it is in the whole
      throw;
    }
    done_with(part);
  }
}

}  // namespace chronicler
