#include "training/online/adaptation.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <set>

#include "layers/core/dispatch.h"

namespace chronicler {
namespace {

// Share of the gathered mean squares that a move keeps, once there have been many.
constexpr double kept_share = 0.99;
constexpr double least_of_mean = 0.1;

// How much of the mean of `moves` squares, each counted alike at first, a further one keeps.
double share_kept(std::int64_t moves) {
  const double count = static_cast<double>(moves);
  return std::min(kept_share, count / (count + 1.0));
}

double sum_of_roots(const Tensor& squares) {
  double sum = 0.0;
  with_real(squares.dtype(), [&](auto real) {
    using Real = decltype(real);
    for (const Real square : squares.span<Real>()) sum += std::sqrt(square);
  });
  return sum;
}

template <class Real>
struct Move {
  Real rate;
  Real decay;  // by the mean size
  Real scale;
  Real least;
};

template <class Real>
void move_weights(std::int64_t count, const Move<Real>& by, const Real* __restrict gradient,
                  const Real* __restrict squares, const Real* __restrict trained,
                  Real* __restrict weight) {
  for (std::int64_t i = 0; i < count; ++i) {
    const Real size = by.scale * std::sqrt(squares[i]);
    const Real back = std::min(by.decay * size, Real{1});
    weight[i] -= by.rate * gradient[i] / (size + by.least) + back * (weight[i] - trained[i]);
  }
}

}  // namespace

std::vector<Parameter*> Adaptation::trainable_weights(const Model& model) {
  std::vector<Parameter*> weights;
  std::set<const Parameter*> seen;
  for (const LayerPtr& layer : model.layers()) {
    for (std::size_t i = 0; i < layer->parameters().size(); ++i) {
      Parameter& parameter = layer->parameters()[i];
      if (layer->trains(i) && seen.insert(&parameter).second) weights.push_back(&parameter);
    }
  }
  return weights;
}

Adaptation::Adaptation(Model& own, const AdaptOptions& options, const Optimizer* optimizer,
                       const std::vector<Parameter*>& parameters_of_optimizer)
    : own_(own), options_(options) {
  const std::vector<Parameter*> parameters = trainable_weights(own);
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const Tensor& value = parameters[i]->value;
    Weight weight{parameters[i], value.clone(), {}, Tensor(value.shape(), value.dtype())};
    if (optimizer != nullptr && i < parameters_of_optimizer.size())
      weight.kept_squares = optimizer->mean_squares(*parameters_of_optimizer[i]);
    weights_.push_back(std::move(weight));
  }
  // All or none: sizes are compared with one another.
  const bool all_kept = std::all_of(weights_.begin(), weights_.end(), [](const Weight& weight) {
    return static_cast<bool>(weight.kept_squares);
  });
  for (Weight& weight : weights_) {
    if (!all_kept) weight.kept_squares = Tensor();
  }
}

Adaptation::Adaptation(Model& own, const Adaptation& other)
    : own_(own), options_(other.options_), moves_(other.moves_) {
  const std::vector<Parameter*> parameters = trainable_weights(own);
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const Weight& from = other.weights_[i];
    weights_.push_back({parameters[i], from.trained, from.kept_squares, from.squares.clone()});
  }
}

void Adaptation::forget_gradients() {
  for (const LayerPtr& layer : own_.layers()) {
    for (Parameter& parameter : layer->parameters()) {
      if (parameter.gradient)
        std::memset(parameter.gradient.view().raw(), 0, parameter.gradient.bytes());
    }
  }
}

// False: a gradient is not finite.
bool Adaptation::gather() {
  for (const Weight& weight : weights_) {
    bool finite = true;
    with_real(weight.squares.dtype(), [&](auto real) {
      using Real = decltype(real);
      for (const Real g : weight.parameter->gradient.template span<Real>())
        finite = finite && std::isfinite(g);
    });
    if (!finite) return false;
  }
  const double share = share_kept(moves_);
  for (const Weight& weight : weights_) {
    with_real(weight.squares.dtype(), [&](auto real) {
      using Real = decltype(real);
      const auto kept = static_cast<Real>(share);
      const Real* gradient = weight.parameter->gradient.template as<Real>();
      Real* squares = weight.squares.as<Real>();
      for (std::int64_t i = 0; i < weight.squares.size(); ++i)
        squares[i] += (Real{1} - kept) * (gradient[i] * gradient[i] - squares[i]);
    });
  }
  ++moves_;
  return true;
}

Adaptation::Sizes Adaptation::find_sizes() const {
  double gathered = 0.0;
  double kept = 0.0;
  double count = 0.0;
  for (const Weight& weight : weights_) {
    gathered += sum_of_roots(weight.squares);
    if (weight.kept_squares) kept += sum_of_roots(weight.kept_squares);
    count += static_cast<double>(weight.squares.size());
  }
  Sizes sizes;
  sizes.mean = gathered / std::max(count, 1.0);
  sizes.least = least_of_mean * sizes.mean;
  if (kept > 0.0) sizes.scale = gathered / kept;
  return sizes;
}

void Adaptation::move() {
  if (!gather()) return;
  const Sizes sizes = find_sizes();
  if (!(sizes.mean > 0.0)) return;  // nothing to learn
  for (const Weight& weight : weights_) {
    Parameter& parameter = *weight.parameter;
    const Tensor& squares = weight.kept_squares ? weight.kept_squares : weight.squares;
    const double scale = weight.kept_squares ? sizes.scale : 1.0;
    with_real(parameter.value.dtype(), [&](auto real) {
      using Real = decltype(real);
      const Move<Real> by{static_cast<Real>(options_.learning_rate),
                          static_cast<Real>(options_.decay / sizes.mean), static_cast<Real>(scale),
                          static_cast<Real>(sizes.least)};
      move_weights(parameter.value.size(), by, parameter.gradient.template as<Real>(),
                   squares.as<Real>(), weight.trained.as<Real>(), parameter.value.as<Real>());
    });
    if (parameter.constraint) parameter.constraint.apply(parameter.value);
  }
}

}  // namespace chronicler
