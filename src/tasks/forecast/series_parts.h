// A series as a model reads it, and its parts: its first rows, and the rows behind the targets'
// end, of columns that are known ahead.
#pragma once

#include <cstddef>
#include <cstdint>

#include "chronicler/base/tensor.h"
#include "chronicler/data/time_series.h"
#include "tasks/forecast/recipe.h"

namespace chronicler::tasks {

// Rows [begin, end).
data::TimeSeries rows_between(const data::TimeSeries& series, std::int64_t begin, std::int64_t end);
data::TimeSeries first_rows(const data::TimeSeries& series, std::int64_t rows);

// The rows on the clock that the model has learnt. Throws Error if they are not of its columns.
data::TimeSeries on_clock_of(const ForecastRecipe& recipe, const data::TimeSeries& series);

// Up to the last row in which one of the targets, the first columns, is observed. Throws Error if
// none is anywhere.
std::int64_t rows_with_targets(const data::TimeSeries& series, std::size_t targets);

// Throws Error unless the rows from `end` on have the columns that are known ahead, as many as a
// forecast reads.
void check_rows_ahead(const ForecastRecipe& recipe, const data::TimeSeries& series,
                      std::int64_t end);

// The rows up to the targets' end, then those of `ahead` (horizon or more, future). Throws Error
// for another shape.
data::TimeSeries with_rows_ahead(const ForecastRecipe& recipe, const data::TimeSeries& series,
                                 const Tensor& ahead);

}  // namespace chronicler::tasks
