// Files of many versions of Keras (tests/golden/versions/make_versions.py, make_keras1.py).
#include "formats/old_keras/old_config.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "chronicler/formats/model_file.h"
#include "chronicler/formats/npy.h"
#include "formats/model_spec.h"
#include "support/conformance.h"
#include "support/source_dir.h"
#include "support/temporary_folder.h"

namespace chronicler {
namespace {

namespace fs = std::filesystem;

struct Case {
  std::string name;
  std::string model;
  std::vector<Tensor> inputs;
  std::vector<Tensor> outputs;
};

std::vector<Tensor> arrays(const fs::path& folder, char first) {
  std::vector<Tensor> arrays;
  for (int i = 0;; ++i) {
    const fs::path path = folder / (first + std::to_string(i) + ".npy");
    if (!fs::exists(path)) return arrays;
    arrays.push_back(load_npy(path.string()));
  }
}

std::vector<Case> all_cases() {
  std::vector<Case> cases;
  for (const auto& entry : fs::directory_iterator(test::source_dir() / "tests/golden/versions")) {
    if (!entry.is_directory()) continue;
    const bool is_old = fs::exists(entry.path() / "model.h5");
    cases.push_back({entry.path().filename().string(),
                     (entry.path() / (is_old ? "model.h5" : "model.keras")).string(),
                     arrays(entry.path(), 'x'), arrays(entry.path(), 'y')});
  }
  std::sort(cases.begin(), cases.end(),
            [](const Case& a, const Case& b) { return a.name < b.name; });
  return cases;
}

void expect_outputs(Model& model, const Case& one) {
  const std::vector<Tensor> outputs = model(one.inputs);
  ASSERT_EQ(outputs.size(), one.outputs.size());
  for (std::size_t i = 0; i < outputs.size(); ++i)
    EXPECT_TRUE(test::close_to(outputs[i], one.outputs[i], 1e-5)) << i;
}

TEST(Versions, AllPredictAsTheKerasThatWroteThem) {
  const std::vector<Case> cases = all_cases();
  EXPECT_GE(cases.size(), 140U);
  for (const Case& one : cases) {
    SCOPED_TRACE(one.name);
    std::unique_ptr<Model> model;
    ASSERT_EQ(test::error_of([&] { model = load_model(one.model); }), "no error");
    expect_outputs(*model, one);
  }
}

// Those with a hard_sigmoid that no weights make up for are for .chronicler alone.
TEST(Versions, AllAreTheSameOnceWritten) {
  const test::TemporaryFolder folder;
  for (const Case& one : all_cases()) {
    SCOPED_TRACE(one.name);
    const std::unique_ptr<Model> model = load_model(one.model);
    for (const std::string_view extension : model_file_extensions()) {
      const std::string path = folder.path("model" + std::string(extension));
      const std::string error = test::error_of([&] { model->save(path); });
      if (error.find("uses the hard_sigmoid of Keras 2") != std::string::npos) {
        EXPECT_NE(one.name.find("_gates"), std::string::npos);
        EXPECT_EQ(extension, ".keras");
        continue;
      }
      ASSERT_EQ(error, "no error");
      expect_outputs(*load_model(path), one);
    }
  }
}

// What cannot be read says why: by whose class it is, and by which Keras the file was written.
TEST(OldConfig, SaysWhatItIsThatIsNotSupported) {
  const auto refusal = [](const std::string& class_name, const Json& options) {
    ModelSpec spec;
    spec.keras_version = "2.13.1";
    spec.model = {{"class_name", "Sequential"},
                  {"config",
                   {{"name", "m"},
                    {"layers", Json::array({{{"class_name", class_name}, {"config", options}}})}}}};
    renew_config(spec.model, true);
    return test::error_of([&] { make_model(spec); });
  };
  const auto expect = [&](const std::string& class_name, const Json& options,
                          const std::string& words) {
    const std::string message = refusal(class_name, options);
    EXPECT_NE(message.find(words), std::string::npos) << message;
  };
  expect("Conv2D", Json::object(), "layers of two and three dimensions are not supported");
  expect("ConvLSTM2D", Json::object(), "layers of two and three dimensions are not supported");
  expect("Conv2DTranspose", Json::object(), "layers of two and three dimensions are not supported");
  expect("AttentionLayer", Json::object(), "\"AttentionLayer\" is code of its author's");
  expect("StringLookup", Json::object(), "the layer \"StringLookup\" of Keras is not supported");
  expect("LSTM", {{"units", 2}, {"time_major", true}}, "unknown option of LSTM \"time_major\"");
  expect("LSTM", {{"units", 2}, {"time_major", true}}, "the file is of Keras 2.13.1");
  expect("Dense", {{"units", 2}, {"dtype", "string"}}, "texts are no input of a network");
}

// Keras 1: bounds of norms, and tables that drop whole words, which Keras 2 leaves out as well.
TEST(OldConfig, RenewsConstraintsAndTablesOfKeras1) {
  Json layer = Json::parse(R"({"class_name": "Dense", "config": {"output_dim": 2, "W_constraint":
      {"name": "MinMaxNorm", "low": 0.5, "high": 2.0, "rate": 1.0, "axis": 0}}})");
  renew_config(layer, true);
  const Json& constraint = layer["config"]["kernel_constraint"];
  EXPECT_EQ(constraint["class_name"], "MinMaxNorm");
  EXPECT_EQ(constraint["config"]["min_value"], 0.5);
  EXPECT_EQ(constraint["config"]["max_value"], 2.0);
  EXPECT_FALSE(constraint["config"].contains("low"));
  EXPECT_FALSE(constraint["config"].contains("high"));

  Json table = Json::parse(R"({"class_name": "Embedding", "config": {"name": "words",
      "input_dim": 4, "output_dim": 2, "dropout": 0.25}})");
  Json same = table;
  testing::internal::CaptureStderr();
  renew_config(table, true);
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "note: Embedding \"words\" trains without its dropout of 0.25, which Keras knows no "
            "more\n");
  EXPECT_FALSE(table["config"].contains("dropout"));
  same["config"]["dropout"] = 0.0;
  testing::internal::CaptureStderr();
  renew_config(same, true);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  EXPECT_FALSE(same["config"].contains("dropout"));
}

TEST(OldConfig, TakesLayersThatHandOn) {
  const auto model_of = [](const char* layer) {
    ModelSpec spec;
    spec.model = {
        {"class_name", "Sequential"},
        {"config",
         {{"name", "m"},
          {"layers",
           Json::array({{{"class_name", "InputLayer"}, {"config", {{"batch_shape", {nullptr, 2}}}}},
                        Json::parse(layer)})}}}};
    renew_config(spec.model, false);
    return make_model(spec);
  };
  const auto plain =
      model_of(R"({"class_name": "Identity", "config": {"name": "i", "dtype": "float32"}})");
  Tensor x(Shape{1, 2});
  x.as<float>()[0] = 3;
  x.as<float>()[1] = -1;
  EXPECT_EQ((*plain)({x}).as<float>()[1], -1.0F);
  EXPECT_EQ(plain->layers().back()->class_name(), "Identity");
  EXPECT_FALSE(plain->layers().back()->activity_regularizer());
  const auto penalty = model_of(
      R"({"class_name": "ActivityRegularization", "config": {"name": "a", "l1": 0.5, "l2": 0.25}})");
  const Regularizer& regularizer = penalty->layers().back()->activity_regularizer();
  EXPECT_DOUBLE_EQ(regularizer.penalty(x), 0.5 * 4 + 0.25 * 10);
}

// The names that TensorFlow and NumPy have for them, too.
TEST(OldConfig, TakesTypesByTheirShortNames) {
  for (const char* dtype : {"float", "double", "half", "float64", "bfloat16"}) {
    ModelSpec spec;
    spec.model = {
        {"class_name", "Sequential"},
        {"config",
         {{"name", "m"},
          {"layers",
           Json::array({{{"class_name", "InputLayer"},
                         {"config", {{"batch_input_shape", {nullptr, 3}}, {"dtype", dtype}}}},
                        {{"class_name", "Flatten"}, {"config", {{"dtype", dtype}}}}})}}}};
    renew_config(spec.model, true);
    EXPECT_EQ(test::error_of([&] { make_model(spec); }), "no error") << dtype;
  }
}

TEST(OldConfig, TakesFunctionsThatAreObjectsByTheirName) {
  const auto renewed = [](const char* activation) {
    Json layer = {{"class_name", "Dense"},
                  {"config", {{"units", 2}, {"activation", Json::parse(activation)}}}};
    renew_config(layer, false);
    return layer["config"]["activation"];
  };
  EXPECT_EQ(renewed(R"({"module": "builtins", "class_name": "function", "config": "relu"})"),
            "relu");
  EXPECT_EQ(renewed(R"({"class_name": "LeakyReLU", "config": {"alpha": 0.20000000298}})"),
            "leaky_relu");
  EXPECT_EQ(renewed(R"({"class_name": "ELU", "config": {"alpha": 1.0}})"), "elu");
  EXPECT_EQ(renewed(R"({"class_name": "Softmax", "config": {"axis": -1}})"), "softmax");
  EXPECT_TRUE(renewed(R"({"class_name": "ELU", "config": {"alpha": 0.5}})").is_object());
}

TEST(OldConfig, ComputesSmallTypesInFloat32) {
  const Case one = [] {
    for (const Case& each : all_cases())
      if (each.name == "k2.15_mixed") return each;
    return Case();
  }();
  testing::internal::CaptureStderr();
  load_model(one.model);
  EXPECT_NE(testing::internal::GetCapturedStderr().find("computes in mixed_float16 in Keras"),
            std::string::npos);
}

// By the first bytes, never by the name.
TEST(Versions, AreReadUnderAnyName) {
  const test::TemporaryFolder folder;
  for (const char* name : {"k2.12_nested_h5/model.h5", "k3.15_nested/model.keras"}) {
    const fs::path from = test::source_dir() / "tests/golden/versions" / name;
    for (const char* other : {"a.keras", "a.h5", "a.hdf5", "a.chronicler", "a"}) {
      fs::copy_file(from, folder.path(other), fs::copy_options::overwrite_existing);
      EXPECT_EQ(test::error_of([&] { load_model(folder.path(other)); }), "no error") << other;
    }
  }
}

}  // namespace
}  // namespace chronicler
