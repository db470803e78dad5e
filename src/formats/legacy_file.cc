#include "formats/legacy_file.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "formats/hdf5_reader.h"
#include "formats/legacy_layers.h"
#include "formats/old_training.h"

namespace chronicler {
namespace {

using Attributes = std::map<std::string, std::vector<std::string>>;

const std::vector<std::string>& texts(const Attributes& attributes, const std::string& name) {
  static const std::vector<std::string> none;
  const auto found = attributes.find(name);
  return found == attributes.end() ? none : found->second;
}

// A list of more than 64 KB is cut into several attributes: NAME0, NAME1, ...
std::vector<std::string> long_list(const Attributes& attributes, const std::string& name) {
  std::vector<std::string> list = texts(attributes, name);
  for (int part = 0;; ++part) {
    const auto found = attributes.find(fmt::format("{}{}", name, part));
    if (found == attributes.end()) return list;
    list.insert(list.end(), found->second.begin(), found->second.end());
  }
}

// ---- the configuration of Keras 2

// Options that only Keras 2 has, and what became of them.
void renew_layer_config(const std::string& class_name, Json& config) {
  if (config.contains("batch_input_shape")) {
    if (class_name == "InputLayer") config["batch_shape"] = config["batch_input_shape"];
    config.erase("batch_input_shape");
  }
  constexpr std::array<const char*, 3> gone{"input_length", "ragged", "sparse"};
  for (const char* name : gone) config.erase(name);
  if (class_name == "GRU" && !config.contains("reset_after")) config["reset_after"] = false;
}

// Keras 2 names the type in initializers, too.
void renew_initializers(Json& config) {
  for (auto& [name, value] : config.items()) {
    if (!name.ends_with("_initializer") || !value.is_object() || !value.contains("config"))
      continue;
    if (value["config"].is_object()) value["config"].erase("dtype");
  }
}

// A Sequential without an InputLayer says its input shape in its first layer.
void add_input(Json& config) {
  Json& layers = config["layers"];
  if (!layers.is_array() || layers.empty() || !layers[0].is_object()) return;
  const auto first = layers[0].find("config");
  if (first == layers[0].end() || !first->is_object() || !first->contains("batch_input_shape") ||
      layers[0].value("class_name", "") == "InputLayer") {
    return;
  }
  Json input = {
      {"class_name", "InputLayer"},
      {"config", {{"name", "input_layer"}, {"batch_shape", (*first)["batch_input_shape"]}}}};
  layers.insert(layers.begin(), std::move(input));
}

// By the name of a layer of the model.
using Changes = std::map<std::string, std::vector<LegacyChange>>;

// What becomes of each layer's weights; renews the layers' objects as far as that goes.
Changes changes_in(Json& model) {
  Changes changes;
  if (!model.is_object() || !model.contains("config") || !model["config"].is_object()) return {};
  Json& layers = model["config"]["layers"];
  if (!layers.is_array()) return {};
  for (Json& layer : layers) {
    const bool is_model = layer.is_object() && layer.contains("config") &&
                          layer["config"].is_object() && layer["config"].contains("layers");
    std::vector<LegacyChange> own;
    if (is_model) {
      if (!changes_in(layer).empty()) {
        throw Error(
            "a model inside the model has layers of Keras 2 that Keras 3 computes otherwise",
            "save it with Keras 3");
      }
    } else {
      own = renew_legacy_layer(layer);
    }
    if (own.empty() || !layer["config"].contains("name") || !layer["config"]["name"].is_string())
      continue;
    changes[layer["config"]["name"].get<std::string>()] = std::move(own);
  }
  return changes;
}

void put_into_new_form(Json& object) {
  if (!object.is_object() || !object.contains("class_name") || !object.contains("config")) return;
  Json& config = object["config"];
  if (!object["class_name"].is_string() || !config.is_object()) return;
  if (config.contains("layers")) add_input(config);
  renew_layer_config(object["class_name"].get<std::string>(), config);
  renew_initializers(config);
  for (const char* name : {"layer", "backward_layer", "cell"}) {
    if (config.contains(name)) put_into_new_form(config[name]);
  }
  for (const char* name : {"layers", "cells"}) {
    if (!config.contains(name) || !config[name].is_array()) continue;
    for (Json& inner : config[name]) put_into_new_form(inner);
  }
}

// ---- weights

using TensorsByName = std::map<std::string_view, const NamedTensor*>;

const NamedTensor& tensor_at(const TensorsByName& tensors, const std::string& path) {
  const auto found = tensors.find(path);
  if (found != tensors.end()) return *found->second;
  throw Error(fmt::format("the weight \"{}\" is missing", path), "use another copy");
}

void read_weights(const Hdf5Content& content, const TensorsByName& tensors, ModelSpec& spec) {
  const std::string group = "model_weights";
  for (const std::string& layer : long_list(content.attributes, group + "@layer_names")) {
    const std::string folder = fmt::format("{}/{}", group, layer);
    std::vector<Tensor> weights;
    for (const std::string& name : long_list(content.attributes, folder + "@weight_names"))
      weights.push_back(tensor_at(tensors, fmt::format("{}/{}", folder, name)).value);
    if (!weights.empty()) spec.weights_by_layer[layer] = std::move(weights);
  }
}

void read_optimizer(const Hdf5Content& content, const TensorsByName& tensors, ModelSpec& spec) {
  const std::string group = "optimizer_weights";
  if (!spec.model.is_object() || !spec.model.contains("compile_config")) return;
  std::vector<NamedTensor> variables;
  for (const std::string& name : long_list(content.attributes, group + "@weight_names")) {
    const NamedTensor& tensor = tensor_at(tensors, fmt::format("{}/{}", group, name));
    variables.push_back({name, tensor.value, tensor.whole});
  }
  for (NamedTensor& variable : renewed_optimizer(spec.model["compile_config"], variables)) {
    variable.name = optimizer_path(spec.weights.size());
    spec.weights.push_back(std::move(variable));
  }
}

}  // namespace

ModelSpec read_legacy(std::string_view bytes) {
  const Hdf5Content content = read_hdf5(bytes);
  const std::vector<std::string>& config = texts(content.attributes, "@model_config");
  if (config.size() != 1) {
    throw Error("it holds no model, weights alone",
                "make the model, and load weights saved as .weights.h5");
  }
  const std::vector<std::string>& version = texts(content.attributes, "@keras_version");
  const bool is_old = version.size() != 1 || !version.front().starts_with('3');

  ModelSpec spec;
  spec.model = parse_json(config.front(), "model_config");
  Changes changes;
  if (is_old) {
    changes = changes_in(spec.model);
    put_into_new_form(spec.model);
  }
  const std::vector<std::string>& training = texts(content.attributes, "@training_config");
  if (training.size() == 1 && spec.model.is_object())
    spec.model["compile_config"] =
        renewed_training(parse_json(training.front(), "training_config"),
                         is_old ? output_names_in(spec.model) : std::vector<std::string>());

  TensorsByName tensors;
  for (const NamedTensor& tensor : content.tensors) tensors.emplace(tensor.name, &tensor);
  read_weights(content, tensors, spec);
  for (const auto& [layer, own] : changes) {
    const auto found = spec.weights_by_layer.find(layer);
    if (found == spec.weights_by_layer.end()) continue;
    try {
      found->second = renewed_weights(found->second, own);
    } catch (const Error& error) {
      throw Error(fmt::format("layer \"{}\": {}", layer, error.message()), error.hint());
    }
  }
  // What an optimizer has gathered about weights that changed is about others.
  if (changes.empty()) read_optimizer(content, tensors, spec);
  return spec;
}

}  // namespace chronicler
