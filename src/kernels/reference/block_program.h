// The instructions of kernels/block_program.h as their definitions read.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "kernels/block_program.h"
#include "kernels/reference/activation.h"

namespace chronicler::kernels::reference {

// One instruction on one number of each operand.
template <class Real>
Real block_result(const BlockInstruction& instruction, Real a, Real b, Real c) {
  switch (instruction.op) {
    case BlockOp::copy:
      return a;
    case BlockOp::add:
      return a + b;
    case BlockOp::subtract:
      return a - b;
    case BlockOp::multiply:
      return a * b;
    case BlockOp::divide:
      return a / b;
    case BlockOp::multiply_add:
      return a * b + c;
    case BlockOp::least:
      return a <= b ? a : b;
    case BlockOp::greatest:
      return b <= a ? a : b;
    case BlockOp::negate:
      return -a;
    case BlockOp::absolute:
      return std::abs(a);
    case BlockOp::square_root:
      return std::sqrt(a);
    case BlockOp::logarithm:
      return std::log(a);
    case BlockOp::sine:
      return std::sin(a);
    case BlockOp::cosine:
      return std::cos(a);
    case BlockOp::activate:
      return activated(instruction.activation, a);
    case BlockOp::activate_back:
      return c * derivative(instruction.activation, a, b);
    case BlockOp::where_at_most:
      return a <= b ? c : 0;
    case BlockOp::where_above:
      return a > b ? c : 0;
    case BlockOp::signed_by:
      return a > 0 ? c : a < 0 ? -c : 0;
  }
  return a;
}

template <class Real>
void run_block_program(const BlockProgram& program, const BlockMemory<Real>& memory,
                       std::int64_t begin, std::int64_t end) {
  for (std::int64_t at = begin; at < end; at += block_size) {
    const std::int64_t count = std::min(block_size, end - at);
    const auto place = [&](BlockPlace where) -> const Real* {
      switch (where.kind) {
        case BlockPlace::Kind::none:
          return nullptr;
        case BlockPlace::Kind::scratch:
          return memory.scratch + where.index * block_size;
        case BlockPlace::Kind::stream:
          return memory.streams[where.index] + at;
        case BlockPlace::Kind::row:
          return memory.rows[where.index] + at % memory.period;
      }
      return nullptr;
    };
    for (const BlockInstruction& instruction : program.code) {
      Real* to = const_cast<Real*>(place(instruction.to));
      const Real* a = place(instruction.a);
      const Real* b = place(instruction.b);
      const Real* c = place(instruction.c);
      for (std::int64_t i = 0; i < count; ++i) {
        const Real none{0};
        to[i] = block_result(instruction, a == nullptr ? none : a[i], b == nullptr ? none : b[i],
                             c == nullptr ? none : c[i]);
      }
    }
  }
}

}  // namespace chronicler::kernels::reference
