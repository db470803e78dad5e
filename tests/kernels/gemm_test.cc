#include "kernels/gemm.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <type_traits>
#include <vector>

#include <gtest/gtest.h>

#include "kernels/isa.h"
#include "support/conformance.h"
#include "support/recurrence_fixture.h"

namespace chronicler::test {
namespace {

using kernels::Start;

constexpr std::array<std::int64_t, 12> sizes{1, 7, 8, 9, 15, 16, 17, 31, 33, 64, 65, 100};

struct Layout {
  std::int64_t padding = 0;  // elements between the rows
  bool upwards = false;      // the rows follow one another towards lower addresses
  std::int64_t offset = 0;   // elements by which the first is out of line with the cache
};

// Layouts that walk along with a number.
Layout layout(std::size_t i) {
  return {.padding = std::array<std::int64_t, 3>{0, 3, 1}[i % 3],
          .upwards = i % 5 == 3,
          .offset = static_cast<std::int64_t>(i % 4)};
}

// A matrix of noise; what lies around its elements is NaN.
template <class Real>
class Matrix {
 public:
  Matrix(std::int64_t row_count, std::int64_t column_count, std::uint64_t seed, Layout how = {})
      : rows(row_count),
        columns(column_count),
        memory_(undefined<Real>(how.offset + row_count * (column_count + how.padding))) {
    const std::int64_t length = column_count + how.padding;
    first_ = how.offset + (how.upwards ? std::max<std::int64_t>(row_count - 1, 0) * length : 0);
    stride = how.upwards ? -length : length;
    for (std::int64_t i = 0; i < rows * columns; ++i) {
      at(i / columns, i % columns) = static_cast<Real>(noise_at(seed, i));
    }
  }

  Real* data() { return memory_.data() + first_; }
  Real& at(std::int64_t row, std::int64_t column) { return data()[row * stride + column]; }

  std::vector<Real> elements() {
    std::vector<Real> all;
    for (std::int64_t row = 0; row < rows; ++row) {
      all.insert(all.end(), &at(row, 0), &at(row, 0) + columns);
    }
    return all;
  }
  std::int64_t untouched() const {
    return std::count_if(memory_.begin(), memory_.end(), [](Real x) { return std::isnan(x); });
  }

  std::int64_t rows;
  std::int64_t columns;
  std::int64_t stride;

 private:
  Memory<Real> memory_;
  std::int64_t first_ = 0;
};

template <class Real>
bool same_bits(const std::vector<Real>& a, const std::vector<Real>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(Real)) == 0;
}

// One term of the chain that the contract promises. Only "baseline", and the readable kernels,
// round the product as well.
template <class Real>
Real next(Real sum, Real a, Real b, bool fused) {
  return fused ? std::fma(a, b, sum) : sum + a * b;
}

// What gemm shall give, with A transposed for the outer product.
template <class Real>
std::vector<Real> chains(Matrix<Real>& a, bool transposed, Matrix<Real>& b, Matrix<Real>& c,
                         Start start, const std::vector<Real>& bias, bool fused) {
  std::vector<Real> all = c.elements();
  for (std::int64_t row = 0; row < c.rows; ++row) {
    Real* out = all.data() + row * c.columns;
    if (start == Start::zero) std::fill_n(out, c.columns, Real{0});
    if (start == Start::row) std::copy_n(bias.data(), c.columns, out);
    for (std::int64_t k = 0; k < b.rows; ++k) {
      const Real factor = transposed ? a.at(k, row) : a.at(row, k);
      const Real* in = &b.at(k, 0);
      for (std::int64_t column = 0; column < c.columns; ++column) {
        out[column] = next(out[column], factor, in[column], fused);
      }
    }
  }
  return all;
}

struct Sizes {
  std::int64_t m, n, k;
};

std::string describe(Sizes s) { return fmt::format("m {}, n {}, k {}", s.m, s.n, s.k); }

std::vector<Sizes> every_size() {
  std::vector<Sizes> all;
  for (const std::int64_t m : sizes) {
    for (const std::int64_t n : sizes) {
      for (const std::int64_t k : sizes) all.push_back({m, n, k});
    }
  }
  return all;
}

// A few, of every kind.
std::vector<Sizes> some_sizes() {
  return {{1, 1, 1},    {1, 100, 7},   {5, 9, 3},   {7, 33, 17},
          {13, 65, 31}, {34, 128, 40}, {100, 8, 65}};
}

// For every number of columns, and every way that it can be started and laid out.
template <class Real>
void check_gemm(Sizes s, std::size_t i, bool fused) {
  Matrix<Real> a(s.m, s.k, 1, layout(i));
  Matrix<Real> b(s.k, s.n, 2, layout(i / 2));
  Matrix<Real> c(s.m, s.n, 3, layout(i / 3));
  Matrix<Real> bias(1, s.n, 4);
  const Start start = std::array{Start::zero, Start::row, Start::accumulate}[i % 3];
  const std::vector<Real> expected = chains(a, false, b, c, start, bias.elements(), fused);
  const std::int64_t untouched = c.untouched();
  kernels::gemm(s.m, s.n, s.k, a.data(), a.stride, b.data(), b.stride, c.data(), c.stride, start,
                start == Start::row ? bias.data() : nullptr);
  EXPECT_TRUE(same_bits(c.elements(), expected)) << "gemm";
  EXPECT_EQ(c.untouched(), untouched) << "gemm wrote beside C";
}

template <class Real>
void check_packed(Sizes s, std::size_t i, bool fused) {
  Matrix<Real> a(s.m, s.k, 1, layout(i));
  Matrix<Real> b(s.k, s.n, 2, layout(i / 2));
  Matrix<Real> turned(s.n, s.k, 2, layout(i / 2));  // B^T
  for (std::int64_t k = 0; k < s.k; ++k) {
    for (std::int64_t n = 0; n < s.n; ++n) turned.at(n, k) = b.at(k, n);
  }
  Matrix<Real> c(s.m, s.n, 3, layout(i / 3));
  Matrix<Real> bias(1, s.n, 4);
  const Start start = std::array{Start::row, Start::accumulate, Start::zero}[i % 3];
  const std::vector<Real> expected = chains(a, false, b, c, start, bias.elements(), fused);
  const std::int64_t untouched = c.untouched();
  const bool transposed = i % 2 == 1;
  Matrix<Real>& source = transposed ? turned : b;
  Memory<Real> packed = undefined<Real>(kernels::packed_size<Real>(s.k, s.n));
  kernels::pack(s.k, s.n, source.data(), source.stride, transposed, packed.data());
  kernels::gemm_packed(s.m, s.n, s.k, a.data(), a.stride, packed.data(), c.data(), c.stride, start,
                       start == Start::row ? bias.data() : nullptr);
  EXPECT_TRUE(same_bits(c.elements(), expected)) << "gemm_packed";
  EXPECT_EQ(c.untouched(), untouched) << "gemm_packed wrote beside C";
}

template <class Real>
void check_outer(Sizes s, std::size_t i, bool fused) {
  Matrix<Real> a(s.k, s.m, 1, layout(i));
  Matrix<Real> b(s.k, s.n, 2, layout(i / 2));
  Matrix<Real> c(s.m, s.n, 3, layout(i / 3));
  const std::vector<Real> expected = chains(a, true, b, c, Start::accumulate, {}, fused);
  const std::int64_t untouched = c.untouched();
  kernels::gemm_outer(s.m, s.n, s.k, a.data(), a.stride, b.data(), b.stride, c.data(), c.stride);
  EXPECT_TRUE(same_bits(c.elements(), expected)) << "gemm_outer";
  EXPECT_EQ(c.untouched(), untouched) << "gemm_outer wrote beside C";
}

template <class Check>
void on_every_isa(const std::vector<Sizes>& all, Check check) {
  for (const std::string& isa : kernels::available_isas()) {
    SCOPED_TRACE(isa);
    const IsaForNow guard(isa);
    for (std::size_t i = 0; i < all.size(); ++i) {
      SCOPED_TRACE(describe(all[i]));
      check(all[i], i, isa != "baseline");
      if (::testing::Test::HasFailure()) return;
    }
  }
}

TEST(Gemm, IsAChainOfFusedProductsAndSums) { on_every_isa(every_size(), check_gemm<float>); }
TEST(Gemm, PackedHasTheSameBits) { on_every_isa(every_size(), check_packed<float>); }
TEST(Gemm, OuterIsSuchAChainToo) { on_every_isa(every_size(), check_outer<float>); }

TEST(Gemm, InDouble) {
  const std::vector<Sizes> all = some_sizes();
  for (std::size_t i = 0; i < all.size() * 30; ++i) {
    const Sizes s = all[i % all.size()];
    SCOPED_TRACE(describe(s));
    check_gemm<double>(s, i, false);
    check_packed<double>(s, i, false);
    check_outer<double>(s, i, false);
  }
}

// Every layout and start with the same sizes, which every_size does not go through.
TEST(Gemm, LaidOutAndStartedInAnyWay) {
  for (const Sizes s : some_sizes()) {
    const std::vector<Sizes> same(60, s);
    on_every_isa(same, check_gemm<float>);
    on_every_isa(same, check_packed<float>);
    on_every_isa(same, check_outer<float>);
  }
}

// Against sums in double, so that the chain is not only the same but right.
TEST(Gemm, IsCloseToTheSumsInDouble) {
  on_every_isa(some_sizes(), [](Sizes s, std::size_t, bool) {
    Matrix<float> a(s.m, s.k, 1);
    Matrix<float> b(s.k, s.n, 2);
    Matrix<float> c(s.m, s.n, 3);
    kernels::gemm(s.m, s.n, s.k, a.data(), a.stride, b.data(), b.stride, c.data(), c.stride,
                  Start::zero);
    const double bound = 4.0 * std::ceil(std::log2(static_cast<double>(s.k + 1))) *
                         static_cast<double>(std::numeric_limits<float>::epsilon());
    for (std::int64_t i = 0; i < s.m * s.n; ++i) {
      double sum = 0.0;
      double size = 0.0;
      for (std::int64_t k = 0; k < s.k; ++k) {
        const double term =
            static_cast<double>(a.at(i / s.n, k)) * static_cast<double>(b.at(k, i % s.n));
        sum += term;
        size += std::abs(term);
      }
      EXPECT_NEAR(static_cast<double>(c.at(i / s.n, i % s.n)), sum, bound * size);
    }
  });
}

TEST(Gemm, SameBitsHoweverRowsAndColumnsAreCut) {
  on_every_isa(some_sizes(), [](Sizes s, std::size_t, bool) {
    Matrix<float> a(s.m, s.k, 1);
    Matrix<float> turned(s.k, s.m, 1);
    Matrix<float> b(s.k, s.n, 2);
    Memory<float> packed = undefined<float>(kernels::packed_size<float>(s.k, s.n));
    kernels::pack(s.k, s.n, b.data(), b.stride, false, packed.data());
    Matrix<float> whole(s.m, s.n, 3);
    kernels::gemm(s.m, s.n, s.k, a.data(), a.stride, b.data(), b.stride, whole.data(), whole.stride,
                  Start::accumulate);
    Matrix<float> outer(s.m, s.n, 3);
    kernels::gemm_outer(s.m, s.n, s.k, turned.data(), turned.stride, b.data(), b.stride,
                        outer.data(), outer.stride);
    for (std::int64_t cut = 1; cut < s.m; ++cut) {
      Matrix<float> c(s.m, s.n, 3);
      Matrix<float> from_packed(s.m, s.n, 3);
      Matrix<float> c_outer(s.m, s.n, 3);
      for (const auto [begin, end] : {std::array{std::int64_t{0}, cut}, std::array{cut, s.m}}) {
        kernels::gemm(end - begin, s.n, s.k, &a.at(begin, 0), a.stride, b.data(), b.stride,
                      &c.at(begin, 0), c.stride, Start::accumulate);
        kernels::gemm_packed(end - begin, s.n, s.k, &a.at(begin, 0), a.stride, packed.data(),
                             &from_packed.at(begin, 0), from_packed.stride, Start::accumulate);
        kernels::gemm_outer(end - begin, s.n, s.k, &turned.at(0, begin), turned.stride, b.data(),
                            b.stride, &c_outer.at(begin, 0), c_outer.stride);
      }
      ASSERT_TRUE(same_bits(c.elements(), whole.elements())) << "rows cut at " << cut;
      ASSERT_TRUE(same_bits(from_packed.elements(), whole.elements())) << "rows cut at " << cut;
      ASSERT_TRUE(same_bits(c_outer.elements(), outer.elements())) << "rows cut at " << cut;
    }
    for (std::int64_t cut = 1; cut < s.n; ++cut) {
      Matrix<float> c(s.m, s.n, 3);
      Matrix<float> c_outer(s.m, s.n, 3);
      for (const auto [begin, end] : {std::array{std::int64_t{0}, cut}, std::array{cut, s.n}}) {
        kernels::gemm(s.m, end - begin, s.k, a.data(), a.stride, &b.at(0, begin), b.stride,
                      &c.at(0, begin), c.stride, Start::accumulate);
        kernels::gemm_outer(s.m, end - begin, s.k, turned.data(), turned.stride, &b.at(0, begin),
                            b.stride, &c_outer.at(0, begin), c_outer.stride);
      }
      ASSERT_TRUE(same_bits(c.elements(), whole.elements())) << "columns cut at " << cut;
      ASSERT_TRUE(same_bits(c_outer.elements(), outer.elements())) << "columns cut at " << cut;
    }
  });
}

// No terms leave the start; no rows or columns, nothing at all.
TEST(Gemm, OfNothing) {
  on_every_isa({{4, 19, 0}, {0, 5, 3}, {5, 0, 3}}, [](Sizes s, std::size_t, bool fused) {
    for (std::size_t i = 0; i < 6; ++i) {
      check_gemm<float>(s, i, fused);
      check_packed<float>(s, i, fused);
      check_outer<float>(s, i, fused);
    }
  });
}

// A NaN or an infinity reaches the elements that it is a term of, and no others.
TEST(Gemm, NotANumberStaysInItsRow) {
  on_every_isa({{9, 33, 5}}, [](Sizes s, std::size_t, bool) {
    Matrix<float> a(s.m, s.k, 1);
    Matrix<float> b(s.k, s.n, 2);
    Matrix<float> c(s.m, s.n, 3);
    a.at(4, 2) = std::numeric_limits<float>::quiet_NaN();
    a.at(6, 0) = std::numeric_limits<float>::infinity();
    kernels::gemm(s.m, s.n, s.k, a.data(), a.stride, b.data(), b.stride, c.data(), c.stride,
                  Start::zero);
    for (std::int64_t row = 0; row < s.m; ++row) {
      for (std::int64_t column = 0; column < s.n; ++column) {
        EXPECT_EQ(std::isnan(c.at(row, column)), row == 4);
        EXPECT_EQ(std::isinf(c.at(row, column)), row == 6);
      }
    }
  });
}

// What gemv shall give: sixteen chains, then halves.
template <class Real>
std::vector<Real> sixteen_chains(Matrix<Real>& a, Matrix<Real>& x, Real start, bool fused) {
  std::vector<Real> all;
  for (std::int64_t row = 0; row < a.rows; ++row) {
    std::array<Real, 16> sums{};
    for (std::int64_t k = 0; k < a.columns; ++k) {
      Real& sum = sums[static_cast<std::size_t>(k % 16)];
      sum = next(sum, a.at(row, k), x.at(0, k), fused);
    }
    for (std::size_t half = 8; half > 0; half /= 2) {
      for (std::size_t i = 0; i < half; ++i) sums[i] += sums[i + half];
    }
    all.push_back(start + sums[0]);
  }
  return all;
}

template <class Real>
void check_gemv(std::int64_t m, std::int64_t k, Layout how, bool fused) {
  Matrix<Real> a(m, k, 1, how);
  Matrix<Real> x(1, k, 2, {.offset = how.offset});
  const Real start = Real{3} / Real{7};
  std::vector<Real> y(static_cast<std::size_t>(m));
  kernels::gemv(m, k, a.data(), a.stride, x.data(), start, y.data());
  EXPECT_TRUE(same_bits(y, sixteen_chains(a, x, start, fused))) << fmt::format("m {}, k {}", m, k);
}

TEST(Gemm, OneColumnIsSixteenChains) {
  for (const std::string& isa : kernels::available_isas()) {
    SCOPED_TRACE(isa);
    const IsaForNow guard(isa);
    std::size_t i = 0;
    for (const std::int64_t m : {0, 1, 2, 7}) {
      for (const std::int64_t k : {0, 1, 3, 8, 15, 16, 17, 24, 32, 45, 64, 100}) {
        check_gemv<float>(m, k, layout(i), isa != "baseline");
        check_gemv<double>(m, k, layout(i++), false);
      }
    }
  }
}

template <class Real>
void check_add_rows(std::int64_t n, std::int64_t k, Layout how) {
  Matrix<Real> b(k, n, 1, how);
  Matrix<Real> c(1, n, 2, {.padding = 5, .offset = how.offset});
  std::vector<Real> expected = c.elements();
  for (std::int64_t row = 0; row < k; ++row) {
    for (std::int64_t i = 0; i < n; ++i) expected[static_cast<std::size_t>(i)] += b.at(row, i);
  }
  const std::int64_t untouched = c.untouched();
  kernels::add_rows(n, k, b.data(), b.stride, c.data());
  EXPECT_TRUE(same_bits(c.elements(), expected)) << fmt::format("add_rows, n {}, k {}", n, k);
  EXPECT_EQ(c.untouched(), untouched);
}

TEST(Gemm, AddRowsSumsInTheOrderOfK) {
  for (const std::string& isa : kernels::available_isas()) {
    SCOPED_TRACE(isa);
    const IsaForNow guard(isa);
    std::size_t i = 0;
    for (const std::int64_t n : sizes) {
      for (const std::int64_t k : {0, 1, 2, 7, 33, 100}) {
        check_add_rows<float>(n, k, layout(i));
        check_add_rows<double>(n, k, layout(i++));
      }
    }
  }
}

}  // namespace
}  // namespace chronicler::test
