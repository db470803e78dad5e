#include "chronicler/layers/operation.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "layers/dispatch.h"
#include "layers/kinds.h"

namespace chronicler {
namespace {

enum class Kind : std::uint8_t {
  compare,
  combine,
  reduce,
  fill,
  reshape,
  join,
  arithmetic,
  select
};

struct OperationRow {
  std::string_view name;
  Kind kind;
  std::size_t arguments;  // 0: any number
};
constexpr std::array operations{
    OperationRow{"NotEqual", Kind::compare, 2},
    OperationRow{"Equal", Kind::compare, 2},
    OperationRow{"Greater", Kind::compare, 2},
    OperationRow{"Less", Kind::compare, 2},
    OperationRow{"LogicalAnd", Kind::combine, 2},
    OperationRow{"LogicalOr", Kind::combine, 2},
    OperationRow{"LogicalNot", Kind::combine, 1},
    OperationRow{"Any", Kind::reduce, 1},
    OperationRow{"All", Kind::reduce, 1},
    OperationRow{"ZerosLike", Kind::fill, 1},
    OperationRow{"OnesLike", Kind::fill, 1},
    OperationRow{"ExpandDims", Kind::reshape, 1},
    OperationRow{"ConvertToTensor", Kind::reshape, 1},
    OperationRow{"Concatenate", Kind::join, 0},
    OperationRow{"Add", Kind::arithmetic, 2},
    OperationRow{"Subtract", Kind::arithmetic, 2},
    OperationRow{"Multiply", Kind::arithmetic, 2},
    OperationRow{"GetItem", Kind::select, 1},
};

// What x[...] takes of a tensor: element (i, j, ...) of the result is the one at
// base + i * strides[0] + j * strides[1] + ...
struct Selection {
  Shape shape;
  std::int64_t base = 0;
  std::array<std::int64_t, Shape::max_rank> strides{};

  std::int64_t place_of(std::int64_t i) const {
    std::int64_t place = base;
    for (int axis = shape.rank() - 1; axis >= 0; --axis) {
      place += i % shape[axis] * strides[static_cast<std::size_t>(axis)];
      i /= shape[axis];
    }
    return place;
  }
  void append(std::int64_t extent, std::int64_t stride) {
    shape.append(extent);
    strides[static_cast<std::size_t>(shape.rank() - 1)] = stride;
  }
};

// Where a range begins, and how many steps it has; Python's rules.
struct Range {
  std::int64_t start;
  std::int64_t count;
};
Range range_of(const layers::SliceItem& item, std::int64_t extent, std::int64_t step) {
  const std::int64_t low = step > 0 ? 0 : -1;
  const std::int64_t high = step > 0 ? extent : extent - 1;
  const auto bound = [&](const std::optional<std::int64_t>& given, std::int64_t otherwise) {
    if (!given) return otherwise;
    return std::clamp(*given < 0 ? *given + extent : *given, low, high);
  };
  const std::int64_t start = bound(item.start, step > 0 ? low : high);
  const std::int64_t stop = bound(item.stop, step > 0 ? high : low);
  const std::int64_t length = step > 0 ? stop - start : start - stop;
  const std::int64_t stride = step > 0 ? step : -step;
  return {start, length <= 0 ? 0 : (length - 1) / stride + 1};
}

double number_at(const TensorView& x, std::int64_t i) {
  switch (x.dtype()) {
    case DType::int32:
      return x.as<std::int32_t>()[i];
    case DType::boolean:
      return x.as<std::uint8_t>()[i];
    case DType::float64:
      return x.as<double>()[i];
    case DType::float32:
      break;
  }
  return static_cast<double>(x.as<float>()[i]);
}

// Where number i of the result is in an input whose missing axes and extents of 1 are repeated.
std::int64_t place_in(const Shape& input, const Shape& result, std::int64_t i) {
  std::int64_t place = 0;
  std::int64_t stride = 1;
  const int missing = result.rank() - input.rank();
  for (int axis = result.rank() - 1; axis >= missing; --axis) {
    const std::int64_t extent = input[axis - missing];
    if (extent != 1) place += i % result[axis] * stride;
    stride *= extent;
    i /= result[axis];
  }
  return place;
}

class OperationLayer final : public Layer {
 public:
  OperationLayer(const OperationRow& row, const layers::OperationOptions& options)
      : row_(row), options_(options) {
    set_name(options.name);
    set_dtype(dtype_from_name(options.dtype));
  }

  const layers::OperationOptions& options() const { return options_; }

  std::string_view class_name() const override { return row_.name; }
  LayerPtr clone() const override { return clone_of(*this); }
  void fields(FieldVisitor& visitor) override {
    if (!options_.axis.empty()) visitor.field("axis", options_.axis);
    if (row_.kind == Kind::reduce) visitor.field("keepdims", options_.keepdims);
  }
  bool is_operation() const override { return true; }
  bool takes_ids() const override { return true; }
  bool causal() const override {
    return row_.kind != Kind::reduce && row_.kind != Kind::join && row_.kind != Kind::select;
  }

  std::vector<Shape> output_shapes(std::span<const Shape> inputs) const override {
    return {result_shape(inputs)};
  }
  void check_inputs(std::span<const Value> inputs) const override {
    check_count(inputs.size());
    result_shape(inputs);
  }

  void forward(Pass& pass, Call& call) const override {
    const Shape shape = result_shape(call.inputs);
    if (row_.kind == Kind::reshape) {
      call.outputs[0] = {call.inputs[0].data.reshaped(shape), call.inputs[0].mask};
      return;
    }
    const TensorView y = pass.arena.tensor(shape, result_type(call));
    switch (row_.kind) {
      case Kind::reduce:
        reduce(call.inputs[0].data, y);
        break;
      case Kind::join:
        join(call, y, nullptr);
        break;
      case Kind::select: {
        const Selection selection = selected(call.inputs[0].data.shape());
        for (std::int64_t i = 0; i < y.size(); ++i)
          set(y, i, number_at(call.inputs[0].data, selection.place_of(i)));
        break;
      }
      default:
        for (std::int64_t i = 0; i < y.size(); ++i) set(y, i, value_at(call, shape, i));
    }
    call.outputs[0] = {y, {}};
  }

  void backward(Pass& pass, const Call& call, CallGradient& gradient) const override {
    for (std::size_t i = 0; i < call.inputs.size(); ++i) {
      if (gradient.wanted[i])
        gradient.inputs[i] = pass.arena.zeros(call.inputs[i].data.shape(), dtype());
    }
    const TensorView& dy = gradient.outputs[0];
    if (dy.dtype() == DType::boolean || row_.kind == Kind::fill) return;
    if (row_.kind == Kind::reshape && gradient.wanted[0])
      gradient.inputs[0] = dy.reshaped(call.inputs[0].data.shape());
    if (row_.kind == Kind::join) join(call, dy, &gradient);
    if (row_.kind == Kind::arithmetic) arithmetic_backward(call, gradient);
    if (row_.kind == Kind::select && gradient.wanted[0]) {
      const Selection selection = selected(call.inputs[0].data.shape());
      for (std::int64_t i = 0; i < dy.size(); ++i)
        set(gradient.inputs[0], selection.place_of(i), number_at(dy, i));
    }
  }

 private:
  static const Shape& shape_of(const Shape& shape) { return shape; }
  static const Shape& shape_of(const Value& value) { return value.data.shape(); }

  void build_weights(std::span<const Shape> inputs) override { check_count(inputs.size()); }

  std::size_t constants() const {
    return static_cast<std::size_t>(
        std::count_if(options_.arguments.begin(), options_.arguments.end(),
                      [](const std::optional<double>& each) { return each.has_value(); }));
  }
  void check_count(std::size_t count) const {
    const bool fits =
        row_.arguments == 0 ? count > 0 : count > 0 && count + constants() == row_.arguments;
    if (fits) return;
    throw Error(fmt::format("{} takes {} arguments, got {} symbols and {} numbers", described(),
                            row_.arguments, count, constants()));
  }

  int axis_of(const Shape& shape, std::int64_t axis, int extra = 0) const {
    const std::int64_t place = axis < 0 ? axis + shape.rank() + extra : axis;
    if (place >= 0 && place < shape.rank() + extra) return static_cast<int>(place);
    throw Error(fmt::format("{}: there is no axis {} in {}", described(), axis, shape.to_string()));
  }
  bool is_reduced(const Shape& shape, int axis) const {
    return options_.axis.empty() ||
           std::any_of(options_.axis.begin(), options_.axis.end(),
                       [&](std::int64_t each) { return axis_of(shape, each) == axis; });
  }

  [[noreturn]] void wrong_items(const Shape& shape, std::string_view why) const {
    throw Error(
        fmt::format("{}: {} cannot be indexed so: {}", described(), shape.to_string(), why));
  }

  Selection selected(const Shape& x) const {
    using Item = layers::SliceItem::Kind;
    std::array<std::int64_t, Shape::max_rank> strides{};
    std::int64_t stride = 1;
    for (int axis = x.rank() - 1; axis >= 0; --axis) {
      strides[static_cast<std::size_t>(axis)] = stride;
      stride *= x[axis] == None ? 1 : x[axis];
    }
    int taken = 0;  // axes that items speak of
    for (const layers::SliceItem& item : options_.items)
      taken += item.kind == Item::range || item.kind == Item::index ? 1 : 0;
    if (taken > x.rank()) wrong_items(x, fmt::format("it has no {} axes", taken));
    Selection selection;
    int axis = 0;
    const auto take_whole = [&](int count) {
      for (; count > 0; --count, ++axis)
        selection.append(x[axis], strides[static_cast<std::size_t>(axis)]);
    };
    for (const layers::SliceItem& item : options_.items) {
      if (item.kind == Item::new_axis) {
        selection.append(1, 0);
      } else if (item.kind == Item::ellipsis) {
        take_whole(x.rank() - taken);
      } else {
        take_item(item, x, axis, strides[static_cast<std::size_t>(axis)], selection);
        ++axis;
      }
    }
    take_whole(x.rank() - axis);
    return selection;
  }

  void take_item(const layers::SliceItem& item, const Shape& x, int axis, std::int64_t stride,
                 Selection& selection) const {
    const std::int64_t extent = x[axis];
    if (item.kind == layers::SliceItem::Kind::index) {
      const std::int64_t given = item.start.value_or(0);
      const std::int64_t place = given < 0 && extent != None ? given + extent : given;
      if (axis == 0) wrong_items(x, "the batch axis must be taken whole");
      if (extent != None && (place < 0 || place >= extent))
        wrong_items(x, fmt::format("axis {} has no place {}", axis, given));
      selection.base += place * stride;
      return;
    }
    const std::int64_t step = item.step.value_or(1);
    if (step == 0) wrong_items(x, "a step of 0 leads nowhere");
    const bool whole = !item.start && !item.stop;
    if (axis == 0 && !(whole && step == 1)) wrong_items(x, "the batch axis must be taken whole");
    if (extent == None) {
      selection.append(None, 0);
      return;
    }
    const Range range = range_of(item, extent, step);
    selection.base += range.count > 0 ? range.start * stride : 0;
    selection.append(range.count, step * stride);
  }

  template <class Input>
  Shape result_shape(std::span<Input> inputs) const {
    const Shape& first = shape_of(inputs[0]);
    if (row_.kind == Kind::select) return selected(first).shape;
    if (row_.kind == Kind::reduce) {
      Shape result;
      for (int axis = 0; axis < first.rank(); ++axis) {
        if (!is_reduced(first, axis)) {
          result.append(first[axis]);
        } else if (options_.keepdims) {
          result.append(1);
        }
      }
      return result;
    }
    if (row_.name == "ExpandDims") {
      const int place = axis_of(first, options_.axis.empty() ? -1 : options_.axis[0], 1);
      Shape result;
      for (int axis = 0; axis < first.rank(); ++axis) {
        if (axis == place) result.append(1);
        result.append(first[axis]);
      }
      if (place == first.rank()) result.append(1);
      return result;
    }
    Shape result = first;
    for (const Input& input : inputs.subspan(1)) {
      const Shape& shape = shape_of(input);
      if (row_.kind == Kind::join) {
        const int axis = axis_of(first, options_.axis.empty() ? -1 : options_.axis[0]);
        const bool known = result[axis] != None && shape[axis] != None;
        result.set(axis, known ? result[axis] + shape[axis] : None);
      } else {
        result = repeated(result, shape);
      }
    }
    return result;
  }

  // The shape that two shapes have together, missing front axes and extents of 1 repeated.
  Shape repeated(const Shape& a, const Shape& b) const {
    const Shape& longer = a.rank() >= b.rank() ? a : b;
    const Shape& shorter = a.rank() >= b.rank() ? b : a;
    Shape result = longer;
    const int missing = longer.rank() - shorter.rank();
    for (int axis = 0; axis < shorter.rank(); ++axis) {
      const std::int64_t one = longer[axis + missing];
      const std::int64_t other = shorter[axis];
      if (one == other || other == 1) continue;
      if (one != 1 && one != None && other != None) {
        throw Error(
            fmt::format("{}: {} and {} do not fit", described(), a.to_string(), b.to_string()));
      }
      if (one == 1 || one == None) result.set(axis + missing, other);
    }
    return result;
  }

  DType result_type(const Call& call) const {
    if (row_.kind == Kind::compare || row_.kind == Kind::combine || row_.kind == Kind::reduce)
      return DType::boolean;
    if (row_.kind == Kind::arithmetic) return dtype();
    return call.inputs[0].data.dtype();
  }

  static void set(const TensorView& y, std::int64_t i, double value) {
    switch (y.dtype()) {
      case DType::int32:
        y.as<std::int32_t>()[i] = static_cast<std::int32_t>(value);
        break;
      case DType::boolean:
        y.as<std::uint8_t>()[i] = static_cast<std::uint8_t>(value != 0.0);
        break;
      case DType::float32:
        y.as<float>()[i] = static_cast<float>(value);
        break;
      case DType::float64:
        y.as<double>()[i] = value;
    }
  }

  // Argument `index` of the call at place i of the result.
  double argument(const Call& call, const Shape& shape, std::size_t index, std::int64_t i) const {
    std::size_t input = 0;
    for (std::size_t k = 0; k < index; ++k) input += is_symbol(k) ? 1 : 0;
    if (!is_symbol(index)) return *options_.arguments[index];
    const TensorView& x = call.inputs[input].data;
    return number_at(x, x.shape() == shape ? i : place_in(x.shape(), shape, i));
  }
  bool is_symbol(std::size_t index) const {
    return index >= options_.arguments.size() || !options_.arguments[index];
  }

  double value_at(const Call& call, const Shape& shape, std::int64_t i) const {
    if (row_.kind == Kind::fill) return row_.name == "OnesLike" ? 1.0 : 0.0;
    const double a = argument(call, shape, 0, i);
    if (row_.name == "LogicalNot") return a == 0.0 ? 1.0 : 0.0;
    const double b = argument(call, shape, 1, i);
    if (row_.name == "Add") return a + b;
    if (row_.name == "Subtract") return a - b;
    if (row_.name == "Multiply") return a * b;
    bool truth = a != b;
    if (row_.name == "Equal") truth = a == b;
    if (row_.name == "Greater") truth = a > b;
    if (row_.name == "Less") truth = a < b;
    if (row_.name == "LogicalAnd") truth = a != 0.0 && b != 0.0;
    if (row_.name == "LogicalOr") truth = a != 0.0 || b != 0.0;
    return truth ? 1.0 : 0.0;
  }

  void reduce(const TensorView& x, const TensorView& y) const {
    const bool any = row_.name == "Any";
    auto* result = y.as<std::uint8_t>();
    std::fill_n(result, y.size(), static_cast<std::uint8_t>(!any));
    for (std::int64_t i = 0; i < x.size(); ++i) {
      std::int64_t rest = i;
      std::int64_t place = 0;
      std::int64_t stride = 1;
      for (int axis = x.shape().rank() - 1; axis >= 0; --axis) {
        if (!is_reduced(x.shape(), axis)) {
          place += rest % x.shape()[axis] * stride;
          stride *= x.shape()[axis];
        }
        rest /= x.shape()[axis];
      }
      const bool here = number_at(x, i) != 0.0;
      if (here == any) result[place] = static_cast<std::uint8_t>(any);
    }
  }

  // Copies all inputs into y, or with a gradient the parts of y to those that are wanted.
  void join(const Call& call, const TensorView& y, CallGradient* gradient) const {
    const int axis = axis_of(y.shape(), options_.axis.empty() ? -1 : options_.axis[0]);
    std::int64_t inner = 1;
    for (int i = axis + 1; i < y.shape().rank(); ++i) inner *= y.shape()[i];
    const std::int64_t row = y.shape()[axis] * inner;
    std::int64_t begin = 0;
    for (std::size_t k = 0; k < call.inputs.size(); ++k) {
      const TensorView& x = call.inputs[k].data;
      const std::int64_t width = x.shape()[axis] * inner;
      for (std::int64_t i = 0; i < x.size(); ++i) {
        const std::int64_t place = i / width * row + begin + i % width;
        if (gradient == nullptr) {
          set(y, place, number_at(x, i));
        } else if (gradient->wanted[k]) {
          set(gradient->inputs[k], i, number_at(y, place));
        }
      }
      begin += width;
    }
  }

  void arithmetic_backward(const Call& call, CallGradient& gradient) const {
    const TensorView& dy = gradient.outputs[0];
    const Shape& shape = dy.shape();
    std::size_t input = 0;
    for (std::size_t index = 0; index < 2; ++index) {
      if (!is_symbol(index)) continue;
      const std::size_t own = input++;
      if (!gradient.wanted[own]) continue;
      const TensorView& dx = gradient.inputs[own];
      for (std::int64_t i = 0; i < dy.size(); ++i) {
        double flow = number_at(dy, i);
        if (row_.name == "Multiply") flow *= argument(call, shape, 1 - index, i);
        if (row_.name == "Subtract" && index == 1) flow = -flow;
        const std::int64_t place = dx.shape() == shape ? i : place_in(dx.shape(), shape, i);
        set(dx, place, number_at(dx, place) + flow);
      }
    }
  }

  OperationRow row_;
  layers::OperationOptions options_;
};

}  // namespace

LayerPtr layers::Operation(std::string_view class_name, const OperationOptions& options) {
  for (const OperationRow& row : operations) {
    if (row.name != class_name) continue;
    auto layer = std::make_shared<OperationLayer>(row, options);
    if (layer->name().empty()) layer->set_name(unique_name(class_name));
    return LayerPtr(layer);
  }
  unknown_name("operation", class_name, operation_names());
}

const layers::OperationOptions* layers::operation_options(const Layer& layer) {
  const auto* operation = dynamic_cast<const OperationLayer*>(&layer);
  return operation == nullptr ? nullptr : &operation->options();
}

LayerPtr layers::NotEqual(double value) {
  return Operation("NotEqual", {.arguments = {std::nullopt, value}});
}

std::vector<std::string_view> layers::operation_names() {
  std::vector<std::string_view> names;
  for (const OperationRow& row : operations) names.push_back(row.name);
  return names;
}

}  // namespace chronicler
