// What the tests of layers, models and training share: made-up data, a layer run by itself,
// comparisons.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "chronicler/base/error.h"
#include "chronicler/base/runtime.h"
#include "chronicler/base/tensor.h"
#include "chronicler/layers/layer.h"

namespace chronicler::test {

// ---- data

// Numbers that look random, in [-1, 1); the same for the same seed.
Tensor noise(const Shape& shape, std::uint64_t seed, DType dtype = DType::float32);
// 0, 1, 2, ...
Tensor ramp(const Shape& shape, DType dtype = DType::float32);
// Ids in [0, bound), int32.
Tensor random_ids(const Shape& shape, std::int64_t bound, std::uint64_t seed);
// "1110/1100" is the mask of two rows of four steps.
Tensor mask_from(std::string_view rows);
// All elements, whatever their type.
std::vector<double> numbers(const TensorView& tensor);
Tensor scaled(const Tensor& tensor, double factor);

// ---- comparisons

::testing::AssertionResult same_bits(const TensorView& a, const TensorView& b);
// Largest absolute difference at most `tolerance`; NaN is far from everything.
::testing::AssertionResult close_to(const TensorView& a, const TensorView& b, double tolerance);

// what() of the Error that the action throws: the whole sentence.
template <class Action>
std::string error_of(const Action& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

// ---- one layer, by itself

struct LayerInput {
  Tensor x;
  Tensor mask = {};                 // (B, T)
  std::vector<Tensor> states = {};  // initial states, as further inputs
  struct More {
    Tensor x;
    Tensor mask = {};
  };
  std::vector<More> more = {};  // other further inputs
};

struct LayerMode {
  bool training = false;
  std::uint64_t step = 0;
  bool observe = false;
  Runtime* runtime = nullptr;  // none: the global one
  CallFlags flags = {};
  std::optional<std::int64_t> keep_bytes = {};  // see Pass
};

struct LayerOutput {
  std::vector<Tensor> values;
  Tensor mask;           // of the first
  double penalty = 0.0;  // that the layer adds to the loss by itself
};

struct LayerGradient {
  std::vector<Tensor> inputs;   // of x (empty for ids) and of the initial states
  std::vector<Tensor> weights;  // in the layer's order
  Tensor observed;
  std::size_t memory = 0;  // the most that the arena had to hold
};

// Builds the layer for this input if it is not built.
LayerOutput run_layer(Layer& layer, const LayerInput& input, const LayerMode& mode = {},
                      State* state = nullptr);
// Forward and backward. `output_gradients`: one for each output, empty where nothing flows.
// `start`: what the weights' gradients hold before.
LayerGradient differentiate(Layer& layer, const LayerInput& input,
                            const std::vector<Tensor>& output_gradients, const LayerMode& mode = {},
                            double start = 0.0);
// Fills all weights with noise of about 1 / sqrt(rows).
void randomize_weights(Layer& layer, std::uint64_t seed);

// ---- settings that a test changes and that must not outlive it

class ThreadsForNow {
 public:
  explicit ThreadsForNow(int threads);
  ~ThreadsForNow();
  ThreadsForNow(const ThreadsForNow&) = delete;
  ThreadsForNow& operator=(const ThreadsForNow&) = delete;

 private:
  int before_;
};

class IsaForNow {
 public:
  explicit IsaForNow(const std::string& isa);
  ~IsaForNow();
  IsaForNow(const IsaForNow&) = delete;
  IsaForNow& operator=(const IsaForNow&) = delete;

 private:
  std::string before_;
};

}  // namespace chronicler::test
