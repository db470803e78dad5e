#include "tasks/forecast/series_folds.h"

#include <algorithm>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "tasks/forecast/series_parts.h"

namespace chronicler::tasks {
std::int64_t rows_of_fold(const data::TimeSeries& series, const ForecastOptions& options,
                          std::int64_t folds) {
  const std::int64_t rows = series.rows();
  const std::int64_t stretch = options.test_rows > 0 ? options.test_rows : rows / (folds + 1);
  if (stretch < options.horizon || rows / folds < stretch || rows - folds * stretch < 1) {
    throw Error(fmt::format("{} has {} rows: {} folds of {} each leave {} before the first; a fold "
                            "tests at least one forecast of {}",
                            series.source, rows, folds, stretch,
                            std::max<std::int64_t>(rows - folds * std::min(stretch, rows), 0),
                            options.horizon),
                "use fewer folds, more rows, a shorter horizon or fewer test rows");
  }
  return stretch;
}

SeriesFold fold_of_series(const data::TimeSeries& series, std::int64_t stretch, std::int64_t fold,
                          std::int64_t folds) {
  const std::int64_t learnt = series.rows() - (folds - fold) * stretch;
  SeriesFold result{first_rows(series, learnt + stretch), stretch};
  if (series.times.empty()) return result;
  // On the calendar of the rows before the fold, as a training has it: that may put rows in.
  const auto calendar = data::RowCalendar::learn(series.times_of_file(learnt));
  const std::int64_t last_learnt = series.times[static_cast<std::size_t>(learnt - 1)];
  if (!(calendar == series.calendar)) result.series = data::on_calendar(result.series, calendar);
  const std::vector<std::int64_t>& times = result.series.times;
  result.test_rows = times.end() - std::upper_bound(times.begin(), times.end(), last_learnt);
  return result;
}

}  // namespace chronicler::tasks
