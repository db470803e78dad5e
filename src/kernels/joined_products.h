// Products of the same numbers with several matrices of one shape at once: of narrow matrices a
// tile takes several, where one would leave most of it empty.
#pragma once

#include <cstdint>

#include "kernels/gemm.h"

namespace chronicler::kernels {

inline constexpr std::int64_t most_joined = 16;  // matrices

// Elements of the layout of `count` matrices [K][N].
template <class Real>
std::int64_t joined_size(std::int64_t count, std::int64_t k, std::int64_t n);
// Lays out matrices [K][N], all of row stride ldb. packed: joined_size elements, 64-byte aligned.
template <class Real>
void pack_joined(std::int64_t count, std::int64_t k, std::int64_t n, const Real* const* b,
                 std::int64_t ldb, Real* packed);

// Where a product goes, and what it starts from.
template <class Real>
struct JoinedOutput {
  Real* to = nullptr;  // [M][N], row stride ldc
  Start start = Start::zero;
  const Real* row = nullptr;  // [N], for Start::row
};
// outputs[i] = start + A B_i, for A [M][K]: for each the bits of gemm. No two outputs overlap.
template <class Real>
void gemm_joined(std::int64_t count, std::int64_t m, std::int64_t n, std::int64_t k, const Real* a,
                 std::int64_t lda, const Real* packed, const JoinedOutput<Real>* outputs,
                 std::int64_t ldc);

}  // namespace chronicler::kernels
