#include "kernels/joined_products.h"

#include "kernels/reference/gemm.h"

namespace chronicler::kernels {

template <>
std::int64_t joined_size<double>(std::int64_t count, std::int64_t k, std::int64_t n) {
  return count * k * n;
}

template <>
void pack_joined<double>(std::int64_t count, std::int64_t k, std::int64_t n, const double* const* b,
                         std::int64_t ldb, double* packed) {
  for (std::int64_t i = 0; i < count; ++i)
    reference::pack(k, n, b[i], ldb, false, packed + i * k * n);
}

template <>
void gemm_joined<double>(std::int64_t count, std::int64_t m, std::int64_t n, std::int64_t k,
                         const double* a, std::int64_t lda, const double* packed,
                         const JoinedOutput<double>* outputs, std::int64_t ldc) {
  for (std::int64_t i = 0; i < count; ++i) {
    reference::gemm_packed(m, n, k, a, lda, packed + i * k * n, outputs[i].to, ldc,
                           outputs[i].start, outputs[i].row);
  }
}

}  // namespace chronicler::kernels
