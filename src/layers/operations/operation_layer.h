// What all operations share: their options, axes and arguments, and numbers of any type.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "chronicler/layers/operation.h"
#include "layers/core/invoke.h"
#include "layers/operations/operation_functions.h"

namespace chronicler {

inline double number_at(const TensorView& x, std::int64_t i) {
  switch (x.dtype()) {
    case DType::int32:
      return x.as<std::int32_t>()[i];
    case DType::boolean:
      return x.as<std::uint8_t>()[i];
    case DType::float64:
      return x.as<double>()[i];
    case DType::float32:
    case DType::text:
      break;
  }
  return static_cast<double>(x.as<float>()[i]);
}

// Whole numbers that int32 does not have become the nearest ones.
inline std::int32_t whole_number(double value) {
  constexpr double low = std::numeric_limits<std::int32_t>::min();
  constexpr double high = std::numeric_limits<std::int32_t>::max();
  return std::isnan(value) ? 0 : static_cast<std::int32_t>(std::clamp(value, low, high));
}

inline void set_number(const TensorView& y, std::int64_t i, double value) {
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
      break;
    case DType::text:
      break;
  }
}

inline bool is_real(DType dtype) { return dtype == DType::float32 || dtype == DType::float64; }

// The shape that two shapes have together, missing front axes and extents of 1 repeated; empty if
// they do not fit.
std::optional<Shape> shape_of_both(const Shape& a, const Shape& b);

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
    check_options();
    set_name(options.name);
    set_dtype(dtype_from_name(options.dtype));
    complete_settings();
  }

  const layers::OperationOptions& options() const { return options_; }
  const OperationRow& row() const { return row_; }

  std::string_view class_name() const override { return row_.name; }
  bool is_operation() const override { return true; }
  bool takes_ids() const override { return true; }

  void fields(FieldVisitor& visitor) override;

  std::vector<Shape> output_shapes(std::span<const Shape> inputs) const override;
  void check_inputs(std::span<const Value> inputs) const override {
    check_count(inputs.size());
    result_shape(InputShapes(inputs));
  }

 protected:
  virtual Shape result_shape(std::span<const Shape> inputs) const = 0;

  // The layer's number type for whatever is a number, and the arguments' for the rest.
  DType type_of(ResultKind kind, const Call& call, std::size_t first = 0) const;

  bool is_symbol(std::size_t index) const {
    return index >= options_.arguments.size() || options_.arguments[index].is_symbol();
  }

  int axis_of(const Shape& shape, std::int64_t axis, int extra = 0) const;
  // The one axis of an operation that has one.
  int axis_of(const Shape& shape) const {
    return axis_of(shape, options_.axis.empty() ? -1 : options_.axis.front());
  }

  // Whether one of the option's axes is this one.
  bool names_axis(const Shape& shape, int axis) const;

  // The arguments of a call in their order, symbols and constants.
  static constexpr std::size_t most_arguments = 3;
  std::array<TensorView, most_arguments> arguments_of(const Call& call) const;
  std::array<Shape, most_arguments> argument_shapes(std::span<const Shape> inputs) const;

  std::span<const double> settings() const { return settings_; }

  layers::OperationOptions options_;

 private:
  void check_options() const;
  void complete_settings();

  void visit(const OptionRow& option, FieldVisitor& visitor);

  void build_weights(std::span<const Shape> inputs) override { output_shapes(inputs); }

  std::size_t constants() const;
  void check_count(std::size_t count) const;

  OperationRow row_;
  std::vector<double> settings_;
};

}  // namespace chronicler
