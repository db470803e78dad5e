#include "formats/old_keras/old_config.h"

#include <string>

#include "chronicler/base/error.h"
#include "formats/old_keras/old_graph.h"
#include "formats/old_keras/old_options.h"

namespace chronicler {
namespace {

bool is_text_member(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string();
}

// Operations of Keras 3's graphs are as they are.
bool is_operation(const Json& object) {
  constexpr std::string_view operations = "keras.src.ops.";
  return is_text_member(object, "module") &&
         object["module"].get_ref<const std::string&>().starts_with(operations);
}

bool holds_layers(const Json& config) {
  return config.is_object() && config.contains("layers") && config["layers"].is_array();
}

// Keras before 2.2.3 gave the layers of a Sequential alone, and its name at most from outside.
void name_list_of_layers(Json& object) {
  Json& config = object["config"];
  if (!config.is_array() || object["class_name"] != "Sequential") return;
  Json named = Json::object();
  if (is_text_member(object, "name")) named["name"] = object["name"];
  named["layers"] = Json(std::move(config));
  config = std::move(named);
}

// A Sequential without an InputLayer says its input shape in its first layer, or nowhere but in
// what that layer was built on.
void add_input(Json& model) {
  Json& config = model["config"];
  Json& layers = config["layers"];
  const Json* first = layers.empty() ? nullptr : &layers.front();
  // The first layer of a model inside may say it in the place of that model.
  while (first != nullptr && first->is_object() && first->contains("config") &&
         holds_layers((*first)["config"]) && !(*first)["config"]["layers"].empty())
    first = &(*first)["config"]["layers"].front();
  if (first == nullptr || !first->is_object() || !first->contains("config") ||
      !(*first)["config"].is_object() || !is_text_member(*first, "class_name"))
    return;
  if (layers.front()["class_name"] == "InputLayer") return;
  const Json& options = (*first)["config"];
  Json shape;
  if (options.contains("batch_input_shape")) {
    shape = options["batch_input_shape"];
  } else if (options.contains("batch_shape")) {
    shape = options["batch_shape"];
  } else if (config.contains("build_input_shape") || model.contains("build_config")) {
    return;  // sequential_at reads it
  } else if (first->contains("build_config") && (*first)["build_config"].is_object() &&
             (*first)["build_config"].contains("input_shape")) {
    shape = (*first)["build_config"]["input_shape"];
  }
  if (!shape.is_array()) return;
  Json input = {{"class_name", "InputLayer"},
                {"config", {{"name", "input_layer"}, {"batch_shape", std::move(shape)}}}};
  layers.insert(layers.begin(), std::move(input));
}

void renew(Json& object, bool before_keras3) {
  if (!object.is_object() || !object.contains("config") || !is_text_member(object, "class_name"))
    return;
  name_list_of_layers(object);
  Json& config = object["config"];
  if (!config.is_object() || is_operation(object)) return;
  if (holds_layers(config) && object["class_name"] != "Merge") {
    if (object["class_name"] == "Container" || object["class_name"] == "Network")
      object["class_name"] = "Functional";
    if (object["class_name"] == "Sequential") add_input(object);
    for (Json& layer : config["layers"]) renew(layer, before_keras3);
    if (object["class_name"] != "Sequential") renew_graph(config);
  } else {
    renew_layer(object, before_keras3);
  }
  for (const char* name : {"layer", "backward_layer", "cell"}) {
    if (object["config"].contains(name)) renew(object["config"][name], before_keras3);
  }
  if (object["config"].contains("cells") && object["config"]["cells"].is_array()) {
    for (Json& cell : object["config"]["cells"]) renew(cell, before_keras3);
  }
}

}  // namespace

bool is_before_keras3(std::string_view keras_version) { return !keras_version.starts_with('3'); }

void renew_config(Json& model, bool before_keras3) {
  try {
    unwrap_values(model);
    renew(model, before_keras3);
  } catch (const Json::exception&) {
    throw Error("the configuration of the model does not have the form that Keras writes",
                "the file is damaged, or another program wrote it");
  }
}

}  // namespace chronicler
