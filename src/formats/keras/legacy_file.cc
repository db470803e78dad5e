#include "formats/keras/legacy_file.h"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "formats/hdf5/hdf5_reader.h"
#include "formats/keras/keras_file.h"
#include "formats/keras/vocabularies.h"
#include "formats/old_keras/old_config.h"
#include "formats/old_keras/old_optimizer.h"
#include "formats/old_keras/old_training.h"

namespace chronicler {
namespace {

constexpr std::size_t longest_version = 20;

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

// ---- weights

using TensorsByName = std::map<std::string_view, const NamedTensor*>;

const NamedTensor& tensor_at(const TensorsByName& tensors, const std::string& path) {
  const auto found = tensors.find(path);
  if (found != tensors.end()) return *found->second;
  throw Error(fmt::format("the weight \"{}\" is missing", path), "use another copy");
}

// Of a whole model they are in a group of their own.
void read_weights(const Hdf5Content& content, std::string_view group, ModelSpec& spec) {
  TensorsByName tensors;
  for (const NamedTensor& tensor : content.tensors) tensors.emplace(tensor.name, &tensor);
  for (const std::string& layer :
       long_list(content.attributes, fmt::format("{}@layer_names", group))) {
    const std::string folder = group.empty() ? layer : fmt::format("{}/{}", group, layer);
    std::vector<Tensor> weights;
    for (const std::string& name : long_list(content.attributes, folder + "@weight_names"))
      weights.push_back(tensor_at(tensors, fmt::format("{}/{}", folder, name)).value);
    if (!weights.empty()) spec.weights_by_layer.push_back({layer, std::move(weights)});
  }
}

void read_optimizer(const Hdf5Content& content, ModelSpec& spec) {
  const std::string group = "optimizer_weights";
  if (!spec.model.is_object() || !spec.model.contains("compile_config")) return;
  TensorsByName tensors;
  for (const NamedTensor& tensor : content.tensors) tensors.emplace(tensor.name, &tensor);
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

// Weights without a model: by layer, as save_weights of Keras 1 and 2 writes them, or by paths.
void read_weights_alone(const Hdf5Content& content, ModelSpec& spec) {
  if (!long_list(content.attributes, "@layer_names").empty()) {
    read_weights(content, "", spec);
    spec.is_of_other_model = true;
    return;
  }
  ModelSpec by_path = keras_weights(content.tensors);
  const bool has_weights = std::any_of(
      by_path.weights.begin(), by_path.weights.end(),
      [](const NamedTensor& tensor) { return tensor.name.find("vars/") != std::string::npos; });
  if (!has_weights) {
    throw Error("it is an HDF5 file, but holds neither a model nor weights of Keras",
                "save the model in Keras: model.save(\"model.keras\")");
  }
  spec.weights = std::move(by_path.weights);
  spec.may_count_twice = by_path.may_count_twice;
}

}  // namespace

ModelSpec read_legacy(std::string_view bytes) {
  const Hdf5Content content = read_hdf5(bytes);
  const std::vector<std::string>& config = texts(content.attributes, "@model_config");
  const std::vector<std::string>& version = texts(content.attributes, "@keras_version");
  const std::vector<std::string>& backend = texts(content.attributes, "@backend");

  ModelSpec spec;
  if (version.size() == 1) spec.keras_version = version.front().substr(0, longest_version);
  if (backend.size() == 1) spec.backend = backend.front();
  if (config.size() != 1) {
    read_weights_alone(content, spec);
    return spec;
  }
  const bool is_old = is_before_keras3(spec.keras_version);
  spec.model = parse_json(config.front(), "model_config");
  renew_config(spec.model, is_old);
  const std::vector<std::string>& training = texts(content.attributes, "@training_config");
  if (training.size() == 1 && spec.model.is_object())
    spec.model["compile_config"] = with_metrics_by_class(
        renewed_training(parse_json(training.front(), "training_config"),
                         is_old ? output_names_in(spec.model) : std::vector<std::string>()));

  read_weights(content, "model_weights", spec);
  drop_vocabularies(spec.model, spec.weights_by_layer);
  read_optimizer(content, spec);
  return spec;
}

}  // namespace chronicler
