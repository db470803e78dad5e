#include "cli/bench/scaling.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include "chronicler/base/error.h"
#include "chronicler/base/random.h"
#include "chronicler/base/runtime.h"
#include "chronicler/layers/layers.h"
#include "chronicler/model/model.h"
#include "chronicler/training/fit.h"
#include "cli/bench/timing.h"

namespace chronicler::cli::bench {
namespace {

constexpr std::int64_t classes = 10;

Tensor made_up_inputs(const Shape& shape) {
  const Random random(1);
  Tensor x(shape);
  std::uint64_t place = 0;
  for (float& value : x.span<float>()) value = static_cast<float>(random.normal(0, place++));
  return x;
}

Tensor labels(std::int64_t batch) {
  Tensor y({batch}, DType::int32);
  std::int32_t label = 0;
  for (std::int32_t& value : y.span<std::int32_t>()) value = label++ % std::int32_t{classes};
  return y;
}

Sequential compiled(std::vector<LayerPtr> layers) {
  Sequential model(std::move(layers));
  model.compile({.optimizer = "adam", .loss = "sparse_categorical_crossentropy"});
  return model;
}

// As many features as units.
ScalingFigure scaling_shape(const std::string& axis, std::int64_t units, std::int64_t batch,
                            std::int64_t steps) {
  const auto products = static_cast<double>(4 * units * 2 * units * steps * batch);
  return {axis, units, batch, steps, units, 3.0 * 2.0 * products, {}};
}

// ---- options

struct Variant {
  std::string name;
  layers::LSTMOptions options = {};
  double masked = 0.0;  // the share of the steps, at the ends of the rows
  bool decays = false;
};

struct VariantRun {
  Sequential model;
  Tensor x;
  Tensor y;
  std::vector<double> seconds;
};

constexpr std::int64_t option_units = 64;
constexpr std::int64_t option_batch = 32;
constexpr std::int64_t option_steps = 100;
constexpr std::int64_t option_features = 64;

std::vector<Variant> variants() {
  return {
      {"none", {}},
      {"dropout 0.2", {.dropout = 0.2}},
      {"recurrent_dropout 0.2", {.recurrent_dropout = 0.2}},
      {"both dropouts 0.2", {.dropout = 0.2, .recurrent_dropout = 0.2}},
      {"a mask, all steps count", {}, 1e-9},
      {"a mask, half of the steps count", {}, 0.5},
      {"input that decays to denormals", {}, 0.0, true},
  };
}

// Row by row from hardly anything masked to twice the mean; masked steps are zeros.
void mask_ends(Tensor& x, double masked) {
  const std::int64_t row_size = option_steps * option_features;
  float* numbers = x.as<float>();
  for (std::int64_t row = 0; row < option_batch; ++row) {
    const double share = 2.0 * masked * (static_cast<double>(row) + 0.5) / option_batch;
    const auto count = static_cast<std::int64_t>(share * option_steps);
    std::fill_n(numbers + (row + 1) * row_size - count * option_features, count * option_features,
                0.0F);
  }
}

// From 1 to 1e-44 over the steps: the last quarter is denormal.
void decay(Tensor& x) {
  std::int64_t place = 0;
  for (float& value : x.span<float>()) {
    const std::int64_t step = place++ / option_features % option_steps;
    value *= static_cast<float>(std::pow(10.0, -44.0 * static_cast<double>(step) / option_steps));
  }
}

VariantRun make_run(const Variant& variant) {
  std::vector<LayerPtr> stack{layers::Input(Shape{option_steps, option_features})};
  if (variant.masked > 0.0) stack.push_back(layers::Masking());
  layers::LSTMOptions options = variant.options;
  options.units = option_units;
  options.return_sequences = true;
  stack.push_back(layers::LSTM(options));
  options.return_sequences = false;
  stack.push_back(layers::LSTM(options));
  stack.push_back(layers::Dense({.units = classes, .activation = "softmax"}));
  VariantRun run{compiled(std::move(stack)),
                 made_up_inputs({option_batch, option_steps, option_features}),
                 labels(option_batch),
                 {}};
  if (variant.masked > 0.0) mask_ends(run.x, variant.masked);
  if (variant.decays) decay(run.x);
  return run;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

}  // namespace

std::vector<ScalingFigure> scaling_shapes(const std::string& axis) {
  static constexpr std::array<std::string_view, 3> axes{"steps", "units", "batch"};
  if (!axis.empty() && std::find(axes.begin(), axes.end(), axis) == axes.end())
    unknown_name("axis", axis, axes);
  std::vector<ScalingFigure> figures;
  const auto add = [&](const char* name, std::int64_t units, std::int64_t batch,
                       std::int64_t steps) {
    if (axis.empty() || axis == name) figures.push_back(scaling_shape(name, units, batch, steps));
  };
  for (const std::int64_t steps : {100, 1000, 10000, 100000}) add("steps", 32, 8, steps);
  for (const std::int64_t units : {16, 32, 64, 128, 256, 512, 1024, 2048})
    add("units", units, 32, 20);
  for (const std::int64_t batch : {1, 2, 4, 8, 16, 32, 64, 128, 256, 512})
    add("batch", 64, batch, 100);
  return figures;
}

void time_scaling(ScalingFigure& figure, const std::vector<int>& threads, double seconds) {
  // Not orthogonal: to make such a matrix of 2,048 units takes longer than to measure.
  Sequential model =
      compiled({layers::Input(Shape{figure.steps, figure.features}),
                layers::LSTM({.units = figure.units, .recurrent_initializer = "glorot_uniform"}),
                layers::Dense({.units = classes, .activation = "softmax"})});
  const Tensor x = made_up_inputs({figure.batch, figure.steps, figure.features});
  const Tensor y = labels(figure.batch);
  for (const int count : threads) {
    set_threads(count);
    figure.seconds.push_back(time_runs(seconds, [&] { model.train_on_batch(x, y); }).median());
  }
}

std::vector<OptionCost> time_options(double seconds) {
  std::vector<VariantRun> runs;
  for (const Variant& variant : variants()) {
    runs.push_back(make_run(variant));
    for (int i = 0; i < 3; ++i) runs.back().model.train_on_batch(runs.back().x, runs.back().y);
  }
  const Stopwatch all;
  while (all.seconds() < seconds * static_cast<double>(runs.size()) ||
         runs.front().seconds.size() < 5) {
    for (VariantRun& run : runs) {
      const Stopwatch one;
      run.model.train_on_batch(run.x, run.y);
      run.seconds.push_back(one.seconds());
    }
  }
  std::vector<OptionCost> costs;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    // Round by round: what slows the whole machine down slows both.
    std::vector<double> ratios;
    for (std::size_t round = 0; round < runs[i].seconds.size(); ++round)
      ratios.push_back(runs[i].seconds[round] / runs[0].seconds[round]);
    costs.push_back(
        {variants()[i].name, median(runs[i].seconds), median(ratios), 1.0 - variants()[i].masked});
  }
  return costs;
}

std::vector<double> time_first_steps(int count) {
  Sequential model = compiled(
      {layers::Input(Shape{10, 100}), layers::LSTM({.units = 64, .return_sequences = true}),
       layers::LSTM({.units = 64}), layers::Dense({.units = classes, .activation = "softmax"})});
  const Tensor x = made_up_inputs({32, 10, 100});
  const Tensor y = labels(32);
  std::vector<double> seconds;
  for (int i = 0; i < count; ++i) {
    const Stopwatch one;
    model.train_on_batch(x, y);
    seconds.push_back(one.seconds());
  }
  return seconds;
}

}  // namespace chronicler::cli::bench
