#include "model/mask_flow.h"

#include <gtest/gtest.h>

#include "chronicler/layers/layers.h"
#include "chronicler/model/functional.h"
#include "model/model_internals.h"
#include "model/network.h"
#include "support/conformance.h"

namespace chronicler {
namespace {

using test::noise;
using test::same_bits;

Tensor half_silent() {
  Tensor x = noise({2, 4, 3}, 1);
  std::fill_n(x.as<float>() + 6, 6, 0.0F);
  return x;
}

bool has_mask(const Execution& run, std::size_t output) {
  return static_cast<bool>(run.output(output).mask);
}

LayerPtr heads() { return layers::MultiHeadAttention({.num_heads = 1, .key_dim = 2}); }

LayerPtr dense() { return layers::Dense({.units = 2}); }

TEST(MaskFlow, AttentionTakesMasksOffWhatRunsLater) {
  const Symbol x = Input({.shape = {4, 3}});
  const Symbol masked = layers::Masking()(x);
  const Symbol passed = layers::Dropout({.rate = 0.5})(masked);
  const Symbol attended = heads()(Symbols({passed, passed}));
  const Symbol after = layers::Add()(Symbols({masked, attended}));
  const Symbol last = dense()(dense()(after));
  Functional model({x}, {attended, after, last});
  const Tensor data = half_silent();
  const Value input{data, {}};
  Execution run(ModelInternals::network(model));
  run.forward(std::span(&input, 1), {});
  EXPECT_TRUE(has_mask(run, 0)) << "the query's goes on";
  EXPECT_FALSE(has_mask(run, 1));
  EXPECT_FALSE(has_mask(run, 2));
  // In training Dropout makes a tensor of its own, and the mask of what it was given stays.
  run.forward(std::span(&input, 1), {.training = true});
  EXPECT_TRUE(has_mask(run, 1));
  EXPECT_TRUE(has_mask(run, 2));
}

// Keras writes the mask into such a call when it builds the graph.
TEST(MaskFlow, ACallWithAnArgumentForItSeesTheMaskAllTheSame) {
  const Symbol x = Input({.shape = {4, 3}});
  const Symbol masked = layers::Masking()(x);
  const LayerPtr lstm = layers::LSTM({.units = 2});
  const Symbol attended = heads()(Symbols({masked, masked}));
  const Symbol late = dense()(attended);
  Functional both({x}, {late, lstm(masked)});
  Functional alone({x}, {lstm(masked)});
  const Tensor data = half_silent();
  EXPECT_TRUE(same_bits(both(std::vector{data})[1], alone(data)));
}

TEST(MaskFlow, MasksOfPaddingStay) {
  const Symbol x = Input({.shape = {4, 3}});
  Functional model({x}, {dense()(heads()(Symbols({x, x}))), dense()(x)});
  const Tensor data = half_silent();
  const Tensor mask = test::mask_from("1100/1111");
  const Value input{data, mask};
  Execution run(ModelInternals::network(model));
  run.forward(std::span(&input, 1), {});
  EXPECT_TRUE(has_mask(run, 0));
  EXPECT_TRUE(has_mask(run, 1));
}

// What a model within passes on is the tensor that it was given, whichever output it is.
TEST(MaskFlow, AttentionTakesThemOffThroughAModelWithin) {
  const Symbol inner = Input({.shape = {4, 3}});
  const Symbol kept = layers::Dropout({.rate = 0.5})(inner);
  const auto within = std::make_shared<Functional>(
      Symbols{inner}, Symbols{layers::GlobalMaxPooling1D()(kept), kept});
  const Symbol x = Input({.shape = {4, 3}});
  const Symbols first = (*within)(Symbols{layers::Masking()(x)});
  const Symbols second = (*within)(Symbols{first[1]});
  Functional model({x}, {heads()(Symbols({second[1], second[1]})), first[1]});
  const Tensor data = half_silent();
  const Value input{data, {}};
  Execution run(ModelInternals::network(model));
  run.forward(std::span(&input, 1), {});
  EXPECT_FALSE(has_mask(run, 1));
  run.forward(std::span(&input, 1), {.training = true});
  EXPECT_TRUE(has_mask(run, 1)) << "Dropout made another tensor of it";
}

TEST(MaskFlow, AModelWithinTakesThemOffItsInputs) {
  const Symbol inner = Input({.shape = {4, 3}});
  Functional within({inner}, {heads()(Symbols({inner, inner}))});
  const Symbol x = Input({.shape = {4, 3}});
  const Symbol masked = layers::Masking()(x);
  Functional model({x}, {within(masked), masked});
  const Tensor data = half_silent();
  const Value input{data, {}};
  Execution run(ModelInternals::network(model));
  run.forward(std::span(&input, 1), {});
  EXPECT_TRUE(has_mask(run, 0));
  EXPECT_FALSE(has_mask(run, 1));
}

}  // namespace
}  // namespace chronicler
