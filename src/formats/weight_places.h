// Where files keep each weight of a model: Keras's paths.
#pragma once

#include <string>
#include <vector>

#include "chronicler/model/model.h"

namespace chronicler {

struct WeightPlace {
  std::string path;  // "layers/lstm/cell/vars/0"
  const Layer* layer;
  Parameter* parameter;
};

// In the order of Model::parameters().
std::vector<WeightPlace> weight_places(const Model& model);

}  // namespace chronicler
