#include "tasks/forecast/known_effects.h"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "tasks/forecast/frame.h"
#include "tasks/forecast/own_path.h"
#include "tasks/shared/ridge.h"

namespace chronicler::tasks {
namespace {

// Learnt from what changes within `lag` rows, which takes out the level, a trend or a season; of a
// lag of 0, from the rows themselves.
std::vector<double> effects_by_lag(const ForecastFrame& frame, std::int64_t count, std::int64_t end,
                                   std::int64_t lag) {
  constexpr double penalty = 1e-3;
  std::vector<double> effects;
  std::vector<float> x(static_cast<std::size_t>(count));
  for (std::int64_t channel = 0; channel < frame.channels(); ++channel) {
    Moments moments(count, 1);
    for (std::int64_t row = lag; row < end; ++row) {
      if (!frame.is_observed(channel, row) || !frame.is_observed(channel, row - lag)) continue;
      for (std::int64_t which = 0; which < count; ++which) {
        const double before = lag == 0 ? 0.0 : frame.known_ahead(which, row - lag);
        x[static_cast<std::size_t>(which)] =
            static_cast<float>(frame.known_ahead(which, row) - before);
      }
      const double before = lag == 0 ? 0.0 : frame.z(channel, row - lag);
      const auto y = static_cast<float>(frame.z(channel, row) - before);
      moments.add(1, x.data(), &y);
    }
    const LinearMap map = solve_ridge(moments, first_features(count), penalty);
    effects.insert(effects.end(), map.weights.begin(), map.weights.end());
  }
  return effects;
}

}  // namespace

void choose_effects(const data::TimeSeries& series, const SeriesSplit& split,
                    const std::vector<std::int64_t>& lookbacks, ForecastRecipe& recipe) {
  if (recipe.future.empty()) return;
  constexpr double worth_it = 0.98;
  // What is learnt of the past beyond two periods matters less here than the time that it takes.
  const std::int64_t enough = std::max<std::int64_t>(2 * recipe.period + 1, 30);
  std::vector<std::int64_t> tried = {lookbacks.front()};
  for (const std::int64_t lookback : lookbacks) {
    if (lookback <= enough && lookback != tried.front()) tried.push_back(lookback);
  }
  // The unit of changes stays the same, so that errors can be compared.
  const auto error = [&] {
    return own_path(ForecastFrame(recipe, series), recipe.horizon, split, tried).choice.error;
  };
  double least = worth_it * error();
  const ForecastFrame plain(recipe, series);
  std::vector<double> best;
  for (const std::int64_t lag : std::set<std::int64_t>{0, 1, recipe.period, recipe.horizon}) {
    if (lag > split.fitted() / 2) continue;
    recipe.effects =
        effects_by_lag(plain, static_cast<std::int64_t>(recipe.future.size()), split.fitted(), lag);
    const double with_these = error();
    if (with_these >= least) continue;
    least = with_these;
    best = recipe.effects;
  }
  recipe.effects = std::move(best);
  if (!recipe.effects.empty()) set_units(recipe, series, split);
}

}  // namespace chronicler::tasks
