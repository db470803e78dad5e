// The folds of a series: stretches at its end, each after the rows that are learnt from.
#pragma once

#include <cstdint>

#include "chronicler/data/time_series.h"
#include "chronicler/tasks/forecaster.h"

namespace chronicler::tasks {

struct SeriesFold {
  data::TimeSeries series;     // up to the last row of the fold
  std::int64_t test_rows = 0;  // the last of them: the fold
};

// The rows of a fold: options.test_rows, or a (K + 1)-th of all. Throws Error if there are too few
// for so many folds.
std::int64_t rows_of_fold(const data::TimeSeries& series, const ForecastOptions& options,
                          std::int64_t folds);

// Fold number `fold`, from 0, of K stretches of so many rows at the end. Nothing of it depends on
// rows that come later.
SeriesFold fold_of_series(const data::TimeSeries& series, std::int64_t stretch, std::int64_t fold,
                          std::int64_t folds);

}  // namespace chronicler::tasks
