#include "kernels/gemm.h"

#include "kernels/reference/gemm.h"

namespace chronicler::kernels {

template <>
void gemm<double>(std::int64_t m, std::int64_t n, std::int64_t k, const double* a, std::int64_t lda,
                  const double* b, std::int64_t ldb, double* c, std::int64_t ldc, Start start,
                  const double* bias) {
  reference::gemm(m, n, k, a, lda, b, ldb, c, ldc, start, bias);
}

template <>
std::int64_t packed_size<double>(std::int64_t k, std::int64_t n) {
  return reference::packed_size(k, n);
}

template <>
void pack<double>(std::int64_t k, std::int64_t n, const double* b, std::int64_t ldb,
                  bool transposed, double* packed) {
  reference::pack(k, n, b, ldb, transposed, packed);
}

template <>
void gemm_packed<double>(std::int64_t m, std::int64_t n, std::int64_t k, const double* a,
                         std::int64_t lda, const double* packed, double* c, std::int64_t ldc,
                         Start start, const double* bias) {
  reference::gemm_packed(m, n, k, a, lda, packed, c, ldc, start, bias);
}

template <>
void gemv<double>(std::int64_t m, std::int64_t k, const double* a, std::int64_t lda,
                  const double* x, double start, double* y) {
  reference::gemv(m, k, a, lda, x, start, y);
}

template <>
void gemm_outer<double>(std::int64_t m, std::int64_t n, std::int64_t k, const double* a,
                        std::int64_t lda, const double* b, std::int64_t ldb, double* c,
                        std::int64_t ldc) {
  reference::gemm_outer(m, n, k, a, lda, b, ldb, c, ldc);
}

template <>
void add_rows<double>(std::int64_t n, std::int64_t k, const double* b, std::int64_t ldb,
                      double* c) {
  reference::add_rows(n, k, b, ldb, c);
}

}  // namespace chronicler::kernels
