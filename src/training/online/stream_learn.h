// How a stream learns (Stream::learn): backpropagation through a few steps at a time.
#pragma once

#include <memory>

#include "model/stream_parts.h"
#include "training/online/adaptation.h"
#include "training/online/window_model.h"
#include "training/trainer.h"

namespace chronicler {

class WindowAdapter final : public StreamAdapter {
 public:
  // The targets' place must be there. Throws Error if the loss cannot take such targets.
  explicit WindowAdapter(const StreamLearning& learning);
  WindowAdapter(const StreamLearning& learning, const WindowAdapter& other);

  void learn_from(const StreamLearning& learning) override;
  std::unique_ptr<StreamAdapter> copy_for(const StreamLearning& learning) const override;
  // Throws Error unless the loss takes this target of one step.
  void check(const TensorView& target, const Shape& output) const;

 private:
  void begin(const StreamLearning& learning);
  WindowModel model_;
  Execution execution_;
  OptimizerPtr optimizer_;  // while this is made
  Trainer trainer_;
  Adaptation adaptation_;
  Batch batch_{};
  TensorList weights_;  // of the steps, where some have no target
};

}  // namespace chronicler
