#include "training/online/rewired_model.h"

#include "model/model_internals.h"
#include "model/network_copy.h"

namespace chronicler {

RewiredModel::RewiredModel(const Model& model)
    : Model(model.name()), output_names_(model.output_names()) {
  layers_ = model.layers();
}

void RewiredModel::rewire(const Model& model,
                          const std::function<LayerPtr(const Network::Node&)>& layer_of) {
  copy_network(ModelInternals::network(model), layer_of, *network_);
}

}  // namespace chronicler
