#include "formats/keras/graph_config.h"

#include <filesystem>

#include <gtest/gtest.h>

#include "chronicler/formats/model_file.h"
#include "chronicler/formats/npy.h"
#include "chronicler/layers/layers.h"
#include "chronicler/training/fit.h"
#include "formats/archive.h"
#include "formats/bytes.h"
#include "formats/keras/keras_file.h"
#include "formats/model_spec.h"
#include "support/conformance.h"
#include "support/source_dir.h"
#include "support/temporary_folder.h"

namespace chronicler {
namespace {

// Saves and loads in every format, and compares outputs.
void expect_survival(Functional& model, const std::vector<Tensor>& x) {
  const test::TemporaryFolder folder;
  const std::vector<Tensor> expected = model(x);
  for (const std::string_view extension : model_file_extensions()) {
    SCOPED_TRACE(extension);
    const std::string path = folder.path("model" + std::string(extension));
    model.save(path);
    const std::unique_ptr<Model> loaded = load_model(path);
    EXPECT_EQ(loaded->input_names(), model.input_names());
    EXPECT_EQ(loaded->output_names(), model.output_names());
    const std::vector<Tensor> got = (*loaded)(x);
    ASSERT_EQ(got.size(), expected.size());
    for (std::size_t i = 0; i < got.size(); ++i)
      EXPECT_TRUE(test::same_bits(got[i], expected[i])) << i;
  }
}

Tensor some(const Shape& shape, std::uint64_t seed) { return test::noise(shape, seed); }

TEST(GraphConfig, KeepsSharedLayersStatesAndSeveralOutputs) {
  const Symbol a = Input({.shape = {6, 3}, .name = "a"});
  const Symbol b = Input({.shape = {5, 3}, .name = "b"});
  const LayerPtr shared = layers::Dense({.units = 4, .name = "shared"});
  const Symbols encoded =
      layers::LSTM({.units = 4, .return_state = true, .name = "encoder"})(shared(a));
  const Symbol decoded = layers::LSTM({.units = 4, .return_sequences = true, .name = "decoder"})(
      shared(b), {.initial_state = encoded.from(1)});
  Functional model({a, b}, {layers::Dense({.units = 2, .name = "out"})(decoded), encoded[0]});
  expect_survival(model, {some({2, 6, 3}, 1), some({2, 5, 3}, 2)});
}

// What other layers call mask is Keras's attention_mask there.
TEST(GraphConfig, NamesTheMaskOfAnAttentionAsKerasDoes) {
  const Symbol x = Input({.shape = {4, 3}, .name = "x"});
  const Symbol mask = Input({.shape = {4, 4}, .dtype = "bool", .name = "mask"});
  const LayerPtr heads = layers::MultiHeadAttention({.num_heads = 2, .key_dim = 2});
  Functional model({x, mask}, {heads(Symbols({x, x}), {.mask = mask})});
  EXPECT_NE(graph_to_json(model).dump().find("\"attention_mask\""), std::string::npos);
  expect_survival(model, {some({2, 4, 3}, 1), Tensor({2, 4, 4})});
}

TEST(GraphConfig, KeepsModelsWithinModels) {
  Sequential inner({layers::Input(Shape{6, 3}), layers::GRU({.units = 4})}, "inner");
  const Symbol x = Input({.shape = {6, 3}, .name = "x"});
  Functional model({x}, {layers::Dense({.units = 2})(inner(x))});
  expect_survival(model, {some({2, 6, 3}, 1)});
}

// Keras counts the calls of a Functional model inside from 1 where it lists the outputs, those of a
// Sequential from 0.
TEST(GraphConfig, CountsTheCallsOfModelsInsideAsKerasDoes) {
  const Symbol x = Input({.shape = {6, 3}, .name = "x"});
  Functional inner({x}, {layers::GRU({.units = 4})(x)}, "inner");
  Sequential plain({layers::Input(Shape{6, 3}), layers::GRU({.units = 2})}, "plain");
  const Symbol a = Input({.shape = {6, 3}, .name = "a"});
  const Symbol b = Input({.shape = {6, 3}, .name = "b"});
  const Symbol first = inner(a);
  const Symbol second = inner(b);
  const Symbol third = plain(a);
  Functional model({a, b}, {first, second, third, plain(b)});
  expect_survival(model, {some({2, 6, 3}, 1), some({2, 6, 3}, 2)});

  ModelSpec spec = describe_model(model);
  Json& outputs = spec.model["config"]["output_layers"];
  EXPECT_EQ(outputs, Json::parse(R"([["inner",1,0],["inner",2,0],["plain",0,0],["plain",1,0]])"));
  // As Chronicler wrote it before.
  outputs = Json::parse(R"([["inner",0,0],["inner",1,0],["plain",0,0],["plain",1,0]])");
  const std::vector<Tensor> inputs{some({2, 6, 3}, 1), some({2, 6, 3}, 2)};
  const std::vector<Tensor> expected = model(inputs);
  const std::vector<Tensor> got = (*make_model(spec))(inputs);
  for (std::size_t i = 0; i < expected.size(); ++i)
    EXPECT_TRUE(test::same_bits(got[i], expected[i])) << i;
}

// Keras cannot ask a model what shape it makes of a shape if it is called on a list of one.
TEST(GraphConfig, WritesAWrappedModelAsCalledOnOneTensor) {
  const Symbol each = Input({.shape = {4, 2}, .name = "each"});
  Functional inner({each}, {layers::GRU({.units = 2})(each)}, "inner");
  const Symbol x = Input({.shape = {3, 4, 2}, .name = "x"});
  Functional model({x}, {layers::TimeDistributed({.layer = inner.as_layer()})(x)});
  const Json graph = graph_to_json(model);
  EXPECT_EQ(graph["input_layers"], Json::parse(R"([["x", 0, 0]])"));
  EXPECT_EQ(graph["layers"][1]["config"]["layer"]["config"]["input_layers"],
            Json::parse(R"(["each", 0, 0])"));
  expect_survival(model, {some({2, 3, 4, 2}, 1)});
}

// Keras makes an operation "concatenate" where it joins masks, and refuses a second one.
TEST(GraphConfig, LeavesNamesOfJoinsToKerasWhereThereAreMasks) {
  const auto joined = [](const LayerPtr& first) {
    const Symbol x = Input({.shape = {4, 2}, .name = "x"});
    const Symbol y = first(x);
    const Symbol both = layers::Concatenate({.name = "concatenate_1"})({y, y});
    const Symbol own = layers::Concatenate({.name = "joined"})({both, y});
    return Functional({x}, {layers::GRU({.units = 2})(own)});
  };
  const auto names_in = [](const Functional& model) {
    std::string names;
    const Json graph = graph_to_json(model);
    for (const Json& layer : graph["layers"]) {
      if (layer["class_name"] != "Concatenate") continue;
      EXPECT_EQ(layer["name"], layer["config"]["name"]);
      names += layer["name"].get<std::string>() + " ";
    }
    return names;
  };
  Functional masked = joined(layers::Masking());
  EXPECT_EQ(names_in(masked), "layer_concatenate_1 joined ");
  expect_survival(masked, {some({2, 4, 2}, 1)});
  EXPECT_EQ(names_in(joined(layers::Dense({.units = 2}))), "concatenate_1 joined ");
}

// Damage of one kind: a layer of a file that is called on nothing, on nothing in a list, on null.
TEST(GraphConfig, RefusesLayersThatAreCalledOnNothing) {
  if (!archives_are_available()) return;
  const std::filesystem::path folder = test::source_dir() / "tests/golden/versions";
  int refused = 0;
  for (const char* name :
       {"k2.13_nested", "k2.15_convlstm", "k2.15_gates", "k2.15_operations", "k3.3_merged_masks",
        "k3.15_attention", "k3.15_constants", "k3.15_distributed", "k3.15_masks",
        "k3.15_merged_masks", "k3.15_operations", "k3.15_seq2seq"}) {
    const ModelSpec whole = read_keras(read_file((folder / name / "model.keras").string()));
    const std::size_t count = whole.model["config"]["layers"].size();
    for (std::size_t layer = 0; layer < count; ++layer) {
      for (const char* nothing : {"[]", "[[]]", "[null]", "[[null]]", "[{}]", "[[[]]]"}) {
        ModelSpec spec = whole;
        Json& calls = spec.model["config"]["layers"][layer]["inbound_nodes"];
        if (calls.empty()) continue;
        calls[0] = {{"args", Json::parse(nothing)}, {"kwargs", Json::object()}};
        const std::string told = test::error_of([&] { make_model(spec); });
        EXPECT_NE(told, "no error") << name << ", layer " << layer << ": " << nothing;
        ++refused;
      }
    }
  }
  EXPECT_GT(refused, 500);
}

TEST(GraphConfig, KeepsArraysInTheGraph) {
  const Symbol x = Input({.shape = {2, 3}, .name = "x"});
  const Tensor table({2, 3}, std::vector<float>{1, 2, 3, 4, 5, 6});
  const Symbol y = layers::Operation("Multiply", {.arguments = {std::nullopt, table}})(x);
  Functional model({x}, {layers::GRU({.units = 2})(y)});
  expect_survival(model, {some({2, 2, 3}, 1)});
}

TEST(GraphConfig, KeepsWhatGetItemTakes) {
  const Symbol x = Input({.shape = {6, 3}, .name = "x"});
  const Symbol y = layers::LSTM({.units = 3, .return_sequences = true})(x);
  const auto take = [&](const std::vector<layers::SliceItem>& items) {
    return Symbol(layers::Operation("GetItem", {.items = items})(y));
  };
  using Kind = layers::SliceItem::Kind;
  Functional model(
      {x}, {take({{}, {Kind::index, -1}}), take({{}, {Kind::range, {}, {}, 2}, {Kind::range, 1}}),
            take({{Kind::ellipsis}, {Kind::index, 0}}),
            take({{}, {Kind::range, {}, {}, -1}, {Kind::new_axis}})});
  expect_survival(model, {some({2, 6, 3}, 1)});
}

// x[:, -1] and its kin, saved by Keras (tests/golden/get_item/make_get_item.py).
TEST(GraphConfig, RunsGetItemOfKeras) {
  const auto path = [](const std::string& name) {
    return (test::source_dir() / "tests/golden/get_item" / name).string();
  };
  const std::unique_ptr<Model> model = load_model(path("get_item.keras"));
  EXPECT_TRUE(test::close_to((*model)(load_npy(path("x.npy"))), load_npy(path("y.npy")), 1e-5));
}

// Masks that Keras computes in nodes of the graph (tests/golden/masks/make_masks.py).
TEST(GraphConfig, RunsTheMaskArithmeticOfKeras) {
  const auto path = [](const std::string& name) {
    return (test::source_dir() / "tests/golden/masks" / name).string();
  };
  const std::vector<Tensor> x{load_npy(path("x0.npy")), load_npy(path("x1.npy"))};
  const std::unique_ptr<Model> model = load_model(path("masks.keras"));
  const test::TemporaryFolder folder;
  model->save(folder.path("again.keras"));
  const std::unique_ptr<Model> again = load_model(folder.path("again.keras"));
  const std::vector<Tensor> outputs = (*model)(x);
  const std::vector<Tensor> outputs_again = (*again)(x);
  ASSERT_EQ(outputs.size(), 4U);
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const Tensor expected = load_npy(path("y" + std::to_string(i) + ".npy"));
    EXPECT_TRUE(test::close_to(outputs[i], expected, 1e-5)) << i;
    EXPECT_TRUE(test::same_bits(outputs[i], outputs_again[i])) << i;
  }
}

// Keras makes an operation "concatenate" where masks meet, unless the joined are an output only.
TEST(GraphConfig, RenamesWhatKerasNeedsTheNameOf) {
  const auto saved = [](bool goes_on) {
    const Symbol a = Input({.shape = {5}, .name = "a"});
    const Symbol b = Input({.shape = {5}, .name = "b"});
    const LayerPtr embedding =
        layers::Embedding({.input_dim = 7, .output_dim = 3, .mask_zero = true});
    const Symbol joined =
        layers::Concatenate({.axis = 1, .name = "concatenate"})({embedding(a), embedding(b)});
    const LayerPtr memory = layers::GRU({.units = 2, .name = "memory"});
    Functional model({a, b}, {joined, memory(goes_on ? joined : Symbol(embedding(a)))});
    CompileOptions options{.loss = "mse"};
    options.loss_weights = {{"concatenate", 0.5}, {"memory", 2.0}};
    options.output_metrics["concatenate"].emplace_back("mae");
    model.compile(options);
    return describe_model(model);
  };
  const Json alone = saved(false).model;
  EXPECT_EQ(alone["config"]["output_layers"][0][0], "concatenate");
  EXPECT_EQ(alone["compile_config"]["loss_weights"]["concatenate"], 0.5);
  const ModelSpec renamed = saved(true);
  const Json& used = renamed.model;
  EXPECT_EQ(used["config"]["output_layers"][0][0], "layer_concatenate");
  EXPECT_EQ(used["compile_config"]["loss_weights"]["layer_concatenate"], 0.5);
  EXPECT_EQ(used["compile_config"]["metrics"]["layer_concatenate"], Json::array({"mae"}));
  EXPECT_FALSE(used["compile_config"]["metrics"].contains("concatenate"));
  EXPECT_EQ(make_model(renamed)->output_names()[0], "layer_concatenate");
}

// Keras's Softmax takes no list of one axis, its Mean no empty list.
TEST(GraphConfig, WritesAxesAsKerasReadsThem) {
  const Symbol x = Input({.shape = {4, 3}});
  const Symbol scores = layers::Operation("Softmax", {.axis = {1}, .name = "one"})(x);
  const Symbol sums =
      layers::Operation("Sum", {.axis = {1, 2}, .keepdims = true, .name = "two"})(scores);
  const Symbol joined = layers::Operation("Exp", {.name = "none"})(sums);
  const Json graph = graph_to_json(Functional({x}, {joined}));
  const auto config = [&](const char* name) {
    for (const Json& layer : graph["layers"]) {
      if (layer["name"] == name) return layer["config"];
    }
    return Json();
  };
  EXPECT_EQ(config("one")["axis"], Json(1));
  EXPECT_EQ(config("two")["axis"], Json::array({1, 2}));
  EXPECT_FALSE(config("none").contains("axis"));
}

}  // namespace
}  // namespace chronicler
