#include "chronicler/layers/operation.h"

#include <memory>

#include "chronicler/base/error.h"
#include "layers/operations/operation_kinds.h"

namespace chronicler {
namespace {

struct OtherOperation {
  OperationRow row;
  OperationPtr (*make)(const OperationRow&, const layers::OperationOptions&);
};

const std::vector<OtherOperation>& other_operations() {
  static const std::vector<OtherOperation> rows{
      {{"Cast", "core", 1, {{"to", "dtype"}}}, cast_operation},
      {{"Softmax", "nn", 1, {{"axis"}}}, line_operation},
      {{"LogSoftmax", "nn", 1, {{"axis"}}}, line_operation},
      {{"Cumsum", "numpy", 1, {{"axis"}}}, line_operation},
      {{"ExpandDims", "numpy", 1, {{"axis"}}}, reshape_operation},
      {{"Squeeze", "numpy", 1, {{"axis"}}}, reshape_operation},
      {{"Reshape", "numpy", 1, {{"sizes", "newshape"}}}, reshape_operation},
      {{"ConvertToTensor", "core"}, reshape_operation},
      {{"Copy", "numpy"}, reshape_operation},
      {{"StopGradient", "core"}, reshape_operation},
      {{"GetItem", "numpy"}, select_operation},
      {{"Transpose", "numpy", 1, {{"sizes", "axes"}}}, select_operation},
      {{"Swapaxes", "numpy", 1, {{"sizes", "axis1", "axis2"}}}, select_operation},
      {{"Flip", "numpy", 1, {{"axis"}}}, select_operation},
      {{"BroadcastTo", "numpy", 1, {{"sizes", "shape"}}}, select_operation},
      {{"Concatenate", "numpy", 0, {{"axis"}}}, join_operation},
      {{"Stack", "numpy", 0, {{"axis"}}}, join_operation},
      {{"Matmul", "numpy", 2}, matmul_operation},
  };
  return rows;
}

OperationPtr found(std::string_view class_name, const layers::OperationOptions& options) {
  for (const ElementFunction& function : element_functions()) {
    if (function.name != class_name) continue;
    OperationRow row{function.name, function.module, static_cast<std::size_t>(function.arguments)};
    for (const FunctionSetting& setting : function.settings) {
      if (!setting.name.empty()) row.settings.push_back(setting);
    }
    return element_operation(row, options, function);
  }
  for (const ReduceFunction& function : reduce_functions()) {
    if (function.name != class_name) continue;
    const OperationRow row{function.name, function.module, 1, {{"axis"}, {"keepdims"}}};
    return reduce_operation(row, options, function);
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
  const OperationPtr layer = found(class_name, options);
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
