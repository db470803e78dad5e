// What normalizes the numbers of lines: each line of a tensor (layers/core/lines.h) by itself is
// moved and scaled to moments of its own, then by weights.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "chronicler/layers/layer.h"
#include "layers/core/lines.h"
#include "layers/core/sums.h"

namespace chronicler {

// What a line is divided by, sqrt(spread + epsilon), and whether its mean is subtracted before.
struct LineRule {
  bool subtracts_mean = true;
  bool spreads_from_mean = true;  // the spread is of the squares of x - mean, else of x itself
  bool is_sum = false;            // their sum, else their mean
  double epsilon = 0.0;
  double most = std::numeric_limits<double>::infinity();  // of 1 / sqrt(spread + epsilon)
};

// The tape's places of what is kept of each line.
constexpr int line_mean_place = 0;
constexpr int line_factor_place = 1;  // 1 / sqrt(spread + epsilon)

// Axes as options say them, negative ones from the end; throws Error if one is not there, is the
// batch, or is named twice. who() gives the layer for the error: called for nothing else, as it
// makes a string.
template <class Who>
AxisSet named_axes(const Who& who, std::span<const std::int64_t> names, const Shape& x) {
  AxisSet axes;
  for (const std::int64_t given : names) {
    const std::int64_t axis = given < 0 ? given + x.rank() : given;
    if (axis < 1 || axis >= x.rank() || axes.has(static_cast<int>(axis))) {
      throw Error(fmt::format("{}: there is no axis {} in {}, or it is named twice", who(), given,
                              x.to_string()),
                  "axes are counted from the batch, 0, which stays");
    }
    axes.add(static_cast<int>(axis));
  }
  return axes;
}

// gamma, which multiplies, and beta, which is added, of which a layer may have one, both or none.
class ScaledLayer : public Layer {
 protected:
  template <class Options>
  void add_gamma_and_beta(const Options& options, const Shape& shape, bool has_gamma,
                          bool has_beta) {
    if (has_gamma) {
      add_weight("gamma", shape,
                 {options.gamma_initializer, options.gamma_regularizer, options.gamma_constraint});
    }
    if (has_beta) {
      add_weight("beta", shape,
                 {options.beta_initializer, options.beta_regularizer, options.beta_constraint});
    }
  }
};

// Weights of lines: null where there are none.
struct LineWeights {
  const Parameter* gamma = nullptr;
  const Parameter* beta = nullptr;
};

// The numbers of a line one after another: where they are, or copied into `room`.
template <class Real>
const Real* gathered_line(const Lines& lines, const Real* all, std::int64_t row, Real* room) {
  const Real* from = all + lines.begin(row);
  if (room == nullptr) return from;
  for (std::int64_t i = 0; i < lines.length(); ++i) room[i] = from[lines.offset(i)];
  return room;
}

// y of the same shape as x, in the arena. weight_of(line, i): which of the weights go with number i
// of the line.
template <class Real, class WeightOf>
TensorView normalize_lines(Pass& pass, const TensorView& x, const Lines& lines,
                           const LineRule& rule, const LineWeights& weights,
                           const WeightOf& weight_of, Tape* tape) {
  const std::int64_t width = lines.length();
  const std::int64_t rows = lines.count();
  const TensorView y = pass.arena.tensor(x.shape(), x.dtype());
  const TensorView means = pass.arena.tensor({rows}, x.dtype());
  const TensorView factors = pass.arena.tensor({rows}, x.dtype());
  const Real* gain = weights.gamma != nullptr ? weights.gamma->value.as<Real>() : nullptr;
  const Real* offset = weights.beta != nullptr ? weights.beta->value.as<Real>() : nullptr;
  Real* line = lines.side_by_side() ? nullptr : pass.arena.array<Real>(width);
  for (std::int64_t row = 0; row < rows; ++row) {
    const Real* from = gathered_line(lines, x.as<Real>(), row, line);
    Real* to = y.as<Real>() + lines.begin(row);
    const auto count = static_cast<double>(width);
    const double mean =
        sum_of(width, [&](std::int64_t i) { return static_cast<double>(from[i]); }) / count;
    const double middle = rule.spreads_from_mean ? mean : 0.0;
    const double squares = sum_of(width, [&](std::int64_t i) {
      const double away = static_cast<double>(from[i]) - middle;
      return away * away;
    });
    const double spread = rule.is_sum ? squares : squares / count;
    const auto factor =
        static_cast<Real>(std::min(1.0 / std::sqrt(spread + rule.epsilon), rule.most));
    const auto centre = static_cast<Real>(mean);
    const Real subtracted = rule.subtracts_mean ? centre : Real{0};
    means.as<Real>()[row] = centre;
    factors.as<Real>()[row] = factor;
    for (std::int64_t i = 0; i < width; ++i) {
      Real value = (from[i] - subtracted) * factor;
      if (gain != nullptr) value *= gain[weight_of(row, i)];
      if (offset != nullptr) value += offset[weight_of(row, i)];
      to[lines.offset(i)] = value;
    }
  }
  if (tape == nullptr) return y;
  (*tape)[line_mean_place] = means;
  (*tape)[line_factor_place] = factors;
  return y;
}

// Adds to the weights' gradients if they are trained; the gradient of x, if it is wanted. A line
// whose factor is the most gets none: it is 0, or as good as.
template <class Real, class WeightOf>
TensorView normalize_lines_back(Pass& pass, const TensorView& x, const TensorView& dy,
                                const Lines& lines, const LineRule& rule,
                                const LineWeights& weights, bool trained, const WeightOf& weight_of,
                                const Tape& tape, bool wanted) {
  const std::int64_t width = lines.length();
  Real* x_line = lines.side_by_side() ? nullptr : pass.arena.array<Real>(width);
  Real* dy_line = lines.side_by_side() ? nullptr : pass.arena.array<Real>(width);
  const TensorView all_dx = wanted ? pass.arena.tensor(x.shape(), x.dtype()) : TensorView();
  const auto gradient_of = [trained](const Parameter* weight) {
    return trained && weight != nullptr ? weight->gradient.template as<Real>() : nullptr;
  };
  const Real* gain = weights.gamma != nullptr ? weights.gamma->value.as<Real>() : nullptr;
  Real* d_gain = gradient_of(weights.gamma);
  Real* d_offset = gradient_of(weights.beta);
  Real* flow = pass.arena.array<Real>(width);  // dLoss/d normalized
  for (std::int64_t row = 0; row < lines.count(); ++row) {
    const Real* from = gathered_line(lines, x.as<Real>(), row, x_line);
    const Real* dout = gathered_line(lines, dy.as<Real>(), row, dy_line);
    const Real mean = tape[line_mean_place].template as<Real>()[row];
    const Real factor = tape[line_factor_place].template as<Real>()[row];
    const Real subtracted = rule.subtracts_mean ? mean : Real{0};
    const Real middle = rule.spreads_from_mean ? mean : Real{0};
    for (std::int64_t i = 0; i < width; ++i) {
      flow[i] = gain != nullptr ? dout[i] * gain[weight_of(row, i)] : dout[i];
      if (d_gain != nullptr) d_gain[weight_of(row, i)] += dout[i] * (from[i] - subtracted) * factor;
      if (d_offset != nullptr) d_offset[weight_of(row, i)] += dout[i];
    }
    if (!wanted) continue;
    Real* dx = all_dx.as<Real>() + lines.begin(row);
    const auto count = static_cast<double>(width);
    const double along = sum_of(width, [&](std::int64_t i) {
      return static_cast<double>(flow[i]) * static_cast<double>(from[i] - subtracted);
    });
    const double mean_flow = !rule.subtracts_mean ? 0.0 : sum_of(width, [&](std::int64_t i) {
                                                            return static_cast<double>(flow[i]);
                                                          }) / count;
    const bool is_most = factor >= static_cast<Real>(rule.most);
    const double of_spread =
        -along * std::pow(static_cast<double>(factor), 3.0) / (rule.is_sum ? 1.0 : count);
    for (std::int64_t i = 0; i < width; ++i) {
      dx[lines.offset(i)] = is_most ? Real{0}
                                    : (flow[i] - static_cast<Real>(mean_flow)) * factor +
                                          static_cast<Real>(of_spread) * (from[i] - middle);
    }
  }
  return all_dx;
}

}  // namespace chronicler
