#include "formats/keras/model_config.h"

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "chronicler/layers/input.h"
#include "chronicler/model/functional.h"
#include "formats/keras/graph_config.h"
#include "formats/keras/layer_config.h"
#include "model/model_internals.h"

namespace chronicler {
namespace {

// ---- Sequential

// Keras writes an InputLayer into every Sequential that has seen the shape of its input.
Json sequential_layers(const Sequential& model, const std::optional<Shape>& input_shape) {
  Json layers = Json::array();
  if (model.input()) {
    layers.push_back(layer_to_json(*model.input()));
  } else if (input_shape) {
    const std::int64_t batch = (*input_shape)[0];
    LayerPtr input =
        layers::Input({.shape = input_shape->without_front(),
                       .batch_size = batch == None ? std::nullopt : std::optional(batch),
                       .name = "input_layer"});
    if (!model.layers().empty() && model.layers().front()->takes_texts())
      input = layers::Input({.shape = {1}, .dtype = "string", .name = "input_layer"});
    layers.push_back(layer_to_json(*input));
  }
  for (const LayerPtr& layer : model.layers()) layers.push_back(held_layer_to_json(*layer));
  return layers;
}

Json sequential_to_json(const Model& model) {
  std::optional<Shape> input_shape = ModelInternals::declared_input(model);
  if (!input_shape && model.built()) input_shape = model.input_shape();
  Json object = {{"module", "keras"},
                 {"class_name", "Sequential"},
                 {"config", {{"name", model.name()}, {"trainable", true}, {"dtype", "float32"}}},
                 {"registered_name", nullptr}};
  object["config"]["layers"] =
      sequential_layers(dynamic_cast<const Sequential&>(model), input_shape);
  if (input_shape) {  // as the InputLayer says it, whose texts have a shape of their own
    const Json& first = object["config"]["layers"][0]["config"];
    const Json shape = first.contains("batch_shape") ? first["batch_shape"] : to_json(*input_shape);
    object["config"]["build_input_shape"] = shape;
    object["build_config"] = {{"input_shape", shape}};
  }
  return object;
}

std::unique_ptr<Model> sequential_at(const JsonPlace& config, const std::string& name) {
  std::vector<LayerPtr> layers;
  for (const JsonPlace& layer : config["layers"].items()) layers.push_back(layer_at(layer));
  auto model = std::make_unique<Sequential>(layers, name);
  if (const auto shape = config.find("build_input_shape"); shape && !model->layers().empty())
    model->build(shape_at(*shape));
  return model;
}

// ---- Functional

Json functional_to_json(const Model& model) {
  Json config = {{"name", model.name()}, {"trainable", true}};
  config.update(graph_to_json(dynamic_cast<const Functional&>(model)));
  return {{"module", "keras.src.models.functional"},
          {"class_name", "Functional"},
          {"config", std::move(config)},
          {"registered_name", "Functional"}};
}

std::unique_ptr<Model> functional_at(const JsonPlace& config, const std::string& name) {
  return std::make_unique<Functional>(graph_at(config), name);
}

// ---- both

struct ModelClass {
  std::string_view class_name;
  Json (*to_json)(const Model& model);
  std::unique_ptr<Model> (*at)(const JsonPlace& config, const std::string& name);
};
constexpr std::array model_classes{
    ModelClass{"Sequential", sequential_to_json, sequential_at},
    ModelClass{"Functional", functional_to_json, functional_at},
    ModelClass{"Model", functional_to_json, functional_at},  // what Keras 2 calls a Functional
};

const ModelClass* find_class(std::string_view class_name) {
  const auto found =
      std::find_if(model_classes.begin(), model_classes.end(),
                   [&](const ModelClass& one) { return one.class_name == class_name; });
  return found == model_classes.end() ? nullptr : &*found;
}

}  // namespace

Json model_to_json(const Model& model) { return find_class(model.class_name())->to_json(model); }

bool is_model(const JsonPlace& object) {
  return find_class(object["class_name"].text()) != nullptr;
}

std::unique_ptr<Model> model_at(const JsonPlace& object) {
  const std::string& class_name = object["class_name"].text();
  const ModelClass* kind = find_class(class_name);
  if (kind == nullptr) {
    throw Error(
        fmt::format("{} is a \"{}\", a class of its author's own", object.path(), class_name),
        "save it in Keras as a Sequential or Functional model");
  }
  const JsonPlace config = object["config"];
  const auto name = config.find("name");
  try {
    return kind->at(config, name ? name->text() : "");
  } catch (const Error& error) {
    if (error.message().starts_with(object.path())) throw;
    throw Error(fmt::format("{}: {}", object.path(), error.message()), error.hint());
  }
}

}  // namespace chronicler
