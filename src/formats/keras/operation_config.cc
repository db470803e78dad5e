#include "formats/keras/operation_config.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "formats/keras/layer_config.h"

namespace chronicler {

namespace {

// Arithmetic, mostly on masks, that Keras keeps in graphs as nodes of their own: their modules are
// those of its functions.
constexpr std::string_view operation_module = "keras.src.ops.";

}  // namespace

bool is_operation(const JsonPlace& object) {
  const auto module = object.find("module");
  return module && module->is_text() && module->text().starts_with(operation_module);
}

namespace {

// An array that stands in the graph: {"class_name": "__numpy__", "config": {"value": [[...]],
// "dtype": ...}}, of TensorFlow "__tensor__"; of Keras 2 the bare list.
constexpr const char* array_class = "__numpy__";
constexpr const char* tensor_class = "__tensor__";

bool is_array(const JsonPlace& place) {
  if (place.is_list()) {
    const Json* inner = &place.json();
    while (inner->is_array() && !inner->empty()) inner = &inner->front();
    return inner->is_number() || inner->is_boolean();
  }
  const auto class_name = place.is_object() ? place.find("class_name") : std::nullopt;
  return class_name && class_name->is_text() &&
         (class_name->text() == array_class || class_name->text() == tensor_class);
}

// Adds the numbers of nested lists, whose sizes `shape` holds from `axis` on.
void add_numbers(const JsonPlace& place, const Shape& shape, int axis,
                 std::vector<float>& numbers) {
  if (axis == shape.rank()) {
    if (place.json().is_boolean()) {
      numbers.push_back(place.flag() ? 1.0F : 0.0F);
    } else {
      numbers.push_back(static_cast<float>(place.number()));
    }
    return;
  }
  const std::vector<JsonPlace> items = place.items();
  if (static_cast<std::int64_t>(items.size()) != shape[axis])
    place.refuse(fmt::format("a list of {} values, as its neighbours", shape[axis]));
  for (const JsonPlace& item : items) add_numbers(item, shape, axis + 1, numbers);
}

Tensor array_at(const JsonPlace& place) {
  const JsonPlace value = place.is_object() ? place["config"]["value"] : place;
  Shape shape;
  for (const Json* inner = &value.json(); inner->is_array(); inner = &inner->front()) {
    if (inner->empty() || shape.rank() == Shape::max_rank)
      value.refuse(fmt::format("an array of 1 to {} axes", Shape::max_rank));
    shape.append(static_cast<std::int64_t>(inner->size()));
  }
  std::vector<float> numbers;
  add_numbers(value, shape, 0, numbers);
  Tensor array(shape, numbers);
  const auto dtype = place.is_object() ? place["config"].find("dtype") : std::nullopt;
  if (!dtype || !dtype->is_text()) return array;
  const std::string& name = dtype->text();
  const bool is_whole = name.starts_with("int") || name.starts_with("uint");
  if (is_whole) return array.to(DType::int32);
  return name == "bool" ? array.to(DType::boolean) : array;
}

Json nested_numbers(const Tensor& array, int axis, std::int64_t& next) {
  if (axis == array.shape().rank()) {
    const std::int64_t i = next++;
    if (array.dtype() == DType::int32) return array.as<std::int32_t>()[i];
    if (array.dtype() == DType::boolean) return array.as<std::uint8_t>()[i] != 0;
    if (array.dtype() == DType::float64) return array.as<double>()[i];
    return array.as<float>()[i];
  }
  Json list = Json::array();
  for (std::int64_t i = 0; i < array.shape()[axis]; ++i)
    list.push_back(nested_numbers(array, axis + 1, next));
  return list;
}

Json array_to_json(const Tensor& array) {
  std::int64_t next = 0;
  return {
      {"class_name", array_class},
      {"config", {{"value", nested_numbers(array, 0, next)}, {"dtype", name_of(array.dtype())}}}};
}

}  // namespace

bool is_tensor(const JsonPlace& place) {
  return (place.is_object() || place.is_list()) && !is_array(place);
}

namespace {

// What stands between the brackets of x[...].
constexpr const char* slice_class = "__slice__";
constexpr const char* ellipsis_class = "__ellipsis__";

layers::SliceItem slice_item_at(const JsonPlace& place) {
  using Kind = layers::SliceItem::Kind;
  if (place.is_null()) return {Kind::new_axis};
  if (!place.is_object()) return {Kind::index, place.whole()};
  const std::string& class_name = place["class_name"].text();
  if (class_name == ellipsis_class) return {Kind::ellipsis};
  if (class_name != slice_class) place["class_name"].refuse("a slice");
  const auto bound = [&](const char* name) {
    const auto given = place["config"].find(name);
    return given ? std::optional(given->whole()) : std::nullopt;
  };
  return {Kind::range, bound("start"), bound("stop"), bound("step")};
}

std::vector<layers::SliceItem> slice_items_at(const JsonPlace& place) {
  if (!place.is_list()) return {slice_item_at(place)};
  std::vector<layers::SliceItem> items;
  for (const JsonPlace& item : place.items()) items.push_back(slice_item_at(item));
  return items;
}

Json to_json(const layers::SliceItem& item) {
  using Kind = layers::SliceItem::Kind;
  const auto bound = [](const std::optional<std::int64_t>& value) {
    return value ? Json(*value) : Json();
  };
  if (item.kind == Kind::new_axis) return nullptr;
  if (item.kind == Kind::index) return bound(item.start);
  if (item.kind == Kind::ellipsis)
    return {{"class_name", ellipsis_class}, {"config", Json::object()}};
  return {{"class_name", slice_class},
          {"config",
           {{"start", bound(item.start)}, {"stop", bound(item.stop)}, {"step", bound(item.step)}}}};
}

}  // namespace

bool is_get_item(std::string_view class_name) { return class_name == "GetItem"; }

LayerPtr operation_at(const JsonPlace& object) {
  const JsonPlace config = object["config"];
  // Before Keras 3.9 some operations had their name beside their options only.
  const auto own_name = config.find("name");
  layers::OperationOptions options{.name = (own_name ? *own_name : object["name"]).text()};
  const std::vector<JsonPlace> nodes = object["inbound_nodes"].items();
  if (nodes.size() != 1) object.refuse("an operation that is called once");
  const std::vector<JsonPlace> arguments = nodes.front()["args"].items();
  if (is_get_item(object["class_name"].text())) {
    if (arguments.size() != 2) nodes.front()["args"].refuse("a tensor and what to take of it");
    options.items = slice_items_at(arguments[1]);
    return layers::Operation("GetItem", options);
  }
  for (const JsonPlace& argument : arguments) {
    layers::OperationArgument& constant = options.arguments.emplace_back();
    if (argument.json().is_boolean()) {
      constant = argument.flag() ? 1 : 0;
    } else if (argument.json().is_number_integer()) {
      constant = argument.whole();
    } else if (is_array(argument)) {
      constant = array_at(argument);
    } else if (!is_tensor(argument)) {
      constant = argument.number();
    }
  }
  LayerPtr operation = layers::Operation(object["class_name"].text(), options);
  read_fields(config, *operation);
  if (const auto keywords = nodes.front().find("kwargs")) read_fields(*keywords, *operation);
  operation->validate();
  return operation;
}

Json operation_to_json(Layer& operation) {
  Json config = fields_to_json(operation);
  config["name"] = operation.name();
  // Most of Keras's operations take no list of one axis, and have an axis of their own for none.
  if (const auto axis = config.find("axis"); axis != config.end()) {
    if (axis->is_null()) {
      config.erase("axis");
    } else if (axis->size() == 1) {
      *axis = Json(axis->front());
    }
  }
  return {{"module", fmt::format("{}{}", operation_module, layers::operation_module(operation))},
          {"class_name", operation.class_name()},
          {"config", std::move(config)},
          {"registered_name", operation.class_name()}};
}

namespace {

Json to_json(const layers::OperationArgument& constant) {
  if (!constant.is_number) return array_to_json(constant.value);
  if (constant.value.dtype() == DType::int32) return *constant.value.as<std::int32_t>();
  return *constant.value.as<double>();
}

}  // namespace

Json with_constants(Json tensors, const Layer& operation, const layers::OperationOptions& options) {
  if (layers::takes_list(operation)) return Json::array({std::move(tensors)});
  if (is_get_item(operation.class_name())) {
    Json items = Json::array();
    for (const layers::SliceItem& item : options.items) items.push_back(to_json(item));
    tensors.push_back(std::move(items));
    return tensors;
  }
  Json arguments = Json::array();
  std::size_t next = 0;
  for (const layers::OperationArgument& constant : options.arguments) {
    if (!constant.is_symbol()) {
      arguments.push_back(to_json(constant));
    } else if (next < tensors.size()) {
      arguments.push_back(tensors[next++]);
    }
  }
  while (next < tensors.size()) arguments.push_back(tensors[next++]);
  return arguments;
}

}  // namespace chronicler
