// A layer, or a cell of an RNN, whose class is written in Python: build, call and its derivative
// are those of a Python object.
#pragma once

#include <nanobind/nanobind.h>

#include <map>
#include <string>
#include <vector>

#include "chronicler/layers/layer.h"

namespace chronicler::python {

namespace nb = nanobind;

// The object answers to (python/chronicler/own_layer.py):
//   _core_build(shapes)                     its weights by add_weight, then the layers it holds
//   _core_shapes(shapes)                    the shapes of the outputs
//   _core_forward(inputs, masks, training, keep, batch)
//                                           (outputs, masks, record, what add_loss was given); all
//                                           steps of one pass have the same `batch`
//   _core_backward(record, gradients)       (gradients of the inputs, gradients of the weights)
//   _core_states(batch)                     for a cell: the states that it begins with
//   _core_clone(), _core_object()           another one; what files hold of it
class PythonLayer final : public Layer {
 public:
  PythonLayer(nb::object object, std::string class_name);
  ~PythonLayer() override;

  std::string_view class_name() const override { return class_name_; }
  std::vector<Shape> output_shapes(std::span<const Shape> inputs) const override;
  void forward(Pass& pass, Call& call) const override;
  void backward(Pass& pass, const Call& call, CallGradient& gradient) const override;
  void check_inputs(std::span<const Value> inputs) const override;
  State initial_state(std::int64_t batch) const override;
  std::size_t state_size() const override;
  bool causal() const override { return false; }
  bool supports_masking() const override;
  bool takes_ids() const override { return true; }
  void fields(FieldVisitor& visitor) override;
  LayerPtr clone() const override;
  std::string file_object() const override;

  // For the object: a weight of its own, while it is being built.
  void make_weight(const std::string& name, const Shape& shape, const Initializer& initializer,
                   const Regularizer& regularizer, const Constraint& constraint, bool trainable);
  void hold_layer(const std::string& path, const LayerPtr& layer);
  const nb::object& object() const { return object_; }
  // For Python's collector of cycles.
  int visit_references(visitproc visit, void* argument) const;
  void clear();

 private:
  void build_weights(std::span<const Shape> inputs) override;

  nb::object object_;
  std::string class_name_;
  // What forward kept for backward, by the tapes of the calls. A call that is repeated replaces
  // what it kept before.
  mutable std::map<const Tape*, nb::object> records_;
};

}  // namespace chronicler::python
