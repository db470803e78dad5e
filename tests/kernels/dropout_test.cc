#include "kernels/dropout.h"

#include <limits>
#include <span>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "kernels/isa.h"

namespace chronicler::kernels {
namespace {

// The draws that Random gives one by one, whatever the cut and the instruction set.
template <class Real>
void check_draws(const std::string& isa) {
  SCOPED_TRACE(isa);
  const Random random(0x123456789ABCDEFULL);
  for (const double rate : {0.0, 0.2, 0.5, 0.97}) {
    for (const std::uint64_t first : {0ULL, 1ULL, 6ULL, 4294967290ULL, 17179869180ULL}) {
      for (const std::size_t count : {0U, 1U, 3U, 4U, 31U, 32U, 67U, 600U}) {
        std::vector<Real> factors(count, Real{-1});
        dropout_factors(random, 0x500000003ULL, first, rate, std::span<Real>(factors));
        for (std::size_t i = 0; i < count; ++i) {
          const bool dropped = random.uniform(0x500000003ULL, first + i) < static_cast<float>(rate);
          ASSERT_EQ(factors[i], dropped ? Real{0} : static_cast<Real>(1.0 / (1.0 - rate)))
              << "rate " << rate << " draw " << first << " + " << i;
        }
      }
    }
  }
}

TEST(DropoutFactors, AreTheDrawsOfTheStreamOnEveryInstructionSet) {
  const std::string before = isa();
  for (const std::string& each : available_isas()) {
    force_isa(each);
    check_draws<float>(each);
    check_draws<double>(each);
  }
  force_isa(before);
}

template <class Real>
void check_application() {
  const Real infinity = std::numeric_limits<Real>::infinity();
  for (const std::size_t count : {0U, 1U, 5U, 16U, 37U}) {
    std::vector<Real> factors(count);
    std::vector<Real> numbers(count);
    std::vector<Real> expected(count + 1, Real{7});
    for (std::size_t i = 0; i < count; ++i) {
      factors[i] = i % 3 == 0 ? Real{0} : Real{2};
      numbers[i] = i % 6 == 3 ? infinity : static_cast<Real>(i) - Real{4};
      expected[i] = i % 3 == 0 ? Real{0} : Real{2} * numbers[i];
    }
    std::vector<Real> result(count + 1, Real{7});
    apply_dropout(std::span<const Real>(factors), numbers.data(), result.data());
    EXPECT_EQ(result, expected);
  }
}

TEST(ApplyDropout, LeavesNothingOfWhatIsDropped) {
  const std::string before = isa();
  for (const std::string& each : available_isas()) {
    SCOPED_TRACE(each);
    force_isa(each);
    check_application<float>();
    check_application<double>();
  }
  force_isa(before);
}

}  // namespace
}  // namespace chronicler::kernels
