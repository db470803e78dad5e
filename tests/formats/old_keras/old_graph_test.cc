#include "formats/old_keras/old_graph.h"

#include <gtest/gtest.h>

#include "formats/keras/model_config.h"
#include "formats/old_keras/old_config.h"
#include "support/conformance.h"

namespace chronicler {
namespace {

Json parsed(const char* text) { return Json::parse(text); }

TEST(OldGraph, PutsCallsIntoArgumentsAndKeywords) {
  Json config = parsed(R"({"layers": [
      {"name": "x", "class_name": "InputLayer", "config": {}, "inbound_nodes": []},
      {"name": "r", "class_name": "LSTM", "config": {},
       "inbound_nodes": [[["x", 0, 0, {}], ["h", 0, 1, {}], ["h", 0, 2, {"training": false}]]]}],
      "input_layers": [["x", 0, 0]], "output_layers": [["r", 0, 0]]})");
  renew_graph(config);
  const Json node = config["layers"][1]["inbound_nodes"][0];
  EXPECT_EQ(node["args"].size(), 1U);
  EXPECT_EQ(node["args"][0]["config"]["keras_history"], parsed(R"(["x", 0, 0])"));
  EXPECT_EQ(node["kwargs"]["initial_state"].size(), 2U);
  EXPECT_EQ(node["kwargs"]["training"], false);
}

// The mask that Keras 2 applies beside states becomes a part of the graph.
TEST(OldGraph, SaysTheMaskWhereStatesAreGiven) {
  Json config = parsed(R"({"layers": [
      {"name": "x", "class_name": "InputLayer", "config": {}, "inbound_nodes": []},
      {"name": "e", "class_name": "Embedding", "config": {"mask_zero": true},
       "inbound_nodes": [[["x", 0, 0, {}]]]},
      {"name": "r", "class_name": "GRU", "config": {},
       "inbound_nodes": [[["e", 0, 0, {}], ["h", 0, 0, {}]]]}],
      "input_layers": [["x", 0, 0]], "output_layers": [["r", 0, 0]]})");
  renew_graph(config);
  ASSERT_EQ(config["layers"].size(), 4U);
  EXPECT_EQ(config["layers"][3]["class_name"], "NotEqual");
  EXPECT_EQ(config["layers"][2]["inbound_nodes"][0]["kwargs"]["mask"]["config"]["keras_history"][0],
            config["layers"][3]["name"]);
}

TEST(OldGraph, LeavesTheGraphsOfKeras3) {
  const Json before = parsed(R"({"layers": [{"name": "d", "class_name": "Dense", "config": {},
      "inbound_nodes": [{"args": [], "kwargs": {}}]}], "output_layers": [["d", 0, 0]]})");
  Json config = before;
  renew_graph(config);
  EXPECT_EQ(config, before);
}

std::string refusal(Json model) {
  return test::error_of([&] {
    renew_config(model, true);
    model_at(JsonPlace(model, "model"));
  });
}

TEST(OldGraph, RefusesCirclesAndCallsFromNowhere) {
  const auto model_with = [](const char* source) {
    return parsed((std::string(R"({"class_name": "Model", "config": {"name": "m", "layers": [
        {"name": "x", "class_name": "InputLayer", "config": {"batch_input_shape": [null, 2],
         "name": "x"}, "inbound_nodes": []},
        {"name": "a", "class_name": "Dense", "config": {"units": 2, "name": "a"},
         "inbound_nodes": [[[")") +
                   source +
                   R"(", 0, 0, {}]]]},
        {"name": "b", "class_name": "Dense", "config": {"units": 2, "name": "b"},
         "inbound_nodes": [[["a", 0, 0, {}]]]}],
        "input_layers": [["x", 0, 0]], "output_layers": [["b", 0, 0]]}})")
                      .c_str());
  };
  EXPECT_EQ(refusal(model_with("x")), "no error");
  EXPECT_NE(refusal(model_with("b")).find("never computed"), std::string::npos);
  EXPECT_NE(refusal(model_with("none")).find("never computed"), std::string::npos);
}

TEST(OldGraph, RefusesModelsThatNestWithoutEnd) {
  std::string text = R"({"class_name": "Dense", "config": {"units": 2}})";
  for (int i = 0; i < 100; ++i) text = R"({"class_name": "Sequential", "config": [)" + text + "]}";
  EXPECT_NE(test::error_of([&] { parse_json(text, "config"); }).find("nests more than"),
            std::string::npos);
}

TEST(OldGraph, NamesAnOperationOfTensorFlowThatHasNoEqual) {
  EXPECT_NE(refusal(parsed(R"({"class_name": "Functional", "config": {"name": "m", "layers": [
      {"name": "x", "class_name": "InputLayer", "config": {"batch_input_shape": [null, 2],
       "name": "x"}, "inbound_nodes": []},
      {"name": "f", "class_name": "TFOpLambda", "config": {"function": "signal.stft"},
       "inbound_nodes": [["x", 0, 0, {}]]}],
      "input_layers": [["x", 0, 0]], "output_layers": [["f", 0, 0]]}})"))
                .find("TensorFlow's operation \"signal.stft\""),
            std::string::npos);
}

}  // namespace
}  // namespace chronicler
