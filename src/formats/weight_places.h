// Where files keep each weight of a model: Keras's paths.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "chronicler/model/model.h"

namespace chronicler {

struct WeightPlace {
  std::string path;  // "layers/lstm/cell/vars/0"
  const Layer* layer;
  Parameter* parameter;
  bool trains;
};

// In the order of Model::parameters().
std::vector<WeightPlace> weight_places(const Model& model);

// Keras 2.13 counted a layer that has weights twice: "layers/lstm", "layers/lstm_2". The path of
// today for such a path; one that leads nowhere stays as it is.
std::string recounted_path(const Model& model, std::string_view path);

}  // namespace chronicler
