// Keras's own numbers for training steps, losses and metrics.
#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "chronicler/base/arena.h"
#include "chronicler/layers/layers.h"
#include "chronicler/model/model.h"
#include "chronicler/training/fit.h"
#include "chronicler/training/losses.h"
#include "chronicler/training/metrics.h"
#include "chronicler/training/optimizers/adam.h"
#include "chronicler/training/optimizers/sgd.h"
#include "conformance/golden.h"

namespace chronicler::test {
namespace {

constexpr double tolerance = 1e-5;

struct TrainingCase {
  std::string name;
  std::function<LayerPtr(const std::string& dtype)> make;
  Expected sgd_losses;
  Expected adam_losses;
  Expected bias_gradient;
};
void PrintTo(const TrainingCase& c, std::ostream* out) { *out << c.name; }

std::vector<TrainingCase> training_cases() {
  using layers::GRU;
  using layers::LSTM;
  using layers::SimpleRNN;
  return {
      {"SimpleRNN",
       [](const std::string& dtype) { return SimpleRNN({.units = 2, .dtype = dtype}); },
       {.2185060, .2078060, .1977618, .1879606, .1781552},
       {.2185060, .2091286, .2001846, .1914501, .1827487},
       {.0455791, -.0216765}},
      {"LSTM",
       [](const std::string& dtype) { return LSTM({.units = 2, .dtype = dtype}); },
       {.2458568, .2457515, .2456487, .2455469, .2454451},
       {.2458568, .2447060, .2434112, .2420916, .2407728},
       {-.0025780, .0000959, -.0023513, -.0003680, .0093251, -.0009940, -.0008659, .0002096}},
      {"GRU",
       [](const std::string& dtype) { return GRU({.units = 2, .dtype = dtype}); },
       {.2521912, .2497108, .2481557, .2471012, .2463160},
       {.2521912, .2475955, .2440639, .2411084, .2384801},
       {-.0025390, .0118709, .0020073, .0002441, -.0332794, .0242146,  //
        -.0025390, .0118709, .0020073, .0002441, -.0196206, .0149620}},
      {"GRUResetBefore",
       [](const std::string& dtype) {
         return GRU({.units = 2, .reset_after = false, .dtype = dtype});
       },
       {.2501219, .2497070, .2493199, .2489471, .2485802},
       {.2501219, .2478781, .2458649, .2436881, .2412599},
       {-.0012412, .0108279, .0000793, -.0013127, -.0101057, .0064896}},
  };
}

class GoldenTraining : public ::testing::TestWithParam<TrainingCase> {
 protected:
  Sequential model(DType dtype) const {
    const std::string name(name_of(dtype));
    Sequential model({GetParam().make(name), layers::Dense({.units = 1, .dtype = name})});
    model.build({None, 4, 3});
    for (const LayerPtr& layer : model.layers()) {
      for (std::size_t k = 0; k < layer->parameters().size(); ++k)
        fill_rational(layer->parameters()[k], k);
    }
    return model;
  }
  static Tensor target(DType dtype) {
    return Tensor({2, 1}, std::vector<double>{.5, -.5}).to(dtype);
  }
};

TEST_P(GoldenTraining, LossesAndBiasGradientAreKeras) {
  const std::vector<std::pair<OptimizerPtr, Expected>> runs{
      {optimizers::SGD({.learning_rate = 0.1}), GetParam().sgd_losses},
      {optimizers::Adam({.learning_rate = 0.01}), GetParam().adam_losses}};
  for_each_arithmetic([&](DType dtype) {
    for (const auto& [optimizer, losses] : runs) {
      SCOPED_TRACE(optimizer->name());
      Sequential trained = model(dtype);
      trained.compile({.optimizer = optimizer, .loss = "mse"});
      for (std::size_t step = 0; step < losses.size(); ++step) {
        const Results results = trained.train_on_batch(rational_input(dtype), target(dtype));
        EXPECT_NEAR(results.loss(), losses[step], tolerance) << "step " << step + 1;
        if (step > 0) continue;
        const Tensor& gradient = trained.layers()[0]->parameters()[2].gradient;
        EXPECT_TRUE(close_to(gradient, spread(GetParam().bias_gradient, gradient.shape(), dtype),
                             tolerance));
      }
    }
  });
}

TEST_P(GoldenTraining, FitOverEpochsIsTheSame) {
  Sequential trained = model(DType::float32);
  trained.compile({.optimizer = optimizers::Adam({.learning_rate = 0.01}), .loss = "mse"});
  const History history = trained.fit(rational_input(DType::float32), target(DType::float32),
                                      {.epochs = 5, .verbose = 0});
  for (std::size_t epoch = 0; epoch < 5; ++epoch)
    EXPECT_NEAR(history["loss"][epoch], GetParam().adam_losses[epoch], tolerance);
}

INSTANTIATE_TEST_SUITE_P(Golden, GoldenTraining, ::testing::ValuesIn(training_cases()),
                         [](const auto& test) { return test.param.name; });

// ---- section 14.3

struct LossCase {
  std::string name;
  LossPtr loss;
  Tensor y;
  Tensor p;
  double expected;
};
void PrintTo(const LossCase& c, std::ostream* out) { *out << c.name; }

std::vector<LossCase> loss_cases() {
  const Tensor y({2, 3}, std::vector<double>{0, 1, 2, 3, .5, -1});
  const Tensor p({2, 3}, std::vector<double>{.1, 1.5, 1, 1, .5, 2});
  const Tensor probabilities({2, 3}, std::vector<double>{.7, .2, .1, .1, .6, .3});
  const Tensor one_hot({2, 3}, std::vector<double>{1, 0, 0, 0, 0, 1});
  const Tensor labels({2}, std::vector<std::int32_t>{0, 2});
  std::vector<LossCase> cases{
      {"mean_squared_error", losses::MeanSquaredError(), y, p, 2.3766668},
      {"mean_absolute_error", losses::MeanAbsoluteError(), y, p, 1.1},
      {"categorical_crossentropy", losses::CategoricalCrossentropy(), one_hot, probabilities,
       .7803239},
      {"label_smoothing", losses::CategoricalCrossentropy({.label_smoothing = .1}), one_hot,
       probabilities, .8403929},
      {"sparse_categorical_crossentropy", losses::SparseCategoricalCrossentropy(), labels,
       probabilities, .7803239},
  };
  const std::vector<double> binary_y{1, 0, 1};
  const std::vector<double> binary_p{.8, .3, 0};
  const std::vector<double> expected{.2231435, .3566750, 16.118095};
  for (std::size_t i = 0; i < 3; ++i) {
    cases.push_back({"binary_crossentropy_" + std::to_string(i), losses::BinaryCrossentropy(),
                     Tensor({1, 1}, std::vector<double>{binary_y[i]}),
                     Tensor({1, 1}, std::vector<double>{binary_p[i]}), expected[i]});
  }
  return cases;
}

class GoldenLosses : public ::testing::TestWithParam<LossCase> {};

TEST_P(GoldenLosses, AreKeras) {
  const LossCase& c = GetParam();
  for (const DType dtype : {DType::float32, DType::float64}) {
    Arena arena;
    const Tensor y = c.y.dtype() == DType::int32 ? c.y : c.y.to(dtype);
    const Tensor p = c.p.to(dtype);
    const LossInput input{y, p, {}, {}};
    EXPECT_NEAR(reduced_loss(*c.loss, input, {}, arena), c.expected, tolerance);
  }
}

INSTANTIATE_TEST_SUITE_P(Golden, GoldenLosses, ::testing::ValuesIn(loss_cases()),
                         [](const auto& test) { return test.param.name; });

TEST(GoldenMetrics, RootMeanSquaredErrorIsKeras) {
  const LossCase c = loss_cases()[0];
  const MetricPtr metric = metrics::RootMeanSquaredError();
  metric->update(c.y.to(DType::float32), c.p.to(DType::float32), {}, {});
  EXPECT_NEAR(metric->result(), 1.5416442, tolerance);
}

}  // namespace
}  // namespace chronicler::test
