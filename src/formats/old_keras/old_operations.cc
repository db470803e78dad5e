#include "formats/old_keras/old_operations.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "chronicler/base/error.h"

namespace chronicler {
namespace {

struct OperationName {
  std::string_view before;  // of TensorFlow's functions and of its operations
  std::string_view now;     // Keras's class
  std::string_view module = "numpy";
};

constexpr std::array names{
    OperationName{"add", "Add"},
    OperationName{"AddV2", "Add"},
    OperationName{"Add", "Add"},
    OperationName{"AddN", "Add"},
    OperationName{"BiasAdd", "Add"},
    OperationName{"radd", "Add"},
    OperationName{"subtract", "Subtract"},
    OperationName{"sub", "Subtract"},
    OperationName{"Sub", "Subtract"},
    OperationName{"multiply", "Multiply"},
    OperationName{"mul", "Multiply"},
    OperationName{"Mul", "Multiply"},
    OperationName{"rmul", "Multiply"},
    OperationName{"truediv", "TrueDivide"},
    OperationName{"divide", "TrueDivide"},
    OperationName{"div", "TrueDivide"},
    OperationName{"RealDiv", "TrueDivide"},
    OperationName{"pow", "Power"},
    OperationName{"Pow", "Power"},
    OperationName{"maximum", "Maximum"},
    OperationName{"Maximum", "Maximum"},
    OperationName{"minimum", "Minimum"},
    OperationName{"Minimum", "Minimum"},
    OperationName{"negative", "Negative"},
    OperationName{"neg", "Negative"},
    OperationName{"Neg", "Negative"},
    OperationName{"abs", "Absolute"},
    OperationName{"Abs", "Absolute"},
    OperationName{"exp", "Exp"},
    OperationName{"Exp", "Exp"},
    OperationName{"log", "Log"},
    OperationName{"Log", "Log"},
    OperationName{"log1p", "Log1p"},
    OperationName{"Log1p", "Log1p"},
    OperationName{"sqrt", "Sqrt"},
    OperationName{"Sqrt", "Sqrt"},
    OperationName{"rsqrt", "Rsqrt", "math"},
    OperationName{"Rsqrt", "Rsqrt", "math"},
    OperationName{"square", "Square"},
    OperationName{"Square", "Square"},
    OperationName{"sign", "Sign"},
    OperationName{"Sign", "Sign"},
    OperationName{"sin", "Sin"},
    OperationName{"Sin", "Sin"},
    OperationName{"cos", "Cos"},
    OperationName{"Cos", "Cos"},
    OperationName{"tanh", "Tanh"},
    OperationName{"Tanh", "Tanh"},
    OperationName{"sigmoid", "Sigmoid", "nn"},
    OperationName{"Sigmoid", "Sigmoid", "nn"},
    OperationName{"relu", "Relu", "nn"},
    OperationName{"Relu", "Relu", "nn"},
    OperationName{"relu6", "Relu6", "nn"},
    OperationName{"Relu6", "Relu6", "nn"},
    OperationName{"elu", "Elu", "nn"},
    OperationName{"Elu", "Elu", "nn"},
    OperationName{"selu", "Selu", "nn"},
    OperationName{"Selu", "Selu", "nn"},
    OperationName{"softplus", "Softplus", "nn"},
    OperationName{"Softplus", "Softplus", "nn"},
    OperationName{"softsign", "Softsign", "nn"},
    OperationName{"Softsign", "Softsign", "nn"},
    OperationName{"silu", "Silu", "nn"},
    OperationName{"swish", "Silu", "nn"},
    OperationName{"gelu", "Gelu", "nn"},
    OperationName{"leaky_relu", "LeakyRelu", "nn"},
    OperationName{"LeakyRelu", "LeakyRelu", "nn"},
    OperationName{"softmax", "Softmax", "nn"},
    OperationName{"Softmax", "Softmax", "nn"},
    OperationName{"log_softmax", "LogSoftmax", "nn"},
    OperationName{"LogSoftmax", "LogSoftmax", "nn"},
    OperationName{"reduce_mean", "Mean"},
    OperationName{"Mean", "Mean"},
    OperationName{"reduce_sum", "Sum"},
    OperationName{"Sum", "Sum"},
    OperationName{"reduce_max", "Max"},
    OperationName{"Max", "Max"},
    OperationName{"reduce_min", "Min"},
    OperationName{"Min", "Min"},
    OperationName{"reduce_prod", "Prod"},
    OperationName{"Prod", "Prod"},
    OperationName{"reduce_std", "Std"},
    OperationName{"reduce_variance", "Var"},
    OperationName{"reduce_any", "Any"},
    OperationName{"Any", "Any"},
    OperationName{"reduce_all", "All"},
    OperationName{"All", "All"},
    OperationName{"expand_dims", "ExpandDims"},
    OperationName{"ExpandDims", "ExpandDims"},
    OperationName{"squeeze", "Squeeze"},
    OperationName{"Squeeze", "Squeeze"},
    OperationName{"transpose", "Transpose"},
    OperationName{"Transpose", "Transpose"},
    OperationName{"reshape", "Reshape"},
    OperationName{"Reshape", "Reshape"},
    OperationName{"reverse", "Flip"},
    OperationName{"ReverseV2", "Flip"},
    OperationName{"concat", "Concatenate"},
    OperationName{"ConcatV2", "Concatenate"},
    OperationName{"stack", "Stack"},
    OperationName{"Pack", "Stack"},
    OperationName{"matmul", "Matmul"},
    OperationName{"BatchMatMulV2", "Matmul"},
    OperationName{"where", "Where"},
    OperationName{"SelectV2", "Where"},
    OperationName{"clip_by_value", "Clip"},
    OperationName{"zeros_like", "ZerosLike"},
    OperationName{"ZerosLike", "ZerosLike"},
    OperationName{"ones_like", "OnesLike"},
    OperationName{"OnesLike", "OnesLike"},
    OperationName{"not_equal", "NotEqual"},
    OperationName{"ne", "NotEqual"},
    OperationName{"NotEqual", "NotEqual"},
    OperationName{"equal", "Equal"},
    OperationName{"eq", "Equal"},
    OperationName{"Equal", "Equal"},
    OperationName{"greater", "Greater"},
    OperationName{"gt", "Greater"},
    OperationName{"Greater", "Greater"},
    OperationName{"greater_equal", "GreaterEqual"},
    OperationName{"ge", "GreaterEqual"},
    OperationName{"GreaterEqual", "GreaterEqual"},
    OperationName{"less", "Less"},
    OperationName{"lt", "Less"},
    OperationName{"Less", "Less"},
    OperationName{"less_equal", "LessEqual"},
    OperationName{"le", "LessEqual"},
    OperationName{"LessEqual", "LessEqual"},
    OperationName{"logical_and", "LogicalAnd"},
    OperationName{"LogicalAnd", "LogicalAnd"},
    OperationName{"logical_or", "LogicalOr"},
    OperationName{"LogicalOr", "LogicalOr"},
    OperationName{"logical_not", "LogicalNot"},
    OperationName{"LogicalNot", "LogicalNot"},
    OperationName{"cast", "Cast", "core"},
    OperationName{"Cast", "Cast", "core"},
    OperationName{"convert_to_tensor", "ConvertToTensor", "core"},
    OperationName{"getitem", "GetItem"},
    OperationName{"StridedSlice", "GetItem"},
};

const OperationName* find_name(std::string_view name) {
  const auto found = std::find_if(names.begin(), names.end(),
                                  [&](const OperationName& one) { return one.before == name; });
  return found == names.end() ? nullptr : &*found;
}

[[noreturn]] void refuse(const Json& layer, std::string_view function) {
  const std::string name = layer.contains("name") && layer["name"].is_string()
                               ? layer["name"].get<std::string>()
                               : std::string();
  throw Error(fmt::format("layer \"{}\" is TensorFlow's operation \"{}\", which is not supported",
                          name, function.substr(0, 60)),
              "build the model of Keras's own layers, and save it anew");
}

// The layer's configuration; null where a damaged file has none.
const Json& options_of(const Json& layer) {
  static const Json none;
  return layer.is_object() && layer.contains("config") ? layer["config"] : none;
}

const Json& config_of(const Json& layer, const char* member) {
  const Json& config = options_of(layer);
  if (config.is_object() && config.contains(member)) return config[member];
  throw Error(fmt::format("an operation of TensorFlow has no \"{}\"", member));
}

// The object of Keras 3's operation in place of the layer's.
Json become(Json& layer, const OperationName& operation, Json options, Json arguments) {
  layer["module"] = fmt::format("keras.src.ops.{}", operation.module);
  layer["class_name"] = operation.now;
  layer["registered_name"] = operation.now;
  Json config = {{"name", layer.contains("name") ? layer["name"] : Json()}};
  config.update(options);
  layer["config"] = std::move(config);
  return {{"args", std::move(arguments)}, {"kwargs", Json::object()}};
}

// ---- functions: TFOpLambda, and SlicingOpLambda for brackets

// What stands between the brackets: numbers, null for an axis more, or the three numbers of a
// range.
Json item_of(const Json& old) {
  if (!old.is_object()) return old;
  if (old.contains("class_name")) return old;  // __ellipsis__
  const auto bound = [&](const char* name) { return old.contains(name) ? old[name] : Json(); };
  return {
      {"class_name", "__slice__"},
      {"config", {{"start", bound("start")}, {"stop", bound("stop")}, {"step", bound("step")}}}};
}

Json items_of(const Json& old) {
  if (!old.is_array()) return Json::array({item_of(old)});
  Json items = Json::array();
  for (const Json& one : old) items.push_back(item_of(one));
  return items;
}

// "math.reduce_mean", "__operators__.add": the last word.
std::string_view last_word(std::string_view function) {
  const std::size_t dot = function.rfind('.');
  return dot == std::string_view::npos ? function : function.substr(dot + 1);
}

struct OptionName {
  std::string_view before;
  std::string_view now;
};
// Keywords that are options of Keras's operation.
constexpr std::array option_names{
    OptionName{"axis", "axis"},
    OptionName{"keepdims", "keepdims"},
    OptionName{"keep_dims", "keepdims"},
    OptionName{"perm", "axes"},
    OptionName{"shape", "newshape"},
    OptionName{"alpha", "negative_slope"},
    OptionName{"dtype", "dtype"},
    OptionName{"approximate", "approximate"},
    OptionName{"dim", "axis"},
    OptionName{"clip_value_min", "x_min"},
    OptionName{"clip_value_max", "x_max"},
};

Json renew_function(Json& layer, const OldCall& call) {
  const Json& given = config_of(layer, "function");
  if (!given.is_string()) throw Error("the function of an operation of TensorFlow is not text");
  const std::string function = given;
  const OperationName* operation = find_name(last_word(function));
  if (operation == nullptr) refuse(layer, function);
  Json arguments = call.arguments;
  if (call.takes_list && call.arguments.size() > 1 &&
      (operation->now == "Concatenate" || operation->now == "Stack"))
    arguments = Json::array({call.arguments});
  Json options = Json::object();
  for (const auto& [name, value] : call.keywords.items()) {
    if (name == "name" || value.is_null()) continue;
    if (name == "slice_spec") {
      arguments.push_back(items_of(value));
      continue;
    }
    const auto option = std::find_if(option_names.begin(), option_names.end(),
                                     [&](const OptionName& one) { return one.before == name; });
    if (option != option_names.end()) {
      options[std::string(option->now)] = value;
    } else if (value.is_boolean() && !value.get<bool>()) {
      continue;  // transpose_a and its kin, which are off
    } else {
      arguments.push_back(value);  // y, and what else comes by its name
    }
  }
  return become(layer, *operation, std::move(options), std::move(arguments));
}

// ---- nodes of TensorFlow's own graph: TensorFlowOpLayer

std::int64_t attribute(const Json& node, const char* name) {
  if (!node.contains("attr") || !node["attr"].is_object() || !node["attr"].contains(name)) return 0;
  const Json& value = node["attr"][name];
  if (!value.is_object()) return 0;
  if (value.contains("b")) return value["b"] == true ? 1 : 0;
  if (!value.contains("i")) return 0;
  const Json& number = value["i"];
  if (number.is_number_integer()) return number.get<std::int64_t>();
  constexpr std::size_t longest = 9;
  if (!number.is_string()) return 0;
  const std::string text = number;
  const bool is_number = !text.empty() && text.size() <= longest &&
                         text.find_first_not_of("0123456789") == std::string::npos;
  return is_number ? std::stoll(text) : 0;
}

Json numbers_of(const Json& value) { return value.is_array() ? value : Json::array({value}); }

// begin, end and strides, with bits that say which of them do not count.
Json strided_items(const Json& node, const Json& arguments) {
  constexpr std::size_t expected = 4;
  if (arguments.size() != expected) throw Error("a StridedSlice of TensorFlow needs 4 arguments");
  const Json begin = numbers_of(arguments[1]);
  const Json end = numbers_of(arguments[2]);
  const Json strides = numbers_of(arguments[3]);
  if (begin.size() != end.size() || begin.size() != strides.size() || begin.size() > 8)
    throw Error("a StridedSlice of TensorFlow has lists of unlike lengths");
  const auto has = [&](const char* mask, std::size_t axis) {
    return ((static_cast<std::uint64_t>(attribute(node, mask)) >> axis) & 1U) != 0;
  };
  Json items = Json::array();
  for (std::size_t axis = 0; axis < begin.size(); ++axis) {
    if (has("ellipsis_mask", axis)) {
      items.push_back({{"class_name", "__ellipsis__"}, {"config", Json::object()}});
    } else if (has("new_axis_mask", axis)) {
      items.push_back(nullptr);
    } else if (has("shrink_axis_mask", axis)) {
      items.push_back(begin[axis]);
    } else {
      items.push_back({{"class_name", "__slice__"},
                       {"config",
                        {{"start", has("begin_mask", axis) ? Json() : begin[axis]},
                         {"stop", has("end_mask", axis) ? Json() : end[axis]},
                         {"step", strides[axis]}}}});
    }
  }
  return items;
}

// All arguments in their order: constants of the layer, and the tensors of the call in between.
Json arguments_of(const Json& layer, const OldCall& call) {
  const Json& config = options_of(layer);
  const Json constants =
      config.is_object() && config.contains("constants") ? config["constants"] : Json::object();
  const std::size_t count = call.arguments.size() + constants.size();
  Json arguments = Json::array();
  std::size_t next = 0;
  for (std::size_t place = 0; place < count; ++place) {
    const std::string key = std::to_string(place);
    if (constants.is_object() && constants.contains(key)) {
      arguments.push_back(constants[key]);
    } else if (next < call.arguments.size()) {
      arguments.push_back(call.arguments[next++]);
    }
  }
  return arguments;
}

// Keeps the tensor alone, the second argument being the option `name`.
void second_is_option(const char* name, Json& arguments, Json& options) {
  if (arguments.size() < 2) return;
  options[name] = arguments[1];
  arguments = Json::array({arguments[0]});
}

Json renew_graph_node(Json& layer, const OldCall& call) {
  Json node = config_of(layer, "node_def");
  if (node.is_string()) node = parse_json(node.get<std::string>(), "node_def");
  if (!node.is_object() || !node.contains("op") || !node["op"].is_string())
    throw Error("a TensorFlowOpLayer has no operation");
  const std::string op = node["op"];
  const OperationName* operation = find_name(op);
  if (operation == nullptr) refuse(layer, op);
  Json arguments = arguments_of(layer, call);
  Json options = Json::object();
  const std::string_view now = operation->now;
  if (now == "GetItem") {
    arguments = Json::array({arguments[0], strided_items(node, arguments)});
  } else if (now == "Mean" || now == "Sum" || now == "Max" || now == "Min" || now == "Prod" ||
             now == "Any" || now == "All") {
    second_is_option("axis", arguments, options);
    if (attribute(node, "keep_dims") != 0) options["keepdims"] = true;
  } else if (now == "ExpandDims" || now == "Flip") {
    second_is_option("axis", arguments, options);
  } else if (now == "Transpose") {
    second_is_option("axes", arguments, options);
  } else if (now == "Reshape") {
    second_is_option("newshape", arguments, options);
  } else if (now == "Concatenate" && arguments.size() > 1) {
    options["axis"] = arguments.back();
    arguments.erase(arguments.size() - 1);
    arguments = Json::array({arguments});
  } else if (now == "Stack") {
    options["axis"] = attribute(node, "axis");
    arguments = Json::array({arguments});
  }
  return become(layer, *operation, std::move(options), std::move(arguments));
}

}  // namespace

bool is_old_operation(std::string_view class_name) {
  return class_name == "TFOpLambda" || class_name == "SlicingOpLambda" ||
         class_name == "TensorFlowOpLayer";
}

Json renew_operation(Json& layer, const OldCall& call) {
  return layer["class_name"] == "TensorFlowOpLayer" ? renew_graph_node(layer, call)
                                                    : renew_function(layer, call);
}

}  // namespace chronicler
