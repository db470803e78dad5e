// Whatever can be compiled with goes into a file and comes back.
#include "training/compile_config.h"

#include <gtest/gtest.h>

#include "chronicler/training/losses.h"
#include "chronicler/training/metrics.h"
#include "chronicler/training/optimizers/adam.h"
#include "support/conformance.h"

namespace chronicler {
namespace {

using test::error_of;

const std::vector<std::string> one_output{"dense"};

CompileOptions again(const CompileOptions& options) {
  return compile_options_from(compile_config_text(options, one_output), one_output);
}

void expect_same_settings(const std::vector<Setting>& got, const std::vector<Setting>& expected,
                          std::string_view what) {
  ASSERT_EQ(got.size(), expected.size()) << what;
  for (std::size_t i = 0; i < got.size(); ++i) {
    EXPECT_EQ(got[i].name, expected[i].name) << what;
    EXPECT_EQ(got[i].value, expected[i].value) << what << ", " << got[i].name;
  }
}

TEST(CompileConfig, KeepsEveryOptimizer) {
  for (const std::string_view name : optimizers::class_names()) {
    const OptimizerPtr optimizer =
        optimizers::from(name, {{"weight_decay", 0.25}, {"use_ema", true}, {"clipnorm", 2.0}});
    const OptimizerPtr got = again({.optimizer = optimizer, .loss = "mse"}).optimizer.optimizer();
    EXPECT_EQ(got->class_name(), name);
    expect_same_settings(got->settings(), optimizer->settings(), name);
  }
}

TEST(CompileConfig, KeepsEverySchedule) {
  for (const SchedulePtr& schedule : {
           schedules::ExponentialDecay({0.1, 10, 0.5, true}),
           schedules::PiecewiseConstantDecay({{3, 7}, {1.0, 0.5, 0.25}}),
           schedules::PolynomialDecay({0.1, 10, 0.02, 2.0, true}),
           schedules::InverseTimeDecay({0.1, 10, 0.5, true}),
           schedules::CosineDecay({0.1, 10, 0.1, 0.3, 4}),
           schedules::CosineDecayRestarts({0.1, 10, 1.5, 0.9, 0.1}),
       }) {
    const CompileOptions options{.optimizer = optimizers::Adam({.learning_rate = schedule}),
                                 .loss = "mse"};
    const SchedulePtr got = again(options).optimizer.optimizer()->schedule();
    ASSERT_TRUE(got) << schedule->class_name();
    EXPECT_EQ(got->class_name(), schedule->class_name());
    expect_same_settings(got->settings(), schedule->settings(), schedule->class_name());
  }
}

TEST(CompileConfig, KeepsEveryLoss) {
  for (const std::string_view name : losses::class_names()) {
    const LossPtr loss = losses::from(name, {{"reduction", std::string("sum")}});
    const LossPtr got = again({.loss = loss}).loss.loss();
    EXPECT_EQ(got->class_name(), name);
    expect_same_settings(got->settings(), loss->settings(), name);
  }
  const LossPtr ctc = losses::CTC({.blank = -1, .input_length = "all"});
  expect_same_settings(again({.loss = ctc}).loss.loss()->settings(), ctc->settings(), "CTC");
}

TEST(CompileConfig, KeepsEveryMetric) {
  std::vector<MetricPtr> all{
      metrics::AUC({.num_thresholds = 50, .curve = "PR"}),
      metrics::AUC({.thresholds = {0.25, 0.5}}),
      metrics::Precision({.thresholds = 0.75, .top_k = 2, .class_id = 1}),
      metrics::FBetaScore({.average = "micro", .beta = 2.0}),
      metrics::IoU({.num_classes = 4, .target_class_ids = {1, 3}, .ignore_class = 0}),
  };
  for (const std::string_view name : metrics::class_names()) all.push_back(metrics::from(name, {}));
  for (const MetricPtr& metric : all) {
    const std::vector<MetricOption> got = again({.loss = "mse", .metrics = {metric}}).metrics;
    ASSERT_EQ(got.size(), 1U);
    EXPECT_EQ(got[0].metric()->class_name(), metric->class_name());
    expect_same_settings(got[0].metric()->settings(), metric->settings(), metric->class_name());
  }
}

// Keras refuses a file that names some outputs and leaves others out.
TEST(CompileConfig, NamesEveryOutputOnceOneIsNamed) {
  const std::vector<std::string> outputs{"a", "b"};
  const CompileOptions one{.losses = {{"a", "mse"}}};
  EXPECT_NE(compile_config_text(one, outputs).find(R"("loss":{"a":"mse","b":null})"),
            std::string::npos);
  const CompileOptions weighted{.loss = "mae", .loss_weights = {{"b", 0.5}}};
  const std::string text = compile_config_text(weighted, outputs);
  EXPECT_NE(text.find(R"("loss":{"a":"mae","b":"mae"})"), std::string::npos) << text;
  EXPECT_NE(text.find(R"("loss_weights":{"a":1.0,"b":0.5})"), std::string::npos) << text;
  const CompileOptions back = compile_options_from(compile_config_text(one, outputs), outputs);
  EXPECT_EQ(back.losses.size(), 1U);
}

// The loss has an axis in Keras, the metric of the same name has none and refuses one.
TEST(CompileConfig, HasNoOptionThatAMetricOfKerasLacks) {
  const MetricPtr metric = metrics::BinaryCrossentropy();
  for (const Setting& setting : metric->settings()) EXPECT_NE(setting.name, "axis");
  EXPECT_EQ(metric->fresh()->settings().size(), metric->settings().size());
  EXPECT_NO_THROW(metrics::from("BinaryCrossentropy", {{"axis", std::int64_t{-1}}}));
}

// A metric only looks on: one of the author's own is no reason not to train.
TEST(CompileConfig, LeavesOutMetricsThatItDoesNotKnow) {
  const auto read = [](const std::string& metrics, const std::vector<std::string>& outputs,
                       std::vector<std::string>* left_out) {
    return compile_options_from(
        R"({"optimizer": "adam", "loss": "mse", "metrics": )" + metrics + "}", outputs, left_out);
  };
  constexpr const char* metrics = R"(["mae", "f1_m",
      {"module": "builtins", "class_name": "function", "config": "rmse"},
      {"class_name": "precision", "config": {"name": "precision", "trainable": true}},
      {"class_name": "MyMetric", "config": {}}, "mse"])";
  std::vector<std::string> left_out;
  EXPECT_EQ(read(metrics, one_output, &left_out).metrics.size(), 2U);
  ASSERT_EQ(left_out.size(), 4U);
  EXPECT_NE(left_out[0].find("unknown metric \"f1_m\""), std::string::npos) << left_out[0];
  EXPECT_NE(left_out[3].find("MyMetric"), std::string::npos) << left_out[3];
  EXPECT_NE(error_of([&] { read(metrics, one_output, nullptr); }).find("f1_m"), std::string::npos);

  left_out.clear();
  const CompileOptions two = read(R"({"a": ["f1_m", "mae"], "b": "f1_m"})", {"a", "b"}, &left_out);
  EXPECT_EQ(two.output_metrics.at("a").size(), 1U);
  EXPECT_TRUE(two.output_metrics.at("b").empty());
  EXPECT_EQ(left_out.size(), 2U);
}

TEST(CompileConfig, NamesThePlaceOfWhatItDoesNotKnow) {
  const std::string message = error_of([] {
    compile_options_from(R"({"optimizer": "adam", "loss": {"class_name": "Hube", "config": {}}})",
                         one_output);
  });
  EXPECT_NE(message.find("unknown loss \"Hube\""), std::string::npos) << message;
  EXPECT_NE(message.find("loss"), std::string::npos) << message;
}

}  // namespace
}  // namespace chronicler
