#include "chronicler/tasks/baselines.h"

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <string_view>

#include <fmt/format.h>

#include "chronicler/base/error.h"

namespace chronicler::tasks {

namespace {

std::string shape_of(const Tensor& tensor) {
  return tensor ? tensor.shape().to_string() : "an empty tensor";
}

// Windows in double, with their sizes; (N, L) counts as one column.
struct ExactWindows {
  Tensor values;
  std::int64_t count = 0;
  std::int64_t steps = 0;
  std::int64_t columns = 0;

  // The value `back` steps before the end of window `window`; 0 is the last step.
  double at(std::int64_t window, std::int64_t back, std::int64_t column) const {
    return values.as<double>()[(window * steps + steps - 1 - back) * columns + column];
  }
};

ExactWindows exact(const Tensor& inputs, std::string_view where) {
  const int rank = inputs ? inputs.shape().rank() : 0;
  if ((rank != 2 && rank != 3) || inputs.size() == 0) {
    throw Error(fmt::format("{} needs windows (batch, steps) or (batch, steps, features), got {}",
                            where, shape_of(inputs)),
                "make them with data::make_windows");
  }
  return {inputs.to(DType::float64), inputs.shape()[0], inputs.shape()[1],
          rank == 3 ? inputs.shape()[2] : 1};
}

void check_at_least_one(std::string_view where, std::string_view what, std::int64_t value) {
  if (value >= 1) return;
  throw Error(fmt::format("{}: {} must be at least 1, got {}", where, what, value));
}

void check_target(std::string_view where, std::int64_t target, std::int64_t columns) {
  if (target >= 0 && target < columns) return;
  throw Error(fmt::format("{}: target must be from 0 to {}, got {}", where, columns - 1, target));
}

void check_finite(const Tensor& exact_values, std::string_view where) {
  const auto values = exact_values.span<double>();
  const auto bad = std::find_if_not(values.begin(), values.end(),
                                    [](double value) { return std::isfinite(value); });
  if (bad == values.end()) return;
  const std::int64_t row_size = exact_values.size() / exact_values.shape()[0];
  throw Error(
      fmt::format("{}: row {} holds {} at place {}", where, (bad - values.begin()) / row_size,
                  std::isnan(*bad) ? "NaN" : "an infinite number",
                  (bad - values.begin()) % row_size),
      "fill or cut the gap first");
}

}  // namespace

Tensor repeat_last(const Tensor& inputs, std::int64_t horizon, std::int64_t target) {
  const ExactWindows windows = exact(inputs, "repeat_last");
  check_at_least_one("repeat_last", "horizon", horizon);
  check_target("repeat_last", target, windows.columns);
  Tensor result({windows.count, horizon}, DType::float64);
  for (std::int64_t i = 0; i < windows.count; ++i) {
    std::fill_n(result.as<double>() + i * horizon, horizon, windows.at(i, 0, target));
  }
  return result;
}

Tensor seasonal_naive(const Tensor& inputs, std::int64_t horizon, std::int64_t period,
                      std::int64_t target) {
  const ExactWindows windows = exact(inputs, "seasonal_naive");
  check_at_least_one("seasonal_naive", "horizon", horizon);
  check_target("seasonal_naive", target, windows.columns);
  if (period < 1 || period > windows.steps) {
    throw Error(fmt::format("seasonal_naive: a period of {} does not fit in windows of {} steps",
                            period, windows.steps),
                "make windows with a lookback of at least one period");
  }
  Tensor result({windows.count, horizon}, DType::float64);
  double* forecast = result.as<double>();
  for (std::int64_t i = 0; i < windows.count; ++i) {
    for (std::int64_t h = 0; h < horizon; ++h) {
      *forecast++ = windows.at(i, period - 1 - h % period, target);
    }
  }
  return result;
}

// ---- find_period

namespace {

// What is left of a series once its best straight line is taken out.
std::vector<double> without_line(const Tensor& series) {
  const Tensor values = series.to(DType::float64);
  const auto count = static_cast<double>(values.size());
  const double middle = (count - 1.0) / 2.0;
  double mean = 0.0;
  for (const double value : values.span<double>()) mean += value / count;
  double covariance = 0.0;
  double variance = 0.0;
  double t = -middle;
  for (const double value : values.span<double>()) {
    covariance += t * (value - mean);
    variance += t * t;
    t += 1.0;
  }
  const double slope = variance > 0.0 ? covariance / variance : 0.0;
  std::vector<double> rest;
  t = -middle;
  for (const double value : values.span<double>()) {
    rest.push_back(value - mean - slope * t);
    t += 1.0;
  }
  return rest;
}

// Correlation of a series with itself 0 ... `lags` steps later.
std::vector<double> autocorrelation(const std::vector<double>& values, std::int64_t lags) {
  std::vector<double> result;
  for (std::int64_t lag = 0; lag <= lags; ++lag) {
    double sum = 0.0;
    for (std::size_t t = static_cast<std::size_t>(lag); t < values.size(); ++t) {
      sum += values[t] * values[t - static_cast<std::size_t>(lag)];
    }
    result.push_back(sum);
  }
  const double variance = result.front();
  for (double& value : result) value = variance > 0.0 ? value / variance : 0.0;
  return result;
}

}  // namespace

std::int64_t find_period(const Tensor& series, const PeriodOptions& options) {
  if (!series || series.shape().rank() != 1 || series.size() == 0) {
    throw Error(fmt::format("find_period needs a series (steps), got {}", shape_of(series)));
  }
  check_finite(series.to(DType::float64), "find_period");
  check_at_least_one("find_period", "shortest", options.shortest);
  const std::int64_t steps = series.size();
  const std::int64_t longest =
      std::min(options.longest > 0 ? options.longest : steps / 3, steps - 2);
  if (longest < options.shortest) return 0;

  const std::vector<double> correlation = autocorrelation(without_line(series), longest + 1);
  const auto at = [&](std::int64_t lag) { return correlation[static_cast<std::size_t>(lag)]; };
  // Neighbouring values are alike in any smooth series: a period shows after that has worn off.
  std::int64_t lag = 1;
  while (lag <= longest && at(lag) > 0.0) ++lag;
  std::int64_t best = 0;
  double highest = 2.0 / std::sqrt(static_cast<double>(steps));
  for (lag = std::max(lag, options.shortest); lag <= longest; ++lag) {
    const bool is_peak = at(lag) >= at(lag - 1) && at(lag) >= at(lag + 1);
    if (is_peak && at(lag) > highest) {
      highest = at(lag);
      best = lag;
    }
  }
  return best;
}

// ---- LinearAutoregression

namespace {

struct Moments {
  std::vector<double> mean;
  std::vector<double> deviation;  // 1 for a constant column
};

Moments moments(const double* values, std::int64_t rows, std::int64_t columns) {
  const auto width = static_cast<std::size_t>(columns);
  Moments result{std::vector<double>(width, 0.0), std::vector<double>(width, 0.0)};
  for (std::int64_t i = 0; i < rows * columns; ++i) {
    result.mean[static_cast<std::size_t>(i % columns)] += values[i] / static_cast<double>(rows);
  }
  for (std::int64_t i = 0; i < rows * columns; ++i) {
    const auto column = static_cast<std::size_t>(i % columns);
    const double distance = values[i] - result.mean[column];
    result.deviation[column] += distance * distance / static_cast<double>(rows);
  }
  for (double& deviation : result.deviation) {
    deviation = deviation > 0.0 ? std::sqrt(deviation) : 1.0;
  }
  return result;
}

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

// Not if the values are so nearly dependent that rounding decides: a squared diagonal element is
// what those before it leave unexplained of one's variance.
bool is_definite(const Eigen::LLT<Matrix, Eigen::Lower>& factor, const Matrix& of) {
  constexpr double tiny = 1e-12;
  return factor.info() == Eigen::Success &&
         (factor.matrixLLT().diagonal().array().square() > tiny * of.diagonal().array()).all();
}

}  // namespace

LinearAutoregression::LinearAutoregression(const Tensor& inputs, const Tensor& targets,
                                           const LinearAutoregressionOptions& options) {
  const ExactWindows windows = exact(inputs, "LinearAutoregression");
  if (!targets || targets.shape().rank() != 2 || targets.shape()[0] != windows.count) {
    throw Error(
        fmt::format("LinearAutoregression needs targets ({}, horizon) for these windows, got {}",
                    windows.count, shape_of(targets)));
  }
  if (!(options.penalty >= 0.0) || !std::isfinite(options.penalty)) {
    throw Error(
        fmt::format("LinearAutoregression: penalty must be at least 0, got {}", options.penalty));
  }
  const Tensor truth = targets.to(DType::float64);
  check_finite(windows.values, "LinearAutoregression: inputs");
  check_finite(truth, "LinearAutoregression: targets");
  values_ = windows.steps * windows.columns;
  horizon_ = truth.shape()[1];

  const double* x = windows.values.as<double>();
  const double* y = truth.as<double>();
  const Moments of_x = moments(x, windows.count, values_);
  const Moments of_y = moments(y, windows.count, horizon_);
  const auto n = static_cast<std::size_t>(values_);
  const auto h = static_cast<std::size_t>(horizon_);

  // (X'X / N + penalty) w = X'Y / N, in standardised values.
  const auto size = static_cast<Eigen::Index>(n);
  Matrix gram = Matrix::Zero(size, size);
  weights_.assign(n * h, 0.0);
  std::vector<double> row(n);
  std::vector<double> goal(h);
  const double share = 1.0 / static_cast<double>(windows.count);
  for (std::int64_t window = 0; window < windows.count; ++window) {
    for (std::size_t i = 0; i < n; ++i) row[i] = (*x++ - of_x.mean[i]) / of_x.deviation[i];
    for (std::size_t i = 0; i < h; ++i) goal[i] = (*y++ - of_y.mean[i]) / of_y.deviation[i];
    for (std::size_t i = 0; i < n; ++i) {
      const double scaled = row[i] * share;
      double* products = gram.data() + i * n;
      for (std::size_t k = 0; k <= i; ++k) products[k] += scaled * row[k];
      for (std::size_t k = 0; k < h; ++k) weights_[i * h + k] += scaled * goal[k];
    }
  }
  gram.diagonal().array() += options.penalty;
  const Eigen::LLT<Matrix, Eigen::Lower> factor(gram);
  if (!is_definite(factor, gram)) {
    throw Error(fmt::format("LinearAutoregression: {} windows do not determine {} weights",
                            windows.count, n),
                "raise the penalty, shorten the lookback, or drop a column that repeats another");
  }
  Eigen::Map<Matrix> weights(weights_.data(), size, static_cast<Eigen::Index>(h));
  factor.solveInPlace(weights);

  intercept_ = of_y.mean;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t k = 0; k < h; ++k) {
      weights_[i * h + k] *= of_y.deviation[k] / of_x.deviation[i];
      intercept_[k] -= weights_[i * h + k] * of_x.mean[i];
    }
  }
}

Tensor LinearAutoregression::predict(const Tensor& inputs) const {
  const ExactWindows windows = exact(inputs, "LinearAutoregression");
  if (windows.steps * windows.columns != values_) {
    throw Error(fmt::format("LinearAutoregression was learnt from windows of {} values, got {}",
                            values_, shape_of(inputs)));
  }
  Tensor result({windows.count, horizon_}, DType::float64);
  const double* x = windows.values.as<double>();
  double* forecast = result.as<double>();
  const auto h = static_cast<std::size_t>(horizon_);
  for (std::int64_t window = 0; window < windows.count; ++window, forecast += h) {
    std::copy(intercept_.begin(), intercept_.end(), forecast);
    for (std::size_t i = 0; i < static_cast<std::size_t>(values_); ++i) {
      const double value = *x++;
      for (std::size_t k = 0; k < h; ++k) forecast[k] += value * weights_[i * h + k];
    }
  }
  return result;
}

// ---- errors

namespace {

// The mean of `measure` over the differences.
template <class Measure>
double mean_over(const Tensor& forecast, const Tensor& truth, std::string_view where,
                 Measure&& measure) {
  if (!forecast || !truth || !(forecast.shape() == truth.shape()) || forecast.size() == 0) {
    throw Error(fmt::format("{} compares forecasts and truths of one shape, got {} and {}", where,
                            shape_of(forecast), shape_of(truth)));
  }
  const Tensor a = forecast.to(DType::float64);
  const Tensor b = truth.to(DType::float64);
  double sum = 0.0;
  for (std::int64_t i = 0; i < a.size(); ++i) sum += measure(a.as<double>()[i] - b.as<double>()[i]);
  return sum / static_cast<double>(a.size());
}

}  // namespace

double rmse(const Tensor& forecast, const Tensor& truth) {
  return std::sqrt(mean_over(forecast, truth, "rmse", [](double d) { return d * d; }));
}

double mae(const Tensor& forecast, const Tensor& truth) {
  return mean_over(forecast, truth, "mae", [](double d) { return std::abs(d); });
}

}  // namespace chronicler::tasks
