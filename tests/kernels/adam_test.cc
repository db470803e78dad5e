#include "kernels/adam.h"

#include <cmath>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "chronicler/base/random.h"
#include "kernels/isa.h"

namespace chronicler::kernels {
namespace {

std::vector<float> numbers(std::size_t count, std::uint64_t stream, bool positive) {
  std::vector<float> drawn(count);
  for (std::size_t i = 0; i < count; ++i) {
    drawn[i] = Random(7).uniform(stream, i) - (positive ? 0.0F : 0.5F);
  }
  return drawn;
}

struct Arrays {
  std::vector<float> gradient, squares, value, mean, mean_square;
};

Arrays made(std::size_t count) {
  return {numbers(count, 0, false), numbers(count, 1, true), numbers(count, 2, false),
          numbers(count, 3, false), numbers(count, 4, true)};
}

// The equations, a number at a time.
void move_one_by_one(const AdamRates& rates, bool own_squares, Arrays& a) {
  for (std::size_t i = 0; i < a.value.size(); ++i) {
    const float g = a.gradient[i];
    const float s = own_squares ? g * g : a.squares[i];
    a.mean[i] = a.mean[i] + rates.share_1 * (g - a.mean[i]);
    a.mean_square[i] = a.mean_square[i] + rates.share_2 * (s - a.mean_square[i]);
    a.value[i] -= rates.rate * a.mean[i] / (std::sqrt(a.mean_square[i]) + rates.epsilon);
  }
}

TEST(Adam, MovesByTheEquationsBitForBitOnEveryInstructionSet) {
  const AdamRates rates{0.01F, 0.1F, 0.001F, 1e-7F};
  const std::string before = isa();
  for (const std::string& each : available_isas()) {
    force_isa(each);
    for (const std::size_t count : {0U, 1U, 7U, 16U, 33U, 100U}) {
      for (const bool own_squares : {true, false}) {
        SCOPED_TRACE(each + " " + std::to_string(count));
        Arrays expected = made(count);
        Arrays got = expected;
        move_one_by_one(rates, own_squares, expected);
        adam_step(rates, static_cast<std::int64_t>(count), got.gradient.data(),
                  own_squares ? nullptr : got.squares.data(), got.value.data(), got.mean.data(),
                  got.mean_square.data());
        EXPECT_EQ(got.value, expected.value);
        EXPECT_EQ(got.mean, expected.mean);
        EXPECT_EQ(got.mean_square, expected.mean_square);
      }
    }
  }
  force_isa(before);
}

}  // namespace
}  // namespace chronicler::kernels
