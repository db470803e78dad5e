// A series as the network sees it: every number at a row follows from that row and earlier ones,
// but for the columns that are known ahead, which it sees over the horizon.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "chronicler/data/time_series.h"
#include "tasks/forecast/recipe.h"

namespace chronicler::tasks {

// All targets share one network: each is a channel. A row stands for a forecast that is made when
// its values are known; its first step is the next row.
class ForecastFrame {
 public:
  // The series has the recipe's columns, in their order. Rows that the targets do not have may
  // follow, of columns that are known ahead.
  ForecastFrame(const ForecastRecipe& recipe, const data::TimeSeries& series);

  std::int64_t rows() const { return rows_; }
  std::int64_t channels() const { return channels_; }
  // z of a target, less what columns that are known ahead explain of it.
  double z(std::int64_t channel, std::int64_t row) const {
    return z_[static_cast<std::size_t>(channel * rows_ + row)];
  }
  bool is_observed(std::int64_t channel, std::int64_t row) const {
    return observed_[static_cast<std::size_t>(channel * rows_ + row)] != 0;
  }
  // (z[row + h] - z[row]) in the recipe's unit, h from 1.
  double change(std::int64_t channel, std::int64_t row, std::int64_t h) const {
    return (z(channel, row + h) - z(channel, row)) / recipe_.change;
  }

  // A forecast in the data's units: of row + h, with this change in the recipe's unit.
  double forecast(std::int64_t channel, std::int64_t row, std::int64_t h, double change) const;

  // A column that is known ahead, in deviations.
  double known_ahead(std::int64_t which, std::int64_t row) const;

  // What the recurrent layer reads at a row.
  std::int64_t steps_width() const { return steps_width_; }
  void write_steps(std::int64_t channel, std::int64_t row, float* to) const;

  // What the linear path sees at a row: z, differences of the lookback from it, covariates, those
  // that are known ahead over the horizon, calendar. The first `recipe.lookback` of them are the
  // target's own.
  std::int64_t lags_width() const { return lags_width_; }
  std::int64_t ahead_width() const { return future_count_ * recipe_.horizon; }
  void write_lags(std::int64_t channel, std::int64_t row, float* to) const;
  // The same of the target alone.
  void write_own_lags(std::int64_t channel, std::int64_t row, std::int64_t lookback,
                      float* to) const;

 private:
  double covariate(std::int64_t which, std::int64_t row) const {
    return covariates_[static_cast<std::size_t>(which * rows_ +
                                                std::clamp<std::int64_t>(row, 0, rows_ - 1))];
  }
  // What columns that are known ahead explain of z.
  double explained(std::int64_t channel, std::int64_t row) const;
  float* write_ahead(std::int64_t row, float* to) const;

  ForecastRecipe recipe_;
  std::int64_t rows_;
  std::int64_t channels_;
  std::int64_t future_count_;
  std::int64_t covariate_count_;  // with those known ahead, which are the last
  std::int64_t calendar_width_ = 0;
  std::int64_t steps_width_ = 0;
  std::int64_t lags_width_ = 0;
  std::vector<double> z_;               // (channels, rows)
  std::vector<std::uint8_t> observed_;  // (channels, rows)
  std::vector<double> local_mean_;      // (channels, rows), of the lookback
  std::vector<double> covariates_;      // (covariate_count, rows)
  std::vector<float> calendar_;         // (rows, width), of the row after each
};

}  // namespace chronicler::tasks
