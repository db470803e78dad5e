// Matrix products in three loops: the contract is kernels/gemm.h.
#pragma once

#include <algorithm>
#include <cstdint>

#include "kernels/gemm.h"

namespace chronicler::kernels::reference {

template <class Real>
void start_row(std::int64_t n, Real* c, Start start, const Real* bias) {
  if (start == Start::zero) std::fill_n(c, n, Real{0});
  if (start == Start::row) std::copy_n(bias, n, c);
}

template <class Real>
void gemm(std::int64_t m, std::int64_t n, std::int64_t k, const Real* a, std::int64_t lda,
          const Real* b, std::int64_t ldb, Real* c, std::int64_t ldc, Start start,
          const Real* bias) {
  for (std::int64_t row = 0; row < m; ++row) {
    Real* out = c + row * ldc;
    start_row(n, out, start, bias);
    for (std::int64_t i = 0; i < k; ++i) {
      const Real factor = a[row * lda + i];
      for (std::int64_t column = 0; column < n; ++column) {
        out[column] += factor * b[i * ldb + column];
      }
    }
  }
}

// Packed is B itself, with rows that follow one another.
inline std::int64_t packed_size(std::int64_t k, std::int64_t n) { return k * n; }

template <class Real>
void pack(std::int64_t k, std::int64_t n, const Real* b, std::int64_t ldb, bool transposed,
          Real* packed) {
  for (std::int64_t i = 0; i < k; ++i) {
    for (std::int64_t column = 0; column < n; ++column) {
      packed[i * n + column] = transposed ? b[column * ldb + i] : b[i * ldb + column];
    }
  }
}

template <class Real>
void gemm_packed(std::int64_t m, std::int64_t n, std::int64_t k, const Real* a, std::int64_t lda,
                 const Real* packed, Real* c, std::int64_t ldc, Start start, const Real* bias) {
  reference::gemm(m, n, k, a, lda, packed, n, c, ldc, start, bias);
}

template <class Real>
void gemv(std::int64_t m, std::int64_t k, const Real* a, std::int64_t lda, const Real* x,
          Real start, Real* y) {
  constexpr std::int64_t chains = 16;
  for (std::int64_t row = 0; row < m; ++row) {
    Real sums[chains] = {};
    for (std::int64_t i = 0; i < k; ++i) sums[i % chains] += a[row * lda + i] * x[i];
    for (std::int64_t half = chains / 2; half > 0; half /= 2) {
      for (std::int64_t i = 0; i < half; ++i) sums[i] += sums[i + half];
    }
    y[row] = start + sums[0];
  }
}

template <class Real>
void gemm_outer(std::int64_t m, std::int64_t n, std::int64_t k, const Real* a, std::int64_t lda,
                const Real* b, std::int64_t ldb, Real* c, std::int64_t ldc) {
  for (std::int64_t i = 0; i < k; ++i) {
    for (std::int64_t row = 0; row < m; ++row) {
      const Real factor = a[i * lda + row];
      for (std::int64_t column = 0; column < n; ++column) {
        c[row * ldc + column] += factor * b[i * ldb + column];
      }
    }
  }
}

template <class Real>
void add_rows(std::int64_t n, std::int64_t k, const Real* b, std::int64_t ldb, Real* c) {
  for (std::int64_t i = 0; i < k; ++i) {
    for (std::int64_t column = 0; column < n; ++column) c[column] += b[i * ldb + column];
  }
}

}  // namespace chronicler::kernels::reference
