#include "formats/keras/model_config.h"

#include <gtest/gtest.h>

#include "chronicler/layers/layers.h"
#include "chronicler/model/functional.h"
#include "support/conformance.h"

namespace chronicler {
namespace {

using test::error_of;

Sequential small() {
  return Sequential({layers::Input({.shape = {None, 3}, .batch_size = 2}),
                     layers::LSTM({.units = 4, .name = "memory"}), layers::Dense({.units = 1})},
                    "small");
}

TEST(ModelConfig, IsWrittenAsKerasWritesIt) {
  const Json json = model_to_json(small());
  EXPECT_EQ(json["class_name"], "Sequential");
  EXPECT_EQ(json["config"]["name"], "small");
  EXPECT_EQ(json["config"]["build_input_shape"], (Json{2, nullptr, 3}));
  const Json& layers = json["config"]["layers"];
  ASSERT_EQ(layers.size(), 3U);
  EXPECT_EQ(layers[0]["class_name"], "InputLayer");
  EXPECT_EQ(layers[1]["config"]["name"], "memory");
  // What Keras does not know stays out as long as it is off.
  EXPECT_FALSE(layers[1]["config"].contains("projection"));
  Sequential variant({layers::Input(Shape{None, 3}), layers::LSTM({.units = 4, .projection = 2})});
  const Json with = model_to_json(variant);
  EXPECT_EQ(with["config"]["layers"][1]["config"]["projection"], 2);
  EXPECT_FALSE(with["config"]["layers"][1]["config"].contains("peepholes"));
}

TEST(ModelConfig, ComesBack) {
  const Json json = model_to_json(small());
  const std::unique_ptr<Model> model = model_at({json, "model"});
  EXPECT_TRUE(model->built());
  EXPECT_EQ(model_to_json(*model), json);
  EXPECT_TRUE(is_model({json, "model"}));
  EXPECT_FALSE(is_model({json["config"]["layers"][1], "layer"}));

  const Symbol x = Input({.shape = {5, 3}, .name = "x"});
  const Functional graph({x}, {layers::GRU({.units = 2})(x)}, "graph");
  const Json of_graph = model_to_json(graph);
  EXPECT_EQ(of_graph["registered_name"], "Functional");
  EXPECT_EQ(model_to_json(*model_at({of_graph, "model"})), of_graph);
}

LayerPtr one_to_one(const std::string& name, const LayerPtr& within) {
  const Symbol x = Input({.shape = {5, 3}});
  return Functional({x}, {layers::Dense({.units = 3})(within ? Symbol(within(x)) : x)}, name)
      .as_layer();
}

// Keras 3.15 gives the next layer of a Sequential what it gets, and no layer takes a list of one.
TEST(ModelConfig, WritesEdgesOfModelsInASequentialAlone) {
  const LayerPtr deep =
      Sequential({layers::Input(Shape{5, 3}), one_to_one("third", nullptr)}, "second").as_layer();
  const Symbol x = Input({.shape = {5, 3}, .name = "x"});
  const Json graph =
      model_to_json(Functional({x}, {one_to_one("direct", nullptr)(deep(x))}, "first"));
  const auto layer_in = [](const Json& model, const std::string& name) {
    for (const Json& layer : model["config"]["layers"]) {
      if (layer["config"]["name"] == name) return layer;
    }
    return Json();
  };
  // A graph, whose own edges and those of models in it are lists, for every Keras 3.
  EXPECT_EQ(graph["config"]["input_layers"], Json::parse(R"([["x", 0, 0]])"));
  EXPECT_TRUE(layer_in(graph, "direct")["config"]["input_layers"][0].is_array());
  const Json third = layer_in(layer_in(graph, "second"), "third");
  EXPECT_TRUE(third["config"]["input_layers"][0].is_string()) << third;
  EXPECT_TRUE(third["config"]["output_layers"][0].is_string()) << third;

  const Sequential chain({layers::Input(Shape{5, 3}), one_to_one("one", one_to_one("two", nullptr)),
                          layers::LSTM({.units = 2})});
  const Json one = layer_in(model_to_json(chain), "one");
  EXPECT_TRUE(one["config"]["output_layers"][0].is_string());
  EXPECT_TRUE(layer_in(one, "two")["config"]["output_layers"][0].is_string());
}

TEST(ModelConfig, SaysWhereItIsWrong) {
  const Json custom = {{"class_name", "MyModel"}, {"config", Json::object()}};
  EXPECT_EQ(error_of([&] {
              model_at({custom, "model"});
            }),
            "model is a \"MyModel\", a class of its author's own: save it in Keras as a Sequential "
            "or Functional model");
  Json json = model_to_json(small());
  json["config"]["layers"][1]["config"]["units"] = "four";
  const std::string error = error_of([&] { model_at({json, "model"}); });
  EXPECT_NE(error.find("model.config.layers[1]"), std::string::npos) << error;
  EXPECT_NE(error.find("units"), std::string::npos) << error;
}

}  // namespace
}  // namespace chronicler
