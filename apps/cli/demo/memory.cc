#include "cli/demo/memory.h"

#include <string>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace chronicler::cli::demo {
namespace {

constexpr std::int64_t steps = 100;
constexpr std::int64_t digit_rows = 8;

// The layer that reads the input.
const std::vector<double>& lowest(const MemoryCurves& curves) { return curves.layers.front().norm; }

}  // namespace

std::vector<MemoryCurves> measure_memory(const std::vector<TrainedModel>& models,
                                         const Digits& digits, std::uint64_t seed) {
  const std::int64_t count = digits.pixels.shape()[0];
  const Tensor x =
      digit_sequences(digits.pixels.rows(training_images, count), steps - digit_rows, seed + 1);
  const Tensor y = digits.labels.rows(training_images, count);
  std::vector<MemoryCurves> curves;
  for (const TrainedModel& trained : models)
    curves.push_back({trained.name, insight::gradient_flow(*trained.model, x, y)});
  return curves;
}

insight::LineChart memory_chart(const std::vector<MemoryCurves>& curves, Layers layers) {
  insight::LineChart chart{.title = "The gradient that reaches each earlier step",
                           .x_label = "steps back",
                           .y_label = "share of the last step's |dLoss/dh|",
                           .log_y = true,
                           .series = {}};
  for (std::size_t m = 0; m < curves.size(); ++m) {
    const std::size_t count = layers == Layers::all ? curves[m].layers.size() : 1;
    for (std::size_t layer = 0; layer < count; ++layer) {
      const std::vector<double>& norm = curves[m].layers[layer].norm;
      insight::Series series{.name = curves[m].model};
      if (count > 1) series.name += fmt::format(", layer {}", layer + 1);
      series.dashed = layer > 0;
      series.color = static_cast<int>(m);
      for (const double value : norm) series.y.push_back(value / norm.front());
      chart.series.push_back(std::move(series));
    }
  }
  return chart;
}

std::string memory_verdict(const std::vector<MemoryCurves>& curves) {
  std::vector<std::string> parts;
  for (const MemoryCurves& model : curves) {
    const std::vector<double>& norm = lowest(model);
    const auto horizon = insight::steps_until(norm, 1e-3);
    parts.push_back(fmt::format(
        "the {} gets {:.1g} of the last step's{}", model.model, norm.back() / norm.front(),
        horizon ? fmt::format(" (less than a thousandth from {} steps on)", *horizon) : ""));
  }
  return fmt::format("{} steps back, the layer that reads the input of {}.",
                     lowest(curves.front()).size() - 1, fmt::join(parts, ", that of "));
}

}  // namespace chronicler::cli::demo
