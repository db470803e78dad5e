#include "formats/model_spec.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <iostream>
#include <map>
#include <optional>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "chronicler/base/error.h"
#include "formats/keras/model_config.h"
#include "formats/old_keras/old_config.h"
#include "formats/old_keras/old_optimizer.h"
#include "formats/running_state.h"
#include "formats/weight_places.h"
#include "layers/core/weights_from_file.h"
#include "model/model_internals.h"

namespace chronicler {
namespace {

// The optimizer's variables have a folder of their own beside the layers'.
constexpr std::string_view optimizer_folder = "optimizer/vars/";

// The last Keras whose layers and options are known here.
constexpr std::array<int, 2> known_keras{3, 15};

bool is_later(const std::string& keras_version) {
  std::array<int, 2> version{};
  const char* at = keras_version.data();
  const char* end = at + keras_version.size();
  for (int& part : version) {
    const auto [next, error] = std::from_chars(at, end, part);
    if (error != std::errc()) return false;
    at = std::min(next + 1, end);
  }
  return version > known_keras;
}

std::size_t bytes_of(const ModelSpec& spec) {
  std::size_t bytes = 0;
  for (const NamedTensor& tensor : spec.weights) bytes += tensor.value.bytes();
  for (const LayerWeights& layer : spec.weights_by_layer) {
    for (const Tensor& tensor : layer.weights) bytes += tensor.bytes();
  }
  return bytes;
}

// The places of each layer of the model that has weights, in the order of old files: what trains
// comes first.
std::vector<std::vector<WeightPlace>> places_by_layer(const Model& model) {
  std::vector<std::vector<WeightPlace>> layers;
  for (WeightPlace& place : weight_places(model)) {
    if (layers.empty() || layers.back().front().layer != place.layer) layers.emplace_back();
    layers.back().push_back(std::move(place));
  }
  for (std::vector<WeightPlace>& places : layers) {
    std::stable_partition(places.begin(), places.end(),
                          [](const WeightPlace& place) { return place.trains; });
  }
  return layers;
}

// Whether each layer's weights fit those that come at its turn.
bool fit_by_order(const std::vector<std::vector<WeightPlace>>& layers, const ModelSpec& spec) {
  for (std::size_t i = 0; i < layers.size(); ++i) {
    try {
      const RenewedWeights renewed =
          renewed_weights(layers[i], spec.weights_by_layer[i].weights, spec.backend);
      for (std::size_t k = 0; k < layers[i].size(); ++k) {
        if (!(renewed.values[k].shape() == layers[i][k].parameter->value.shape())) return false;
      }
    } catch (const Error&) {
      return false;
    }
  }
  return true;
}

// Which layer of the file is that of the model: the one of its name. Where names differ, as Keras
// does: by the order of those that have weights.
const LayerWeights& weights_for(const std::vector<std::vector<WeightPlace>>& layers,
                                std::size_t index, const std::vector<LayerWeights>& file) {
  const auto has_name = [](const LayerWeights& one, const std::vector<WeightPlace>& places) {
    return one.layer == places.front().layer->name();
  };
  const bool names_agree =
      std::all_of(layers.begin(), layers.end(), [&](const std::vector<WeightPlace>& places) {
        return std::any_of(file.begin(), file.end(),
                           [&](const LayerWeights& one) { return has_name(one, places); });
      });
  if (!names_agree) return file[index];
  return *std::find_if(file.begin(), file.end(),
                       [&](const LayerWeights& one) { return has_name(one, layers[index]); });
}

// What one side has that the other has not, by name.
std::string difference(const std::vector<std::vector<WeightPlace>>& layers,
                       const std::vector<LayerWeights>& file) {
  constexpr std::size_t most = 3;
  std::vector<std::string> lacking;
  for (const std::vector<WeightPlace>& places : layers) {
    const std::string& name = places.front().layer->name();
    if (std::none_of(file.begin(), file.end(),
                     [&](const LayerWeights& one) { return one.layer == name; }))
      lacking.push_back(name);
  }
  std::vector<std::string> left;
  for (const LayerWeights& one : file) {
    if (std::none_of(layers.begin(), layers.end(), [&](const std::vector<WeightPlace>& places) {
          return one.layer == places.front().layer->name();
        }))
      left.push_back(one.layer);
  }
  const auto listed = [&](std::vector<std::string> names) {
    if (names.size() > most) names.resize(most);
    return fmt::format("\"{}\"", fmt::join(names, "\", \""));
  };
  std::string text;
  if (!lacking.empty()) text = fmt::format("the file has no layer called {}", listed(lacking));
  if (!left.empty())
    text += fmt::format("{}the model has none called {}", text.empty() ? "" : "; ", listed(left));
  return text;
}

// What an old file says of layers, by the paths that their weights have now. What an optimizer has
// gathered about weights that changed is about others.
NamedTensors by_path(const Model& model, const ModelSpec& spec) {
  const std::vector<std::vector<WeightPlace>> layers = places_by_layer(model);
  const std::vector<LayerWeights>& file = spec.weights_by_layer;
  if (layers.size() != file.size()) {
    throw Error(fmt::format("the model has {} layers with weights, the file has weights of {}",
                            layers.size(), file.size()),
                difference(layers, file));
  }
  const bool by_order = spec.is_of_other_model && fit_by_order(layers, spec);
  NamedTensors tensors;
  bool changed = false;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const LayerWeights& own = by_order ? file[i] : weights_for(layers, i, file);
    try {
      RenewedWeights renewed = renewed_weights(layers[i], own.weights, spec.backend);
      changed = changed || renewed.changed;
      for (std::size_t k = 0; k < layers[i].size(); ++k)
        tensors.push_back({layers[i][k].path, std::move(renewed.values[k])});
    } catch (const Error& error) {
      throw Error(fmt::format("layer \"{}\": {}", own.layer, error.message()), error.hint());
    }
  }
  if (!changed) tensors.insert(tensors.end(), spec.weights.begin(), spec.weights.end());
  return tensors;
}

using TensorsByName = std::map<std::string_view, const NamedTensor*>;

const Tensor& take_weight(const WeightPlace& place, TensorsByName& left) {
  const auto described = [&] {
    return fmt::format("\"{}\" of {} \"{}\"", place.parameter->name, place.layer->class_name(),
                       place.layer->name());
  };
  const auto found = left.find(place.path);
  if (found == left.end()) {
    std::vector<std::string_view> names;
    for (const auto& [name, tensor] : left) {
      if (!name.starts_with(optimizer_folder)) names.push_back(name);
    }
    const std::vector<std::string> nearest = nearest_names(place.path, names);
    throw Error(fmt::format("the weight {} is missing (\"{}\")", described(), place.path),
                nearest.empty() ? "" : fmt::format("it has \"{}\"", fmt::join(nearest, "\", \"")));
  }
  const Tensor& value = found->second->value;
  if (!(value.shape() == place.parameter->value.shape())) {
    throw Error(fmt::format("the weight {} (\"{}\") must have shape {}, got {}", described(),
                            place.path, place.parameter->value.shape().to_string(),
                            value.shape().to_string()));
  }
  left.erase(found);
  return value;
}

// As many as follow one another, as Keras 3 has them for this compilation.
std::vector<Tensor> take_optimizer_variables(TensorsByName& left,
                                             const std::optional<Compilation>& compilation) {
  std::vector<NamedTensor> found;
  for (auto next = left.find(optimizer_path(0)); next != left.end();
       next = left.find(optimizer_path(found.size()))) {
    found.push_back({"", next->second->value, next->second->whole});
    left.erase(next);
  }
  if (compilation)
    found = renewed_optimizer(parse_json(compilation->config, "compile_config"), found);
  std::vector<Tensor> variables;
  for (const NamedTensor& one : found) variables.push_back(one.value);
  // The iteration is a whole number of some size in files.
  if (!variables.empty()) variables.front() = variables.front().to(DType::float64);
  return variables;
}

}  // namespace

std::string optimizer_path(std::size_t index) {
  return fmt::format("{}{}", optimizer_folder, index);
}

NamedTensors describe_weights(const Model& model) {
  NamedTensors tensors;
  if (!model.built()) return tensors;
  for (const WeightPlace& place : weight_places(model))
    tensors.push_back({place.path, place.parameter->value});
  const std::size_t weight_count = tensors.size();
  if (const auto compilation = model.compilation()) {
    for (const Tensor& variable : compilation->optimizer_variables) {
      const std::size_t index = tensors.size() - weight_count;
      tensors.push_back({optimizer_path(index), variable, index == 0});
    }
  }
  return tensors;
}

namespace {

// What is said of each output by its name: graph_to_json may have called one otherwise.
void rename_outputs(const Model& model, Json& object) {
  const Json& config = object["config"];
  if (!config.contains("output_layers")) return;
  const std::vector<std::string> names = model.output_names();
  for (std::size_t i = 0; i < names.size() && i < config["output_layers"].size(); ++i) {
    const Json& renamed = config["output_layers"][i][0];
    if (renamed == names[i]) continue;
    for (auto& [name, part] : object["compile_config"].items()) {
      if (!part.is_object() || !part.contains(names[i])) continue;
      part[renamed.get<std::string>()] = part[names[i]];
      part.erase(names[i]);
    }
  }
}

}  // namespace

ModelSpec describe_model(const Model& model) {
  for (const auto& [name, bytes] : model.assets()) {
    check_asset_name(name);
    if (name == running_state_asset)
      throw Error(fmt::format("the asset \"{}\" has a name that files need themselves", name));
  }
  ModelSpec spec{model_to_json(model), describe_weights(model)};
  spec.assets = model.assets();
  if (std::string state = describe_running_state(model); !state.empty())
    spec.assets.emplace(running_state_asset, std::move(state));
  const auto compilation = model.compilation();
  spec.model["compile_config"] =
      compilation ? parse_json(compilation->config, "compile_config") : Json::object();
  rename_outputs(model, spec.model);
  return spec;
}

void check_asset_name(std::string_view name) {
  constexpr std::size_t longest = 200;
  constexpr std::string_view allowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./";
  bool good = !name.empty() && name.size() <= longest &&
              name.find_first_not_of(allowed) == std::string_view::npos;
  for (std::size_t begin = 0; good && begin <= name.size();) {
    const std::size_t end = std::min(name.find('/', begin), name.size());
    const std::string_view part = name.substr(begin, end - begin);
    good = !part.empty() && part != "." && part != "..";
    begin = end + 1;
  }
  if (good) return;
  throw Error(fmt::format("\"{}\" is no name for an asset", name.substr(0, longest)),
              "use letters, digits, \"_\", \"-\" and \".\", for instance \"tokenizer.json\"");
}

namespace {

bool has_all(const NamedTensors& weights, const Model& model) {
  if (!model.built()) return true;
  std::set<std::string_view> names;
  for (const NamedTensor& tensor : weights) names.insert(tensor.name);
  const std::vector<WeightPlace> places = weight_places(model);
  return std::all_of(places.begin(), places.end(),
                     [&](const WeightPlace& place) { return names.contains(place.path); });
}

// The first type of less than 32 bits that layers are to compute in; empty: there is none.
std::string small_type_in(const Json& json) {
  if (json.is_string()) {
    const std::string& name = json.get_ref<const std::string&>();
    return name.ends_with("float16") ? name : std::string();
  }
  if (!json.is_structured()) return {};
  const bool is_policy =
      json.is_object() && json.contains("config") && json["config"].is_object() &&
      json["config"].contains("name") && json.contains("class_name") &&
      json["class_name"].is_string() &&
      json["class_name"].get_ref<const std::string&>().find("Policy") != std::string::npos;
  if (is_policy) return small_type_in(json["config"]["name"]);
  for (const auto& [name, value] : json.items()) {
    if (!value.is_structured() && name != "dtype") continue;
    if (name == "keras_history" || name == "compile_config") continue;
    if (std::string small = small_type_in(value); !small.empty()) return small;
  }
  return {};
}

void tell_small_type(const Model& model, const ModelSpec& spec) {
  const std::string small = small_type_in(spec.model);
  if (small.empty()) return;
  std::cerr << fmt::format(
      "note: the model \"{}\" computes in {} in Keras; here it computes in float32\n", model.name(),
      small);
}

std::unique_ptr<Model> unfilled_model(const ModelSpec& spec, std::size_t bytes) {
  const JsonPlace object(spec.model, "model");
  std::unique_ptr<Model> model;
  {
    const WeightsFromFile guard(bytes);
    model = model_at(object);
  }
  const auto config = object.find("compile_config");
  if (config && !config->is_off())
    ModelInternals::set_compilation(*model, {to_text(config->json()), {}});
  return model;
}

std::unique_ptr<Model> built_model(const ModelSpec& spec) {
  // Some more than there is, so that a weight that is missing or misshapen is found below, which
  // says where it belongs.
  constexpr std::size_t allowance = 1 << 16;
  std::unique_ptr<Model> model = unfilled_model(spec, 2 * bytes_of(spec) + allowance);
  set_weights(*model, spec);
  if (const auto compilation = model->compilation()) {
    std::int64_t count = 0;
    for (const Tensor& variable : compilation->optimizer_variables) count += variable.size();
    ModelInternals::set_optimizer_params(*model, count);
  }
  for (const auto& [name, bytes] : spec.assets) check_asset_name(name);
  model->assets() = spec.assets;
  if (const auto state = model->assets().find(std::string(running_state_asset));
      state != model->assets().end()) {
    restore_running_state(*model, state->second);
    model->assets().erase(state);
  }
  return model;
}

}  // namespace

std::unique_ptr<Model> make_model(const ModelSpec& spec) {
  try {
    std::unique_ptr<Model> model = built_model(spec);
    tell_small_type(*model, spec);
    return model;
  } catch (const Error& error) {
    const std::string& version = spec.keras_version;
    const bool is_old = !version.empty() && is_before_keras3(version);
    if (!is_old && !is_later(version)) throw;
    std::string hint = error.hint();
    if (!hint.empty()) hint += "; ";
    hint += fmt::format("the file is of Keras {}", version);
    if (!is_old)
      hint +=
          fmt::format(", later than {}.{}, which is known here", known_keras[0], known_keras[1]);
    throw Error(error.message(), hint);
  }
}

std::unique_ptr<Model> make_unfilled_model(const ModelSpec& spec, std::size_t bytes) {
  std::unique_ptr<Model> model = unfilled_model(spec, bytes);
  tell_small_type(*model, spec);
  return model;
}

void set_weights(Model& model, const ModelSpec& spec) {
  if (!spec.weights_by_layer.empty() && !model.built()) {
    throw Error("the model does not say the shape of its input",
                "save it after its first data, or give its first layer an input_shape");
  }
  NamedTensors weights = spec.weights_by_layer.empty() ? spec.weights : by_path(model, spec);
  if (spec.may_count_twice && !has_all(weights, model)) {
    for (NamedTensor& tensor : weights) tensor.name = recounted_path(model, tensor.name);
  }
  set_weights(model, weights);
}

std::vector<std::pair<std::string, std::string>> renamed_layers(const Model& model,
                                                                const ModelSpec& spec) {
  std::vector<std::pair<std::string, std::string>> renamed;
  const std::vector<std::vector<WeightPlace>> layers = places_by_layer(model);
  if (spec.weights_by_layer.empty() || layers.size() != spec.weights_by_layer.size()) return {};
  const bool by_order = spec.is_of_other_model && fit_by_order(layers, spec);
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const LayerWeights& own =
        by_order ? spec.weights_by_layer[i] : weights_for(layers, i, spec.weights_by_layer);
    const std::string& name = layers[i].front().layer->name();
    if (own.layer != name) renamed.emplace_back(own.layer, name);
  }
  return renamed;
}

void set_weights(Model& model, const NamedTensors& weights) {
  TensorsByName left;
  for (const NamedTensor& tensor : weights) left.emplace(tensor.name, &tensor);

  const std::vector<WeightPlace> places =
      model.built() ? weight_places(model) : std::vector<WeightPlace>();
  std::vector<const Tensor*> values;
  values.reserve(places.size());
  for (const WeightPlace& place : places) values.push_back(&take_weight(place, left));
  const std::vector<Tensor> optimizer_variables =
      take_optimizer_variables(left, model.compilation());
  if (!left.empty()) {
    std::vector<std::string_view> paths;
    for (const WeightPlace& place : places) paths.push_back(place.path);
    const std::vector<std::string> nearest = nearest_names(left.begin()->first, paths);
    std::string hint;
    if (!nearest.empty()) hint = fmt::format("the model has \"{}\"", fmt::join(nearest, "\", \""));
    if (!model.built()) hint = "the model is not built yet: give it an Input";
    throw Error(
        fmt::format("the weight \"{}\" belongs to no layer of the model", left.begin()->first),
        hint);
  }
  // What may fail comes first, so that a model has either all or none.
  if (!optimizer_variables.empty()) ModelInternals::restore_optimizer(model, optimizer_variables);
  for (std::size_t i = 0; i < places.size(); ++i)
    copy(values[i]->to(places[i].parameter->value.dtype()), places[i].parameter->value);
}

}  // namespace chronicler
