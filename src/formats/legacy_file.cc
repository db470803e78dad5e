#include "formats/legacy_file.h"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "formats/hdf5_reader.h"
#include "formats/old_config.h"
#include "formats/old_training.h"

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

void read_weights(const Hdf5Content& content, const TensorsByName& tensors, ModelSpec& spec) {
  const std::string group = "model_weights";
  for (const std::string& layer : long_list(content.attributes, group + "@layer_names")) {
    const std::string folder = fmt::format("{}/{}", group, layer);
    std::vector<Tensor> weights;
    for (const std::string& name : long_list(content.attributes, folder + "@weight_names"))
      weights.push_back(tensor_at(tensors, fmt::format("{}/{}", folder, name)).value);
    if (!weights.empty()) spec.weights_by_layer.push_back({layer, std::move(weights)});
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
  const std::vector<std::string>& backend = texts(content.attributes, "@backend");

  ModelSpec spec;
  if (version.size() == 1) spec.keras_version = version.front().substr(0, longest_version);
  if (backend.size() == 1) spec.backend = backend.front();
  const bool is_old = is_before_keras3(spec.keras_version);
  spec.model = parse_json(config.front(), "model_config");
  renew_config(spec.model, is_old);
  const std::vector<std::string>& training = texts(content.attributes, "@training_config");
  if (training.size() == 1 && spec.model.is_object())
    spec.model["compile_config"] =
        renewed_training(parse_json(training.front(), "training_config"),
                         is_old ? output_names_in(spec.model) : std::vector<std::string>());

  TensorsByName tensors;
  for (const NamedTensor& tensor : content.tensors) tensors.emplace(tensor.name, &tensor);
  read_weights(content, tensors, spec);
  read_optimizer(content, tensors, spec);
  return spec;
}

}  // namespace chronicler
