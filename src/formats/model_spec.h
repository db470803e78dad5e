// What a model file says, whatever its format: the value between bytes and a model.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "chronicler/model/model.h"
#include "formats/named_tensor.h"
#include "formats/old_keras/old_weights.h"

namespace chronicler {

struct ModelSpec {
  // Keras's object: class_name, config with the layers' own objects, build_config. Null in a file
  // of weights alone.
  Json model;
  // By Keras's paths, in the order of the layers: "layers/lstm/cell/vars/0".
  NamedTensors weights;
  // Old files instead have the weights of each layer that has any.
  std::vector<LayerWeights> weights_by_layer = {};
  // Their names may be those of another model: as in Keras, their order counts.
  bool is_of_other_model = false;
  bool may_count_twice = false;  // the paths may be those of Keras 2.13 (weight_places.h)
  std::string backend = {};      // of an old file: "tensorflow", "theano"
  Assets assets = {};
  // Of the Keras that wrote the file, for errors: "3.15.1"; empty if it does not say.
  std::string keras_version = {};
};

// Where variables of the optimizer stand among the weights: "optimizer/vars/0".
std::string optimizer_path(std::size_t index);

// Everything that there is to say about the model. The tensors are the model's own, not copies.
ModelSpec describe_model(const Model& model);
NamedTensors describe_weights(const Model& model);

// Throws Error unless it is a path that stays where it is put (model.h).
void check_asset_name(std::string_view name);

// The one place where models are made from files. Throws Error for what it does not know, what is
// missing, left over, or of another shape.
std::unique_ptr<Model> make_model(const ModelSpec& spec);
// The same without weights, which stay zero and may take up `bytes` at most.
std::unique_ptr<Model> make_unfilled_model(const ModelSpec& spec, std::size_t bytes);
// Sets the weights that the spec has, by whatever it has them: all of the model's, or none if it
// throws Error.
void set_weights(Model& model, const ModelSpec& spec);
// Layers whose weights the file has under another name: that one, and the model's.
std::vector<std::pair<std::string, std::string>> renamed_layers(const Model& model,
                                                                const ModelSpec& spec);
// Sets every weight of the model, or none if it throws Error.
void set_weights(Model& model, const NamedTensors& weights);

}  // namespace chronicler
