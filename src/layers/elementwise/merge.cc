#include "chronicler/layers/merge.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "layers/core/dispatch.h"
#include "layers/core/layer_with.h"

namespace chronicler {
namespace {

enum class Merge : std::uint8_t { add, subtract, multiply, average, maximum, minimum };
constexpr std::array<std::string_view, 6> merge_names{"Add",     "Subtract", "Multiply",
                                                      "Average", "Maximum",  "Minimum"};

const Shape& shape_of(const Shape& shape) { return shape; }
const Shape& shape_of(const Value& value) { return value.data.shape(); }

template <class Input>
std::string listed(std::span<const Input> inputs) {
  std::string text;
  for (const Input& input : inputs)
    text += (text.empty() ? "" : " and ") + shape_of(input).to_string();
  return text;
}

// The shape with as many axes as the result has: Keras puts axes of 1 behind the batch.
Shape with_rank(const Shape& shape, int rank) {
  Shape result = shape;
  while (result.rank() < rank && shape.rank() > 0)
    result = result.without_front().with_front(1).with_front(shape[0]);
  return result;
}

// Where number i of the result is in an input whose extents of 1 are repeated.
std::int64_t place_in(const Shape& given, const Shape& result, std::int64_t i) {
  const Shape input = with_rank(given, result.rank());
  std::int64_t place = 0;
  std::int64_t stride = 1;
  for (int axis = result.rank() - 1; axis >= 0; --axis) {
    const std::int64_t at = i % result[axis];
    i /= result[axis];
    if (input[axis] != 1) place += at * stride;
    stride *= input[axis];
  }
  return place;
}

// A shape without its last axis, that of the features: where masks have truth values.
Shape places_of(const Shape& shape) {
  Shape places;
  for (int axis = 0; axis + 1 < shape.rank(); ++axis) places.append(shape[axis]);
  return places;
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
    return input.data.as<Real>()[same ? i : place_in(input.data.shape(), result, i)];
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
    return input.mask
               .as<std::uint8_t>()[place_in(input.mask.shape(), masks.places, i / masks.width)] !=
           0;
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
      dx[own == result ? i : place_in(own, result, i)] += flow;
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

class ConcatenateLayer final : public LayerWith<ConcatenateLayer, layers::ConcatenateOptions> {
 public:
  using LayerWith::LayerWith;
  std::string_view class_name() const override { return "Concatenate"; }
  bool causal() const override { return options_.axis == -1 || options_.axis > 1; }

  std::vector<Shape> output_shapes(std::span<const Shape> inputs) const override {
    return {joined(inputs)};
  }
  void check_inputs(std::span<const Value> inputs) const override {
    if (inputs.empty()) throw Error(fmt::format("{} takes one input or more", described()));
    joined(inputs);
  }

  void forward(Pass& pass, Call& call) const override {
    const Shape shape = joined(call.inputs);
    const int axis = axis_of(shape);
    const TensorView y = pass.arena.tensor(shape, dtype());
    with_real(dtype(), [&](auto real) {
      using Real = decltype(real);
      for_each_piece(call, axis, shape,
                     [&](std::size_t i, std::int64_t in, std::int64_t out, std::int64_t count) {
                       std::copy_n(call.inputs[i].data.as<Real>() + in, count, y.as<Real>() + out);
                     });
    });
    call.outputs[0] = {y, mask_of(pass, call, axis, shape)};
  }

  void backward(Pass& pass, const Call& call, CallGradient& gradient) const override {
    const Shape& shape = call.outputs[0].data.shape();
    for (std::size_t i = 0; i < call.inputs.size(); ++i) {
      if (gradient.wanted[i])
        gradient.inputs[i] = pass.arena.tensor(call.inputs[i].data.shape(), dtype());
    }
    with_real(dtype(), [&](auto real) {
      using Real = decltype(real);
      const Real* dy = gradient.outputs[0].as<Real>();
      for_each_piece(call, axis_of(shape), shape,
                     [&](std::size_t i, std::int64_t in, std::int64_t out, std::int64_t count) {
                       if (gradient.wanted[i])
                         std::copy_n(dy + out, count, gradient.inputs[i].template as<Real>() + in);
                     });
    });
  }

 private:
  void build_weights(std::span<const Shape> inputs) override { joined(inputs); }

  template <class Input>
  Shape joined(std::span<const Input> inputs) const {
    Shape result = shape_of(inputs[0]);
    const int axis = axis_of(result);
    for (const Input& input : inputs.subspan(1)) {
      const Shape& shape = shape_of(input);
      if (shape.rank() != result.rank()) refuse(inputs);
      for (int i = 0; i < result.rank(); ++i) {
        const bool known = result[i] != None && shape[i] != None;
        if (i == axis) {
          result.set(i, known ? result[i] + shape[i] : None);
        } else if (result[i] != shape[i]) {
          if (known) refuse(inputs);
          if (result[i] == None) result.set(i, shape[i]);
        }
      }
    }
    return result;
  }
  int axis_of(const Shape& shape) const {
    const std::int64_t axis = options_.axis < 0 ? options_.axis + shape.rank() : options_.axis;
    if (axis >= 1 && axis < shape.rank()) return static_cast<int>(axis);
    throw Error(fmt::format("{}: there is no axis {} to put {} together along", described(),
                            options_.axis, shape.to_string()),
                "axes are counted from the batch, 0, which stays");
  }
  template <class Input>
  [[noreturn]] void refuse(std::span<const Input> inputs) const {
    throw Error(fmt::format("{}: its inputs differ in more than axis {}: {}", described(),
                            options_.axis, listed(inputs)));
  }

  // function(input, place in it, place in the result, numbers)
  template <class Function>
  static void for_each_piece(const Call& call, int axis, const Shape& result,
                             const Function& function) {
    std::int64_t outer = 1;
    std::int64_t inner = 1;
    for (int i = 0; i < axis; ++i) outer *= result[i];
    for (int i = axis + 1; i < result.rank(); ++i) inner *= result[i];
    std::int64_t begin = 0;
    for (std::size_t i = 0; i < call.inputs.size(); ++i) {
      const std::int64_t count = call.inputs[i].data.shape()[axis] * inner;
      for (std::int64_t row = 0; row < outer; ++row)
        function(i, row * count, row * result[axis] * inner + begin, count);
      begin += count;
    }
  }

  // As in Keras: along the steps masks are put together, along features a step counts if it does in
  // any input; an input without a mask counts everywhere.
  TensorView mask_of(Pass& pass, const Call& call, int axis, const Shape& result) const {
    if (std::none_of(call.inputs.begin(), call.inputs.end(),
                     [](const Value& input) { return static_cast<bool>(input.mask); })) {
      return {};
    }
    const TensorView mask = pass.arena.zeros(places_of(result), DType::boolean);
    std::int64_t inner = 1;
    for (int i = axis + 1; i < mask.shape().rank(); ++i) inner *= result[i];
    const bool along_features = axis == mask.shape().rank();
    std::int64_t begin = 0;
    for (const Value& input : call.inputs) {
      const Shape own = places_of(input.data.shape());
      if (input.mask && !(input.mask.shape() == own)) {
        throw Error(fmt::format("{}: a mask {} does not fit {}", described(),
                                input.mask.shape().to_string(), input.data.shape().to_string()));
      }
      const std::int64_t along = along_features ? 1 : own[axis];
      const std::int64_t whole = along_features ? 1 : result[axis];
      for (std::int64_t i = 0; i < own.elements(); ++i) {
        const bool counts = !input.mask || input.mask.as<std::uint8_t>()[i] != 0;
        const std::int64_t outer = i / (along * inner);
        const std::int64_t place = outer * whole * inner + begin * inner + i % (along * inner);
        mask.as<std::uint8_t>()[along_features ? i : place] |= static_cast<std::uint8_t>(counts);
      }
      begin += along;
    }
    return mask;
  }
};

// A tensor as batch x before x along x after, where `along` is the axis that is summed over.
struct Around {
  std::int64_t before = 1;
  std::int64_t along = 1;
  std::int64_t after = 1;
  std::int64_t free() const { return before * after; }
  std::int64_t size() const { return before * along * after; }
  // Of free place i, number k along the axis.
  std::int64_t at(std::int64_t i, std::int64_t k) const {
    return (i / after * along + k) * after + i % after;
  }
};

// The tape's places: what is multiplied, of length 1 if that was asked for.
constexpr int vectors_place = 0;

class DotLayer final : public LayerWith<DotLayer, layers::DotOptions> {
 public:
  explicit DotLayer(const layers::DotOptions& options) : LayerWith(options) { double_axis(); }
  std::string_view class_name() const override { return "Dot"; }
  void fields(FieldVisitor& visitor) override {
    LayerWith::fields(visitor);
    double_axis();
  }
  bool causal() const override { return false; }

  std::vector<Shape> output_shapes(std::span<const Shape> inputs) const override {
    return {product(inputs[0], inputs[1])};
  }
  void check_inputs(std::span<const Value> inputs) const override {
    if (inputs.size() == 2)
      check_pair(inputs[0].data.shape(), inputs[1].data.shape());
    else
      throw Error(fmt::format("{} takes two inputs, got {}", described(), inputs.size()));
  }

  void forward(Pass& pass, Call& call) const override {
    with_real(dtype(), [&](auto real) { run_forward<decltype(real)>(pass, call); });
  }
  void backward(Pass& pass, const Call& call, CallGradient& gradient) const override {
    with_real(dtype(), [&](auto real) { run_backward<decltype(real)>(pass, call, gradient); });
  }

 private:
  // One axis is that of both inputs; Keras reads no list of one.
  void double_axis() {
    if (options_.axes.size() == 1) options_.axes.push_back(options_.axes.front());
  }
  void build_weights(std::span<const Shape> inputs) override {
    if (inputs.size() != 2)
      throw Error(fmt::format("{} takes two inputs, got {}", described(), inputs.size()));
    check_pair(inputs[0], inputs[1]);
  }
  Shape product(const Shape& a, const Shape& b) const {
    Shape result{a[0]};
    for (const auto& [shape, contracted] :
         {std::pair(&a, axis_of(a, 0)), std::pair(&b, axis_of(b, 1))}) {
      for (int axis = 1; axis < shape->rank(); ++axis) {
        if (axis != contracted) result.append((*shape)[axis]);
      }
    }
    if (result.rank() == 1) result.append(1);
    return result;
  }
  int axis_of(const Shape& shape, std::size_t input) const {
    const std::int64_t given = options_.axes[input];
    const std::int64_t axis = given < 0 ? given + shape.rank() : given;
    if (axis >= 1 && axis < shape.rank()) return static_cast<int>(axis);
    throw Error(fmt::format("{}: there is no axis {} in {}", described(), given, shape.to_string()),
                "axes are counted from the batch, 0, which stays");
  }
  void check_pair(const Shape& a, const Shape& b) const {
    const std::int64_t one = a[axis_of(a, 0)];
    const std::int64_t other = b[axis_of(b, 1)];
    if (one == other || one == None || other == None) return;
    throw Error(fmt::format("{}: {} and {} differ along the axes that are summed over", described(),
                            a.to_string(), b.to_string()));
  }
  Around around(const Shape& shape, std::size_t input) const {
    const int axis = axis_of(shape, input);
    Around result{.along = shape[axis]};
    for (int i = 1; i < axis; ++i) result.before *= shape[i];
    for (int i = axis + 1; i < shape.rank(); ++i) result.after *= shape[i];
    return result;
  }

  static constexpr double smallest = 1e-12;  // of a squared length

  template <class Real>
  TensorView vectors(Pass& pass, const TensorView& x, const Around& size) const {
    if (!options_.normalize) return x;
    const TensorView y = pass.arena.tensor(x.shape(), dtype());
    for (std::int64_t row = 0; row < x.shape()[0]; ++row) {
      const Real* from = x.as<Real>() + row * size.size();
      Real* to = y.as<Real>() + row * size.size();
      for (std::int64_t i = 0; i < size.free(); ++i) {
        const Real length = length_of(from, size, i);
        for (std::int64_t k = 0; k < size.along; ++k)
          to[size.at(i, k)] = from[size.at(i, k)] / length;
      }
    }
    return y;
  }
  template <class Real>
  static Real length_of(const Real* from, const Around& size, std::int64_t i) {
    Real sum{0};
    for (std::int64_t k = 0; k < size.along; ++k) sum += from[size.at(i, k)] * from[size.at(i, k)];
    return std::sqrt(std::max(sum, static_cast<Real>(smallest)));
  }

  template <class Real>
  void run_forward(Pass& pass, Call& call) const {
    const TensorView& a = call.inputs[0].data;
    const TensorView& b = call.inputs[1].data;
    const Around left = around(a.shape(), 0);
    const Around right = around(b.shape(), 1);
    const TensorView x = vectors<Real>(pass, a, left);
    const TensorView z = vectors<Real>(pass, b, right);
    const TensorView y = pass.arena.tensor(product(a.shape(), b.shape()), dtype());
    for (std::int64_t row = 0; row < a.shape()[0]; ++row) {
      const Real* one = x.as<Real>() + row * left.size();
      const Real* other = z.as<Real>() + row * right.size();
      Real* to = y.as<Real>() + row * left.free() * right.free();
      for (std::int64_t i = 0; i < left.free(); ++i) {
        for (std::int64_t j = 0; j < right.free(); ++j) {
          Real sum{0};
          for (std::int64_t k = 0; k < left.along; ++k)
            sum += one[left.at(i, k)] * other[right.at(j, k)];
          to[i * right.free() + j] = sum;
        }
      }
    }
    call.outputs[0] = {y, {}};
    if (call.tape == nullptr) return;
    (*call.tape)[vectors_place] = x;
    (*call.tape)[vectors_place + 1] = z;
  }

  template <class Real>
  void run_backward(Pass& pass, const Call& call, CallGradient& gradient) const {
    const std::array<Around, 2> size{around(call.inputs[0].data.shape(), 0),
                                     around(call.inputs[1].data.shape(), 1)};
    for (std::size_t side = 0; side < 2; ++side) {
      if (!gradient.wanted[side]) continue;
      const TensorView& other = (*call.tape)[side == 0 ? vectors_place + 1 : vectors_place];
      const Shape& shape = call.inputs[side].data.shape();
      const TensorView d = gradient.inputs[side] = pass.arena.zeros(shape, dtype());
      const Around& own = size[side];
      const Around& across = size[1 - side];
      for (std::int64_t row = 0; row < shape[0]; ++row) {
        Real* to = d.as<Real>() + row * own.size();
        const Real* from = other.as<Real>() + row * across.size();
        const Real* dy = gradient.outputs[0].as<Real>() + row * own.free() * across.free();
        for (std::int64_t i = 0; i < own.free(); ++i) {
          for (std::int64_t j = 0; j < across.free(); ++j) {
            const Real flow = side == 0 ? dy[i * across.free() + j] : dy[j * own.free() + i];
            for (std::int64_t k = 0; k < own.along; ++k)
              to[own.at(i, k)] += flow * from[across.at(j, k)];
          }
        }
        if (options_.normalize) {
          const int place = vectors_place + static_cast<int>(side);
          through_length(call.inputs[side].data.as<Real>() + row * own.size(),
                         (*call.tape)[place].template as<Real>() + row * own.size(), own, to);
        }
      }
    }
  }

  // dLoss/d(x / |x|) to dLoss/dx, in place.
  template <class Real>
  static void through_length(const Real* x, const Real* unit, const Around& size, Real* flow) {
    for (std::int64_t i = 0; i < size.free(); ++i) {
      const Real length = length_of(x, size, i);
      Real along{0};
      for (std::int64_t k = 0; k < size.along; ++k)
        along += flow[size.at(i, k)] * unit[size.at(i, k)];
      for (std::int64_t k = 0; k < size.along; ++k) {
        Real& here = flow[size.at(i, k)];
        here = (here - along * unit[size.at(i, k)]) / length;
      }
    }
  }
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
LayerPtr layers::Concatenate(const ConcatenateOptions& options) {
  return make_valid<ConcatenateLayer>(options);
}
LayerPtr layers::Dot(const DotOptions& options) { return make_valid<DotLayer>(options); }

}  // namespace chronicler
