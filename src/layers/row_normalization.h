// Layer normalization inside a cell: each row of numbers gets mean 0 and variance 1.
#pragma once

#include <cmath>
#include <cstdint>

namespace chronicler {

// A row lies in `blocks` pieces: piece b of row n at data[(b * rows + n) * width].
template <class Real>
struct RowNormalization {
  std::int64_t blocks;
  std::int64_t rows;
  std::int64_t width;

  static constexpr double epsilon = 1e-3;  // that of Keras's LayerNormalization

  // out = gamma * normalized (+ beta, if not null). normalized has the layout of `in`; inverse, one
  // a row, is 1 / sqrt(variance + epsilon). `out` may be `in`.
  void forward(const Real* in, const Real* gamma, const Real* beta, Real* normalized, Real* inverse,
               Real* out) const {
    for (std::int64_t row = 0; row < rows; ++row) {
      Real mean = 0;
      each(row, [&](std::int64_t at, std::int64_t) { mean += in[at]; });
      mean /= size();
      Real variance = 0;
      each(row,
           [&](std::int64_t at, std::int64_t) { variance += (in[at] - mean) * (in[at] - mean); });
      inverse[row] = Real{1} / std::sqrt(variance / size() + static_cast<Real>(epsilon));
      each(row, [&](std::int64_t at, std::int64_t column) {
        normalized[at] = (in[at] - mean) * inverse[row];
        out[at] = gamma[column] * normalized[at];
        if (beta != nullptr) out[at] += beta[column];
      });
    }
  }

  // Writes the gradient of `in`; adds to those of gamma and beta where they are not null. `d_in`
  // may be `d_out`.
  void backward(const Real* d_out, const Real* gamma, const Real* normalized, const Real* inverse,
                Real* d_gamma, Real* d_beta, Real* d_in) const {
    for (std::int64_t row = 0; row < rows; ++row) {
      Real sum = 0;        // of the gradients of the normalized numbers
      Real projected = 0;  // their part along them
      each(row, [&](std::int64_t at, std::int64_t column) {
        if (d_gamma != nullptr) d_gamma[column] += d_out[at] * normalized[at];
        if (d_beta != nullptr) d_beta[column] += d_out[at];
        const Real flow = d_out[at] * gamma[column];
        sum += flow;
        projected += flow * normalized[at];
      });
      sum /= size();
      projected /= size();
      each(row, [&](std::int64_t at, std::int64_t column) {
        const Real flow = d_out[at] * gamma[column];
        d_in[at] = inverse[row] * (flow - sum - normalized[at] * projected);
      });
    }
  }

 private:
  Real size() const { return static_cast<Real>(blocks * width); }

  // function(place, column) for every number of a row.
  template <class Function>
  void each(std::int64_t row, const Function& function) const {
    for (std::int64_t block = 0; block < blocks; ++block) {
      for (std::int64_t i = 0; i < width; ++i)
        function((block * rows + row) * width + i, block * width + i);
    }
  }
};

}  // namespace chronicler
