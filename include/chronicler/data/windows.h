// From one long series to examples that a network can learn from, without a look into the future.
#pragma once

#include <cstdint>
#include <vector>

#include "chronicler/base/tensor.h"

namespace chronicler::data {

// Consecutive parts of a series, in the order of time. They share the series' elements.
struct SeriesParts {
  Tensor train;
  Tensor validation;  // empty if no share was asked for
  Tensor test;        // empty if no share was asked for
};

struct SplitOptions {
  double validation = 0.1;  // share of the whole series
  double test = 0.2;
};

// Cuts a series (T) or (T, F): first the training part, then validation, then test; never shuffled.
// Parts of floor(T * share) steps validate and test, the rest trains. Throws Error for a share
// outside [0, 1) or a part that ends up empty.
SeriesParts split_series(const Tensor& series, const SplitOptions& options = {});

struct WindowOptions {
  std::int64_t lookback = 0;  // L, the steps that the network sees; at least 1
  std::int64_t horizon = 1;   // H, the steps after them that it must predict; at least 1
  std::int64_t stride = 1;    // steps between the starts of neighbouring windows
  std::int64_t target = 0;    // which of the F columns is predicted
};

struct Windows {
  Tensor inputs;   // (N, L, F)
  Tensor targets;  // (N, H): the target column in the H steps that follow each window
};

// All windows that lie wholly inside the series (T) or (T, F), oldest first: N = floor((T - L - H)
// / stride) + 1. Made from each part of a split by itself, no window reaches over a border. Throws
// Error for a series shorter than L + H, options out of their range, or a number that is not finite
// (with its step and column).
Windows make_windows(const Tensor& series, const WindowOptions& options);

// The newest `lookback` steps of each window: (N, L, F) to (N, lookback, F).
Tensor last_steps(const Tensor& inputs, std::int64_t lookback);

// Brings every column to mean 0 and standard deviation 1, by the numbers of the series that it was
// learnt from: fit it on the training part only. A constant column is only shifted. Computes in
// double; the result has the type of the input.
class StandardScaler {
 public:
  StandardScaler() = default;
  // Learns from (T) or (T, F). Throws Error for an empty series or a number that is not finite.
  explicit StandardScaler(const Tensor& series);

  // (T), (T, F) or (N, T, F): the last axis is the columns (a rank-1 tensor is one column). Throws
  // Error for another number of columns.
  Tensor transform(const Tensor& values) const;
  Tensor inverse_transform(const Tensor& values) const;
  // Targets and forecasts of one column, any shape.
  Tensor transform_column(const Tensor& values, std::int64_t column) const;
  Tensor inverse_transform_column(const Tensor& values, std::int64_t column) const;

  const std::vector<double>& mean() const { return mean_; }
  const std::vector<double>& deviation() const { return deviation_; }

 private:
  std::int64_t checked_columns(const Tensor& values) const;

  std::vector<double> mean_;
  std::vector<double> deviation_;  // 1 where the column was constant
};

}  // namespace chronicler::data
