#include "formats/legacy_layers.h"

#include <gtest/gtest.h>

#include "support/conformance.h"

namespace chronicler {
namespace {

using test::error_of;

Json layer(const std::string& class_name, Json config) {
  return {{"class_name", class_name}, {"config", std::move(config)}};
}

// tests/golden/legacy holds the rest to what Keras gave.
TEST(LegacyLayers, ScalesTheGatesThatUseTheOldFunction) {
  Json gru = layer("GRU", {{"recurrent_activation", "hard_sigmoid"}, {"use_bias", false}});
  const std::vector<LegacyChange> changes = renew_legacy_layer(gru);
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(changes[0].factors, (std::vector<double>{1.2, 1.2, 1.0}));
  const std::vector<Tensor> weights = renewed_weights(
      {Tensor({1, 3}, std::vector<float>{1, 2, 3}), Tensor({1, 3}, std::vector<float>{5, 6, 7})},
      changes);
  EXPECT_EQ(test::numbers(weights[0]),
            test::numbers(Tensor({1, 3}, std::vector<float>{1.2F, 2.4F, 3.0F})));
}

TEST(LegacyLayers, CountsTheWeightsOfWrappers) {
  Json both = layer("Bidirectional",
                    {{"layer", layer("LSTM", {{"recurrent_activation", "hard_sigmoid"}})}});
  EXPECT_EQ(renew_legacy_layer(both).size(), 2U);
  Json plain = layer("Bidirectional", {{"layer", layer("LSTM", Json::object())}});
  EXPECT_TRUE(renew_legacy_layer(plain).empty());
  EXPECT_EQ(error_of([&] {
              renewed_weights({Tensor({1, 4})}, renew_legacy_layer(both));
            }),
            "a layer must have 6 weights, got 1");
}

TEST(LegacyLayers, RefusesWhatNoWeightsMakeUpFor) {
  Json activation = layer("Activation", {{"activation", "hard_sigmoid"}});
  EXPECT_NE(error_of([&] { renew_legacy_layer(activation); }).find("no weights can make up"),
            std::string::npos);
  Json lstm = layer("LSTM", {{"activation", "hard_sigmoid"}});
  EXPECT_NE(error_of([&] { renew_legacy_layer(lstm); }).find("no weights can make up"),
            std::string::npos);
}

TEST(LegacyLayers, RefusesCudnnWeightsThatDoNotFit) {
  Json lstm = layer("CuDNNLSTM", Json::object());
  const std::vector<LegacyChange> changes = renew_legacy_layer(lstm);
  EXPECT_EQ(lstm["class_name"], "LSTM");
  EXPECT_NE(error_of([&] {
              renewed_weights({Tensor({2, 8}), Tensor({2, 8}), Tensor({8})}, changes);
            }).find("do not fit"),
            std::string::npos);
  EXPECT_NE(error_of([&] {
              renewed_weights({Tensor({2, 8}), Tensor({3, 8}), Tensor({16})}, changes);
            }).find("does not divide into 4 gates"),
            std::string::npos);
}

}  // namespace
}  // namespace chronicler
