// What MinGRU, MinLSTM and RGLRU have in common.
#include "layers/scan/gated_layer.h"

#include <cmath>
#include <functional>
#include <vector>

#include <gtest/gtest.h>

#include "chronicler/layers/layers.h"
#include "chronicler/model/model.h"
#include "chronicler/model/stream.h"
#include "chronicler/training/fit.h"
#include "support/conformance.h"

namespace chronicler {
namespace {

using test::error_of;
using test::noise;
using test::same_bits;

template <class Options>
LayerPtr made(LayerPtr (*make)(const Options&), std::int64_t units, const char* dtype) {
  Options options;
  options.units = units;
  options.return_sequences = true;
  options.dtype = dtype;
  return make(options);
}

// Every layer whose steps are computed at once, with sequences.
std::vector<LayerPtr> scan_layers(std::int64_t units, const char* dtype = "float32") {
  std::vector<LayerPtr> all{made(layers::MinGRU, units, dtype), made(layers::MinLSTM, units, dtype),
                            made(layers::RGLRU, units, dtype), made(layers::LRU, units, dtype)};
  layers::RGLRUOptions negative;
  negative.units = units;
  negative.negative = negative.return_sequences = true;
  negative.dtype = dtype;
  all.push_back(layers::RGLRU(negative));
  return all;
}

void build(const LayerPtr& layer, const Tensor& x) {
  const Shape shape = x.shape();
  layer->build(std::span(&shape, 1));
}

// A stream goes step by step, and the readable twin in double precision does, too.
TEST(ScanLayers, InParallelEqualStepwiseOverManySteps) {
  constexpr std::int64_t steps = 100'000;
  const Tensor x = noise({1, steps, 5}, 3);
  const std::vector<LayerPtr> doubles = scan_layers(12, "float64");
  std::size_t place = 0;
  for (const LayerPtr& layer : scan_layers(12)) {
    SCOPED_TRACE(layer->class_name());
    build(layer, x);
    const Tensor whole = test::run_layer(*layer, {x}).values[0];
    const LayerPtr precise = doubles[place++];
    build(precise, x);
    for (std::size_t i = 0; i < layer->parameters().size(); ++i)
      copy(layer->parameters()[i].value.to(DType::float64), precise->parameters()[i].value);
    EXPECT_TRUE(
        test::close_to(whole, test::run_layer(*precise, {x.to(DType::float64)}).values[0], 1e-5));

    Sequential model({layers::Input(Shape{None, 5}), layer});
    Stream stream = model.stream();
    for (std::int64_t t = 0; t < steps; ++t) {
      const std::span<const float> y = stream.step({x.as<float>() + t * 5, 5});
      if (std::equal(y.begin(), y.end(), whole.as<float>() + t * 12)) continue;
      FAIL() << "step " << t;
    }
  }
}

// However blocks of steps, rows and units are shared: threads work on rows by themselves, or on one
// together.
TEST(ScanLayers, SameBitsForAnyNumberOfThreadsOverManyBlocks) {
  for (const Shape& shape : {Shape{1, 3000, 20}, Shape{3, 700, 20}, Shape{4, 700, 20}}) {
    const Tensor x = noise(shape, 4);
    for (const LayerPtr& layer : scan_layers(100)) {
      SCOPED_TRACE(layer->class_name());
      build(layer, x);
      const auto results = [&](int threads) {
        Runtime runtime(threads);
        test::LayerMode mode;
        mode.runtime = &runtime;
        std::vector<Tensor> all = test::run_layer(*layer, {x}, mode).values;
        const test::LayerGradient gradient =
            test::differentiate(*layer, {x}, {noise(all[0].shape(), 5)}, mode);
        all.insert(all.end(), gradient.inputs.begin(), gradient.inputs.end());
        all.insert(all.end(), gradient.weights.begin(), gradient.weights.end());
        return all;
      };
      const std::vector<Tensor> alone = results(1);
      for (const int threads : {2, 5}) {
        const std::vector<Tensor> shared = results(threads);
        for (std::size_t i = 0; i < alone.size(); ++i)
          EXPECT_TRUE(same_bits(shared[i], alone[i])) << threads << " threads, result " << i;
      }
    }
  }
}

// Bytes of a pass that trains.
std::size_t memory_of(Layer& layer, const Tensor& x) {
  Arena arena;
  Pass pass{arena, Runtime::global()};
  const Value input{x, {}};
  std::vector<Value> outputs(1);
  Tape tape;
  Call call{std::span(&input, 1), outputs, &tape};
  layer.forward(pass, call);
  for (Parameter& parameter : layer.parameters())
    parameter.gradient = Tensor(parameter.value.shape());
  const TensorView dy = arena.zeros(outputs[0].data.shape(), DType::float32);
  std::vector<TensorView> inputs(1);
  const bool wanted = true;
  CallGradient gradient{std::span(&dy, 1), inputs, std::span(&wanted, 1)};
  layer.backward(pass, call, gradient);
  return arena.used();
}

TEST(ScanLayers, TrainingTakesNoMoreMemoryThanThatOfAnLSTM) {
  const Tensor x = noise({2, 2000, 64}, 3);
  const LayerPtr lstm = layers::LSTM({.units = 64, .return_sequences = true});
  build(lstm, x);
  const auto most = static_cast<double>(memory_of(*lstm, x)) * 1.1;
  for (const LayerPtr& layer : scan_layers(64)) {
    build(layer, x);
    EXPECT_LE(static_cast<double>(memory_of(*layer, x)), most) << layer->class_name();
  }
}

// Inputs so large that gates are shut, or open, beyond what float32 tells apart.
TEST(ScanLayers, LargeInputsGiveNoNaN) {
  for (const float size : {100.0F, 1e4F, 1e-30F}) {
    Tensor x = test::scaled(noise({2, 300, 6}, 3), static_cast<double>(size));
    for (const LayerPtr& layer : scan_layers(20)) {
      SCOPED_TRACE(layer->class_name());
      build(layer, x);
      std::vector<Tensor> all = test::run_layer(*layer, {x}).values;
      const test::LayerGradient gradient =
          test::differentiate(*layer, {x}, {noise(all[0].shape(), 5)});
      all.insert(all.end(), gradient.inputs.begin(), gradient.inputs.end());
      all.insert(all.end(), gradient.weights.begin(), gradient.weights.end());
      for (const Tensor& tensor : all) {
        for (const double number : test::numbers(tensor)) ASSERT_TRUE(std::isfinite(number));
      }
    }
  }
}

TEST(ScanLayers, RefuseWhatTheyWereNotBuiltFor) {
  const LayerPtr layer = layers::MinGRU({.units = 4, .name = "memory"});
  const Shape flat{2, 5};
  EXPECT_EQ(error_of([&] { layer->build(std::span(&flat, 1)); }),
            "MinGRU \"memory\" needs 3-D input (batch, steps, features), got (2, 5): set "
            "return_sequences=true on the layer before it, or give the data a features axis");
  build(layer, noise({2, 5, 3}, 1));
  EXPECT_EQ(error_of([&] {
              test::run_layer(*layer, {noise({2, 5, 4}, 1)});
            }),
            "MinGRU \"memory\": input has 4 features per step, its kernel was built for 3: check "
            "the order and number of the columns");
  test::LayerInput input{noise({2, 5, 3}, 1)};
  input.states = {noise({2, 3}, 1)};
  EXPECT_EQ(error_of([&] { test::run_layer(*layer, input); }),
            "MinGRU \"memory\": initial state 0 must be (2, 4), got (2, 3)");
}

}  // namespace
}  // namespace chronicler
