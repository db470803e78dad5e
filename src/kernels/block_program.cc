#include "kernels/block_program.h"

#include <algorithm>
#include <cstddef>

#include "kernels/readable_block.h"
#include "kernels/reference/block_program.h"

namespace chronicler::kernels {
namespace {

template <class Real>
void fill(const BlockProgram& program, Real* scratch) {
  for (std::size_t i = 0; i < program.numbers.size(); ++i) {
    std::fill_n(scratch + static_cast<std::int64_t>(i) * block_size, block_size,
                static_cast<Real>(program.numbers[i]));
  }
}

}  // namespace

template <>
void fill_numbers<float>(const BlockProgram& program, float* scratch) {
  fill(program, scratch);
}
template <>
void fill_numbers<double>(const BlockProgram& program, double* scratch) {
  fill(program, scratch);
}

template <>
void run_block_program<double>(const BlockProgram& program, const BlockMemory<double>& memory,
                               std::int64_t begin, std::int64_t end) {
  reference::run_block_program(program, memory, begin, end);
}

void readable_block(const BlockInstruction& instruction, std::int64_t count, const float* a,
                    const float* b, const float* c, float* to) {
  for (std::int64_t i = 0; i < count; ++i) {
    to[i] = reference::block_result(instruction, a == nullptr ? 0.0F : a[i],
                                    b == nullptr ? 0.0F : b[i], c == nullptr ? 0.0F : c[i]);
  }
}

}  // namespace chronicler::kernels
