// Small programs of elementwise arithmetic, run over blocks of numbers that stay in the first-level
// cache: what a formula's elementwise parts are run by. float32 runs simd/block_program.cc, float64
// the readable reference/block_program.h.
#pragma once

#include <cstdint>
#include <span>

#include "kernels/activation.h"

namespace chronicler::kernels {

enum class BlockOp : std::uint8_t {
  copy,           // a
  add,            // a + b
  subtract,       // a - b
  multiply,       // a b
  divide,         // a / b
  multiply_add,   // a b + c
  least,          // min(a, b)
  greatest,       // max(a, b)
  negate,         // -a
  absolute,       // |a|
  square_root,    // sqrt(a)
  logarithm,      // log(a)
  sine,           // sin(a)
  cosine,         // cos(a)
  activate,       // activation(a)
  activate_back,  // c activation'(a), where b = activation(a); a read only if needs_input
  where_at_most,  // c where a <= b, else 0
  where_above,    // c where a > b, else 0
  signed_by,      // c sign(a); 0 where a is 0
};

// How many numbers an instruction works on at once.
inline constexpr std::int64_t block_size = 256;

// Where an instruction reads or writes: a block of the program's scratch, a stream of memory, or a
// row that is repeated along the streams.
struct BlockPlace {
  enum class Kind : std::uint8_t { none, scratch, stream, row };
  Kind kind = Kind::none;
  std::int16_t index = 0;
  friend bool operator==(const BlockPlace&, const BlockPlace&) = default;
};

struct BlockInstruction {
  BlockOp op = BlockOp::copy;
  Activation activation = Activation::linear;
  BlockPlace to;
  BlockPlace a, b, c;
};

struct BlockProgram {
  std::span<const BlockInstruction> code;
  // The first blocks of the scratch hold these numbers, each in all places.
  std::span<const double> numbers;
  std::int64_t scratch_blocks = 0;  // with those of the numbers
};

// Number i of a stream belongs to number i of the others, and to number i % period of a row.
template <class Real>
struct BlockMemory {
  Real* const* streams = nullptr;
  const Real* const* rows = nullptr;  // each [period + block_size]: the row again and again
  std::int64_t period = 1;
  Real* scratch = nullptr;  // [scratch_blocks][block_size], after fill_numbers, 64-byte aligned
};

// Writes the program's numbers into its scratch.
template <class Real>
void fill_numbers(const BlockProgram& program, Real* scratch);

// Runs the program over numbers [begin, end) of the streams. An instruction may write where it
// reads. Nothing here allocates, throws or starts a thread; how a caller cuts a range into pieces
// changes no bit.
template <class Real>
void run_block_program(const BlockProgram& program, const BlockMemory<Real>& memory,
                       std::int64_t begin, std::int64_t end);

}  // namespace chronicler::kernels
