// A model as it learns along a stream: its layers, of which those with a state run as learners.
#pragma once

#include <memory>
#include <vector>

#include "chronicler/model/model.h"
#include "layers/core/learner.h"

namespace chronicler {

// One row, one step. Shares layers, weights and their gradients with the model that it was made of,
// so that a Trainer of that one trains it.
class LearnerModel final : public Model {
 public:
  // Throws Error, which names the layer, if the model cannot learn along a stream.
  explicit LearnerModel(const Model& model);
  ~LearnerModel() override;

  std::string_view class_name() const override { return "Model"; }
  std::vector<std::string> output_names() const override { return output_names_; }

  // (1, 1, F), or (1, 1) of ids.
  const Shape& step_shape() const { return step_shape_; }
  const std::vector<LayerLearner*>& learners() const { return learners_; }
  void reset();

 private:
  std::optional<Shape> declared_input() const override { return std::nullopt; }
  std::shared_ptr<Model> shared_model() const override { return nullptr; }
  std::shared_ptr<Model> cloned_model() const override { return nullptr; }
  void connect(const Shape& /*input_shape*/) override {}
  LayerPtr learner_of(const Layer& layer, std::size_t inputs);

  std::vector<std::string> output_names_;
  Shape step_shape_;
  std::vector<LayerLearner*> learners_;
};

}  // namespace chronicler
