// The inner loop of Adam (Kingma and Ba 2014), float32.
#pragma once

#include <cstdint>

namespace chronicler::kernels {

struct AdamRates {
  float rate = 0.0F;     // of learning, with the correction of both means
  float share_1 = 0.0F;  // 1 - beta_1
  float share_2 = 0.0F;  // 1 - beta_2
  float epsilon = 0.0F;
};

// m += share_1 (g - m);  v += share_2 (s - v);  w -= rate m / (sqrt(v) + epsilon), each operation
// rounded by itself. `squares` null: s is g * g. Arrays of `count` numbers, none within another.
void adam_step(const AdamRates& rates, std::int64_t count, const float* gradient,
               const float* squares, float* value, float* mean, float* mean_square);

}  // namespace chronicler::kernels
