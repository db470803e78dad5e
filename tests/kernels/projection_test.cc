#include "kernels/projection.h"

#include <array>
#include <cstring>
#include <vector>

#include <gtest/gtest.h>

#include "kernels/isa.h"
#include "layers/core/sums.h"
#include "support/conformance.h"
#include "support/recurrence_fixture.h"

namespace chronicler::test {
namespace {

std::vector<double> numbers(std::int64_t count, std::uint64_t seed) {
  std::vector<double> all;
  for (std::int64_t i = 0; i < count; ++i) all.push_back(noise_at(seed, i));
  return all;
}

// The same in plain loops.
std::vector<double> left_of(std::int64_t count, std::int64_t length,
                            const std::vector<double>& units, std::vector<double> vector) {
  for (std::int64_t k = 0; k < count; ++k) {
    const double* unit = units.data() + k * length;
    const double part = dot(length, unit, vector.data());
    for (std::size_t i = 0; i < vector.size(); ++i) vector[i] -= part * unit[i];
  }
  return vector;
}

TEST(Projection, TakesAwayOnePartAfterTheOtherToTheBit) {
  for (const std::string& isa : kernels::available_isas()) {
    SCOPED_TRACE(isa);
    const IsaForNow guard(isa);
    for (const std::int64_t count : {0, 1, 2, 5}) {
      for (const std::int64_t length : {1, 4, 7, 8, 9, 16, 37, 100}) {
        const std::vector<double> units = numbers(count * length, 1);
        std::vector<double> vector = numbers(length, 2);
        const std::vector<double> expected = left_of(count, length, units, vector);
        kernels::take_away_parts(count, length, units.data(), vector.data());
        EXPECT_EQ(std::memcmp(vector.data(), expected.data(), vector.size() * sizeof(double)), 0)
            << count << " units of " << length;
      }
    }
  }
}

}  // namespace
}  // namespace chronicler::test
