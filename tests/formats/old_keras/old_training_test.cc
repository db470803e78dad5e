// How Keras 1 and 2 compiled models (tests/golden/old_optimizers/make_old_optimizers.py).
#include "formats/old_keras/old_training.h"

#include <cmath>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "chronicler/formats/model_file.h"
#include "chronicler/formats/npy.h"
#include "chronicler/training/fit.h"
#include "formats/bytes.h"
#include "formats/old_keras/old_optimizer.h"
#include "support/conformance.h"
#include "support/source_dir.h"
#include "support/temporary_folder.h"

namespace chronicler {
namespace {

std::string golden(const std::string& name) {
  return (test::source_dir() / "tests/golden/old_optimizers" / name).string();
}

const Json& histories() {
  static const Json json = parse_json(read_file(golden("history.json")), "history.json");
  return json;
}

std::vector<std::string> names() {
  std::vector<std::string> names;
  for (const auto& [name, history] : histories().items()) names.push_back(name);
  return names;
}

class OldOptimizer : public testing::TestWithParam<std::string> {
 protected:
  // Keras's own losses and metrics, from where the file left off.
  static void expect_same_training(Model& model) {
    const History history =
        model.fit(load_npy(golden("x.npy")), load_npy(golden("y.npy")),
                  {.batch_size = 4, .epochs = 2, .verbose = 0, .shuffle = false});
    for (const auto& [key, values] : histories()[GetParam()].items()) {
      const auto found = history.history.find(key);
      ASSERT_NE(found, history.history.end()) << key;
      ASSERT_EQ(found->second.size(), values.size());
      for (std::size_t epoch = 0; epoch < values.size(); ++epoch) {
        const double expected = values[epoch].get<double>();
        EXPECT_NEAR(found->second[epoch], expected, 1e-5 * std::abs(expected)) << key;
      }
    }
  }
};

TEST_P(OldOptimizer, TrainsOnAsKerasDid) {
  expect_same_training(*load_model(golden(GetParam() + ".h5")));
}

TEST_P(OldOptimizer, TrainsOnFromAFileOfOurOwn) {
  const test::TemporaryFolder folder;
  load_model(golden(GetParam() + ".h5"))->save(folder.path("m.chronicler"));
  expect_same_training(*load_model(folder.path("m.chronicler")));
}

INSTANTIATE_TEST_SUITE_P(Keras, OldOptimizer, testing::ValuesIn(names()),
                         [](const auto& name) { return name.param; });

// ---- words

Json renewed(const std::string& text, const std::vector<std::string>& outputs = {}) {
  return renewed_training(parse_json(text, "test"), outputs);
}

TEST(OldTraining, IsPutIntoTheWordsOfKeras3) {
  const Json adam = renewed(R"({"optimizer_config": {"class_name": "Custom>Adam", "config":
      {"lr": 0.5, "decay": 0.25, "epsilon": null, "jit_compile": true}}, "loss": "logcosh",
      "sample_weight_mode": null})");
  EXPECT_EQ(adam["optimizer"]["class_name"], "Adam");
  const Json& config = adam["optimizer"]["config"];
  EXPECT_EQ(config.size(), 1U) << config.dump();
  EXPECT_EQ(config["learning_rate"]["class_name"], "InverseTimeDecay");
  EXPECT_EQ(config["learning_rate"]["config"]["decay_rate"], 0.25);
  EXPECT_EQ(adam["loss"], "log_cosh");
  EXPECT_FALSE(adam.contains("sample_weight_mode"));

  const Json wrapped = renewed(R"({"optimizer": {"class_name": "LossScaleOptimizer", "config":
      {"inner_optimizer": {"class_name": "SGD", "config": {"lr": 0.5}}}}})");
  EXPECT_EQ(wrapped["optimizer"]["class_name"], "SGD");
  EXPECT_EQ(wrapped["optimizer"]["config"]["learning_rate"], 0.5);
}

TEST(OldTraining, TakesWrappersOffLossesAndMetrics) {
  const Json config = renewed(
      R"({"loss": [{"class_name": "LossFunctionWrapper", "config": {"fn": "cosine_proximity",
            "name": "c", "reduction": "auto"}}, {"class_name": "function", "config": "logcosh"}],
          "metrics": [[{"class_name": "MeanMetricWrapper", "config": {"name": "a_mae", "dtype":
            "float32", "fn": "mean_absolute_error"}}], [null, {"class_name": "MeanMetricWrapper",
            "config": {"name": "b_accuracy", "fn": "categorical_accuracy"}}]]})",
      {"a", "b"});
  EXPECT_EQ(config["loss"][0]["class_name"], "cosine_similarity");
  EXPECT_EQ(config["loss"][0]["config"]["reduction"], "sum_over_batch_size");
  EXPECT_EQ(config["loss"][1]["config"], "log_cosh");
  EXPECT_EQ(config["metrics"][0][0]["class_name"], "mean_absolute_error");
  EXPECT_EQ(config["metrics"][0][0]["config"], Json({{"name", "mae"}}));
  EXPECT_EQ(config["metrics"][1][1], "accuracy");
}

TEST(OldTraining, GivesOneListOfMetricsToEachOutput) {
  const std::string text = R"({"metrics": ["mae", "mse"], "weighted_metrics": [["mae"], []]})";
  const Json config = renewed(text, {"a", "b"});
  EXPECT_EQ(config["metrics"], Json::parse(R"({"a": ["mae", "mse"], "b": ["mae", "mse"]})"));
  EXPECT_EQ(config["weighted_metrics"], Json::parse(R"([["mae"], []])"));
  EXPECT_EQ(renewed(text)["metrics"], Json::parse(R"(["mae", "mse"])"));
}

TEST(OldTraining, LeavesWhatIsAsInKeras3) {
  const std::string text =
      R"({"optimizer":{"module":"keras.optimizers","class_name":"Adam","config":{"name":"adam","learning_rate":0.5,"amsgrad":false},"registered_name":null},"loss":{"a":"mse","b":null},"loss_weights":[1.0,2.0],"metrics":["accuracy"],"weighted_metrics":null})";
  EXPECT_EQ(renewed(text).dump(), text);
  EXPECT_NE(test::error_of([] { renewed("[]"); }), "no error");
}

// Keras 3 wants of each object where its class is, and knows some by other names.
TEST(OldTraining, IsWrittenAsKeras3ReadsIt) {
  const Json config = training_for_keras3(renewed(
      R"({"optimizer_config": {"class_name": "Custom>SGD", "config": {"is_legacy_optimizer": true,
            "learning_rate": {"class_name": "ExponentialDecay", "config": {"name": null}}}},
          "loss": {"a": {"class_name": "LossFunctionWrapper", "config": {"fn": "kl_divergence"}},
                   "b": "huber_loss", "c": {"class_name": "my>Loss", "config": {}, "module": "my"},
                   "d": {"module": "builtins", "class_name": "function", "config": "logcosh"}},
          "metrics": [[{"class_name": "MeanMetricWrapper", "config": {"name": "mae",
                        "fn": "mean_absolute_error"}}, "kld", "logcosh", "acc", null]],
          "run_eagerly": null, "steps_per_execution": null, "jit_compile": false})"));
  EXPECT_FALSE(config.contains("run_eagerly") || config.contains("steps_per_execution"));
  EXPECT_EQ(config["jit_compile"], false);
  const Json& optimizer = config["optimizer"];
  EXPECT_EQ(optimizer["module"], "keras.optimizers");
  EXPECT_TRUE(optimizer["registered_name"].is_null());
  EXPECT_EQ(optimizer["config"]["learning_rate"]["module"], "keras.optimizers.schedules");
  EXPECT_TRUE(optimizer["config"]["learning_rate"]["config"].empty());
  EXPECT_FALSE(optimizer["config"].contains("is_legacy_optimizer"));
  EXPECT_EQ(config["loss"]["a"]["class_name"], "KLDivergence");
  EXPECT_EQ(config["loss"]["a"]["module"], "keras.losses");
  EXPECT_EQ(config["loss"]["b"], "huber");
  EXPECT_EQ(config["loss"]["c"]["module"], "my");
  EXPECT_EQ(config["loss"]["d"], "log_cosh");
  const Json& metrics = config["metrics"][0];
  EXPECT_EQ(metrics[0], Json::parse(R"({"class_name": "MeanAbsoluteError", "config":
      {"name": "mae"}, "module": "keras.metrics", "registered_name": null})"));
  EXPECT_EQ(metrics[1]["class_name"], "KLDivergence");
  EXPECT_EQ(metrics[1]["config"]["name"], "kld");
  EXPECT_EQ(metrics[2]["class_name"], "LogCoshError");
  EXPECT_EQ(metrics[3], "acc");
  EXPECT_TRUE(metrics[4].is_null());
}

// Without momentum the SGD of Keras 2 has its slots all the same, behind the averages.
TEST(OldTraining, KeepsTheAveragesOfAnSgdWithoutMomentum) {
  const Json config = renewed(R"({"optimizer": {"class_name": "SGD", "config":
      {"learning_rate": 0.5, "momentum": 0.0, "use_ema": true}}})");
  const Tensor scalar(Shape{}, DType::float64);
  const auto slot = [](const char* name) { return NamedTensor{name, Tensor(Shape{3}), false}; };
  const std::vector<NamedTensor> renewed_ones = renewed_optimizer(
      config,
      {{"iteration:0", scalar, true}, slot("ema/a"), slot("ema/b"), slot("m/a"), slot("m/b")});
  std::vector<std::string> names;
  for (const NamedTensor& one : renewed_ones) names.push_back(one.name);
  EXPECT_EQ(names, (std::vector<std::string>{"iteration:0", "", "ema/a", "ema/b"}));
}

// Keras 2.2 saves no product of Nadam's momenta: they are those of the schedule that the file has.
TEST(OldTraining, FindsTheProductOfNadamsMomenta) {
  const Json config = renewed(R"({"optimizer": {"class_name": "Nadam", "config":
      {"lr": 0.002, "beta_1": 0.5, "schedule_decay": 0.5}}})");
  Tensor two(Shape{}, DType::float64);
  two.fill(2.0);
  const std::vector<NamedTensor> variables =
      renewed_optimizer(config, {{"Nadam/iterations:0", two, true},
                                 {"m:0", Tensor(Shape{3}), false},
                                 {"v:0", Tensor(Shape{3}), false}});
  ASSERT_EQ(variables.back().value.shape().rank(), 0);
  const double expected = 0.5 * (1.0 - 0.5 * std::pow(0.96, 0.5)) * 0.5 * (1.0 - 0.5 * 0.96);
  EXPECT_NEAR(variables.back().value.to(DType::float64).as<double>()[0], expected, 1e-7);
}

// Whatever a file says, it gives a configuration or an error.
TEST(OldTraining, TakesAnyJson) {
  const std::vector<std::string> values{
      "null",
      "1",
      "\"x\"",
      "[]",
      "{}",
      "[[]]",
      "[null]",
      R"({"a": null})",
      "[1, 2]",
      R"({"class_name": 1, "config": 2})",
      "false",
      "[[[1]]]",
      R"({"class_name": "Adam", "config": {"lr": "x", "decay": []}})",
      R"({"class_name": "Nadam", "config": {"decay": null}})",
      R"({"class_name": "LossScaleOptimizer", "config": {"inner_optimizer": 3}})",
      R"({"class_name": "MeanMetricWrapper", "config": {"fn": {"config": 1}, "name": 2}})"};
  for (const std::string& value : values) {
    for (const char* key :
         {"optimizer", "optimizer_config", "loss", "metrics", "weighted_metrics"}) {
      const Json config = renewed(R"({")" + std::string(key) + R"(": )" + value + "}", {"a"});
      training_for_keras3(config);
      Tensor count(Shape{}, DType::float64);
      for (const char* first : {"", "iteration:0", "Adam/iter:0", "x", "adam/iteration"}) {
        renewed_optimizer(config, {{first, count}});
        renewed_optimizer(config,
                          {{first, count}, {"b", Tensor(Shape{1})}, {"c", Tensor(Shape{0})}});
      }
    }
  }
}

}  // namespace
}  // namespace chronicler
