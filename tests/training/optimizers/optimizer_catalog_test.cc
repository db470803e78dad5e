// Every optimizer against Keras 3.15.1: five steps over the same weights and gradients.
#include "training/optimizers/optimizer_catalog.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <gtest/gtest.h>

#include "chronicler/training/optimizers.h"
#include "support/conformance.h"

namespace chronicler {
namespace {

struct OptimizerCase {
  OptimizerPtr optimizer;
  std::vector<double> weights;        // afterwards
  std::vector<double> variable_sums;  // of each variable, in Keras's order
};

std::vector<OptimizerCase> cases() {
  return {
      {optimizers::SGD({.learning_rate = 0.1, .momentum = 0.9, .nesterov = true}),
       {-0.3879182, -1.894576, 1.921236, 0.2332175, 0.7215709, -0.5139381, 1.881876, -2.695628},
       {5.0, 0.1, -0.22747, 0.22392}},
      {optimizers::RMSprop({.learning_rate = 0.05, .rho = 0.8, .momentum = 0.5, .centered = true}),
       {-0.1236654, -1.522756, 1.921829, 0.1360586, 0.4510022, -0.4874268, 1.491383, -2.190437},
       {5.0, 0.05, 1.01256, 1.55226, -0.15334, -0.11253, 0.22341, -0.47456}},
      {optimizers::Adam({.learning_rate = 0.05, .amsgrad = true, .weight_decay = 0.02}),
       {0.3302646, -1.202618, 1.889474, 0.1633921, 0.6117792, -0.5090587, 1.207681, -2.129857},
       {5.0, 0.05, 0.22747, 0.00757, -0.22392, 0.01167, 0.00757, 0.01167}},
      {optimizers::AdamW({.learning_rate = 0.05}),
       {0.3320665, -1.207017, 1.897147, 0.1641281, 0.6144126, -0.5109986, 1.212053, -2.138197},
       {5.0, 0.05, 0.22747, 0.00757, -0.22392, 0.01167}},
      {optimizers::Adagrad({.learning_rate = 0.1}),
       {0.2551996, -1.170005, 2.012468, 0.2458474, 0.7473839, -0.4985359, 1.173728, -2.039633},
       {5.0, 0.1, 8.18331, 11.9}},
      {optimizers::Adadelta({.learning_rate = 2.0}),
       {0.4896224, -1.005813, 2.002861, 0.249735, 0.7494416, -0.4987538, 1.006254, -1.99973},
       {5.0, 2.0, 0.34251, 0.0, 0.5247, 0.0}},
      {optimizers::Adamax({.learning_rate = 0.05}),
       {0.3825428, -1.181233, 1.912851, 0.1738796, 0.6364095, -0.4992993, 1.168693, -2.114175},
       {5.0, 0.05, 0.22747, 3.25838, -0.22392, 2.99601}},
      {optimizers::Nadam({.learning_rate = 0.05}),
       {0.344384, -1.112722, 2.00107, 0.2230749, 0.6978548, -0.485715, 1.117204, -2.030731},
       {5.0, 0.05, 0.22747, 0.00757, -0.22392, 0.01167, 0.03146}},
      {optimizers::Ftrl({.learning_rate = 0.1,
                         .learning_rate_power = -0.4,
                         .l1_regularization_strength = 0.1,
                         .l2_regularization_strength = 0.2,
                         .l2_shrinkage_regularization_strength = 0.05,
                         .beta = 0.1}),
       {-0.2114936, -0.6076747, 1.001789, 0.0, 0.0, 0.0, 0.6661237, -1.422938},
       {5.0, 0.1, 8.18331, -3.52536, 11.9, 28.51785}},
      {optimizers::Lion({.learning_rate = 0.05, .weight_decay = 0.1}),
       {0.2891193, -1.122761, 2.001487, 0.1948022, 0.6834241, -0.4376219, 1.122761, -1.99851},
       {5.0, 0.05, 0.03598, -0.02029}},
      {optimizers::Lamb({.learning_rate = 0.05}),
       {0.2121066, -1.302272, 1.901779, 0.1601045, 0.5905558, -0.530539, 1.509256, -2.24828},
       {5.0, 0.05, 0.22747, 0.00757, -0.22392, 0.01167}},
      {optimizers::Adam({.learning_rate = 0.05,
                         .use_ema = true,
                         .ema_momentum = 0.8,
                         .ema_overwrite_frequency = 2}),
       {0.4256534, -1.104884, 1.950022, 0.1932675, 0.6818804, -0.4633781, 1.113095, -2.067889},
       {5.0, 0.05, 1.70766, -0.98387, 0.22747, 0.00757, -0.22392, 0.01167}},
      {optimizers::Adam({.learning_rate = 0.05,
                         .global_clipnorm = 1.0,
                         .use_ema = true,
                         .ema_momentum = 0.8,
                         .gradient_accumulation_steps = 2}),
       {0.4065535, -1.097675, 1.96124, 0.2189369, 0.7039859, -0.5962833, 1.096439, -2.06127},
       {5.0, 0.05, 1.66285, -0.98734, -1.49472, -1.8, 0.13395, 0.00112, -0.03165, 0.00088}},
      {optimizers::Nadam({.learning_rate = schedules::ExponentialDecay(
                              {.initial_learning_rate = 0.1, .decay_steps = 2, .decay_rate = 0.5}),
                          .gradient_accumulation_steps = 2}),
       {0.3899943, -1.089505, 1.946447, 0.2014255, 0.6920742, -0.6075123, 1.087793, -2.066141},
       {5.0, -1.49472, -1.8, 0.24228, 0.00266, -0.0165, 0.00328, 0.22711}},
      {optimizers::SGD({.learning_rate = schedules::CosineDecay({.initial_learning_rate = 0.1,
                                                                 .decay_steps = 6,
                                                                 .alpha = 0.1,
                                                                 .warmup_target = 0.3,
                                                                 .warmup_steps = 2}),
                        .clipnorm = 0.5}),
       {0.2024916, -1.127788, 2.15942, 0.2590918, 0.7566471, -0.5019089, 1.202165, -1.870714},
       {5.0}},
  };
}

// A matrix and a bias, and the gradients of a step that counts from 0.
class TwoWeights {
 public:
  TwoWeights() {
    parameters_[0].name = "kernel";
    parameters_[0].value = Tensor({2, 3}, std::vector<float>{0.5F, -1, 2, 0.25F, 0.75F, -0.5F});
    parameters_[1].name = "bias";
    parameters_[1].value = Tensor({2}, std::vector<float>{1, -2});
    for (Parameter& parameter : parameters_) parameter.gradient = Tensor(parameter.value.shape());
  }
  std::vector<Parameter*> pointers() { return {&parameters_[0], &parameters_[1]}; }
  void draw_gradients(double step) {
    float* kernel = parameters_[0].gradient.as<float>();
    for (int i = 0; i < 3; ++i) {
      kernel[i] = static_cast<float>(std::sin(step * 7 + i));
      kernel[3 + i] = static_cast<float>(std::cos(step * 5 + i) * 0.1);
    }
    float* bias = parameters_[1].gradient.as<float>();
    bias[0] = static_cast<float>(step * 0.3 - 1);
    bias[1] = static_cast<float>(2 - step);
  }
  std::vector<double> numbers() const {
    std::vector<double> all = test::numbers(parameters_[0].value);
    for (const double number : test::numbers(parameters_[1].value)) all.push_back(number);
    return all;
  }

 private:
  std::array<Parameter, 2> parameters_;
};

// Keras computes 1 - beta^t in float32, which for 1 - 0.999 has five digits left.
constexpr double tolerance = 5e-6;

TEST(OptimizerCatalog, MovesAsInKeras) {
  for (const OptimizerCase& one : cases()) {
    SCOPED_TRACE(one.optimizer->class_name());
    TwoWeights weights;
    one.optimizer->build(weights.pointers());
    for (int step = 0; step < 5; ++step) {
      weights.draw_gradients(step);
      one.optimizer->step(Runtime::global());
    }
    const std::vector<double> got = weights.numbers();
    for (std::size_t i = 0; i < got.size(); ++i)
      EXPECT_NEAR(got[i], one.weights[i], tolerance) << i;
    const std::vector<Tensor> variables = one.optimizer->variables();
    ASSERT_EQ(variables.size(), one.variable_sums.size());
    for (std::size_t i = 0; i < variables.size(); ++i) {
      double sum = 0.0;
      for (const double number : test::numbers(variables[i])) sum += number;
      EXPECT_NEAR(sum, one.variable_sums[i], 4 * tolerance) << "variable " << i;
    }
  }
}

TEST(OptimizerCatalog, EveryOptimizerHasACase) {
  const std::vector<OptimizerCase> all = cases();
  for (const OptimizerKind& kind : optimizer_catalog()) {
    EXPECT_TRUE(std::any_of(
        all.begin(), all.end(),
        [&](const OptimizerCase& one) { return one.optimizer->class_name() == kind.class_name; }))
        << kind.class_name << ": add it to cases()";
  }
}

}  // namespace
}  // namespace chronicler
