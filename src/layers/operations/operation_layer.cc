#include "layers/operations/operation_layer.h"

#include <fmt/format.h>

#include "chronicler/base/error.h"

namespace chronicler {

std::optional<Shape> shape_of_both(const Shape& a, const Shape& b) {
  const Shape& longer = a.rank() >= b.rank() ? a : b;
  const Shape& shorter = a.rank() >= b.rank() ? b : a;
  Shape result = longer;
  const int missing = longer.rank() - shorter.rank();
  for (int axis = 0; axis < shorter.rank(); ++axis) {
    const std::int64_t one = longer[axis + missing];
    const std::int64_t other = shorter[axis];
    if (one == other || other == 1) continue;
    if (one != 1 && one != None && other != None) return std::nullopt;
    if (one == 1 || one == None) result.set(axis + missing, other);
  }
  return result;
}

void OperationLayer::check_options() const {
  for_each_field(options_, [&](const FieldInfo& field, const auto& value) {
    if constexpr (requires { field_text(value); }) {
      if (!detail::is_in_range(field.range, value))
        refuse_field(row_.name, field, field_text(value));
    }
  });
}

void OperationLayer::fields(FieldVisitor& visitor) {
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

std::vector<Shape> OperationLayer::output_shapes(std::span<const Shape> inputs) const {
  check_count(inputs.size());
  const Shape result = result_shape(inputs);
  const bool keeps_batch = result.rank() > 0 && (result[0] == inputs[0][0] || result[0] == None);
  if (!keeps_batch) {
    throw Error(fmt::format("{} makes {} of {}: the batch axis must stay in front", described(),
                            result.to_string(), inputs[0].to_string()));
  }
  return {result};
}

DType OperationLayer::type_of(ResultKind kind, const Call& call, std::size_t first) const {
  if (kind == ResultKind::truth) return DType::boolean;
  if (kind == ResultKind::whole) return DType::int32;
  if (kind == ResultKind::real) return dtype();
  bool any_real = false;
  std::size_t input = 0;
  for (std::size_t i = 0; i < std::max(row_.arguments, call.inputs.size()); ++i) {
    const bool symbol = is_symbol(i);
    const TensorView view = symbol ? call.inputs[input++].data : options_.arguments[i].value.view();
    if (i >= first) any_real = any_real || is_real(view.dtype());
  }
  return any_real ? dtype() : DType::int32;
}

int OperationLayer::axis_of(const Shape& shape, std::int64_t axis, int extra) const {
  const std::int64_t place = axis < 0 ? axis + shape.rank() + extra : axis;
  if (place >= 0 && place < shape.rank() + extra) return static_cast<int>(place);
  throw Error(fmt::format("{}: there is no axis {} in {}", described(), axis, shape.to_string()));
}

void OperationLayer::complete_settings() {
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

void OperationLayer::visit(const OptionRow& option, FieldVisitor& visitor) {
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

std::size_t OperationLayer::constants() const {
  return static_cast<std::size_t>(
      std::count_if(options_.arguments.begin(), options_.arguments.end(),
                    [](const layers::OperationArgument& each) { return !each.is_symbol(); }));
}

void OperationLayer::check_count(std::size_t count) const {
  const bool fits =
      row_.arguments == 0 ? count > 0 : count > 0 && count + constants() == row_.arguments;
  if (fits) return;
  throw Error(fmt::format("{} takes {} arguments, got {} symbols and {} numbers", described(),
                          row_.arguments, count, constants()));
}

bool OperationLayer::names_axis(const Shape& shape, int axis) const {
  return std::any_of(options_.axis.begin(), options_.axis.end(),
                     [&](std::int64_t each) { return axis_of(shape, each) == axis; });
}

std::array<TensorView, OperationLayer::most_arguments> OperationLayer::arguments_of(
    const Call& call) const {
  std::array<TensorView, most_arguments> arguments;
  std::size_t input = 0;
  for (std::size_t k = 0; k < row_.arguments; ++k)
    arguments[k] = is_symbol(k) ? call.inputs[input++].data : options_.arguments[k].value.view();
  return arguments;
}

std::array<Shape, OperationLayer::most_arguments> OperationLayer::argument_shapes(
    std::span<const Shape> inputs) const {
  std::array<Shape, most_arguments> shapes;
  std::size_t input = 0;
  for (std::size_t k = 0; k < row_.arguments; ++k)
    shapes[k] = is_symbol(k) ? inputs[input++] : options_.arguments[k].value.shape();
  return shapes;
}

}  // namespace chronicler
