#include "chronicler/layers/operation.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "kernels/gemm.h"
#include "layers/core/dispatch.h"
#include "layers/core/invoke.h"
#include "layers/core/lines.h"
#include "layers/core/places.h"
#include "layers/elementwise/operation_functions.h"

namespace chronicler {
namespace {

constexpr int most_arguments = 3;

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

// Whole numbers that int32 does not have become the nearest ones.
std::int32_t whole_number(double value) {
  constexpr double low = std::numeric_limits<std::int32_t>::min();
  constexpr double high = std::numeric_limits<std::int32_t>::max();
  return std::isnan(value) ? 0 : static_cast<std::int32_t>(std::clamp(value, low, high));
}

void set(const TensorView& y, std::int64_t i, double value) {
  switch (y.dtype()) {
    case DType::int32:
      y.as<std::int32_t>()[i] = whole_number(value);
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

bool is_real(DType dtype) { return dtype == DType::float32 || dtype == DType::float64; }

// The shapes of a call's inputs, on the stack unless there are many.
class InputShapes {
 public:
  explicit InputShapes(std::span<const Value> values) : count_(values.size()) {
    if (count_ > few_.size()) many_.resize(count_);
    Shape* to = count_ > few_.size() ? many_.data() : few_.data();
    for (const Value& value : values) *to++ = value.data.shape();
  }
  // NOLINTNEXTLINE(google-explicit-constructor)
  operator std::span<const Shape>() const {
    return {count_ > few_.size() ? many_.data() : few_.data(), count_};
  }

 private:
  std::size_t count_;
  std::array<Shape, 4> few_;
  std::vector<Shape> many_;
};

// Elements of a tensor by strides: element (i, j, ...) of the result is the one at
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

using Strides = std::array<std::int64_t, Shape::max_rank>;
Strides strides_of(const Shape& x) {
  Strides strides{};
  std::int64_t stride = 1;
  for (int axis = x.rank() - 1; axis >= 0; --axis) {
    strides[static_cast<std::size_t>(axis)] = stride;
    stride *= x[axis] == None ? 1 : x[axis];
  }
  return strides;
}

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

// An option of an operation: a field of OperationOptions, and what Keras calls it. With two names
// they are those of its two numbers.
struct OptionRow {
  std::string_view field;
  std::string_view name = field;
  std::string_view second = {};
};

struct OperationRow {
  std::string_view name;
  std::string_view module = "numpy";
  std::size_t arguments = 1;  // 0: any number, in a list
  std::vector<OptionRow> options = {};
  std::vector<FunctionSetting> settings = {};
};

// What all operations share: the options, the axes, the arguments.
class OperationLayer : public Layer {
 public:
  OperationLayer(OperationRow row, const layers::OperationOptions& options)
      : options_(options), row_(std::move(row)) {
    set_name(options.name);
    set_dtype(dtype_from_name(options.dtype));
    complete_settings();
  }

  const layers::OperationOptions& options() const { return options_; }
  const OperationRow& row() const { return row_; }

  std::string_view class_name() const override { return row_.name; }
  bool is_operation() const override { return true; }
  bool takes_ids() const override { return true; }

  void fields(FieldVisitor& visitor) override {
    for (const OptionRow& option : row_.options) visit(option, visitor);
    for (std::size_t i = 0; i < row_.settings.size(); ++i) {
      if (row_.settings[i].is_flag) {
        bool flag = settings_[i] != 0.0;
        visitor.field(row_.settings[i].name, flag);
        settings_[i] = flag ? 1.0 : 0.0;
      } else {
        visitor.field(row_.settings[i].name, settings_[i]);
      }
    }
  }

  std::vector<Shape> output_shapes(std::span<const Shape> inputs) const override {
    check_count(inputs.size());
    const Shape result = result_shape(inputs);
    const bool keeps_batch = result.rank() > 0 && (result[0] == inputs[0][0] || result[0] == None);
    if (!keeps_batch) {
      throw Error(fmt::format("{} makes {} of {}: the batch axis must stay in front", described(),
                              result.to_string(), inputs[0].to_string()));
    }
    return {result};
  }
  void check_inputs(std::span<const Value> inputs) const override {
    check_count(inputs.size());
    result_shape(InputShapes(inputs));
  }

 protected:
  virtual Shape result_shape(std::span<const Shape> inputs) const = 0;

  // The layer's number type for whatever is a number, and the arguments' for the rest.
  DType type_of(ResultKind kind, const Call& call, std::size_t first = 0) const {
    if (kind == ResultKind::truth) return DType::boolean;
    if (kind == ResultKind::whole) return DType::int32;
    if (kind == ResultKind::real) return dtype();
    bool any_real = false;
    std::size_t input = 0;
    for (std::size_t i = 0; i < std::max(row_.arguments, call.inputs.size()); ++i) {
      const bool symbol = is_symbol(i);
      const TensorView view =
          symbol ? call.inputs[input++].data : options_.arguments[i].value.view();
      if (i >= first) any_real = any_real || is_real(view.dtype());
    }
    return any_real ? dtype() : DType::int32;
  }

  bool is_symbol(std::size_t index) const {
    return index >= options_.arguments.size() || options_.arguments[index].is_symbol();
  }

  int axis_of(const Shape& shape, std::int64_t axis, int extra = 0) const {
    const std::int64_t place = axis < 0 ? axis + shape.rank() + extra : axis;
    if (place >= 0 && place < shape.rank() + extra) return static_cast<int>(place);
    throw Error(fmt::format("{}: there is no axis {} in {}", described(), axis, shape.to_string()));
  }
  // The one axis of an operation that has one.
  int axis_of(const Shape& shape) const {
    return axis_of(shape, options_.axis.empty() ? -1 : options_.axis.front());
  }

  std::span<const double> settings() const { return settings_; }

  layers::OperationOptions options_;

 private:
  void complete_settings() {
    for (const FunctionSetting& known : row_.settings) settings_.push_back(known.value);
    for (const Setting& given : options_.settings) {
      std::vector<std::string_view> names;
      for (const FunctionSetting& known : row_.settings) names.push_back(known.name);
      const auto place = std::find(names.begin(), names.end(), given.name);
      if (place == names.end())
        unknown_name(fmt::format("option of {}", row_.name), given.name, names);
      double& value = settings_[static_cast<std::size_t>(place - names.begin())];
      if (const auto* number = std::get_if<double>(&given.value)) value = *number;
      if (const auto* whole = std::get_if<std::int64_t>(&given.value))
        value = static_cast<double>(*whole);
      if (const auto* flag = std::get_if<bool>(&given.value)) value = *flag ? 1.0 : 0.0;
    }
  }

  void visit(const OptionRow& option, FieldVisitor& visitor) {
    if (!option.second.empty()) {
      options_.sizes.resize(2);
      visitor.field(option.name, options_.sizes[0]);
      visitor.field(option.second, options_.sizes[1]);
      return;
    }
    for_each_field(options_, [&](const FieldInfo& field, auto& value) {
      if constexpr (requires { visitor.field(option.name, value); }) {
        if (field.name == option.field) visitor.field(option.name, value);
      }
    });
  }

  void build_weights(std::span<const Shape> inputs) override { output_shapes(inputs); }

  std::size_t constants() const {
    return static_cast<std::size_t>(
        std::count_if(options_.arguments.begin(), options_.arguments.end(),
                      [](const layers::OperationArgument& each) { return !each.is_symbol(); }));
  }
  void check_count(std::size_t count) const {
    const bool fits =
        row_.arguments == 0 ? count > 0 : count > 0 && count + constants() == row_.arguments;
    if (fits) return;
    throw Error(fmt::format("{} takes {} arguments, got {} symbols and {} numbers", described(),
                            row_.arguments, count, constants()));
  }

  OperationRow row_;
  std::vector<double> settings_;
};

// ---- of single numbers

class ElementOperation final : public OperationLayer {
 public:
  ElementOperation(const OperationRow& row, const layers::OperationOptions& options,
                   const ElementFunction& function)
      : OperationLayer(row, options), function_(&function) {}
  LayerPtr clone() const override { return clone_of(*this); }

  void forward(Pass& pass, Call& call) const override {
    const Shape shape = result_shape(InputShapes(call.inputs));
    const Arguments arguments = arguments_of(call);
    // Where: the first argument only chooses.
    const DType type = type_of(function_->result, call, function_->arguments == 3 ? 1 : 0);
    const TensorView y = pass.arena.tensor(shape, type);
    std::array<double, most_arguments> a{};
    for (std::int64_t i = 0; i < y.size(); ++i) {
      read(arguments, shape, i, a);
      set(y, i, function_->value(a.data(), settings().data()));
    }
    call.outputs[0] = {y, {}};
    if (!call.logits.empty() && row().name == "Sigmoid") call.logits[0] = {call.inputs[0].data};
  }

  void backward(Pass& pass, const Call& call, CallGradient& gradient) const override {
    for (std::size_t k = 0; k < call.inputs.size(); ++k) {
      if (gradient.wanted[k])
        gradient.inputs[k] = pass.arena.zeros(call.inputs[k].data.shape(), dtype());
    }
    if (const TensorView direct = gradient.of_logits(); direct && gradient.wanted[0])
      copy(direct, gradient.inputs[0]);
    if (!gradient.outputs[0]) return;
    const TensorView& dy = gradient.outputs[0];
    const TensorView& y = call.outputs[0].data;
    if (function_->slope == nullptr || !is_real(dy.dtype()) || !is_real(y.dtype())) return;
    const Arguments arguments = arguments_of(call);
    std::array<double, most_arguments> a{};
    std::size_t input = 0;
    for (int k = 0; k < function_->arguments; ++k) {
      if (!is_symbol(static_cast<std::size_t>(k))) continue;
      const std::size_t own = input++;
      if (!gradient.wanted[own]) continue;
      const TensorView& dx = gradient.inputs[own];
      for (std::int64_t i = 0; i < dy.size(); ++i) {
        const double flow = number_at(dy, i);
        if (flow == 0.0) continue;
        read(arguments, y.shape(), i, a);
        const std::int64_t place = dx.shape() == y.shape() ? i : place_in(dx.shape(), y.shape(), i);
        const double slope = function_->slope(k, a.data(), number_at(y, i), settings().data());
        set(dx, place, number_at(dx, place) + flow * slope);
      }
    }
  }

 private:
  using Arguments = std::array<TensorView, most_arguments>;

  Arguments arguments_of(const Call& call) const {
    Arguments arguments;
    std::size_t input = 0;
    for (std::size_t k = 0; k < static_cast<std::size_t>(function_->arguments); ++k)
      arguments[k] = is_symbol(k) ? call.inputs[input++].data : options_.arguments[k].value.view();
    return arguments;
  }
  void read(const Arguments& arguments, const Shape& shape, std::int64_t i,
            std::array<double, most_arguments>& a) const {
    for (std::size_t k = 0; k < static_cast<std::size_t>(function_->arguments); ++k) {
      const TensorView& x = arguments[k];
      a[k] = number_at(x, x.shape() == shape ? i : place_in(x.shape(), shape, i));
    }
  }

  Shape result_shape(std::span<const Shape> inputs) const override {
    std::optional<Shape> result;
    std::size_t input = 0;
    for (std::size_t k = 0; k < static_cast<std::size_t>(function_->arguments); ++k) {
      const Shape& shape = is_symbol(k) ? inputs[input++] : options_.arguments[k].value.shape();
      result = result ? repeated(*result, shape) : shape;
    }
    return *result;
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

  const ElementFunction* function_;
};

// To another type; gradients flow from numbers to numbers.
class CastOperation final : public OperationLayer {
 public:
  using OperationLayer::OperationLayer;
  LayerPtr clone() const override { return clone_of(*this); }

  void forward(Pass& pass, Call& call) const override {
    const Value& x = call.inputs[0];
    const DType type = target();
    if (x.data.dtype() == type) {  // the same tensor, which keeps its mask
      call.outputs[0] = x;
      return;
    }
    const TensorView y = pass.arena.tensor(x.data.shape(), type);
    for (std::int64_t i = 0; i < y.size(); ++i) set(y, i, number_at(x.data, i));
    call.outputs[0] = {y, {}};
  }
  void backward(Pass& pass, const Call& call, CallGradient& gradient) const override {
    if (!gradient.wanted[0]) return;
    const TensorView& dy = gradient.outputs[0];
    gradient.inputs[0] = is_real(dy.dtype()) && is_real(target())
                             ? dy
                             : pass.arena.zeros(call.inputs[0].data.shape(), dtype());
  }
  void validate() const override { target(); }

 private:
  Shape result_shape(std::span<const Shape> inputs) const override { return inputs[0]; }
  // What Keras knows by more names than there are types here.
  DType target() const {
    const std::string& to = options_.to;
    if (to == "bool") return DType::boolean;
    for (const std::string_view name : {"float16", "bfloat16", "float32", "float64"}) {
      if (to == name) return dtype();
    }
    for (const std::string_view name :
         {"int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"}) {
      if (to == name) return DType::int32;
    }
    throw Error(fmt::format("{}: there is no type \"{}\" to cast to", described(), to),
                "for instance \"float32\", \"int32\" or \"bool\"");
  }
};

// ---- of the numbers along some axes

class ReduceOperation final : public OperationLayer {
 public:
  ReduceOperation(const OperationRow& row, const layers::OperationOptions& options,
                  const ReduceFunction& function)
      : OperationLayer(row, options), function_(&function) {}
  LayerPtr clone() const override { return clone_of(*this); }
  bool causal() const override { return false; }

  void forward(Pass& pass, Call& call) const override {
    const TensorView& x = call.inputs[0].data;
    const Shape shape = result_shape(std::array{x.shape()});
    const TensorView y = pass.arena.tensor(shape, type_of(function_->result, call));
    const Cut lines = lines_of(x.shape());
    auto* line = pass.arena.array<double>(lines.along.shape.elements());
    for (std::int64_t i = 0; i < y.size(); ++i) {
      gather(x, lines, i, line);
      set(y, i, function_->value(line, count_of(lines)));
    }
    call.outputs[0] = {y, {}};
  }

  void backward(Pass& pass, const Call& call, CallGradient& gradient) const override {
    if (!gradient.wanted[0]) return;
    const TensorView& x = call.inputs[0].data;
    const TensorView& y = call.outputs[0].data;
    const TensorView& dy = gradient.outputs[0];
    const TensorView dx = gradient.inputs[0] = pass.arena.zeros(x.shape(), dtype());
    if (function_->slope == nullptr || !is_real(dy.dtype()) || !is_real(y.dtype())) return;
    const Cut lines = lines_of(x.shape());
    const std::int64_t count = count_of(lines);
    auto* line = pass.arena.array<double>(count);
    auto* slopes = pass.arena.array<double>(count);
    for (std::int64_t i = 0; i < y.size(); ++i) {
      gather(x, lines, i, line);
      function_->slope(line, count, number_at(y, i), slopes);
      const std::int64_t base = lines.kept.place_of(i);
      for (std::int64_t k = 0; k < count; ++k)
        set(dx, base + lines.along.place_of(k), number_at(dy, i) * slopes[k]);
    }
  }

 private:
  struct Cut {
    Selection kept;   // where each line begins
    Selection along;  // where its numbers are from there
  };
  static std::int64_t count_of(const Cut& lines) { return lines.along.shape.elements(); }

  Cut lines_of(const Shape& x) const {
    const Strides strides = strides_of(x);
    Cut lines;
    for (int axis = 0; axis < x.rank(); ++axis) {
      (is_reduced(x, axis) ? lines.along : lines.kept)
          .append(x[axis], strides[static_cast<std::size_t>(axis)]);
    }
    if (count_of(lines) == 0)
      throw Error(fmt::format("{}: there is nothing in {}", described(), x.to_string()));
    return lines;
  }
  static void gather(const TensorView& x, const Cut& lines, std::int64_t i, double* line) {
    const std::int64_t base = lines.kept.place_of(i);
    const std::int64_t count = count_of(lines);
    for (std::int64_t k = 0; k < count; ++k) line[k] = number_at(x, base + lines.along.place_of(k));
  }

  bool is_reduced(const Shape& shape, int axis) const {
    return options_.axis.empty() ||
           std::any_of(options_.axis.begin(), options_.axis.end(),
                       [&](std::int64_t each) { return axis_of(shape, each) == axis; });
  }
  Shape result_shape(std::span<const Shape> inputs) const override {
    const Shape& x = inputs[0];
    for (const std::int64_t axis : options_.axis) axis_of(x, axis);
    Shape result;
    for (int axis = 0; axis < x.rank(); ++axis) {
      if (!is_reduced(x, axis)) {
        result.append(x[axis]);
      } else if (options_.keepdims) {
        result.append(1);
      }
    }
    return result;
  }

  const ReduceFunction* function_;
};

// Softmax, its logarithm and sums so far, along one axis or over several.
class LineOperation final : public OperationLayer {
 public:
  using OperationLayer::OperationLayer;
  LayerPtr clone() const override { return clone_of(*this); }
  bool causal() const override { return false; }

  void forward(Pass& pass, Call& call) const override {
    const TensorView& x = call.inputs[0].data;
    const DType type = sums() ? type_of(ResultKind::common, call) : dtype();
    const TensorView y = pass.arena.tensor(x.shape(), type);
    for_each_line(x.shape(), [&](const auto& place, std::int64_t count) {
      if (sums()) {
        double total = 0.0;
        for (std::int64_t i = 0; i < count; ++i) set(y, place(i), total += number_at(x, place(i)));
        return;
      }
      double top = -std::numeric_limits<double>::infinity();
      for (std::int64_t i = 0; i < count; ++i) top = std::max(top, number_at(x, place(i)));
      double total = 0.0;
      for (std::int64_t i = 0; i < count; ++i) total += std::exp(number_at(x, place(i)) - top);
      for (std::int64_t i = 0; i < count; ++i) {
        const double above = number_at(x, place(i)) - top;
        set(y, place(i), logarithm() ? above - std::log(total) : std::exp(above) / total);
      }
    });
    call.outputs[0] = {y, {}};
    if (!call.logits.empty() && row().name == "Softmax")
      call.logits[0] = {x, axis_of(x.shape()) + 1 == x.shape().rank()};
  }

  void backward(Pass& pass, const Call& call, CallGradient& gradient) const override {
    if (!gradient.wanted[0]) return;
    const TensorView& y = call.outputs[0].data;
    const TensorView& dy = gradient.outputs[0];
    if (!dy) {
      gradient.inputs[0] = gradient.of_logits();
      return;
    }
    const TensorView dx = pass.arena.zeros(y.shape(), dtype());
    gradient.inputs[0] = dx;
    if (!is_real(y.dtype()) || !is_real(dy.dtype())) return;
    for_each_line(y.shape(), [&](const auto& place, std::int64_t count) {
      if (sums()) {
        double total = 0.0;
        for (std::int64_t i = count; i-- > 0;) set(dx, place(i), total += number_at(dy, place(i)));
        return;
      }
      double total = 0.0;
      for (std::int64_t i = 0; i < count; ++i)
        total += number_at(dy, place(i)) * (logarithm() ? 1.0 : number_at(y, place(i)));
      for (std::int64_t i = 0; i < count; ++i) {
        const double flow = number_at(dy, place(i));
        const double out = number_at(y, place(i));
        set(dx, place(i), logarithm() ? flow - std::exp(out) * total : out * (flow - total));
      }
    });
    gradient.inputs[0] = added(pass.arena, dx, gradient.of_logits());
  }

 private:
  bool sums() const { return row().name == "Cumsum"; }
  bool logarithm() const { return row().name == "LogSoftmax"; }

  // function(place of number i of a line, numbers of a line)
  template <class Function>
  void for_each_line(const Shape& shape, const Function& function) const {
    const int axis = axis_of(shape);
    std::int64_t stride = 1;
    for (int i = axis + 1; i < shape.rank(); ++i) stride *= shape[i];
    const std::int64_t extent = shape[axis];
    const std::int64_t lines = extent == 0 ? 0 : shape.elements() / extent;
    for (std::int64_t line = 0; line < lines; ++line) {
      const std::int64_t begin = line / stride * stride * extent + line % stride;
      function([=](std::int64_t i) { return begin + i * stride; }, extent);
    }
  }
  Shape result_shape(std::span<const Shape> inputs) const override {
    const bool one = options_.axis.size() == 1 || (options_.axis.empty() && !sums());
    if (!one || axis_of(inputs[0]) == 0) {
      throw Error(fmt::format("{} works along one axis behind the batch, got {} axes of {}",
                              described(), options_.axis.size(), inputs[0].to_string()));
    }
    return inputs[0];
  }
};

// ---- other places for the same numbers

// The same numbers in the same order.
class ReshapeOperation final : public OperationLayer {
 public:
  using OperationLayer::OperationLayer;
  LayerPtr clone() const override { return clone_of(*this); }
  bool causal() const override { return row().name != "Reshape"; }
  bool passes_on(bool /*training*/) const override { return row().name == "ConvertToTensor"; }

  void forward(Pass& /*pass*/, Call& call) const override {
    const Value& x = call.inputs[0];
    const Shape shape = result_shape(std::array{x.data.shape()});
    if (shape.elements() != x.data.size()) wrong_size(x.data.shape());
    // Of these, what Keras hands on as it is keeps its mask.
    const bool same = row().name == "ConvertToTensor" || row().name == "Copy";
    call.outputs[0] = {x.data.reshaped(shape), same ? x.mask : TensorView()};
  }
  void backward(Pass& pass, const Call& call, CallGradient& gradient) const override {
    if (!gradient.wanted[0]) return;
    const TensorView& dy = gradient.outputs[0];
    const Shape& shape = call.inputs[0].data.shape();
    const bool flows = is_real(dy.dtype()) && row().name != "StopGradient";
    gradient.inputs[0] = flows ? dy.reshaped(shape) : pass.arena.zeros(shape, dtype());
  }

 private:
  [[noreturn]] void wrong_size(const Shape& x) const {
    Shape wanted;
    for (const std::int64_t size : options_.sizes) wanted.append(size);
    throw Error(fmt::format("{}: the numbers of {} do not fit into {}", described(), x.to_string(),
                            wanted.to_string()));
  }

  Shape result_shape(std::span<const Shape> inputs) const override {
    const Shape& x = inputs[0];
    if (row().name == "ExpandDims") return expanded(x);
    if (row().name == "Squeeze") return squeezed(x);
    return row().name == "Reshape" ? filled(x) : x;
  }

  Shape expanded(const Shape& x) const {
    const int extra = static_cast<int>(std::max<std::size_t>(options_.axis.size(), 1));
    const int rank = x.rank() + extra;
    if (rank > Shape::max_rank)
      throw Error(fmt::format("{}: {} has axes enough", described(), x.to_string()));
    AxisSet fresh;
    for (int i = 0; i < extra; ++i) {
      const int axis = axis_of(
          x, options_.axis.empty() ? -1 : options_.axis[static_cast<std::size_t>(i)], extra);
      if (fresh.has(axis)) throw Error(fmt::format("{}: an axis is named twice", described()));
      fresh.add(axis);
    }
    Shape result;
    int from = 0;
    for (int axis = 0; axis < rank; ++axis) result.append(fresh.has(axis) ? 1 : x[from++]);
    return result;
  }

  Shape squeezed(const Shape& x) const {
    Shape result;
    for (int axis = 0; axis < x.rank(); ++axis) {
      const bool named = std::any_of(options_.axis.begin(), options_.axis.end(),
                                     [&](std::int64_t each) { return axis_of(x, each) == axis; });
      if (named && x[axis] != 1) {
        throw Error(fmt::format("{}: axis {} of {} is not 1", described(), axis, x.to_string()));
      }
      const bool drop = named || (options_.axis.empty() && x[axis] == 1 && axis > 0);
      if (!drop) result.append(x[axis]);
    }
    return result;
  }

  Shape filled(const Shape& x) const {
    if (options_.sizes.empty() || options_.sizes.size() > Shape::max_rank) wrong_size(x);
    Shape result;
    int open = -1;
    std::int64_t known = 1;
    for (const std::int64_t size : options_.sizes) {
      if (size < -1 || (size == -1 && open >= 0)) wrong_size(x);
      if (size == -1) open = result.rank();
      if (size >= 0 && __builtin_mul_overflow(known, size, &known)) wrong_size(x);
      result.append(size == -1 ? None : size);
    }
    if (open < 0 || !x.is_known()) {
      if (open == 0 && !x.is_known() && x.without_front().is_known() && known > 0) {
        // (None, 4, 3) to (-1, 12): the batch; to (-1, 3) it would become another one.
        if (x.without_front().elements() != known) wrong_size(x);
      }
      return result;
    }
    if (known == 0 || x.elements() % known != 0) wrong_size(x);
    result.set(open, x.elements() / known);
    return result;
  }
};

// Some of the numbers, or all in another order: GetItem, Transpose, Swapaxes, Flip, BroadcastTo.
class SelectOperation final : public OperationLayer {
 public:
  using OperationLayer::OperationLayer;
  LayerPtr clone() const override { return clone_of(*this); }
  bool causal() const override { return false; }

  void forward(Pass& pass, Call& call) const override {
    const TensorView& x = call.inputs[0].data;
    const Selection selection = selected(x.shape());
    const TensorView y = pass.arena.tensor(selection.shape, x.dtype());
    for (std::int64_t i = 0; i < y.size(); ++i) set(y, i, number_at(x, selection.place_of(i)));
    call.outputs[0] = {y, {}};
  }
  void backward(Pass& pass, const Call& call, CallGradient& gradient) const override {
    if (!gradient.wanted[0]) return;
    const TensorView& dy = gradient.outputs[0];
    const TensorView dx = gradient.inputs[0] =
        pass.arena.zeros(call.inputs[0].data.shape(), dtype());
    if (!is_real(dy.dtype())) return;
    const Selection selection = selected(call.inputs[0].data.shape());
    for (std::int64_t i = 0; i < dy.size(); ++i) {
      const std::int64_t place = selection.place_of(i);
      set(dx, place, number_at(dx, place) + number_at(dy, i));
    }
  }

 private:
  Shape result_shape(std::span<const Shape> inputs) const override {
    return selected(inputs[0]).shape;
  }

  Selection selected(const Shape& x) const {
    if (row().name == "GetItem") return taken(x);
    if (row().name == "Flip") return flipped(x);
    if (row().name == "BroadcastTo") return repeated(x);
    return reordered(x);
  }

  Selection reordered(const Shape& x) const {
    const int rank = x.rank();
    const auto count = static_cast<std::size_t>(rank);
    std::array<int, Shape::max_rank> order{};
    std::iota(order.begin(), order.end(), 0);
    if (row().name == "Swapaxes") {
      std::swap(order[static_cast<std::size_t>(axis_of(x, options_.sizes.at(0)))],
                order[static_cast<std::size_t>(axis_of(x, options_.sizes.at(1)))]);
    } else if (options_.sizes.empty()) {
      std::reverse(order.begin(), order.begin() + rank);
    } else {
      if (options_.sizes.size() != count) wrong_axes(x);
      AxisSet seen;
      for (std::size_t i = 0; i < count; ++i) {
        order[i] = axis_of(x, options_.sizes[i]);
        if (seen.has(order[i])) wrong_axes(x);
        seen.add(order[i]);
      }
    }
    if (rank > 0 && order[0] != 0) wrong_axes(x);
    const Strides strides = strides_of(x);
    Selection selection;
    for (std::size_t i = 0; i < count; ++i)
      selection.append(x[order[i]], strides[static_cast<std::size_t>(order[i])]);
    return selection;
  }
  [[noreturn]] void wrong_axes(const Shape& x) const {
    throw Error(
        fmt::format("{}: the axes of {} cannot be put in that order", described(), x.to_string()),
        "each axis once, the batch, 0, in front");
  }

  Selection flipped(const Shape& x) const {
    const Strides strides = strides_of(x);
    Selection selection;
    for (int axis = 0; axis < x.rank(); ++axis) {
      const bool turned = options_.axis.empty() ||
                          std::any_of(options_.axis.begin(), options_.axis.end(),
                                      [&](std::int64_t each) { return axis_of(x, each) == axis; });
      if (turned && axis == 0)
        throw Error(fmt::format("{}: the batch axis cannot be turned round", described()));
      const std::int64_t stride = strides[static_cast<std::size_t>(axis)];
      if (turned && x[axis] != None) selection.base += (x[axis] - 1) * stride;
      selection.append(x[axis], turned ? -stride : stride);
    }
    return selection;
  }

  Selection repeated(const Shape& x) const {
    const int missing = static_cast<int>(options_.sizes.size()) - x.rank();
    const Strides strides = strides_of(x);
    Selection selection;
    const auto refuse = [&] {
      Shape wanted;
      for (const std::int64_t size : options_.sizes) wanted.append(size);
      throw Error(fmt::format("{}: {} cannot be repeated to {}", described(), x.to_string(),
                              wanted.to_string()));
    };
    if (missing < 0 || options_.sizes.size() > Shape::max_rank) refuse();
    for (int axis = 0; axis < missing + x.rank(); ++axis) {
      const std::int64_t wanted = options_.sizes[static_cast<std::size_t>(axis)];
      const std::int64_t extent = axis < missing ? 1 : x[axis - missing];
      if (wanted < -1 || (wanted != -1 && extent != 1 && extent != None && extent != wanted))
        refuse();
      const bool stays = wanted == -1 || extent == wanted;
      selection.append(
          stays ? extent : wanted,
          stays && axis >= missing ? strides[static_cast<std::size_t>(axis - missing)] : 0);
    }
    return selection;
  }

  [[noreturn]] void wrong_items(const Shape& shape, std::string_view why) const {
    throw Error(
        fmt::format("{}: {} cannot be indexed so: {}", described(), shape.to_string(), why));
  }

  Selection taken(const Shape& x) const {
    using Item = layers::SliceItem::Kind;
    const Strides strides = strides_of(x);
    int count = 0;  // axes that items speak of
    for (const layers::SliceItem& item : options_.items)
      count += item.kind == Item::range || item.kind == Item::index ? 1 : 0;
    if (count > x.rank()) wrong_items(x, fmt::format("it has no {} axes", count));
    Selection selection;
    int axis = 0;
    const auto take_whole = [&](int more) {
      for (; more > 0; --more, ++axis)
        selection.append(x[axis], strides[static_cast<std::size_t>(axis)]);
    };
    for (const layers::SliceItem& item : options_.items) {
      if (item.kind == Item::new_axis) {
        selection.append(1, 0);
      } else if (item.kind == Item::ellipsis) {
        take_whole(x.rank() - count);
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
};

// All inputs one after another along an axis: one they have (Concatenate) or a new one (Stack).
class JoinOperation final : public OperationLayer {
 public:
  using OperationLayer::OperationLayer;
  LayerPtr clone() const override { return clone_of(*this); }
  bool causal() const override { return false; }

  void forward(Pass& pass, Call& call) const override {
    const TensorView y = pass.arena.tensor(result_shape(InputShapes(call.inputs)),
                                           type_of(ResultKind::common, call));
    for_each(call, y.shape(), [&](std::size_t k, std::int64_t i, std::int64_t place) {
      set(y, place, number_at(call.inputs[k].data, i));
    });
    call.outputs[0] = {y, {}};
  }
  void backward(Pass& pass, const Call& call, CallGradient& gradient) const override {
    for (std::size_t k = 0; k < call.inputs.size(); ++k) {
      if (gradient.wanted[k])
        gradient.inputs[k] = pass.arena.zeros(call.inputs[k].data.shape(), dtype());
    }
    const TensorView& dy = gradient.outputs[0];
    if (!is_real(dy.dtype())) return;
    for_each(call, dy.shape(), [&](std::size_t k, std::int64_t i, std::int64_t place) {
      if (gradient.wanted[k]) set(gradient.inputs[k], i, number_at(dy, place));
    });
  }

 private:
  bool stacks() const { return row().name == "Stack"; }
  int join_axis(const Shape& x) const {
    const std::int64_t given = options_.axis.empty() ? (stacks() ? 0 : -1) : options_.axis.front();
    return axis_of(x, given, stacks() ? 1 : 0);
  }

  // function(input, place in it, place in the result)
  template <class Function>
  void for_each(const Call& call, const Shape& result, const Function& function) const {
    const int axis = join_axis(call.inputs[0].data.shape());
    std::int64_t inner = 1;
    for (int i = axis + 1; i < result.rank(); ++i) inner *= result[i];
    const std::int64_t row_size = result[axis] * inner;
    std::int64_t begin = 0;
    for (std::size_t k = 0; k < call.inputs.size(); ++k) {
      const TensorView& x = call.inputs[k].data;
      const std::int64_t width = (stacks() ? 1 : x.shape()[axis]) * inner;
      for (std::int64_t i = 0; i < x.size(); ++i)
        function(k, i, i / width * row_size + begin + i % width);
      begin += width;
    }
  }

  Shape result_shape(std::span<const Shape> inputs) const override {
    const int axis = join_axis(inputs[0]);
    Shape result = inputs[0];
    for (const Shape& shape : inputs.subspan(1)) {
      if (shape.rank() != result.rank()) refuse(inputs[0], shape);
      for (int i = 0; i < result.rank(); ++i) {
        const bool known = result[i] != None && shape[i] != None;
        if (!stacks() && i == axis) {
          result.set(i, known ? result[i] + shape[i] : None);
        } else if (result[i] != shape[i]) {
          if (known) refuse(inputs[0], shape);
          if (result[i] == None) result.set(i, shape[i]);
        }
      }
    }
    if (!stacks()) return result;
    Shape stacked;
    for (int i = 0; i < result.rank(); ++i) {
      if (i == axis) stacked.append(static_cast<std::int64_t>(inputs.size()));
      stacked.append(result[i]);
    }
    if (axis == result.rank()) stacked.append(static_cast<std::int64_t>(inputs.size()));
    return stacked;
  }
  [[noreturn]] void refuse(const Shape& a, const Shape& b) const {
    throw Error(fmt::format("{}: {} and {} do not fit", described(), a.to_string(), b.to_string()));
  }
};

// Matrix products of the last two axes, the axes before them repeated.
class MatmulOperation final : public OperationLayer {
 public:
  using OperationLayer::OperationLayer;
  LayerPtr clone() const override { return clone_of(*this); }
  bool causal() const override { return false; }

  void forward(Pass& pass, Call& call) const override {
    with_real(dtype(), [&](auto real) {
      using Real = decltype(real);
      const Factors<Real> f = factors<Real>(pass, call);
      const TensorView y = pass.arena.tensor(f.result, dtype());
      for (std::int64_t i = 0; i < f.count; ++i) {
        kernels::gemm(f.rows, f.columns, f.inner, f.a_of(i), f.inner, f.b_of(i), f.columns,
                      y.as<Real>() + i * f.rows * f.columns, f.columns, kernels::Start::zero);
      }
      call.outputs[0] = {y, {}};
    });
  }
  void backward(Pass& pass, const Call& call, CallGradient& gradient) const override {
    with_real(dtype(), [&](auto real) {
      using Real = decltype(real);
      const Factors<Real> f = factors<Real>(pass, call);
      const Real* dy = gradient.outputs[0].as<Real>();
      std::size_t input = 0;
      for (std::size_t k = 0; k < 2; ++k) {
        if (!is_symbol(k)) continue;
        const std::size_t own = input++;
        if (!gradient.wanted[own]) continue;
        gradient.inputs[own] = pass.arena.zeros(call.inputs[own].data.shape(), dtype());
        Real* dx = gradient.inputs[own].template as<Real>();
        for (std::int64_t i = 0; i < f.count; ++i)
          k == 0 ? add_left(f, i, dy, dx) : add_right(f, i, dy, dx);
      }
    });
  }

 private:
  template <class Real>
  struct Factors {
    const Real* a;
    const Real* b;
    Shape a_front;
    Shape b_front;
    Shape front;  // the axes before the matrices
    Shape result;
    std::int64_t count;
    std::int64_t rows;
    std::int64_t inner;
    std::int64_t columns;
    std::int64_t a_place(std::int64_t i) const {
      return place_in(a_front, front, i) * rows * inner;
    }
    std::int64_t b_place(std::int64_t i) const {
      return place_in(b_front, front, i) * inner * columns;
    }
    const Real* a_of(std::int64_t i) const { return a + a_place(i); }
    const Real* b_of(std::int64_t i) const { return b + b_place(i); }
  };

  template <class Real>
  static void add_left(const Factors<Real>& f, std::int64_t i, const Real* dy, Real* dx) {
    const Real* flow = dy + i * f.rows * f.columns;
    for (std::int64_t row = 0; row < f.rows; ++row) {
      for (std::int64_t k = 0; k < f.inner; ++k) {
        Real sum{0};
        for (std::int64_t column = 0; column < f.columns; ++column)
          sum += flow[row * f.columns + column] * f.b_of(i)[k * f.columns + column];
        dx[f.a_place(i) + row * f.inner + k] += sum;
      }
    }
  }
  template <class Real>
  static void add_right(const Factors<Real>& f, std::int64_t i, const Real* dy, Real* dx) {
    const Real* flow = dy + i * f.rows * f.columns;
    for (std::int64_t row = 0; row < f.rows; ++row) {
      for (std::int64_t k = 0; k < f.inner; ++k) {
        for (std::int64_t column = 0; column < f.columns; ++column) {
          dx[f.b_place(i) + k * f.columns + column] +=
              f.a_of(i)[row * f.inner + k] * flow[row * f.columns + column];
        }
      }
    }
  }

  template <class Real>
  Factors<Real> factors(Pass& pass, const Call& call) const {
    std::array<TensorView, 2> x;
    std::size_t input = 0;
    for (std::size_t k = 0; k < 2; ++k) {
      const TensorView given =
          is_symbol(k) ? call.inputs[input++].data : options_.arguments[k].value.view();
      x[k] = given;
      if (given.dtype() == dtype()) continue;
      x[k] = pass.arena.tensor(given.shape(), dtype());
      for (std::int64_t i = 0; i < given.size(); ++i) set(x[k], i, number_at(given, i));
    }
    Factors<Real> f{};
    f.a = x[0].as<Real>();
    f.b = x[1].as<Real>();
    f.result = product(x[0].shape(), x[1].shape());
    f.a_front = front_of(x[0].shape());
    f.b_front = front_of(x[1].shape());
    f.front = front_of(f.result);
    f.count = f.front.elements();
    f.rows = x[0].shape()[-2];
    f.inner = x[0].shape()[-1];
    f.columns = x[1].shape()[-1];
    return f;
  }

  static Shape front_of(const Shape& shape) {
    Shape front;
    for (int axis = 0; axis + 2 < shape.rank(); ++axis) front.append(shape[axis]);
    return front;
  }
  Shape product(const Shape& a, const Shape& b) const {
    const auto refuse = [&] {
      throw Error(fmt::format("{}: {} and {} cannot be multiplied as matrices", described(),
                              a.to_string(), b.to_string()));
    };
    if (a.rank() < 2 || b.rank() < 2) refuse();
    if (a[-1] != b[-2] && a[-1] != None && b[-2] != None) refuse();
    const Shape a_front = front_of(a);
    const Shape b_front = front_of(b);
    const Shape& longer = a_front.rank() >= b_front.rank() ? a_front : b_front;
    const Shape& shorter = a_front.rank() >= b_front.rank() ? b_front : a_front;
    Shape result = longer;
    const int missing = longer.rank() - shorter.rank();
    for (int axis = 0; axis < shorter.rank(); ++axis) {
      const std::int64_t one = longer[axis + missing];
      const std::int64_t other = shorter[axis];
      if (one == other || other == 1) continue;
      if (one != 1 && one != None && other != None) refuse();
      if (one == 1 || one == None) result.set(axis + missing, other);
    }
    result.append(a[-2]);
    result.append(b[-1]);
    return result;
  }
  Shape result_shape(std::span<const Shape> inputs) const override {
    std::array<Shape, 2> shapes;
    std::size_t input = 0;
    for (std::size_t k = 0; k < 2; ++k)
      shapes[k] = is_symbol(k) ? inputs[input++] : options_.arguments[k].value.shape();
    return product(shapes[0], shapes[1]);
  }
};

// ---- the table

template <class Kind>
std::shared_ptr<OperationLayer> made(const OperationRow& row,
                                     const layers::OperationOptions& options) {
  return std::make_shared<Kind>(row, options);
}

struct OtherOperation {
  OperationRow row;
  std::shared_ptr<OperationLayer> (*make)(const OperationRow&, const layers::OperationOptions&);
};

const std::vector<OtherOperation>& other_operations() {
  static const std::vector<OtherOperation> rows{
      {{"Cast", "core", 1, {{"to", "dtype"}}}, made<CastOperation>},
      {{"Softmax", "nn", 1, {{"axis"}}}, made<LineOperation>},
      {{"LogSoftmax", "nn", 1, {{"axis"}}}, made<LineOperation>},
      {{"Cumsum", "numpy", 1, {{"axis"}}}, made<LineOperation>},
      {{"ExpandDims", "numpy", 1, {{"axis"}}}, made<ReshapeOperation>},
      {{"Squeeze", "numpy", 1, {{"axis"}}}, made<ReshapeOperation>},
      {{"Reshape", "numpy", 1, {{"sizes", "newshape"}}}, made<ReshapeOperation>},
      {{"ConvertToTensor", "core"}, made<ReshapeOperation>},
      {{"Copy", "numpy"}, made<ReshapeOperation>},
      {{"StopGradient", "core"}, made<ReshapeOperation>},
      {{"GetItem", "numpy"}, made<SelectOperation>},
      {{"Transpose", "numpy", 1, {{"sizes", "axes"}}}, made<SelectOperation>},
      {{"Swapaxes", "numpy", 1, {{"sizes", "axis1", "axis2"}}}, made<SelectOperation>},
      {{"Flip", "numpy", 1, {{"axis"}}}, made<SelectOperation>},
      {{"BroadcastTo", "numpy", 1, {{"sizes", "shape"}}}, made<SelectOperation>},
      {{"Concatenate", "numpy", 0, {{"axis"}}}, made<JoinOperation>},
      {{"Stack", "numpy", 0, {{"axis"}}}, made<JoinOperation>},
      {{"Matmul", "numpy", 2}, made<MatmulOperation>},
  };
  return rows;
}

std::shared_ptr<OperationLayer> found(std::string_view class_name,
                                      const layers::OperationOptions& options) {
  for (const ElementFunction& function : element_functions()) {
    if (function.name != class_name) continue;
    OperationRow row{function.name, function.module, static_cast<std::size_t>(function.arguments)};
    for (const FunctionSetting& setting : function.settings) {
      if (!setting.name.empty()) row.settings.push_back(setting);
    }
    return std::make_shared<ElementOperation>(row, options, function);
  }
  for (const ReduceFunction& function : reduce_functions()) {
    if (function.name != class_name) continue;
    const OperationRow row{function.name, function.module, 1, {{"axis"}, {"keepdims"}}};
    return std::make_shared<ReduceOperation>(row, options, function);
  }
  for (const OtherOperation& other : other_operations()) {
    if (other.row.name == class_name) return other.make(other.row, options);
  }
  unknown_name("operation", class_name, layers::operation_names());
}

const OperationLayer* operation_of(const Layer& layer) {
  return dynamic_cast<const OperationLayer*>(&layer);
}

}  // namespace

layers::OperationArgument::OperationArgument(double number)
    : value(Shape{}, DType::float64), is_number(true) {
  value.fill(number);
}
layers::OperationArgument::OperationArgument(std::int64_t number)
    : value(Shape{}, DType::int32), is_number(true) {
  *value.as<std::int32_t>() = whole_number(static_cast<double>(number));
}

LayerPtr layers::Operation(std::string_view class_name, const OperationOptions& options) {
  const std::shared_ptr<OperationLayer> layer = found(class_name, options);
  if (layer->name().empty()) layer->set_name(unique_name(class_name));
  layer->validate();
  return LayerPtr(layer);
}

const layers::OperationOptions* layers::operation_options(const Layer& layer) {
  const OperationLayer* operation = operation_of(layer);
  return operation == nullptr ? nullptr : &operation->options();
}

std::string_view layers::operation_module(const Layer& operation) {
  return operation_of(operation)->row().module;
}

bool layers::takes_list(const Layer& operation) {
  return operation_of(operation)->row().arguments == 0;
}

LayerPtr layers::NotEqual(double value) {
  return Operation("NotEqual", {.arguments = {std::nullopt, value}});
}

std::vector<std::string_view> layers::operation_names() {
  std::vector<std::string_view> names;
  for (const ElementFunction& function : element_functions()) names.push_back(function.name);
  for (const ReduceFunction& function : reduce_functions()) names.push_back(function.name);
  for (const OtherOperation& other : other_operations()) names.push_back(other.row.name);
  return names;
}

}  // namespace chronicler
