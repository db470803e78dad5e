// A layer's part of a live stream: one step of one sequence, with weights laid out for it.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "chronicler/layers/layer.h"
#include "kernels/activation.h"
#include "kernels/step.h"

namespace chronicler {

class LayerStep {
 public:
  virtual ~LayerStep() = default;
  virtual std::int64_t outputs() const = 0;
  // x: what the layer before gives. Returns the layer's outputs(), which last until its next step,
  // or null if x is nothing that the layer can take; nothing has changed then. Allocates nothing.
  virtual const float* step(const float* x) noexcept = 0;
  // Lays the layer's weights out again.
  virtual void take_weights() {}
  // Matrices are rounded to bfloat16 from now on: half as much to read.
  virtual void use_bfloat16() {}
  // Between steps the state is where it is quickest: to and from the state given to make_step.
  virtual void take_state() {}
  virtual void give_state() {}
};

// A row times one or two matrices, with memory of its own for the weights as the kernel reads them.
class StepWeights {
 public:
  // One matrix [inputs][columns] and bias (null: none), each in its own order.
  void take(const Tensor& matrix, const Tensor* bias);
  // W [F][G*U], U [U / heads][G*U] and the bias of a recurrent cell as blocks of units: sum s of a
  // block takes gate of_input[s] of W and gate of_state[s] of U (-1: none), and starts with the
  // biases of both.
  struct Sum {
    std::int64_t of_input;
    std::int64_t of_state;
  };
  void take(const Tensor& kernel, const Tensor& recurrent_kernel, const Tensor* bias,
            std::int64_t gates, const std::vector<Sum>& sums, std::int64_t heads = 1);

  // Rounds the matrices that are taken from now on to bfloat16.
  void use_bfloat16() { product_.halves = true; }

  std::int64_t columns() const { return product_.columns; }
  const kernels::StepProduct& product() const { return product_; }

 private:
  void make_room(const kernels::StepProduct& product);

  kernels::StepProduct product_;
  std::vector<std::int64_t> a_columns_;
  std::vector<std::int64_t> b_columns_;
  Tensor packed_;
  Tensor bias_;
};

}  // namespace chronicler
