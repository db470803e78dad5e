// Layer normalization inside a cell: each row of numbers gets mean 0 and variance 1.
#pragma once

#include <cmath>
#include <cstdint>

#include "layers/core/sums.h"

namespace chronicler {

// A row lies in `blocks` pieces: piece b of row n at data[(b * rows + n) * width].
template <class Real>
struct RowNormalization {
  std::int64_t blocks;
  std::int64_t rows;
  std::int64_t width;

  static constexpr double epsilon = 1e-3;  // that of Keras's LayerNormalization

  // Rows [begin, end): out = gamma * normalized (+ beta, if not null). normalized has the layout of
  // `in`; inverse, one a row, is 1 / sqrt(variance + epsilon). `out` may be `in`.
  void forward(std::int64_t begin, std::int64_t end, const Real* in, const Real* gamma,
               const Real* beta, Real* normalized, Real* inverse, Real* out) const {
    for (std::int64_t row = begin; row < end; ++row) {
      const Real mean = mean_of(row, [&](std::int64_t at, std::int64_t) { return in[at]; });
      const Real variance = mean_of(
          row, [&](std::int64_t at, std::int64_t) { return (in[at] - mean) * (in[at] - mean); });
      const Real scale = Real{1} / std::sqrt(variance + static_cast<Real>(epsilon));
      inverse[row] = scale;
      each(row, [&](std::int64_t at, std::int64_t column) {
        const Real value = (in[at] - mean) * scale;
        normalized[at] = value;
        out[at] = gamma[column] * value + (beta == nullptr ? Real{0} : beta[column]);
      });
    }
  }

  // Writes the gradient of rows [begin, end) of `in`; `d_in` may be `d_out`. Those of gamma and
  // beta are sums of d_out * normalized and of d_out over all rows.
  void backward(std::int64_t begin, std::int64_t end, const Real* d_out, const Real* gamma,
                const Real* normalized, const Real* inverse, Real* d_in) const {
    for (std::int64_t row = begin; row < end; ++row) {
      // Of the gradients of the normalized numbers, and of their part along them.
      const Real mean = mean_of(
          row, [&](std::int64_t at, std::int64_t column) { return d_out[at] * gamma[column]; });
      const Real along = mean_of(row, [&](std::int64_t at, std::int64_t column) {
        return d_out[at] * gamma[column] * normalized[at];
      });
      const Real scale = inverse[row];
      each(row, [&](std::int64_t at, std::int64_t column) {
        d_in[at] = scale * (d_out[at] * gamma[column] - mean - normalized[at] * along);
      });
    }
  }

 private:
  // function(place, column) for every number of a row.
  template <class Function>
  void each(std::int64_t row, const Function& function) const {
    for (std::int64_t block = 0; block < blocks; ++block) {
      const std::int64_t at = (block * rows + row) * width;
      for (std::int64_t i = 0; i < width; ++i) function(at + i, block * width + i);
    }
  }
  // The mean of term(place, column) over a row.
  template <class Term>
  Real mean_of(std::int64_t row, const Term& term) const {
    Real sum = 0;
    for (std::int64_t block = 0; block < blocks; ++block) {
      const std::int64_t at = (block * rows + row) * width;
      sum += sum_of<Real>(width, [&](std::int64_t i) { return term(at + i, block * width + i); });
    }
    return sum / static_cast<Real>(blocks * width);
  }
};

}  // namespace chronicler
