#include "chronicler/training/loss.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "layers/core/dispatch.h"
#include "layers/core/sums.h"
#include "training/losses/loss_targets.h"
#include "training/losses/prediction_rows.h"
#include "training/losses/reduced_loss.h"
#include "training/spread.h"

namespace chronicler {

// ---- reductions

namespace {

// In the order of the enumeration.
constexpr std::array<std::string_view, 5> reduction_names{"sum_over_batch_size", "sum", "mean",
                                                          "mean_with_sample_weight", "none"};

}  // namespace

std::string_view name_of(Reduction reduction) {
  return reduction_names[static_cast<std::size_t>(reduction)];
}

Reduction reduction_from_name(std::string_view name) {
  const auto* place = std::find(reduction_names.begin(), reduction_names.end(), name);
  if (place == reduction_names.end()) unknown_name("reduction", name, reduction_names);
  return static_cast<Reduction>(place - reduction_names.begin());
}

FieldRange losses::reduction_range() {
  return {.words = {reduction_names.begin(), reduction_names.end()}};
}

// ---- what a loss need not define

void Loss::check(const TensorView& y_true, const Shape& y_pred, std::string_view where) const {
  check_dense_targets(y_true, y_pred, {name(), where});
}

Shape Loss::values_shape(const Shape& y_pred) const { return shape_of_rows(y_pred); }

void Loss::masked_values(TensorView y_true, TensorView y_pred, TensorView, TensorView values,
                         TensorView gradient) const {
  this->values(y_true, y_pred, values, gradient);
}

void Loss::logit_values(TensorView y_true, TensorView y_pred, const Logits&, TensorView values,
                        TensorView gradient, TensorView) const {
  this->values(y_true, y_pred, values, gradient);
}

void Loss::leave_out(TensorView, std::span<std::uint8_t>) const {}

// ---- the reduced loss

namespace {

// For each value of the loss: whether it counts, and its weight.
class Shares {
 public:
  Shares(const Loss& loss, const LossInput& input, const Shape& values, Arena& arena)
      : counts_(arena.array<std::uint8_t>(values.elements()),
                static_cast<std::size_t>(values.elements())),
        weights_(Spread<float>::weights(input.sample_weight, values)) {
    const auto mask =
        Spread<std::uint8_t>::mask(loss.takes_mask() ? TensorView() : input.mask, values);
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      counts_[i] = mask.empty() || mask[static_cast<std::int64_t>(i)] != 0 ? 1 : 0;
    }
    loss.leave_out(input.y_true, counts_);
  }

  bool counts(std::int64_t index) const { return counts_[static_cast<std::size_t>(index)] != 0; }
  double weight(std::int64_t index) const {
    return weights_.empty() ? 1.0 : static_cast<double>(weights_[index]);
  }

  double divisor(Reduction reduction) const {
    const auto size = static_cast<std::int64_t>(counts_.size());
    switch (reduction) {
      case Reduction::sum:
        return 1.0;
      case Reduction::mean_with_sample_weight:
        return sum_of(size, [&](std::int64_t i) { return counts(i) ? weight(i) : 0.0; });
      default:
        return sum_of(size, [&](std::int64_t i) { return counts(i) ? 1.0 : 0.0; });
    }
  }

 private:
  std::span<std::uint8_t> counts_;
  Spread<float> weights_;
};

// Multiplies the derivatives of each value by its share of the whole.
void scale_slopes(const TensorView& gradient, std::int64_t size, const Shares& shares,
                  double scale) {
  if (!gradient) return;
  with_real(gradient.dtype(), [&](auto real) {
    using Real = decltype(real);
    Real* const slopes = gradient.as<Real>();
    const std::int64_t width = size == 0 ? 0 : gradient.size() / size;
    for_rows(PredictionRows(size, width), [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t row = begin; row < end; ++row) {
        // What does not count is not multiplied by 0: it may be NaN.
        const bool counts = shares.counts(row);
        const auto factor = static_cast<Real>(counts ? scale * shares.weight(row) : 0.0);
        Real* const slope = slopes + row * width;
        for (std::int64_t i = 0; i < width; ++i) slope[i] = counts ? slope[i] * factor : Real{0};
      }
    });
  });
}

}  // namespace

ReducedLoss reduce_loss(const Loss& loss, const LossInput& input, TensorView gradient, Arena& arena,
                        TensorView of_logits) {
  if (loss.reduction() == Reduction::none) {
    throw Error(fmt::format("{} with reduction \"none\" gives no one number to learn from",
                            loss.class_name()),
                "use the reduction \"sum_over_batch_size\" or \"sum\"");
  }
  const Shape shape = loss.values_shape(input.y_pred.shape());
  const std::int64_t size = shape.elements();
  const TensorView values = arena.tensor(shape, input.y_pred.dtype());
  const Shares shares(loss, input, shape, arena);
  if (input.logits.data) {
    loss.logit_values(input.y_true, input.y_pred, input.logits, values, gradient, of_logits);
  } else if (loss.takes_mask()) {
    loss.masked_values(input.y_true, input.y_pred, input.mask, values, gradient);
  } else {
    loss.values(input.y_true, input.y_pred, values, gradient);
  }

  const double divisor = shares.divisor(loss.reduction());
  const double scale = divisor == 0.0 ? 0.0 : 1.0 / divisor;
  scale_slopes(gradient, size, shares, scale);
  scale_slopes(of_logits, size, shares, scale);
  return with_real(input.y_pred.dtype(), [&](auto real) {
    using Real = decltype(real);
    const Real* const value = values.as<Real>();
    const double sum = sum_of(size, [&](std::int64_t i) {
      return shares.counts(i) ? static_cast<double>(value[i]) * shares.weight(i) : 0.0;
    });
    return ReducedLoss{sum, divisor};
  });
}

double reduced_loss(const Loss& loss, const LossInput& input, TensorView gradient, Arena& arena,
                    TensorView of_logits) {
  return reduce_loss(loss, input, gradient, arena, of_logits).value();
}

}  // namespace chronicler
