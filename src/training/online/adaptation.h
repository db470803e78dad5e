// Weights that adapt while a model predicts: the moves of dynamic evaluation.
#pragma once

#include <cstdint>
#include <vector>

#include "chronicler/model/adapt_options.h"
#include "chronicler/model/model.h"
#include "chronicler/training/optimizer.h"

namespace chronicler {

// With g the gradient of a weight w, w0 the weight as it was trained and s the size that gradients
// of this weight have (Krause et al. 2018, equation 7):
//
//   w -= learning_rate g / (s + e) + min(decay s / mean(s), 1) (w - w0)
//
// s is the root of the optimizer's second moment, brought to the scale of the gradients of few
// steps, which are larger than those of a batch; or of the mean square that is gathered here. e is
// a tenth of the mean size, so that a weight whose gradients are nearly always 0 takes no leap.
class Adaptation {
 public:
  // The weights of `own` are those that move. `optimizer`: whose second moments count, of the
  // parameters of a model with the same layers, in the order of trainable_weights(); may be null.
  Adaptation(Model& own, const AdaptOptions& options, const Optimizer* optimizer,
             const std::vector<Parameter*>& parameters_of_optimizer);
  // The same for copies of the weights: another stream that goes on from here.
  Adaptation(Model& own, const Adaptation& other);

  void forget_gradients();
  // Moves the weights by the gradients that they have; not if one of them is not finite. Allocates
  // nothing.
  void move();

  // Those that training changes, each once.
  static std::vector<Parameter*> trainable_weights(const Model& model);

 private:
  struct Weight {
    Parameter* parameter;
    Tensor trained;       // as it was
    Tensor kept_squares;  // of the optimizer; empty: none
    Tensor squares;       // gathered here
  };
  struct Sizes {
    double scale = 1.0;  // of the optimizer's sizes, to those gathered here
    double mean = 0.0;   // of all weights
    double least = 0.0;  // e
  };
  bool gather();
  Sizes find_sizes() const;

  Model& own_;
  AdaptOptions options_;
  std::vector<Weight> weights_;
  std::int64_t moves_ = 0;
};

}  // namespace chronicler
