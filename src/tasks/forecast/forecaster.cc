#include "chronicler/tasks/forecaster.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <limits>
#include <numeric>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/crc32c.h"
#include "chronicler/base/error.h"
#include "chronicler/base/random.h"
#include "chronicler/formats/model_file.h"
#include "chronicler/layers/layer.h"
#include "tasks/forecast/choices.h"
#include "tasks/forecast/frame.h"
#include "tasks/forecast/network.h"
#include "tasks/forecast/recipe.h"
#include "tasks/forecast/scores.h"
#include "tasks/forecast/training.h"

namespace chronicler::tasks {
namespace {

const std::string asset_name = "forecast.json";
constexpr double nothing = std::numeric_limits<double>::quiet_NaN();

// The value below which a share of a standard normal distribution lies.
double normal_quantile(double share) {
  double low = -8.0;
  double high = 8.0;
  for (int i = 0; i < 60; ++i) {
    const double middle = 0.5 * (low + high);
    (0.5 * std::erfc(-middle / std::sqrt(2.0)) < share ? low : high) = middle;
  }
  return low;
}

// How the rows are used: [0, learnt) to learn from, the last of these to choose by, the rest to
// test.
struct Split {
  std::int64_t rows = 0;
  std::int64_t learnt = 0;
  std::int64_t validation = 0;
  std::int64_t fitted() const { return learnt - validation; }
};

Split split_rows(const data::TimeSeries& series, const ForecastOptions& options) {
  Split split;
  split.rows = series.rows();
  const std::int64_t test = options.test_rows > 0
                                ? options.test_rows
                                : std::max(split.rows / 5, std::min(options.horizon, split.rows));
  split.learnt = split.rows - test;
  split.validation =
      options.validation_rows > 0
          ? options.validation_rows
          : std::max({split.learnt / 4, std::min(2 * options.horizon, split.learnt / 2),
                      std::int64_t{0}});
  const std::int64_t needed = 2 * options.horizon + 8;
  if (split.fitted() < needed || split.validation < options.horizon || test < options.horizon) {
    throw Error(fmt::format("{} has {} rows: {} to test, {} to validate, {} to learn from; a "
                            "forecast of {} needs at least {}, {} and {}",
                            series.source, split.rows, test, split.validation,
                            std::max<std::int64_t>(split.fitted(), 0), options.horizon,
                            options.horizon, options.horizon, needed),
                "use more rows, a shorter horizon, or fewer test rows");
  }
  return split;
}

// On the calendar of the rows to learn from. Where that puts in rows that the series does not have,
// or the other way round, other rows are to learn from: then once more.
data::TimeSeries on_learnt_calendar(const data::TimeSeries& given, const ForecastOptions& options) {
  data::TimeSeries series = given;
  for (int round = 0; round < 3 && !series.times.empty(); ++round) {
    const Split split = split_rows(series, options);
    const auto calendar = data::RowCalendar::learn(series.times_of_file(split.learnt));
    if (calendar == series.calendar) break;
    series = data::on_calendar(series, calendar);
  }
  return series;
}

void check(const data::TimeSeries& series, const ForecastOptions& options, const Split& split) {
  const auto targets = static_cast<std::int64_t>(series.columns.size()) - options.covariates;
  for (std::int64_t column = 0; column < targets; ++column) {
    const double first = series.at(0, static_cast<std::size_t>(column));
    bool is_constant = true;
    for (std::int64_t row = 1; row < split.fitted() && is_constant; ++row)
      is_constant = series.at(row, static_cast<std::size_t>(column)) == first;
    if (!is_constant) continue;
    throw Error(
        fmt::format("{}: column \"{}\" is {} in all {} rows to learn from", series.source,
                    series.columns[static_cast<std::size_t>(column)], first, split.fitted()),
        "there is nothing to forecast; give another --target");
  }
}

void check(const ForecastOptions& options, std::size_t columns) {
  const auto refuse = [](const std::string& what) { throw Error("ForecastOptions: " + what); };
  if (options.horizon < 1)
    refuse(fmt::format("horizon must be at least 1, got {}", options.horizon));
  if (options.covariates < 0 || options.covariates >= static_cast<std::int64_t>(columns)) {
    refuse(fmt::format("covariates must leave a target among {} columns, got {}", columns,
                       options.covariates));
  }
  double last = 0.0;
  for (const double quantile : options.quantiles) {
    if (quantile <= last || quantile >= 1.0)
      refuse(fmt::format("quantiles must rise between 0 and 1, got {}",
                         fmt::join(options.quantiles, ", ")));
    last = quantile;
  }
  if (!options.cell.empty() && options.cell != "lstm" && options.cell != "gru")
    refuse(fmt::format("cell must be \"lstm\" or \"gru\", got \"{}\"", options.cell));
  if (!options.transform.empty() && options.transform != "none" && options.transform != "log")
    refuse(fmt::format("transform must be \"none\" or \"log\", got \"{}\"", options.transform));
}

double deviation_of_changes(const ForecastFrame& frame, std::int64_t horizon, std::int64_t end) {
  double squares = 0.0;
  double count = 0.0;
  for (std::int64_t channel = 0; channel < frame.channels(); ++channel) {
    for (std::int64_t row = 0; row + horizon < end; ++row) {
      for (std::int64_t h = 1; h <= horizon; ++h) {
        const double change = frame.z(channel, row + h) - frame.z(channel, row);
        squares += change * change;
        count += 1.0;
      }
    }
  }
  return squares > 0.0 ? std::sqrt(squares / count) : 1.0;
}

// Everything about the data that does not depend on the scale of the targets.
ForecastRecipe first_recipe(const data::TimeSeries& series, const ForecastOptions& options,
                            const Split& split) {
  ForecastRecipe recipe;
  const auto targets = static_cast<std::ptrdiff_t>(series.columns.size()) - options.covariates;
  recipe.targets.assign(series.columns.begin(), series.columns.begin() + targets);
  recipe.covariates.assign(series.columns.begin() + targets, series.columns.end());
  recipe.time_column = series.time_column;
  recipe.clock = series.calendar;
  recipe.notation = series.notation;
  recipe.horizon = options.horizon;
  recipe.quantiles = options.quantiles;
  recipe.period = choose_period(series, options.horizon, split.fitted());
  if (const data::RowCalendar& clock = recipe.clock) {
    const double days = clock.step.in_days();
    const auto until = static_cast<std::size_t>(split.fitted());
    const double years =
        clock.is_even()
            ? static_cast<double>(split.fitted()) * days / 365.25
            : static_cast<double>(series.times[until] - series.times[0]) / 86400.0 / 365.25;
    recipe.calendar_year = years >= 1.5;
    recipe.calendar = !data::calendar_names(clock.step, recipe.calendar_year).empty() &&
                      (clock.is_even() || days <= 4.0);
  }
  recipe.trained_rows = split.learnt;
  recipe.trained_until =
      series.times.empty() ? 0 : series.times[static_cast<std::size_t>(split.learnt - 1)];
  for (std::size_t column = 0; column < recipe.targets.size(); ++column) {
    double sum = 0.0;
    for (std::int64_t row = recipe.period; row < split.fitted(); ++row)
      sum += std::abs(series.at(row, column) - series.at(row - recipe.period, column));
    const double error =
        sum / static_cast<double>(std::max<std::int64_t>(split.fitted() - recipe.period, 1));
    recipe.seasonal_error.push_back(error > 0.0 ? error : 1.0);
  }
  return recipe;
}

// The recipe on one scale, the baseline that goes with it, and its error in the data's units.
struct Scaled {
  ForecastRecipe recipe;
  std::int64_t longest = 1;  // lookback that the data allow
  double error = 0.0;
};

void set_scale(ForecastRecipe& recipe, const data::TimeSeries& series, bool log,
               const Split& split) {
  recipe.scales =
      learn_scales(series, static_cast<std::int64_t>(recipe.targets.size()), log, split.fitted());
  const ForecastFrame plain(recipe, series);
  recipe.change = deviation_of_changes(plain, recipe.horizon, split.fitted());
  recipe.step_change = deviation_of_changes(plain, 1, split.fitted());
}

// The rows to learn from in blocks of as many as validate; the first block is what is left.
std::vector<RowRange> blocks_of(const Split& split) {
  std::vector<RowRange> ranges;
  std::int64_t end = split.learnt;
  for (; end - split.validation >= split.validation; end -= split.validation)
    ranges.insert(ranges.begin(), {end - split.validation, end});
  ranges.insert(ranges.begin(), {0, end});
  return ranges;
}

std::vector<double> linear_change(const ForecastRecipe& recipe, const ForecastFrame& frame,
                                  std::int64_t channel, std::int64_t row) {
  std::vector<float> lags(static_cast<std::size_t>(recipe.linear_lookback));
  frame.write_own_lags(channel, row, recipe.linear_lookback, lags.data());
  std::vector<double> result = recipe.linear_intercept;
  for (std::size_t i = 0; i < lags.size(); ++i) {
    for (std::size_t h = 0; h < result.size(); ++h)
      result[h] += static_cast<double>(lags[i]) * recipe.linear_weights[i * result.size() + h];
  }
  return result;
}

std::vector<std::int64_t> first_features(std::int64_t count) {
  std::vector<std::int64_t> features(static_cast<std::size_t>(count));
  std::iota(features.begin(), features.end(), 0);
  return features;
}

void set_linear(ForecastRecipe& recipe, const LinearMap& map) {
  recipe.linear_lookback = static_cast<std::int64_t>(map.chosen.size());
  recipe.linear_weights = map.weights;
  recipe.linear_intercept = map.intercept;
}

std::int64_t longest_lookback(const ForecastOptions& options, const Split& split) {
  if (options.lookback > 0) return std::min(options.lookback, split.fitted() / 2);
  return std::max<std::int64_t>(split.fitted() / 3, 1);
}

Scaled try_scale(const data::TimeSeries& series, const ForecastOptions& options, const Split& split,
                 bool log, ForecastRecipe recipe) {
  set_scale(recipe, series, log, split);
  const ForecastFrame frame(recipe, series);
  std::vector<std::int64_t> tried = lookbacks(recipe.period, longest_lookback(options, split));
  if (options.lookback > 0) tried = {longest_lookback(options, split)};
  const Blocks blocks =
      gather_blocks(frame, recipe.horizon, tried.back() - 1, blocks_of(split), tried.back());
  std::vector<std::vector<std::int64_t>> sets;
  for (const std::int64_t lookback : tried) sets.push_back(first_features(lookback));
  const LinearChoice choice = judge_linear(blocks, sets).front();

  // Judged in the data's units, where scales can be compared: each block by what the others taught.
  double squares = 0.0;
  double count = 0.0;
  for (std::size_t block = 0; block < blocks.ranges.size(); ++block) {
    if (blocks.moments[block].count() <= 0.0) continue;
    set_linear(recipe, solve_ridge(blocks.without(block), choice.features, choice.penalty));
    const RowRange& range = blocks.ranges[block];
    for (std::int64_t channel = 0; channel < frame.channels(); ++channel) {
      const auto column = static_cast<std::size_t>(channel);
      const Scale& scale = recipe.scales[column];
      for (std::int64_t row = std::max(range.begin - 1, tried.back() - 1);
           row + recipe.horizon < range.end; ++row) {
        const std::vector<double> change = linear_change(recipe, frame, channel, row);
        for (std::int64_t h = 1; h <= recipe.horizon; ++h) {
          const double told = scale.original(
              frame.z(channel, row) + recipe.change * change[static_cast<std::size_t>(h - 1)]);
          const double error = told - series.at(row + h, column);
          squares += error * error;
          count += 1.0;
        }
      }
    }
  }
  set_linear(recipe, solve_ridge(blocks.total(), choice.features, choice.penalty));
  return {std::move(recipe), tried.back(), std::sqrt(squares / count)};
}

bool is_positive(const data::TimeSeries& series, std::size_t targets) {
  for (std::int64_t row = 0; row < series.rows(); ++row) {
    for (std::size_t column = 0; column < targets; ++column) {
      if (series.at(row, column) <= 0.0) return false;
    }
  }
  return true;
}

Scaled choose_scale(const data::TimeSeries& series, const ForecastOptions& options,
                    const Split& split) {
  const ForecastRecipe recipe = first_recipe(series, options, split);
  const bool may_log = is_positive(series, recipe.targets.size());
  if (options.transform == "log" && !may_log) {
    throw Error(fmt::format("{}: numbers of 0 and below have no logarithm", series.source),
                "leave --transform out");
  }
  if (options.transform != "log") {
    Scaled plain = try_scale(series, options, split, false, recipe);
    if (!may_log || options.transform == "none") return plain;
    Scaled logs = try_scale(series, options, split, true, recipe);
    // Of a short series, growth in shares is the simpler tale unless the errors speak against it.
    const double allowed = split.fitted() < 500 ? 1.01 : 0.99;
    return logs.error < allowed * plain.error ? std::move(logs) : std::move(plain);
  }
  return try_scale(series, options, split, true, recipe);
}

// The linear path of the network: which features, and the sums to fit it from.
struct LinearPath {
  Blocks blocks;
  std::vector<LinearChoice> choices;
  std::int64_t longest = 1;   // lookback among the features
  std::int64_t best = 1;      // lookback of the best choice
  std::int64_t lookback = 1;  // that the network's lags keep

  // Learnt without a block, in the places of the network's lags.
  LinearMap map_without(std::size_t block) const {
    LinearMap map = mean_map(blocks.without(block), choices);
    for (std::int64_t& feature : map.chosen)
      feature = feature < longest ? feature : feature - longest + lookback;
    return map;
  }
  double error_without(std::size_t block) const {
    return mean_squared_error(blocks.moments[block], mean_map(blocks.without(block), choices));
  }
};

LinearPath choose_path(const data::TimeSeries& series, const ForecastOptions& options,
                       const Split& split, const Scaled& scaled, ForecastRecipe& recipe) {
  constexpr std::int64_t most_covariate_lags = 120;
  const auto covariates = static_cast<std::int64_t>(recipe.covariates.size());
  recipe.lookback = scaled.longest;
  recipe.covariate_lookback =
      covariates == 0 ? 0
                      : std::clamp<std::int64_t>(most_covariate_lags / covariates, 1,
                                                 std::min<std::int64_t>(24, scaled.longest));
  const ForecastFrame frame(recipe, series);
  const std::int64_t own = recipe.lookback;
  const std::int64_t seen = covariates * recipe.covariate_lookback;
  const std::int64_t calendar = frame.lags_width() - own - seen;
  std::vector<std::int64_t> tried = lookbacks(recipe.period, own);
  if (options.lookback > 0) tried = {own};
  std::vector<std::vector<std::int64_t>> sets;
  const auto all = first_features(frame.lags_width());
  for (const std::int64_t lookback : tried) {
    for (const bool with_covariates : {false, true}) {
      for (const bool with_calendar : {false, true}) {
        if ((with_covariates && seen == 0) || (with_calendar && calendar == 0)) continue;
        for (const bool with_level : {true, false}) {
          std::vector<std::int64_t> set = first_features(lookback);
          if (!with_level) set.erase(set.begin());
          if (with_covariates) set.insert(set.end(), all.begin() + own, all.begin() + own + seen);
          if (with_calendar) set.insert(set.end(), all.begin() + own + seen, all.end());
          if (!set.empty()) sets.push_back(std::move(set));
        }
      }
    }
  }
  LinearPath path{
      gather_blocks(frame, recipe.horizon, own - 1, blocks_of(split), 0), {}, own, 1, 1};
  path.choices = judge_linear(path.blocks, sets);
  for (const std::int64_t feature : path.choices.front().features)
    path.best = feature < own ? std::max(path.best, feature + 1) : path.best;
  for (const std::int64_t feature : mean_map(path.blocks.total(), path.choices).chosen) {
    if (feature < own) path.lookback = std::max(path.lookback, feature + 1);
  }
  recipe.lookback = path.lookback;
  return path;
}

// What depends on how much there is to learn from.
struct Sizes {
  NetworkShape shape;
  TrainingPlan plan;
  std::int64_t members = 1;
};

Sizes choose_sizes(const ForecastOptions& options, const Split& split, const ForecastFrame& frame,
                   ForecastRecipe& recipe, std::size_t blocks) {
  const std::int64_t examples = split.fitted() * frame.channels();
  Sizes sizes;
  NetworkShape& shape = sizes.shape;
  shape.steps_width = frame.steps_width();
  shape.lags_width = frame.lags_width();
  shape.horizon = recipe.horizon;
  shape.quantiles = static_cast<std::int64_t>(recipe.quantiles.size());
  shape.cell = options.cell.empty() ? "lstm" : options.cell;
  shape.units = options.units > 0  ? options.units
                : examples < 1000  ? 16
                : examples < 20000 ? 32
                : examples < 60000 ? 64
                                   : 96;
  shape.layers = options.layers > 0 ? options.layers : 1;
  shape.dropout = options.dropout >= 0.0 ? options.dropout : 0.2;
  shape.linear_learns = examples >= 20000;

  TrainingPlan& plan = sizes.plan;
  plan.shape = shape;
  plan.quantiles = recipe.quantiles;
  plan.memory = recipe.memory;
  plan.first = std::min(recipe.lookback - 1, split.fitted() / 2);
  plan.train = {0, split.learnt};
  plan.stretch = std::clamp<std::int64_t>(examples / 100, 16, 2 * recipe.memory);
  const std::int64_t stretches = std::max<std::int64_t>(examples / plan.stretch, 1);
  plan.batch = std::clamp<std::int64_t>(stretches / 16, 1, 16);
  plan.epochs = options.epochs > 0 ? options.epochs
                : examples < 20000 ? 100
                : examples < 60000 ? 60
                                   : 30;
  plan.patience = std::max<std::int64_t>(plan.epochs / 3, 8);
  plan.learning_rate = options.learning_rate > 0.0 ? options.learning_rate : 3e-3;
  sizes.members = options.members > 0 ? options.members : examples < 60000 ? 3 : 1;
  sizes.members = std::min(sizes.members, static_cast<std::int64_t>(blocks));
  return sizes;
}

// What a network tells of the rows that it was not trained on.
struct HeldAnswers {
  std::vector<float> told;    // (n, (1 + Q) H)
  std::vector<double> truth;  // (n, H); NaN does not count
};

void add_held_answers(Functional& network, const ForecastFrame& frame, const TrainingPlan& plan,
                      HeldAnswers& answers) {
  constexpr std::int64_t enough = 3000;
  for (std::int64_t channel = 0; channel < frame.channels(); ++channel) {
    std::vector<std::int64_t> rows;
    const std::int64_t begin = std::max(plan.held.begin - 1, plan.first);
    const std::int64_t end = plan.held.end - plan.shape.horizon;
    const std::int64_t every = std::max<std::int64_t>(1, (end - begin) / enough);
    for (std::int64_t row = begin; row < end; row += every) {
      rows.push_back(row);
      for (std::int64_t h = 1; h <= plan.shape.horizon; ++h) {
        answers.truth.push_back(frame.is_observed(channel, row + h) ? frame.change(channel, row, h)
                                                                    : nothing);
      }
    }
    const std::vector<float> told = tell(network, frame, channel, rows, plan.memory);
    answers.told.insert(answers.told.end(), told.begin(), told.end());
  }
}

// What would have made each quantile right on the held rows.
void calibrate(const HeldAnswers& answers, ForecastRecipe& recipe) {
  const auto horizon = static_cast<std::size_t>(recipe.horizon);
  const std::size_t quantiles = recipe.quantiles.size();
  const std::size_t width = (1 + quantiles) * horizon;
  const std::size_t count = answers.truth.size() / horizon;
  double told_truth = 0.0;
  double told_told = 0.0;
  for (std::size_t i = 0; i < answers.truth.size(); ++i) {
    if (std::isnan(answers.truth[i])) continue;
    const auto told = static_cast<double>(answers.told[i / horizon * width + i % horizon]);
    told_truth += told * answers.truth[i];
    told_told += told * told;
  }
  // A change that is told too large by far is worth less than none: believe what the rows show.
  const double share = told_told > 0.0 ? told_truth / told_told : 0.0;
  recipe.confidence = share < 0.8 ? std::clamp(share, 0.0, 1.0) : 1.0;
  recipe.calibration.assign(quantiles * horizon, 0.0);
  for (std::size_t q = 0; q < quantiles; ++q) {
    for (std::size_t h = 0; h < horizon; ++h) {
      std::vector<double> errors;
      for (std::size_t n = 0; n < count; ++n) {
        const double truth = answers.truth[n * horizon + h];
        if (std::isnan(truth)) continue;
        errors.push_back(truth -
                         static_cast<double>(answers.told[n * width + (q + 1) * horizon + h]));
      }
      if (errors.size() < 20) continue;
      const auto at = static_cast<std::size_t>(
          std::clamp(recipe.quantiles[q] * static_cast<double>(errors.size()), 0.0,
                     static_cast<double>(errors.size() - 1)));
      std::nth_element(errors.begin(), errors.begin() + static_cast<std::ptrdiff_t>(at),
                       errors.end());
      recipe.calibration[q * horizon + h] = errors[at];
    }
  }
}

struct Told {
  std::vector<double> mean;       // (rows, H), in the data's units
  std::vector<double> quantiles;  // (rows, Q, H), never crossing
};

Told tell_values(const ForecastRecipe& recipe, Functional& network, const ForecastFrame& frame,
                 std::int64_t channel, const std::vector<std::int64_t>& rows) {
  const std::vector<float> changes = tell(network, frame, channel, rows, recipe.memory);
  const Scale& scale = recipe.scales[static_cast<std::size_t>(channel)];
  const auto horizon = static_cast<std::size_t>(recipe.horizon);
  const std::size_t count = recipe.quantiles.size();
  Told told;
  for (std::size_t n = 0; n < rows.size(); ++n) {
    const double now = frame.z(channel, rows[n]);
    const float* answer = &changes[n * (1 + count) * horizon];
    for (std::size_t h = 0; h < horizon; ++h) {
      told.mean.push_back(
          scale.original(now + recipe.confidence * recipe.change * static_cast<double>(answer[h])));
    }
    std::vector<double> values(count * horizon);
    for (std::size_t h = 0; h < horizon; ++h) {
      std::vector<double> sorted;
      for (std::size_t q = 0; q < count; ++q) {
        const double change = static_cast<double>(answer[(q + 1) * horizon + h]) +
                              recipe.calibration[q * horizon + h];
        sorted.push_back(scale.original(now + recipe.change * change));
      }
      std::sort(sorted.begin(), sorted.end());
      for (std::size_t q = 0; q < count; ++q) values[q * horizon + h] = sorted[q];
    }
    told.quantiles.insert(told.quantiles.end(), values.begin(), values.end());
  }
  return told;
}

void check_columns(const ForecastRecipe& recipe, const data::TimeSeries& series) {
  std::vector<std::string> expected = recipe.targets;
  expected.insert(expected.end(), recipe.covariates.begin(), recipe.covariates.end());
  if (series.columns != expected) {
    throw Error(fmt::format("the model was learnt from columns {}, got {}",
                            fmt::join(expected, ", "), fmt::join(series.columns, ", ")));
  }
  if (recipe.calendar && series.times.empty()) {
    throw Error(fmt::format("{} has no column of times, the model was learnt with \"{}\"",
                            series.source, recipe.time_column),
                "give it with --time");
  }
  for (std::size_t column = 0; column < recipe.targets.size(); ++column) {
    if (!recipe.scales[column].log) continue;
    for (std::int64_t row = 0; row < series.rows(); ++row) {
      if (series.at(row, column) > 0.0) continue;
      throw Error(fmt::format("{}: column \"{}\" holds {} at {}; the model works on logarithms",
                              series.source, series.columns[column], series.at(row, column),
                              series.label(row)),
                  "train with --transform none");
    }
  }
}

// The rows on the clock that the model has learnt.
data::TimeSeries on_clock_of(const ForecastRecipe& recipe, const data::TimeSeries& series) {
  check_columns(recipe, series);
  if (recipe.clock_is_learnt) return data::on_calendar(series, recipe.clock);
  if (!recipe.calendar || series.times.empty()) return series;
  // Of a model from before clocks were kept the rows at hand must do.
  data::RowCalendar clock = series.calendar;
  if (!clock) clock = data::RowCalendar::learn(series.times);
  if (clock.step.name() != recipe.clock.step.name()) clock = recipe.clock;
  return data::on_calendar(series, clock);
}

ForecastReport measure(const ForecastRecipe& recipe, Functional& network,
                       const data::TimeSeries& series, std::int64_t begin, std::int64_t every) {
  const ForecastFrame frame(recipe, series);
  const std::int64_t horizon = recipe.horizon;
  std::vector<std::int64_t> rows;
  for (std::int64_t row = begin - 1; row + horizon < series.rows(); row += every)
    rows.push_back(row);
  ForecastReport report;
  report.period = recipe.period;
  report.quantiles = recipe.quantiles;
  std::vector<ChannelForecasts> channels;
  for (std::int64_t channel = 0; channel < frame.channels(); ++channel) {
    const auto column = static_cast<std::size_t>(channel);
    const Scale& scale = recipe.scales[column];
    ChannelForecasts all;
    const Told told = tell_values(recipe, network, frame, channel, rows);
    all.model = told.mean;
    const std::size_t quantiles = recipe.quantiles.size();
    for (std::size_t n = 0; n < rows.size(); ++n) {
      const std::int64_t row = rows[n];
      const double last = series.at(row, column);
      all.last.push_back(last);
      const std::vector<double> change = linear_change(recipe, frame, channel, row);
      for (std::int64_t h = 1; h <= horizon; ++h) {
        const auto step = static_cast<std::size_t>(h - 1);
        all.truth.push_back(series.is_observed(row + h, column) ? series.at(row + h, column)
                                                                : nothing);
        all.repeat_last.push_back(last);
        const std::int64_t back = (h + recipe.period - 1) / recipe.period * recipe.period;
        all.seasonal_naive.push_back(series.at(std::max<std::int64_t>(row + h - back, 0), column));
        all.linear_ar.push_back(
            scale.original(frame.z(channel, row) + recipe.change * change[step]));
        if (quantiles < 2) continue;
        const auto width = static_cast<std::size_t>(horizon);
        all.low.push_back(told.quantiles[n * quantiles * width + step]);
        all.high.push_back(told.quantiles[(n * quantiles + quantiles - 1) * width + step]);
      }
    }
    double sum = 0.0;
    double squares = 0.0;
    if (scale.log) {  // the deviation of the numbers themselves
      const std::int64_t end = std::min(series.rows(), begin);
      for (std::int64_t row = 0; row < end; ++row) sum += series.at(row, column);
      const double mean = sum / static_cast<double>(end);
      for (std::int64_t row = 0; row < end; ++row)
        squares += (series.at(row, column) - mean) * (series.at(row, column) - mean);
      all.deviation = std::sqrt(squares / static_cast<double>(end));
    } else {
      all.deviation = scale.deviation;
    }
    all.seasonal_error = recipe.seasonal_error[column];
    channels.push_back(std::move(all));
  }
  if (recipe.quantiles.size() >= 2)
    report.nominal = recipe.quantiles.back() - recipe.quantiles.front();
  const bool any = std::any_of(channels.begin(), channels.end(), [](const auto& channel) {
    return std::any_of(channel.truth.begin(), channel.truth.end(),
                       [](double value) { return !std::isnan(value); });
  });
  if (!any) {
    throw Error(fmt::format("{}: there is no truth to compare forecasts with in rows {} to {}",
                            series.source, begin + 1, series.rows()));
  }
  compare(channels, horizon, report);
  const ChannelForecasts& first = channels.front();
  for (std::size_t n = 0; n < rows.size(); ++n) {
    const std::size_t at = n * static_cast<std::size_t>(horizon);
    report.rows.push_back(rows[n] + 1);
    if (!series.times.empty())
      report.times.push_back(series.times[static_cast<std::size_t>(rows[n] + 1)]);
    report.truth.push_back(first.truth[at]);
    report.told.push_back(first.model[at]);
    if (first.low.empty()) continue;
    report.low.push_back(first.low[at]);
    report.high.push_back(first.high[at]);
  }
  return report;
}

// What the runs of all networks have in common.
TaskRun common_run(const ForecastOptions& options, const ForecastRecipe& recipe) {
  const auto text = [](const auto& value) { return fmt::format("{}", value); };
  const std::string data = recipe.to_json();
  TaskRun run;
  run.max_seconds = options.max_seconds;
  run.stop_after = options.stop_after;
  run.checkpoint = options.checkpoint;
  run.resume = options.resume;
  // Of what was chosen from the data, as 0 and empty say, the recipe tells.
  run.identity = {
      {"data and what follows from them", fmt::format("{:08x}-{}", crc32c(data), data.size())},
      {"cell", options.cell.empty() ? "lstm" : options.cell},
      {"layers", text(options.layers == 0 ? 1 : options.layers)},
      {"units", text(options.units)},
      {"epochs", text(options.epochs)},
      {"learning_rate", text(options.learning_rate)},
      {"dropout", text(options.dropout)},
      {"lookback", text(options.lookback)},
      {"transform", options.transform.empty() ? "chosen" : options.transform},
      {"validation_rows", text(options.validation_rows)},
      {"seed", text(options.seed)}};
  run.report_seconds = options.report_seconds;
  run.progress = options.progress;
  return run;
}

std::string told_choice(const ForecastRecipe& recipe, const Sizes& sizes, const Split& split,
                        const data::TimeSeries& series, const LinearPath& path) {
  const data::RowCalendar& clock = series.calendar;
  const std::string unit = clock ? fmt::format(", {} apart{}{}", clock.step.count_name(),
                                               clock.always_open() ? "" : ", ", clock.sentence())
                                 : "";
  return fmt::format(
      "{} rows{}: {} to learn from (the last {} choose), {} to test. Scale: {}. Period: "
      "{}. "
      "Linear path: {} values back, best with {} inputs and penalty {}. Network: {} of {}, {} "
      "units{}, {} steps "
      "of memory, up to {} epochs, learning rate {}",
      split.rows, unit, split.learnt, split.validation, split.rows - split.learnt,
      recipe.scales.front().log ? "logarithms" : "as it is", recipe.period, recipe.lookback,
      path.choices.front().features.size(), path.choices.front().penalty, sizes.members,
      sizes.shape.cell == "gru" ? "GRU" : "LSTM", sizes.shape.units,
      sizes.shape.layers > 1 ? fmt::format(" in {} layers", sizes.shape.layers) : "", recipe.memory,
      sizes.plan.epochs, sizes.plan.learning_rate);
}

}  // namespace

Forecaster::Trained Forecaster::train(const data::TimeSeries& given,
                                      const ForecastOptions& options) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point began = Clock::now();
  const FlushDenormals flush;
  check(options, given.columns.size());
  const data::TimeSeries series = on_learnt_calendar(given, options);
  const Split split = split_rows(series, options);
  check(series, options, split);
  const auto say = [&](const std::string& line) {
    if (options.say) options.say(line);
  };

  Scaled scaled = choose_scale(series, options, split);
  ForecastRecipe recipe = scaled.recipe;
  LinearPath path = choose_path(series, options, split, scaled, recipe);
  recipe.memory = std::clamp<std::int64_t>(
      std::max<std::int64_t>({recipe.period, path.best, 16}), 1,
      std::max<std::int64_t>(std::min<std::int64_t>(split.fitted() / 4, 168), 1));
  const ForecastFrame frame(recipe, series);
  const Sizes sizes = choose_sizes(options, split, frame, recipe, path.blocks.ranges.size());
  say(told_choice(recipe, sizes, split, series, path));

  NetworksInTurn networks(common_run(options, recipe), sizes.members);
  std::vector<Functional> members;
  HeldAnswers answers;
  bool stopped = false;
  for (std::int64_t m = 0; m < sizes.members && !stopped; ++m) {
    TrainingPlan plan = sizes.plan;
    const std::size_t block = path.blocks.ranges.size() - 1 - static_cast<std::size_t>(m);
    plan.held = path.blocks.ranges[block];
    plan.seed = options.seed * 1000003 + static_cast<std::uint64_t>(m);
    set_random_seed(plan.seed);
    Functional network = make_forecast_network(sizes.shape, "");
    if (!networks.take_finished(network)) {
      stopped = networks.pauses();
      if (stopped) break;
      const LinearMap map = path.map_without(block);
      const double spread = std::sqrt(path.error_without(block));
      std::vector<double> offsets;
      for (const double quantile : recipe.quantiles) {
        offsets.insert(offsets.end(), static_cast<std::size_t>(recipe.horizon),
                       spread * normal_quantile(quantile));
      }
      start_from(network, "", map, offsets);
      const TrainedMember trained = train_member(network, frame, plan, networks);
      stopped = !trained.run.is_finished;
      say(
          fmt::format("network {} of {}: validated on rows {} to {}: {:.4f} as it began, {:.4f} "
                      "after epoch {:.3g} of {:.3g}",
                      m + 1, sizes.members, plan.held.begin + 1, plan.held.end, trained.start,
                      trained.run.best_error.value_or(trained.start), trained.run.best_epoch,
                      trained.run.epochs));
    }
    add_held_answers(network, frame, plan, answers);
    members.push_back(std::move(network));
  }
  calibrate(answers, recipe);
  std::vector<Functional*> pointers;
  for (Functional& member : members) pointers.push_back(&member);
  auto network = std::make_shared<Functional>(average_of(pointers, sizes.shape));
  network->assets()[asset_name] = recipe.to_json();
  if (!stopped) networks.remove();

  Trained result{Forecaster(std::make_shared<ForecastRecipe>(recipe), network),
                 {},
                 stopped,
                 networks.epochs()};
  result.report = measure(recipe, *network, series, split.learnt, options.test_every);
  result.report.notes = series.notes;
  result.report.seconds = std::chrono::duration<double>(Clock::now() - began).count();
  return result;
}

Forecast Forecaster::run(const data::TimeSeries& given) const {
  const data::TimeSeries series = on_clock_of(*recipe_, given);
  if (series.rows() < rows_needed()) {
    throw Error(fmt::format("{} has {} rows, a forecast looks back over {}", series.source,
                            series.rows(), rows_needed()),
                "give it more of the past");
  }
  const FlushDenormals flush;
  const ForecastFrame frame(*recipe_, series);
  Forecast forecast{recipe_->targets, recipe_->quantiles, {}, {}, {}};
  const auto horizon = static_cast<std::size_t>(recipe_->horizon);
  const std::size_t targets = recipe_->targets.size();
  const std::size_t quantiles = recipe_->quantiles.size();
  forecast.mean.resize(horizon * targets);
  forecast.values.resize(horizon * targets * quantiles);
  for (std::size_t channel = 0; channel < targets; ++channel) {
    const Told told = tell_values(*recipe_, *network_, frame, static_cast<std::int64_t>(channel),
                                  {series.rows() - 1});
    for (std::size_t h = 0; h < horizon; ++h) {
      forecast.mean[h * targets + channel] = told.mean[h];
      for (std::size_t q = 0; q < quantiles; ++q) {
        forecast.values[(h * targets + channel) * quantiles + q] = told.quantiles[q * horizon + h];
      }
    }
  }
  if (!series.times.empty()) {
    for (std::int64_t h = 1; h <= recipe_->horizon; ++h)
      forecast.times.push_back(series.time_after(h));
  }
  return forecast;
}

ForecastReport Forecaster::backtest(const data::TimeSeries& given,
                                    const BacktestOptions& options) const {
  const data::TimeSeries series = on_clock_of(*recipe_, given);
  const FlushDenormals flush;
  std::int64_t begin = rows_needed();
  std::vector<std::string> notes = series.notes;
  if (options.rows > 0) {
    begin = series.rows() - options.rows;
  } else if (recipe_->trained_until != 0 && !series.times.empty()) {
    const auto after =
        std::upper_bound(series.times.begin(), series.times.end(), recipe_->trained_until);
    begin = std::max<std::int64_t>(begin, after - series.times.begin());
  }
  if (begin < rows_needed() || begin + recipe_->horizon > series.rows()) {
    throw Error(fmt::format("{} has {} rows: none is left to compare forecasts of {} with after "
                            "the {} that they look back over{}",
                            series.source, series.rows(), recipe_->horizon, rows_needed(),
                            options.rows > 0 || recipe_->trained_until == 0
                                ? ""
                                : " or that the model was learnt from"),
                "give newer rows, or say with --rows how many of the last ones to use");
  }
  if (!series.times.empty() && recipe_->trained_until != 0 &&
      series.times[static_cast<std::size_t>(begin)] <= recipe_->trained_until) {
    notes.push_back(
        fmt::format("the model was learnt from rows up to {}: errors before that are "
                    "not a test",
                    series.format_time(recipe_->trained_until)));
  }
  ForecastReport report = measure(*recipe_, *network_, series, begin, options.every);
  report.notes = std::move(notes);
  return report;
}

void Forecaster::save(const std::string& path) const { network_->save(path); }

Forecaster Forecaster::load(const std::string& path) {
  std::unique_ptr<Model> model = load_model(path);
  auto* functional = dynamic_cast<Functional*>(model.get());
  const auto asset = model->assets().find(asset_name);
  if (functional == nullptr || asset == model->assets().end()) {
    throw Error(fmt::format("\"{}\" holds no forecaster", path),
                "make one with chronicler forecast train");
  }
  auto recipe = std::make_shared<ForecastRecipe>(
      ForecastRecipe::from_json(asset->second, path + ": " + asset_name));
  auto network = std::make_shared<Functional>(std::move(*functional));
  const ForecastRecipe& learnt = *recipe;
  const std::int64_t width =
      learnt.horizon * static_cast<std::int64_t>(1 + learnt.quantiles.size());
  if (network->input_shapes().size() != 2 || network->output_shapes().size() != 1 ||
      network->output_shapes().front().rank() != 3 ||
      network->output_shapes().front()[2] != width) {
    throw Error(
        fmt::format("\"{}\": its network is not of the shape that {} tells", path, asset_name));
  }
  return {std::move(recipe), std::move(network)};
}

const std::vector<std::string>& Forecaster::targets() const { return recipe_->targets; }
const std::vector<std::string>& Forecaster::covariates() const { return recipe_->covariates; }
const std::string& Forecaster::time_column() const { return recipe_->time_column; }
const data::RowCalendar& Forecaster::calendar() const {
  static const data::RowCalendar none;
  return recipe_->clock_is_learnt ? recipe_->clock : none;
}
std::int64_t Forecaster::horizon() const { return recipe_->horizon; }

std::vector<std::string> Forecaster::columns() const {
  std::vector<std::string> all = recipe_->targets;
  all.insert(all.end(), recipe_->covariates.begin(), recipe_->covariates.end());
  return all;
}

data::TimeSeriesOptions Forecaster::reading() const {
  data::TimeSeriesOptions options{.columns = columns()};
  options.time = data::split_names(recipe_->time_column);
  options.usual = recipe_->notation;
  options.utc = !recipe_->own_clock;
  options.calendar = calendar();
  return options;
}

std::int64_t Forecaster::rows_needed() const {
  return std::max({recipe_->lookback, recipe_->linear_lookback, recipe_->memory, recipe_->period});
}

}  // namespace chronicler::tasks
