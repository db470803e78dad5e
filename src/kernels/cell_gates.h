// The gates of an LSTM step by step: their products with what they read, laid out gate by gate, and
// the equation of the cell. For cells that the fused kernels (kernels/lstm.h) do not know.
#pragma once

#include <array>
#include <cstdint>

#include "chronicler/base/arena.h"
#include "chronicler/base/tensor.h"
#include "kernels/gemm.h"

namespace chronicler::kernels::cell_gates {

enum Gate : std::int64_t { input, forget, candidate, output };
inline constexpr std::int64_t gates = 4;
using Gates = std::array<std::int64_t, gates>;
inline constexpr Gates all_gates{input, forget, candidate, output};

// What a product reads: the same numbers for every gate, or with dropout of their
// own.
template <class Real>
struct Source {
  std::int64_t width = 0;
  const Real* factors = nullptr;  // [blocks][rows][width]
  std::int64_t blocks = 1;        // 1 or gates
  std::array<const Real*, gates> rows{};
};

// From one matrix laid out for gemm_packed to the next, in whole vectors.
template <class Real>
std::int64_t packed_stride(std::int64_t k, std::int64_t n) {
  constexpr std::int64_t aligned = 16;
  return (packed_size<Real>(k, n) + aligned - 1) / aligned * aligned;
}

// x [rows][width], times the factors of dropout if they are not null.
template <class Real>
Source<Real> make_source(Arena& arena, const TensorView& x, const Real* factors,
                         std::int64_t blocks) {
  Source<Real> source{x.shape()[1], factors, blocks, {}};
  for (std::int64_t block = 0; block < blocks; ++block) {
    const Real* rows = x.as<Real>();
    if (factors != nullptr) {
      Real* dropped = arena.array<Real>(x.size());
      for (std::int64_t i = 0; i < x.size(); ++i)
        dropped[i] = rows[i] * factors[block * x.size() + i];
      rows = dropped;
    }
    source.rows[static_cast<std::size_t>(block)] = rows;
  }
  for (std::size_t gate = static_cast<std::size_t>(blocks); gate < gates; ++gate)
    source.rows[gate] = source.rows[0];
  return source;
}

// A kernel [depth][gates * units], or its transpose, gate by gate as gemm_packed wants it.
template <class Real>
const Real* packed_gates(Arena& arena, const Real* kernel, std::int64_t depth, std::int64_t units,
                         bool transposed) {
  const std::int64_t k = transposed ? units : depth;
  const std::int64_t n = transposed ? depth : units;
  const std::int64_t stride = packed_stride<Real>(k, n);
  Real* packed = arena.array<Real>(gates * stride);
  for (const std::int64_t gate : all_gates)
    pack(k, n, kernel + gate * units, gates * units, transposed, packed + gate * stride);
  return packed;
}

// Adds what flows back to what a product read: dz [gates][rows][units] times the transposed
// weights, gate by gate where dropout gave each its own numbers. `part`: room for those.
template <class Real>
void read_gradient(const Source<Real>& source, const Real* packed, const Real* dz,
                   std::int64_t rows, std::int64_t units, std::int64_t begin, std::int64_t end,
                   Real* part, Real* out) {
  const std::int64_t width = source.width;
  const std::int64_t first = begin * width;
  const std::int64_t last = end * width;
  for (const std::int64_t gate : all_gates) {
    gemm_packed(end - begin, width, units, dz + (gate * rows + begin) * units, units,
                packed + gate * packed_stride<Real>(units, width),
                (part == nullptr ? out : part) + first, width,
                part == nullptr ? Start::accumulate : Start::zero);
    if (part == nullptr) continue;
    const Real* factors = source.factors + (source.blocks == 1 ? 0 : gate) * rows * width;
    for (std::int64_t i = first; i < last; ++i) out[i] += factors[i] * part[i];
  }
}

// c = s(zf) c' + s(zi) a(zc)
template <class Real>
void next_cell(std::int64_t count, const Real* forget_gate, const Real* before,
               const Real* input_gate, const Real* candidates, Real* cell) {
  for (std::int64_t i = 0; i < count; ++i)
    cell[i] = forget_gate[i] * before[i] + input_gate[i] * candidates[i];
}

// out = a b, number by number
template <class Real>
void multiply(std::int64_t count, const Real* a, const Real* b, Real* out) {
  for (std::int64_t i = 0; i < count; ++i) out[i] = a[i] * b[i];
}

}  // namespace chronicler::kernels::cell_gates
