// A model as it learns along a stream: its layers, of which those with a state run as learners.
#pragma once

#include <memory>
#include <vector>

#include "layers/core/learner.h"
#include "training/online/rewired_model.h"

namespace chronicler {

// One row, one step.
class LearnerModel final : public RewiredModel {
 public:
  // Throws Error, which names the layer, if the model cannot learn along a stream.
  explicit LearnerModel(const Model& model);
  ~LearnerModel() override;

  // (1, 1, F), or (1, 1) of ids.
  const Shape& step_shape() const { return step_shape_; }
  const std::vector<LayerLearner*>& learners() const { return learners_; }
  void reset();

 private:
  LayerPtr learner_of(const Layer& layer, std::size_t inputs);

  Shape step_shape_;
  std::vector<LayerLearner*> learners_;
};

}  // namespace chronicler
