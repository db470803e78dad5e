#include "chronicler/tasks/forecaster.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/crc32c.h"
#include "chronicler/base/error.h"
#include "chronicler/base/random.h"
#include "chronicler/formats/model_file.h"
#include "chronicler/layers/layer.h"
#include "tasks/forecast/calibration.h"
#include "tasks/forecast/frame.h"
#include "tasks/forecast/history.h"
#include "tasks/forecast/linear_path.h"
#include "tasks/forecast/measure.h"
#include "tasks/forecast/network.h"
#include "tasks/forecast/recipe.h"
#include "tasks/forecast/series_folds.h"
#include "tasks/forecast/series_parts.h"
#include "tasks/forecast/sizes.h"
#include "tasks/forecast/split.h"
#include "tasks/forecast/training.h"
#include "tasks/forecast/update.h"
#include "tasks/shared/folds.h"

namespace chronicler::tasks {
namespace {

const std::string asset_name = "forecast.json";
const std::string history_name = "history.json";

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

// Up to the targets' end, if rows of columns that are known ahead may follow.
data::TimeSeries rows_to_learn_from(const data::TimeSeries& given, const ForecastOptions& options) {
  if (options.future == 0) return given;
  return first_rows(
      given, rows_with_targets(given, static_cast<std::size_t>(count_targets(given, options))));
}

std::string choices_text(const ForecastRecipe& recipe, const ForecastSizes& sizes,
                         const SeriesSplit& split, const data::TimeSeries& series,
                         const LinearPath& path) {
  const data::RowCalendar& clock = series.calendar;
  const std::string unit = clock ? fmt::format(", {} apart{}{}", clock.step.count_name(),
                                               clock.always_open() ? "" : ", ", clock.sentence())
                                 : "";
  return fmt::format(
      "{} rows{}: {} to learn from (the last {} choose), {} to test. Scale: {}. Period: "
      "{}. "
      "{}Linear path: {} values back, best with {} inputs and penalty {}. Network: {} of {}, {} "
      "units{}, {} steps "
      "of memory, up to {} epochs, learning rate {}",
      split.rows, unit, split.learnt, split.validation, split.rows - split.learnt,
      recipe.scales.front().log ? "logarithms" : "as it is", recipe.period,
      recipe.effects.empty() ? "" : "Known ahead: explains the targets at its row. ",
      recipe.lookback, path.choices.front().features.size(), path.choices.front().penalty,
      sizes.networks, sizes.shape.cell == "gru" ? "GRU" : "LSTM", sizes.shape.units,
      sizes.shape.layers > 1 ? fmt::format(" in {} layers", sizes.shape.layers) : "", recipe.memory,
      sizes.plan.epochs, sizes.plan.learning_rate);
}

}  // namespace

Forecaster::Forecaster(const ForecastRecipe& recipe, Functional network, ForecastHistory history)
    : recipe_(std::make_shared<ForecastRecipe>(recipe)),
      network_(std::make_shared<Functional>(std::move(network))),
      history_(std::make_shared<ForecastHistory>(std::move(history))) {
  network_->assets()[asset_name] = recipe.to_json();
  if (!history_->is_empty()) network_->assets()[history_name] = history_->to_json();
}

Forecaster::Trained Forecaster::train(const data::TimeSeries& given,
                                      const ForecastOptions& options) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point began = Clock::now();
  const FlushDenormals flush;
  check_options(options, given.columns.size());
  const data::TimeSeries series = on_learnt_calendar(rows_to_learn_from(given, options), options);
  const SeriesSplit split = split_rows(series, options);
  check_columns(series, options, split);
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
  const ForecastSizes sizes =
      choose_sizes(options, split, frame, recipe, path.blocks.ranges.size());
  say(choices_text(recipe, sizes, split, series, path));

  const std::string data = recipe.to_json();
  const ForecastOptions chosen = as_chosen(options, split, recipe, sizes);
  NetworksInTurn networks(
      task_run("forecast", chosen, fmt::format("{:08x}-{}", crc32c(data), data.size())),
      sizes.networks);
  std::vector<Functional> members;
  HeldAnswers answers;
  bool stopped = false;
  for (std::int64_t m = 0; m < sizes.networks && !stopped; ++m) {
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
                      m + 1, sizes.networks, plan.held.begin + 1, plan.held.end, trained.start,
                      trained.run.best_error.value_or(trained.start), trained.run.best_epoch,
                      trained.run.epochs));
    }
    add_held_answers(network, frame, plan, answers);
    members.push_back(std::move(network));
  }
  calibrate(answers, recipe);
  std::vector<Functional*> pointers;
  pointers.reserve(members.size());
  for (Functional& member : members) pointers.push_back(&member);
  if (!stopped) networks.remove();

  Trained result{Forecaster(recipe, average_of(pointers, sizes.shape),
                            kept_rows(recipe, {on_clock_of(recipe, given), 0})),
                 {},
                 stopped,
                 networks.epochs(),
                 chosen};
  result.report = measure_forecasts(recipe, *result.forecaster.network_, series, split.learnt,
                                    options.test_every);
  result.report.notes = series.notes;
  result.report.seconds = std::chrono::duration<double>(Clock::now() - began).count();
  return result;
}

std::vector<ForecastReport> Forecaster::cross_validate(const data::TimeSeries& given,
                                                       const ForecastOptions& options,
                                                       std::int64_t folds) {
  check_options(options, given.columns.size());
  const data::TimeSeries series = rows_to_learn_from(given, options);
  check_folds(folds, options.resume, options.stop_after.has_value());
  const std::int64_t stretch = rows_of_fold(series, options, folds);
  const auto report = [&](ForecastOptions own, std::int64_t fold) -> std::optional<ForecastReport> {
    const SeriesFold part = fold_of_series(series, stretch, fold, folds);
    own.test_rows = part.test_rows;
    Trained trained = train(part.series, own);
    if (trained.stopped) return {};
    return std::move(trained.report);
  };
  return cross_validated<ForecastReport>(options, folds, report);
}

std::pair<data::TimeSeries, std::int64_t> Forecaster::rows_to_run(
    const data::TimeSeries& given) const {
  data::TimeSeries series = on_clock_of(*recipe_, given);
  const bool reads_ahead = !recipe_->future.empty();
  const std::int64_t end =
      reads_ahead ? rows_with_targets(series, recipe_->targets.size()) : series.rows();
  if (end < rows_needed()) {
    throw Error(fmt::format("{} has {} rows, a forecast looks back over {}", series.source, end,
                            rows_needed()),
                "give it more of the past");
  }
  if (reads_ahead) check_rows_ahead(*recipe_, series, end);
  return {std::move(series), end};
}

std::vector<RecurrentState> Forecaster::state(const data::TimeSeries& given) const {
  const auto [series, end] = rows_to_run(given);
  const FlushDenormals flush;
  const ForecastFrame frame(*recipe_, series);
  std::vector<RecurrentState> states;
  for (const Symbol& output : recurrent_outputs(*network_)) {
    Functional until_there(network_->inputs(), {output});
    for (std::size_t channel = 0; channel < recipe_->targets.size(); ++channel) {
      states.push_back({output.call().layer->name(), recipe_->targets[channel],
                        predicted_changes(until_there, frame, static_cast<std::int64_t>(channel),
                                          {end - 1}, recipe_->memory)});
    }
  }
  return states;
}

Forecast Forecaster::run(const data::TimeSeries& given) const {
  const auto [series, end] = rows_to_run(given);
  const bool reads_ahead = !recipe_->future.empty();
  const FlushDenormals flush;
  const ForecastFrame frame(*recipe_, series);
  Forecast forecast{recipe_->targets, recipe_->quantiles, {}, {}, {}, end};
  const auto horizon = static_cast<std::size_t>(recipe_->horizon);
  const std::size_t targets = recipe_->targets.size();
  const std::size_t quantiles = recipe_->quantiles.size();
  forecast.mean.resize(horizon * targets);
  forecast.values.resize(horizon * targets * quantiles);
  for (std::size_t channel = 0; channel < targets; ++channel) {
    const PredictedValues predicted =
        predicted_values(*recipe_, *network_, frame, static_cast<std::int64_t>(channel), {end - 1});
    for (std::size_t h = 0; h < horizon; ++h) {
      forecast.mean[h * targets + channel] = predicted.mean[h];
      for (std::size_t q = 0; q < quantiles; ++q) {
        forecast.values[(h * targets + channel) * quantiles + q] =
            predicted.quantiles[q * horizon + h];
      }
    }
  }
  if (!series.times.empty()) {
    for (std::int64_t h = 1; h <= recipe_->horizon; ++h)
      forecast.times.push_back(reads_ahead ? series.times[static_cast<std::size_t>(end + h - 1)]
                                           : series.time_after(h));
  }
  return forecast;
}

Forecast Forecaster::run(const data::TimeSeries& series, const Tensor& ahead) const {
  return run(with_rows_ahead(*recipe_, on_clock_of(*recipe_, series), ahead));
}

Forecast Forecaster::run() const {
  if (!history_->is_empty()) return run(history_->rows);
  throw Error("the model keeps no rows that a forecast could come after",
              "give it the series, or update it with one");
}

ForecastReport Forecaster::backtest(const data::TimeSeries& given,
                                    const BacktestOptions& options) const {
  check_fields("a backtest", options);
  data::TimeSeries series = on_clock_of(*recipe_, given);
  if (!recipe_->future.empty())
    series = first_rows(series, rows_with_targets(series, recipe_->targets.size()));
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
  ForecastReport report = measure_forecasts(*recipe_, *network_, series, begin, options.every);
  if (options.adapt) {
    const AdaptOptions how{options.learning_rate, options.decay, options.steps};
    report.adapted =
        measure_forecasts(*recipe_, *network_, series, begin, options.every, &how).model;
    report.adapted->name = "model, adapting";
  }
  report.notes = std::move(notes);
  return report;
}

Forecaster::Updated Forecaster::update(const data::TimeSeries& given,
                                       const UpdateOptions& options) const {
  check_fields("an update", options);
  const ForecastHistory all = with_rows(*recipe_, *history_, given);
  const data::TimeSeries series =
      recipe_->future.empty()
          ? all.rows
          : first_rows(all.rows, rows_with_targets(all.rows, recipe_->targets.size()));
  if (series.rows() < rows_needed()) {
    throw Error(fmt::format("{} has {} rows, a forecast looks back over {}", series.source,
                            series.rows(), rows_needed()),
                "give it more of the past");
  }
  ForecastRecipe recipe = *recipe_;
  Functional network = network_->clone();
  Updated result{*this};
  result.new_rows = count_new_rows(recipe, history(), series);
  if (options.train) {
    const TrainedOn trained = train_on(options, all, series, recipe, network);
    const TaskRunResult& run = trained.member.run;
    result.validation_rows = trained.validation_rows;
    result.error_before = trained.member.start;
    result.error = run.best_error.value_or(trained.member.start);
    result.epochs = run.epochs;
    result.best_epoch = run.best_epoch;
    result.stopped = !run.is_finished;
  }
  result.forecaster = Forecaster(recipe, std::move(network), kept_rows(recipe, all));
  return result;
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
  const ForecastRecipe recipe = ForecastRecipe::from_json(asset->second, path + ": " + asset_name);
  const std::int64_t width =
      recipe.horizon * static_cast<std::int64_t>(1 + recipe.quantiles.size());
  if (functional->input_shapes().size() != 2 || functional->output_shapes().size() != 1 ||
      functional->output_shapes().front().rank() != 3 ||
      functional->output_shapes().front()[2] != width) {
    throw Error(
        fmt::format("\"{}\": its network is not of the shape that {} says", path, asset_name));
  }
  ForecastHistory history;
  if (const auto kept = model->assets().find(history_name); kept != model->assets().end())
    history = ForecastHistory::from_json(kept->second, path + ": " + history_name, recipe);
  return {recipe, std::move(*functional), std::move(history)};
}

const data::TimeSeries& Forecaster::history() const { return history_->rows; }
std::int64_t Forecaster::rows_before_history() const { return history_->before; }
const std::vector<std::string>& Forecaster::targets() const { return recipe_->targets; }
const std::vector<std::string>& Forecaster::covariates() const { return recipe_->covariates; }
const std::vector<std::string>& Forecaster::future() const { return recipe_->future; }
const std::string& Forecaster::time_column() const { return recipe_->time_column; }
const data::RowCalendar& Forecaster::calendar() const {
  static const data::RowCalendar none;
  return recipe_->clock_is_learnt ? recipe_->clock : none;
}
std::int64_t Forecaster::horizon() const { return recipe_->horizon; }

std::vector<std::string> Forecaster::columns() const { return recipe_->columns(); }

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
