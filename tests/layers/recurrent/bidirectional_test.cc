#include "chronicler/layers/bidirectional.h"

#include <gtest/gtest.h>

#include "chronicler/layers/layers.h"
#include "chronicler/model/model.h"
#include "support/conformance.h"

namespace chronicler {
namespace {

using test::error_of;
using test::noise;
using test::run_layer;
using test::same_bits;

TEST(Bidirectional, NamesItsLayersAsKeras) {
  const LayerPtr layer = layers::Bidirectional(layers::LSTM({.units = 2, .name = "words"}));
  EXPECT_EQ(layer->sublayers()[0].layer->name(), "forward_words");
  EXPECT_EQ(layer->sublayers()[1].layer->name(), "backward_words");
  const Shape x{2, 3, 4};
  layer->build(std::span(&x, 1));
  EXPECT_EQ(layer->weight_path(0), "forward_layer/cell/vars/0");
  EXPECT_EQ(layer->weight_path(5), "backward_layer/cell/vars/2");
}

TEST(Bidirectional, AMaskedRowIsTheRowWithoutItsMaskedSteps) {
  const LayerPtr layer = layers::Bidirectional(layers::GRU({.units = 3}));
  const Tensor x = noise({1, 5, 2}, 1);
  const Tensor all = run_layer(*layer, {x, test::mask_from("11100")}).values[0];
  const Tensor part = x.part(0, {1, 3, 2});
  EXPECT_TRUE(same_bits(all, run_layer(*layer, {part}).values[0]));
}

TEST(Bidirectional, FreezesBothLayers) {
  const LayerPtr layer = layers::Bidirectional(layers::GRU({.units = 3}));
  layer->set_trainable(false);
  EXPECT_FALSE(layer->sublayers()[1].layer->trainable());
  layer->set_trainable(true);
  layer->sublayers()[0].layer->set_trainable(false);
  const Shape x{2, 3, 4};
  layer->build(std::span(&x, 1));
  EXPECT_FALSE(layer->trains(0));
  EXPECT_TRUE(layer->trains(3));
}

TEST(Bidirectional, RefusesLayersThatDoNotPair) {
  EXPECT_EQ(error_of([] {
              layers::Bidirectional({.layer = layers::LSTM({.units = 2}),
                                     .backward_layer = layers::LSTM({.units = 2}),
                                     .name = "pair"});
            }),
            "Bidirectional \"pair\": its two layers go in the same direction: give the "
            "backward_layer the opposite go_backwards");
  EXPECT_NE(error_of([] {
              layers::Bidirectional({.layer = layers::LSTM({.units = 2}), .merge_mode = "concate"});
            }).find("\"concat\""),
            std::string::npos);
}

}  // namespace
}  // namespace chronicler
