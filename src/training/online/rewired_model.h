// A model that runs another one's layers in another way.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "chronicler/model/model.h"
#include "model/network.h"

namespace chronicler {

// Shares layers, weights and their gradients with the model that it was made of, so that a Trainer
// of that one trains it. Its network is the same, with other layers at some nodes.
class RewiredModel : public Model {
 public:
  std::string_view class_name() const override { return "Model"; }
  std::vector<std::string> output_names() const override { return output_names_; }

 protected:
  explicit RewiredModel(const Model& model);
  // Called once, by the derived class's constructor.
  void rewire(const Model& model, const std::function<LayerPtr(const Network::Node&)>& layer_of);

 private:
  std::optional<Shape> declared_input() const override { return std::nullopt; }
  std::shared_ptr<Model> shared_model() const override { return nullptr; }
  std::shared_ptr<Model> cloned_model() const override { return nullptr; }
  void connect(const Shape& /*input_shape*/) override {}

  std::vector<std::string> output_names_;
};

}  // namespace chronicler
