#include "chronicler/data/windows.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>

#include <fmt/format.h>

#include "chronicler/base/error.h"

namespace chronicler::data {

namespace {

// Runs `body` with a value of the element type, for float32 and float64.
template <class Body>
void for_real(const Tensor& tensor, std::string_view where, Body&& body) {
  if (tensor.dtype() == DType::float32) {
    body(float{});
  } else if (tensor.dtype() == DType::float64) {
    body(double{});
  } else {
    throw Error(
        fmt::format("{} needs float32 or float64 numbers, got {}", where, name_of(tensor.dtype())),
        "convert them with Tensor::to");
  }
}

std::int64_t columns_of(const Tensor& values) {
  return values.shape().rank() == 1 ? 1 : values.shape()[-1];
}

void check_series(const Tensor& series, std::string_view where) {
  if (!series || series.shape().rank() < 1 || series.shape().rank() > 2) {
    throw Error(fmt::format("{} needs a series (steps) or (steps, features), got {}", where,
                            series ? series.shape().to_string() : "an empty tensor"));
  }
  if (series.size() == 0) throw Error(fmt::format("{} got a series without numbers", where));
  for_real(series, where, [&](auto real) {
    using Real = decltype(real);
    const auto values = series.span<Real>();
    const auto bad = std::find_if(values.begin(), values.end(),
                                  [](Real value) { return !std::isfinite(value); });
    if (bad == values.end()) return;
    const std::int64_t index = bad - values.begin();
    throw Error(fmt::format("{}: the series is {} at step {}, column {}", where,
                            std::isnan(*bad) ? "NaN" : "infinite", index / columns_of(series),
                            index % columns_of(series)),
                "fill or cut the gap first");
  });
}

void check_range(std::string_view option, std::int64_t value, std::int64_t least,
                 std::int64_t most) {
  if (value >= least && value <= most) return;
  throw Error(fmt::format("make_windows: {} must be {}, got {}", option,
                          most == std::numeric_limits<std::int64_t>::max()
                              ? fmt::format("at least {}", least)
                              : fmt::format("from {} to {}", least, most),
                          value));
}

}  // namespace

SeriesParts split_series(const Tensor& series, const SplitOptions& options) {
  check_series(series, "split_series");
  for (const double share : {options.validation, options.test}) {
    if (!(share >= 0.0 && share < 1.0)) {
      throw Error(
          fmt::format("split_series: a share must be at least 0 and below 1, got {}", share));
    }
  }
  const std::int64_t steps = series.shape()[0];
  const auto part = [&](double share) {
    return static_cast<std::int64_t>(std::floor(static_cast<double>(steps) * share));
  };
  const std::int64_t validation = part(options.validation);
  const std::int64_t test = part(options.test);
  const std::int64_t train = steps - validation - test;
  if (train < 1 || (options.validation > 0.0 && validation == 0) ||
      (options.test > 0.0 && test == 0)) {
    throw Error(
        fmt::format("split_series: {} steps are too few: {} would train, {} validate, {} test",
                    steps, std::max<std::int64_t>(train, 0), validation, test));
  }
  SeriesParts parts;
  parts.train = series.rows(0, train);
  if (validation > 0) parts.validation = series.rows(train, train + validation);
  if (test > 0) parts.test = series.rows(train + validation, steps);
  return parts;
}

Windows make_windows(const Tensor& series, const WindowOptions& options) {
  constexpr std::int64_t any = std::numeric_limits<std::int64_t>::max();
  check_series(series, "make_windows");
  const std::int64_t columns = columns_of(series);
  check_range("lookback", options.lookback, 1, any);
  check_range("horizon", options.horizon, 1, any);
  check_range("stride", options.stride, 1, any);
  check_range("target", options.target, 0, columns - 1);
  const std::int64_t steps = series.shape()[0];
  if (options.lookback > steps || options.horizon > steps - options.lookback) {
    throw Error(
        fmt::format("make_windows: a lookback of {} and a horizon of {} need more than {} steps",
                    options.lookback, options.horizon, steps),
        "shorten the lookback, or give a longer series");
  }
  const std::int64_t count = (steps - options.lookback - options.horizon) / options.stride + 1;

  Windows result;
  result.inputs = Tensor({count, options.lookback, columns}, series.dtype());
  result.targets = Tensor({count, options.horizon}, series.dtype());
  for_real(series, "make_windows", [&](auto real) {
    using Real = decltype(real);
    const Real* values = series.as<Real>();
    Real* input = result.inputs.as<Real>();
    Real* target = result.targets.as<Real>();
    for (std::int64_t i = 0; i < count; ++i) {
      const Real* window = values + i * options.stride * columns;
      input = std::copy_n(window, options.lookback * columns, input);
      const Real* next = window + options.lookback * columns + options.target;
      for (std::int64_t h = 0; h < options.horizon; ++h) *target++ = next[h * columns];
    }
  });
  return result;
}

Tensor last_steps(const Tensor& inputs, std::int64_t lookback) {
  if (!inputs || inputs.shape().rank() != 3) {
    throw Error(fmt::format("last_steps needs windows (batch, steps, features), got {}",
                            inputs ? inputs.shape().to_string() : "an empty tensor"));
  }
  const std::int64_t count = inputs.shape()[0];
  const std::int64_t steps = inputs.shape()[1];
  const std::int64_t columns = inputs.shape()[2];
  if (lookback < 1 || lookback > steps) {
    throw Error(fmt::format("last_steps: windows of {} steps have no last {}", steps, lookback));
  }
  Tensor result({count, lookback, columns}, inputs.dtype());
  for_real(inputs, "last_steps", [&](auto real) {
    using Real = decltype(real);
    for (std::int64_t i = 0; i < count; ++i) {
      std::copy_n(inputs.as<Real>() + (i * steps + steps - lookback) * columns, lookback * columns,
                  result.as<Real>() + i * lookback * columns);
    }
  });
  return result;
}

// ---- StandardScaler

StandardScaler::StandardScaler(const Tensor& series) {
  check_series(series, "StandardScaler");
  const std::int64_t columns = columns_of(series);
  const std::int64_t steps = series.shape()[0];
  const Tensor exact = series.to(DType::float64);
  const double* values = exact.as<double>();
  for (std::int64_t column = 0; column < columns; ++column) {
    double sum = 0.0;
    for (std::int64_t t = 0; t < steps; ++t) sum += values[t * columns + column];
    const double mean = sum / static_cast<double>(steps);
    double squares = 0.0;
    for (std::int64_t t = 0; t < steps; ++t) {
      const double distance = values[t * columns + column] - mean;
      squares += distance * distance;
    }
    const double deviation = std::sqrt(squares / static_cast<double>(steps));
    // A constant column leaves rounding only: dividing by it would blow noise up.
    const bool constant = deviation <= 1e-12 * std::max(1.0, std::abs(mean));
    mean_.push_back(mean);
    deviation_.push_back(constant ? 1.0 : deviation);
  }
}

std::int64_t StandardScaler::checked_columns(const Tensor& values) const {
  if (mean_.empty()) {
    throw Error("StandardScaler has learnt nothing yet", "construct it from the training series");
  }
  const auto known = static_cast<std::int64_t>(mean_.size());
  if (!values || columns_of(values) != known) {
    throw Error(fmt::format("StandardScaler was learnt from {} columns, got {}", known,
                            values ? values.shape().to_string() : "an empty tensor"));
  }
  return known;
}

namespace {

// value -> (value - shift) / scale, or back, column by column.
Tensor rescaled(const Tensor& values, const double* shift, const double* scale,
                std::int64_t columns, bool back) {
  Tensor result(values.shape(), values.dtype());
  for_real(values, "StandardScaler", [&](auto real) {
    using Real = decltype(real);
    const Real* from = values.as<Real>();
    Real* to = result.as<Real>();
    for (std::int64_t i = 0; i < values.size(); ++i) {
      const std::int64_t column = i % columns;
      const auto value = static_cast<double>(from[i]);
      to[i] = static_cast<Real>(back ? value * scale[column] + shift[column]
                                     : (value - shift[column]) / scale[column]);
    }
  });
  return result;
}

}  // namespace

Tensor StandardScaler::transform(const Tensor& values) const {
  return rescaled(values, mean_.data(), deviation_.data(), checked_columns(values), false);
}

Tensor StandardScaler::inverse_transform(const Tensor& values) const {
  return rescaled(values, mean_.data(), deviation_.data(), checked_columns(values), true);
}

namespace {

void check_column(std::int64_t column, std::size_t known) {
  if (column >= 0 && column < static_cast<std::int64_t>(known)) return;
  throw Error(
      fmt::format("StandardScaler was learnt from {} columns, got column {}", known, column));
}

}  // namespace

Tensor StandardScaler::transform_column(const Tensor& values, std::int64_t column) const {
  check_column(column, mean_.size());
  return rescaled(values, &mean_[static_cast<std::size_t>(column)],
                  &deviation_[static_cast<std::size_t>(column)], 1, false);
}

Tensor StandardScaler::inverse_transform_column(const Tensor& values, std::int64_t column) const {
  check_column(column, mean_.size());
  return rescaled(values, &mean_[static_cast<std::size_t>(column)],
                  &deviation_[static_cast<std::size_t>(column)], 1, true);
}

}  // namespace chronicler::data
