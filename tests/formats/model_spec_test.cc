#include "formats/model_spec.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "chronicler/layers/layers.h"
#include "support/conformance.h"

namespace chronicler {
namespace {

using test::error_of;

// An LSTM of two units over three features, and what its file holds.
ModelSpec small_spec() {
  static const Sequential model({layers::Input(Shape{None, 3}),
                                 layers::LSTM({.units = 2, .name = "memory"}),
                                 layers::Dense({.units = 1, .name = "answer"})});
  return describe_model(model);
}

NamedTensor& weight(ModelSpec& spec, const std::string& path) {
  return *std::find_if(spec.weights.begin(), spec.weights.end(),
                       [&](const NamedTensor& tensor) { return tensor.name == path; });
}

Json& layer_config(ModelSpec& spec) { return spec.model["config"]["layers"][1]; }

std::string refusal(const ModelSpec& spec) {
  return error_of([&] { make_model(spec); });
}

TEST(ModelSpec, ComesBack) { EXPECT_EQ(refusal(small_spec()), "no error"); }

// The place, not the first layer for which the file turns out too small.
TEST(ModelSpec, NamesTheWeightThatIsMissing) {
  ModelSpec spec = small_spec();
  std::erase_if(spec.weights,
                [](const NamedTensor& tensor) { return tensor.name == "layers/lstm/cell/vars/1"; });
  EXPECT_EQ(refusal(spec),
            "the weight \"recurrent_kernel\" of LSTM \"memory\" is missing "
            "(\"layers/lstm/cell/vars/1\"): it has \"layers/lstm/cell/vars/2\"");
}

TEST(ModelSpec, NamesTheWeightOfAnotherShape) {
  ModelSpec spec = small_spec();
  weight(spec, "layers/lstm/cell/vars/1").value = Tensor({1, 8});
  EXPECT_EQ(refusal(spec),
            "the weight \"recurrent_kernel\" of LSTM \"memory\" (\"layers/lstm/cell/vars/1\") must "
            "have shape (2, 8), got (1, 8)");
}

TEST(ModelSpec, AsksForNoMoreMemoryThanIsInProportion) {
  ModelSpec spec = small_spec();
  layer_config(spec)["config"]["units"] = 1'000'000'000;
  EXPECT_NE(refusal(spec).find("more numbers than its file holds"), std::string::npos);
}

TEST(ModelSpec, SaysThatAFileIsOfALaterKeras) {
  ModelSpec spec = small_spec();
  spec.keras_version = "3.16.0";
  EXPECT_EQ(refusal(spec), "no error");  // nothing in it is unknown
  layer_config(spec)["config"]["recurent_dropout"] = 0.5;
  EXPECT_EQ(
      refusal(spec),
      "model.config.layers[1].config: unknown option of LSTM \"recurent_dropout\": did you mean "
      "\"recurrent_dropout\" or \"dropout\"?; the file is of Keras 3.16.0, later than 3.15, "
      "which is known here");
  spec.keras_version = "3.9.2";
  EXPECT_EQ(refusal(spec).find("later than"), std::string::npos);
}

TEST(ModelSpec, RunsNoCodeOfTheFile) {
  ModelSpec spec = small_spec();
  layer_config(spec)["class_name"] = "Lambda";
  EXPECT_EQ(
      refusal(spec),
      "model.config.layers[1] (\"memory\"): \"Lambda\" is code of its author's, which no file "
      "is trusted with: build the model of Keras's own layers, and save it anew");
  layer_config(spec)["class_name"] = "MyLayer";
  layer_config(spec)["module"] = "my.layers";
  EXPECT_NE(refusal(spec).find("\"MyLayer\" is code of its author's"), std::string::npos);
}

// A class of one's own may have the name of one of Keras's, and computes something else.
TEST(ModelSpec, TakesNoClassOfAnotherPackageForKeras) {
  ModelSpec spec = small_spec();
  layer_config(spec)["module"] = "my.layers";
  layer_config(spec)["registered_name"] = "mine>LSTM";
  EXPECT_NE(refusal(spec).find("\"LSTM\" is code of its author's"), std::string::npos);
  layer_config(spec)["registered_name"] = "LSTM";
  EXPECT_EQ(refusal(spec), "no error");
}

}  // namespace
}  // namespace chronicler
