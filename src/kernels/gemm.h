// Matrix products. float32 runs the fast kernels of simd/gemm.cc, float64 the readable ones of
// reference/gemm.h.
#pragma once

#include <cstdint>

namespace chronicler::kernels {

// How C is started: from what it holds (accumulate), or from zero, or from a row that is repeated
// (a bias).
enum class Start : std::uint8_t { accumulate, zero, row };

// All matrices are row-major; a row stride (ld, in elements) may exceed the row's length, and may
// be negative. But for gemv every element is one chain of fused multiply-adds in the order of k,
// from its start value: the bits do not depend on how a caller cuts rows or columns into pieces,
// nor on the tile that computes them. None of these allocates, throws or starts a thread. C must
// not overlap A or B.

// C[m][n] = start + sum_k A[m][k] B[k][n].       A [M][K], B [K][N], C [M][N]; bias [N] for
// Start::row
template <class Real>
void gemm(std::int64_t m, std::int64_t n, std::int64_t k, const Real* a, std::int64_t lda,
          const Real* b, std::int64_t ldb, Real* c, std::int64_t ldc, Start start,
          const Real* bias = nullptr);

// B of gemm, laid out once for many calls (panels of columns; the width is that of the running
// instruction set). packed: packed_size<Real>(k, n) elements, 64-byte aligned.
template <class Real>
std::int64_t packed_size(std::int64_t k, std::int64_t n);
// B [K][N] with row stride ldb; or, transposed, from B^T [N][K] with row stride ldb.
template <class Real>
void pack(std::int64_t k, std::int64_t n, const Real* b, std::int64_t ldb, bool transposed,
          Real* packed);
// As gemm, same bits.
template <class Real>
void gemm_packed(std::int64_t m, std::int64_t n, std::int64_t k, const Real* a, std::int64_t lda,
                 const Real* packed, Real* c, std::int64_t ldc, Start start,
                 const Real* bias = nullptr);

// y[m] = start + sum_k A[m][k] x[k].  A [M][K], x [K]: one column, whose chain of K sums would be
// slow. Sixteen chains instead, of k modulo 16, from 0; chain i takes chain i + 8, then i + 4, i +
// 2 and i + 1, and the start comes last: the same bits for any number of rows and any instruction
// set that fuses products and sums.
template <class Real>
void gemv(std::int64_t m, std::int64_t k, const Real* a, std::int64_t lda, const Real* x,
          Real start, Real* y);

// C[m][n] += sum_k A[k][m] B[k][n].  A [K][M], B [K][N]: the product of weight gradients, A^T B.
template <class Real>
void gemm_outer(std::int64_t m, std::int64_t n, std::int64_t k, const Real* a, std::int64_t lda,
                const Real* b, std::int64_t ldb, Real* c, std::int64_t ldc);

// c[n] += sum_k B[k][n], in the order of k.
template <class Real>
void add_rows(std::int64_t n, std::int64_t k, const Real* b, std::int64_t ldb, Real* c);

}  // namespace chronicler::kernels
