// Forecasts that need no network: what a model must beat to be worth its training.
//
// All take windows as data::make_windows makes them: inputs (N, L) or (N, L, F), float32 or
// float64, and give forecasts (N, H) of one column, in float64.
#pragma once

#include <cstdint>
#include <vector>

#include "chronicler/base/tensor.h"

namespace chronicler::tasks {

// The last value, H times.
Tensor repeat_last(const Tensor& inputs, std::int64_t horizon, std::int64_t target = 0);

// The value one period earlier: step h is the input h - period steps after the last; beyond one
// period the last season repeats. Throws Error unless 1 <= period <= L.
Tensor seasonal_naive(const Tensor& inputs, std::int64_t horizon, std::int64_t period,
                      std::int64_t target = 0);

struct PeriodOptions {
  std::int64_t shortest = 2;
  std::int64_t longest = 0;  // 0: a third of the series
};

// The period of a series (T), from its autocorrelation: the lag of the highest peak after the
// correlation has first fallen below zero, once a straight line is taken out. 0 if no peak stands
// out from noise (above 2 / sqrt(T)). Learn it from the training part only.
std::int64_t find_period(const Tensor& series, const PeriodOptions& options = {});

struct LinearAutoregressionOptions {
  // What is added to the mean squared error for each unit of squared weight, both in standardised
  // values; the intercept is free.
  double penalty = 1e-3;
};

// A linear map from the L * F values of a window to all H steps at once: ridge regression by the
// normal equations and Cholesky's factorisation, in double. Inputs and targets are centred and
// scaled by the windows that it learns from first.
class LinearAutoregression {
 public:
  // inputs (N, L) or (N, L, F), targets (N, H). Throws Error for mismatched lengths, numbers that
  // are not finite, a negative penalty, or columns that depend on each other with a penalty of 0.
  LinearAutoregression(const Tensor& inputs, const Tensor& targets,
                       const LinearAutoregressionOptions& options = {});

  // Forecasts (N, H). Throws Error for windows of another size than those learnt from.
  Tensor predict(const Tensor& inputs) const;

 private:
  std::int64_t values_ = 0;        // L * F
  std::int64_t horizon_ = 0;       // H
  std::vector<double> weights_;    // (L * F, H), in the units of the data
  std::vector<double> intercept_;  // (H)
};

// Root of the mean squared error, mean absolute error; over all elements. Throws Error unless the
// shapes are equal.
double rmse(const Tensor& forecast, const Tensor& truth);
double mae(const Tensor& forecast, const Tensor& truth);

}  // namespace chronicler::tasks
