// What the levels above model/ may do with a Model, and its users may not: reach the network, the
// place where it runs, and what training has attached. Its one friend.
#pragma once

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "chronicler/model/model.h"
#include "model/network.h"

namespace chronicler {

class ModelInternals {
 public:
  static Network& network(const Model& model) { return *model.network_; }
  static std::shared_ptr<Network> shared_network(const Model& model) { return model.network_; }
  static Execution& execution(Model& model) { return model.execution(); }

  // Builds the model for this batch if it is not yet built; checks the batch against the model's
  // Input; converts real numbers to the model's type.
  static Tensor prepare_input(Model& model, const Tensor& x) {
    return prepare_inputs(model, TensorList({x})).front();
  }
  static std::vector<Tensor> prepare_inputs(Model& model, const TensorList& x) {
    return model.prepare_inputs(x);
  }
  // What the Input, or the first layer's input_shape, says; batch axis included. Empty: the first
  // data decides.
  static std::optional<Shape> declared_input(const Model& model) { return model.declared_input(); }
  // Another model of the same layers, with copies of their weights.
  static std::shared_ptr<Model> cloned_model(const Model& model) { return model.cloned_model(); }

  // Null before training.
  static const std::shared_ptr<Trainer>& trainer(const Model& model) { return model.trainer_; }
  // `compiled` is what the trainer gives to files.
  static void set_trainer(Model& model, std::shared_ptr<Trainer> trainer,
                          std::shared_ptr<Compiled> compiled) {
    model.trainer_ = std::move(trainer);
    model.compiled_ = std::move(compiled);
  }
  // As it was in a file: training takes it up when it is first asked for anything. Forgets the
  // trainer.
  static void set_compilation(Model& model, Compilation compilation) {
    model.set_compilation(std::move(compilation));
  }
  // Gives the optimizer back what compilation() had of it, if the model was compiled. Throws Error
  // if it does not fit.
  static void restore_optimizer(Model& model, const std::vector<Tensor>& variables) {
    model.restore_optimizer(variables);
  }
  // As in Keras they count in a summary once there are some: after the first step of training.
  static void set_optimizer_params(Model& model, std::int64_t count) {
    model.optimizer_params_ = count;
  }
  static std::int64_t optimizer_params(const Model& model) { return model.optimizer_params_; }
};

}  // namespace chronicler
