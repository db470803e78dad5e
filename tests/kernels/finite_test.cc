#include "kernels/finite.h"

#include <limits>
#include <vector>

#include <gtest/gtest.h>

namespace chronicler::kernels {
namespace {

template <class Real>
void check_every_place() {
  using Limits = std::numeric_limits<Real>;
  for (std::size_t size = 0; size < 70; ++size) {
    std::vector<Real> numbers(size, Limits::max());
    if (size > 1) numbers[1] = Limits::denorm_min();
    if (size > 2) numbers[2] = Limits::lowest();
    EXPECT_TRUE(all_finite(std::span<const Real>(numbers))) << size;
    for (std::size_t place = 0; place < size; ++place) {
      for (const Real odd : {Limits::infinity(), -Limits::infinity(), Limits::quiet_NaN()}) {
        std::vector<Real> spoilt = numbers;
        spoilt[place] = odd;
        EXPECT_FALSE(all_finite(std::span<const Real>(spoilt))) << size << " " << place;
      }
    }
  }
}

TEST(Finite, SeesAnyNumberThatIsNoneWhereverItIs) {
  check_every_place<float>();
  check_every_place<double>();
}

}  // namespace
}  // namespace chronicler::kernels
