#include "formats/model_config.h"

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
