#include "training/memory_span.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include <fmt/format.h>

#include "layers/core/dispatch.h"
#include "model/model_internals.h"
#include "model/network.h"

namespace chronicler {
namespace {

constexpr double endless = std::numeric_limits<double>::infinity();

double number_at(const Tensor& tensor, std::int64_t index) {
  return with_real(tensor.dtype(), [&](auto real) {
    return static_cast<double>(tensor.as<decltype(real)>()[index]);
  });
}

const Parameter* weight_of(const Layer& layer, std::string_view name) {
  for (const Parameter& parameter : layer.parameters()) {
    if (parameter.name == name) return &parameter;
  }
  return nullptr;
}

// The widest open of the units' gates that keep the state; biases (gates * units), or two rows.
double span_of_gate(const Layer& layer, std::int64_t gate, std::int64_t gates) {
  const Parameter* const bias = weight_of(layer, "bias");
  if (bias == nullptr) return 2.0;  // a gate half open
  const Tensor& values = bias->value;
  const std::int64_t columns = values.shape()[-1];
  const std::int64_t units = columns / gates;
  double widest = -endless;
  for (std::int64_t unit = 0; unit < units; ++unit) {
    double sum = 0.0;
    for (std::int64_t row = 0; row < values.size() / columns; ++row)
      sum += number_at(values, row * columns + gate * units + unit);
    widest = std::max(widest, sum);
  }
  return 1.0 + std::exp(widest);  // 1 / (1 - sigmoid(b))
}

// By the growth of a vector over many products: that of a rotation stays 1.
double span_of_kernel(const Layer& layer) {
  const Parameter* const kernel = weight_of(layer, "recurrent_kernel");
  if (kernel == nullptr) return endless;
  const std::int64_t units = kernel->value.shape()[0];
  constexpr int products = 64;
  std::vector<double> state(static_cast<std::size_t>(units));
  for (std::size_t i = 0; i < state.size(); ++i) state[i] = 1.0 + static_cast<double>(i % 7) / 7.0;
  double growth = 0.0;  // logarithm
  for (int product = 0; product < products; ++product) {
    std::vector<double> next(state.size(), 0.0);
    for (std::int64_t i = 0; i < units; ++i) {
      for (std::int64_t k = 0; k < units; ++k) {
        next[static_cast<std::size_t>(k)] +=
            state[static_cast<std::size_t>(i)] * number_at(kernel->value, i * units + k);
      }
    }
    double square = 0.0;
    double before = 0.0;
    for (std::size_t i = 0; i < state.size(); ++i) {
      square += next[i] * next[i];
      before += state[i] * state[i];
    }
    if (square <= 0.0) return 1.0;
    growth += std::log(std::sqrt(square / before));
    for (double& number : next) number /= std::sqrt(square);
    state = std::move(next);
  }
  const double radius = std::exp(growth / products);
  return radius >= 0.999 ? endless : 1.0 / (1.0 - radius);
}

// Empty for a layer that carries something else.
std::optional<double> span_of(const Layer& layer) {
  if (layer.class_name() == "LSTM") return span_of_gate(layer, 1, 4);
  if (layer.class_name() == "GRU") return span_of_gate(layer, 0, 3);
  if (layer.class_name() == "SimpleRNN") return span_of_kernel(layer);
  return std::nullopt;
}

}  // namespace

std::optional<double> memory_span(const Model& model) {
  std::optional<double> longest;
  for (const Network::Node& node : ModelInternals::network(model).nodes()) {
    const Layer& layer = *node.layer;
    const std::optional<double> span = span_of(layer);
    if (!span && (layer.state_size() > 0 || !layer.causal() || !layer.sublayers().empty()))
      return std::nullopt;
    if (span) longest = std::max(longest.value_or(0.0), *span);
  }
  return longest;
}

std::string note_on_memory(const Model& model, std::int64_t steps) {
  constexpr double far = 100.0;
  const std::optional<double> span = memory_span(model);
  if (!span || static_cast<double>(steps) <= far * *span) return {};
  return fmt::format(
      "note: sequences of {} steps are much longer than what model \"{}\" can remember as it "
      "starts, "
      "about {:.0f} steps: if what matters lies further back, start its gates with "
      "bias_initializer "
      "chrono (t_max: the longest lag), or a SimpleRNN with an orthogonal or identity recurrent "
      "kernel\n",
      steps, model.name(), std::max(1.0, *span));
}

}  // namespace chronicler
