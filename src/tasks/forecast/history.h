// The last rows that a forecaster knows: what comes after them can be forecast without a file, and
// newer rows are put behind them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "chronicler/data/time_series.h"
#include "tasks/forecast/recipe.h"

namespace chronicler::tasks {

struct ForecastHistory {
  data::TimeSeries rows;    // on the model's calendar
  std::int64_t before = 0;  // rows that came before them; counts where they have no times

  bool is_empty() const { return rows.values.empty(); }
  std::string to_json() const;
  // Throws Error, with `what` as the place, for text that is no history of such a model.
  static ForecastHistory from_json(std::string_view text, std::string_view what,
                                   const ForecastRecipe& recipe);
};

// The last of these rows: as many as the model keeps.
ForecastHistory kept_rows(const ForecastRecipe& recipe, const ForecastHistory& all);

// The history, then the rows, on the model's calendar; where both have a time, the rows count.
// Throws Error if the rows bring nothing newer.
ForecastHistory with_rows(const ForecastRecipe& recipe, const ForecastHistory& history,
                          const data::TimeSeries& rows);

}  // namespace chronicler::tasks
