#include "kernels/joined_products.h"

#include <cstdint>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "kernels/isa.h"
#include "support/conformance.h"

namespace chronicler::test {
namespace {

using kernels::JoinedOutput;
using kernels::Start;

// Each product alone, by gemm, and all joined.
template <class Real>
void expect_same(std::int64_t count, std::int64_t m, std::int64_t n, std::int64_t k) {
  SCOPED_TRACE(::testing::Message() << count << " of " << m << " x " << k << " x " << n);
  constexpr DType type = dtype_of<Real>;
  const std::int64_t lda = k + 3;
  const std::int64_t ldb = n + 2;
  const std::int64_t ldc = n + 5;
  const Tensor a = noise({m, lda}, 1, type);
  const Tensor row = noise({n}, 2, type);
  std::vector<Tensor> b, expected, got;
  std::vector<const Real*> matrices;
  std::vector<JoinedOutput<Real>> outputs;
  for (std::int64_t i = 0; i < count; ++i) {
    b.push_back(noise({k, ldb}, 10 + static_cast<std::uint64_t>(i), type));
    expected.push_back(noise({m, ldc}, 50 + static_cast<std::uint64_t>(i), type));
    got.push_back(expected.back().clone());
    const auto start = static_cast<Start>(i % 3);
    kernels::gemm<Real>(m, n, k, a.as<Real>(), lda, b.back().as<Real>(), ldb,
                        expected.back().as<Real>(), ldc, start, row.as<Real>());
    matrices.push_back(b.back().as<Real>());
    outputs.push_back({got.back().as<Real>(), start, row.as<Real>()});
  }
  const Tensor packed({kernels::joined_size<Real>(count, k, n)}, type);
  kernels::pack_joined<Real>(count, k, n, matrices.data(), ldb, packed.as<Real>());
  kernels::gemm_joined<Real>(count, m, n, k, a.as<Real>(), lda, packed.as<Real>(), outputs.data(),
                             ldc);
  for (std::size_t i = 0; i < got.size(); ++i) EXPECT_TRUE(same_bits(got[i], expected[i])) << i;
}

TEST(JoinedProducts, HaveTheBitsOfEachAlone) {
  for (const std::string& isa : kernels::available_isas()) {
    SCOPED_TRACE(isa);
    const IsaForNow guard(isa);
    for (const std::int64_t count : {1, 2, 3, 4, 5, 16}) {
      for (const std::int64_t n : {1, 3, 8, 15, 16, 17, 40, 64, 65, 130}) {
        for (const std::int64_t m : {1, 5, 6, 7, 13}) expect_same<float>(count, m, n, 9);
      }
      expect_same<float>(count, 4, 20, 1);
    }
  }
  expect_same<double>(4, 5, 7, 9);
}

}  // namespace
}  // namespace chronicler::test
