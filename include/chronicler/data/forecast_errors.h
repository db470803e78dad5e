// Errors of forecasts that can be compared between series.
#pragma once

#include <cstdint>
#include <span>

namespace chronicler::data {

// The symmetric mean absolute percentage error of the M4 competition, 0 to 200:
// 200 mean(|y - f| / (|y| + |f|)); where both are 0 there is no error. Throws Error for spans of
// different length or none.
double smape(std::span<const double> actual, std::span<const double> forecast);

// The mean absolute scaled error (Hyndman, Koehler 2006): the mean absolute error by that of the
// seasonal naive forecast within `history`, mean |history[t] - history[t - season]|. Below 1 is
// better than that. Throws Error if the history is not longer than a season, or constant.
double mase(std::span<const double> actual, std::span<const double> forecast,
            std::span<const double> history, std::int64_t season = 1);

}  // namespace chronicler::data
