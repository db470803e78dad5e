#include "chronicler/layers/merge.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "layers/core/dispatch.h"
#include "layers/core/layer_with.h"
#include "layers/core/places.h"
#include "layers/elementwise/input_shapes.h"

namespace chronicler {
namespace {

enum class Merge : std::uint8_t { add, subtract, multiply, average, maximum, minimum };
constexpr std::array<std::string_view, 6> merge_names{"Add",     "Subtract", "Multiply",
                                                      "Average", "Maximum",  "Minimum"};

// The shape with as many axes as the result has: Keras puts axes of 1 behind the batch.
Shape with_rank(const Shape& shape, int rank) {
  Shape result = shape;
  while (result.rank() < rank && shape.rank() > 0)
    result = result.without_front().with_front(1).with_front(shape[0]);
  return result;
}

// Where number i of the result is in an input of fewer axes, or whose extents of 1 are repeated.
std::int64_t merged_place(const Shape& given, const Shape& result, std::int64_t i) {
  return place_in(with_rank(given, result.rank()), result, i);
}

class MergeLayer final : public LayerWith<MergeLayer, layers::MergeOptions> {
 public:
  MergeLayer(const layers::MergeOptions& options, Merge kind) : LayerWith(options), kind_(kind) {}
  std::string_view class_name() const override {
    return merge_names[static_cast<std::size_t>(kind_)];
  }

  std::vector<Shape> output_shapes(std::span<const Shape> inputs) const override {
    return {merged(inputs)};
  }
  void check_inputs(std::span<const Value> inputs) const override {
    check_count(inputs.size());
    merged(inputs);
  }

  void forward(Pass& pass, Call& call) const override {
    const TensorView y = pass.arena.tensor(merged(call.inputs), dtype());
    with_real(dtype(), [&](auto real) {
      using Real = decltype(real);
      const Masks masks = masks_of(call, y.shape());
      for (std::int64_t i = 0; i < y.size(); ++i)
        y.as<Real>()[i] = merged_at<Real>(call, masks, y.shape(), i);
    });
    call.outputs[0] = {y, mask_of(pass, call, y.shape())};
  }

  void backward(Pass& pass, const Call& call, CallGradient& gradient) const override {
    for (std::size_t i = 0; i < call.inputs.size(); ++i) {
      if (gradient.wanted[i])
        gradient.inputs[i] = pass.arena.zeros(call.inputs[i].data.shape(), dtype());
    }
    with_real(dtype(), [&](auto real) {
      using Real = decltype(real);
      const Masks masks = masks_of(call, call.outputs[0].data.shape());
      for (std::size_t i = 0; i < call.inputs.size(); ++i) {
        if (gradient.wanted[i]) merge_backward<Real>(call, masks, gradient, i);
      }
    });
  }

 private:
  void build_weights(std::span<const Shape> inputs) override {
    check_count(inputs.size());
    merged(inputs);
  }

  template <class Input>
  Shape merged(std::span<const Input> inputs) const {
    int rank = 0;
    for (const Input& input : inputs) rank = std::max(rank, shape_of(input).rank());
    Shape result = with_rank(shape_of(inputs[0]), rank);
    for (const Input& input : inputs.subspan(1)) {
      const Shape shape = with_rank(shape_of(input), rank);
      if (shape.rank() != rank || result.rank() != rank) refuse(inputs);
      for (int axis = 0; axis < result.rank(); ++axis) {
        if (shape[axis] == result[axis] || shape[axis] == 1) continue;
        if (result[axis] == 1 || result[axis] == None) {
          result.set(axis, shape[axis]);
        } else if (shape[axis] != None) {
          refuse(inputs);
        }
      }
    }
    return result;
  }
  void check_count(std::size_t count) const {
    if (kind_ == Merge::subtract ? count == 2 : count >= 1) return;
    throw Error(fmt::format("{} takes {}, got {}", described(),
                            kind_ == Merge::subtract ? "two inputs" : "one input or more", count));
  }
  template <class Input>
  [[noreturn]] void refuse(std::span<const Input> inputs) const {
    throw Error(
        fmt::format("{}: the shapes of its inputs do not fit: {}", described(), listed(inputs)));
  }

  template <class Real>
  static Real at(const Value& input, const Shape& result, std::int64_t i) {
    const bool same = input.data.shape() == result;
    return input.data.as<Real>()[same ? i : merged_place(input.data.shape(), result, i)];
  }

  // Which masks of the inputs there are. An input that is given more axes loses its mask, as in
  // Keras.
  struct Masks {
    bool any = false;
    bool all = true;  // every input has one
    Shape places;     // of the result
    std::int64_t width = 1;
  };
  static bool has_mask(const Value& input, const Shape& result) {
    return input.mask && input.data.shape().rank() == result.rank() &&
           input.mask.shape() == places_of(input.data.shape());
  }
  static Masks masks_of(const Call& call, const Shape& result) {
    Masks masks{.places = places_of(result), .width = std::max<std::int64_t>(result[-1], 1)};
    for (const Value& input : call.inputs) {
      const bool masked = has_mask(input, result);
      masks.any = masks.any || masked;
      masks.all = masks.all && masked;
    }
    return masks;
  }
  // Whether an input counts at place i of the result: so it does without a mask.
  static bool counts_at(const Value& input, const Masks& masks, const Shape& result,
                        std::int64_t i) {
    if (!masks.any || !has_mask(input, result)) return true;
    return input.mask.as<std::uint8_t>()[merged_place(input.mask.shape(), masks.places,
                                                      i / masks.width)] != 0;
  }
  // Whether place i counts in any input. Where all have masks and none of them does, a product is
  // 0.
  static bool counts_anywhere(const Call& call, const Masks& masks, const Shape& result,
                              std::int64_t i) {
    return !masks.all ||
           std::any_of(call.inputs.begin(), call.inputs.end(),
                       [&](const Value& input) { return counts_at(input, masks, result, i); });
  }

  // The input whose number is the largest or smallest at place i. Masked steps take no part, as in
  // Keras: one stands back for what was found before it, and what was found before for it.
  template <class Real>
  std::size_t chosen(const Call& call, const Masks& masks, const Shape& result,
                     std::int64_t i) const {
    std::size_t best = 0;
    bool masked = has_mask(call.inputs[0], result);
    bool found = counts_at(call.inputs[0], masks, result, i);
    for (std::size_t k = 1; k < call.inputs.size(); ++k) {
      const bool own = counts_at(call.inputs[k], masks, result, i);
      const std::size_t other = own ? k : best;
      const std::size_t before = masked && !found ? other : best;
      const Real a = at<Real>(call.inputs[before], result, i);
      const Real b = at<Real>(call.inputs[other], result, i);
      best = (kind_ == Merge::maximum ? a >= b : a <= b) ? before : other;
      masked = masked && has_mask(call.inputs[k], result);
      found = found || own;
    }
    return best;
  }

  template <class Real>
  Real merged_at(const Call& call, const Masks& masks, const Shape& result, std::int64_t i) const {
    if (kind_ == Merge::maximum || kind_ == Merge::minimum)
      return at<Real>(call.inputs[chosen<Real>(call, masks, result, i)], result, i);
    if (kind_ == Merge::multiply) {
      if (masks.any && !counts_anywhere(call, masks, result, i)) return Real{0};
      Real product{1};
      for (const Value& input : call.inputs) {
        if (counts_at(input, masks, result, i)) product *= at<Real>(input, result, i);
      }
      return product;
    }
    Real sum = at<Real>(call.inputs[0], result, i);
    for (const Value& input : call.inputs.subspan(1)) {
      const Real other = at<Real>(input, result, i);
      sum += kind_ == Merge::subtract ? -other : other;
    }
    return kind_ == Merge::average ? sum / static_cast<Real>(call.inputs.size()) : sum;
  }

  template <class Real>
  void merge_backward(const Call& call, const Masks& masks, CallGradient& gradient,
                      std::size_t index) const {
    const Shape& result = call.outputs[0].data.shape();
    const Shape& own = call.inputs[index].data.shape();
    const Real* dy = gradient.outputs[0].as<Real>();
    Real* dx = gradient.inputs[index].as<Real>();
    const auto count = static_cast<Real>(call.inputs.size());
    const bool picks = kind_ == Merge::maximum || kind_ == Merge::minimum;
    for (std::int64_t i = 0; i < call.outputs[0].data.size(); ++i) {
      Real flow = dy[i];
      if (kind_ == Merge::average) flow /= count;
      if (kind_ == Merge::subtract && index == 1) flow = -flow;
      if (kind_ == Merge::multiply) {
        if (!counts_at(call.inputs[index], masks, result, i)) continue;
        for (std::size_t k = 0; k < call.inputs.size(); ++k) {
          if (k != index && counts_at(call.inputs[k], masks, result, i))
            flow *= at<Real>(call.inputs[k], result, i);
        }
      }
      if (picks && chosen<Real>(call, masks, result, i) != index) continue;
      dx[own == result ? i : merged_place(own, result, i)] += flow;
    }
  }

  // As in Keras a step counts if it does in any input; no mask if an input has none.
  static TensorView mask_of(Pass& pass, const Call& call, const Shape& result) {
    const Masks masks = masks_of(call, result);
    if (!masks.all) return {};
    const TensorView mask = pass.arena.zeros(masks.places, DType::boolean);
    for (std::int64_t i = 0; i < mask.size(); ++i)
      mask.as<std::uint8_t>()[i] =
          static_cast<std::uint8_t>(counts_anywhere(call, masks, result, i * masks.width));
    return mask;
  }

  Merge kind_;
};

}  // namespace

LayerPtr layers::Add(const MergeOptions& options) {
  return make_valid<MergeLayer>(options, Merge::add);
}
LayerPtr layers::Subtract(const MergeOptions& options) {
  return make_valid<MergeLayer>(options, Merge::subtract);
}
LayerPtr layers::Multiply(const MergeOptions& options) {
  return make_valid<MergeLayer>(options, Merge::multiply);
}
LayerPtr layers::Average(const MergeOptions& options) {
  return make_valid<MergeLayer>(options, Merge::average);
}
LayerPtr layers::Maximum(const MergeOptions& options) {
  return make_valid<MergeLayer>(options, Merge::maximum);
}
LayerPtr layers::Minimum(const MergeOptions& options) {
  return make_valid<MergeLayer>(options, Merge::minimum);
}

}  // namespace chronicler
