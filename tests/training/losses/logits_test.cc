// Cross-entropies of saturated outputs, against the numbers that Keras on TensorFlow gives:
// tests/golden/training/make_logits.py makes the same models, by the same names.
#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "chronicler/layers/layers.h"
#include "chronicler/model/functional.h"
#include "chronicler/training/fit.h"
#include "chronicler/training/optimizers/sgd.h"
#include "support/conformance.h"
#include "training/losses/golden_numbers.h"

namespace chronicler {
namespace {

using ModelPtr = std::shared_ptr<Model>;

constexpr std::int64_t samples = 7;

double number(std::int64_t i, std::int64_t a, std::int64_t b, std::int64_t modulus) {
  return static_cast<double>((a * i + b) % modulus);
}

Tensor tensor_of(const Shape& shape, const std::function<double(std::int64_t)>& value) {
  Tensor tensor(shape);
  for (std::int64_t i = 0; i < tensor.size(); ++i)
    tensor.as<float>()[i] = static_cast<float>(value(i));
  return tensor;
}

Tensor input() {
  Tensor x =
      tensor_of({samples, 4, 3}, [](std::int64_t i) { return (number(i, 5, 2, 13) - 6) / 8; });
  const auto hide = [&](std::int64_t row, std::int64_t step) {
    std::fill_n(x.as<float>() + (row * 4 + step) * 3, 3, -0.75F);
  };
  hide(1, 3);
  hide(4, 2);
  hide(4, 3);
  return x;
}

double bit(std::int64_t i) { return number(i, 3, 1, 2); }
double label(std::int64_t i) { return number(i, 7, 1, 3); }
double one_hot(std::int64_t i) { return label(i / 3) == static_cast<double>(i % 3) ? 1.0 : 0.0; }

Tensor targets(const std::string& name) {
  if (name == "y1") return tensor_of({samples, 1}, bit);
  if (name == "flat") return tensor_of({samples}, bit);
  if (name == "y3") return tensor_of({samples, 3}, one_hot);
  if (name == "label") return tensor_of({samples}, label);
  if (name == "steps1") return tensor_of({samples, 4, 1}, bit);
  if (name == "steps") return tensor_of({samples, 4}, bit);
  if (name == "steps3") return tensor_of({samples, 4, 3}, one_hot);
  if (name == "labels") return tensor_of({samples, 4}, label);
  return tensor_of({samples, 3}, [](std::int64_t i) { return label(i / 3 * 4 + i % 3); });
}

ModelPtr chain(const std::vector<LayerPtr>& parts) {
  const Symbol take = Input({.shape = {4, 3}});
  Symbols value = take;
  for (const LayerPtr& part : parts) value = part(value);
  return std::make_shared<Functional>(take, value);
}

LayerPtr dense(std::int64_t units, const std::string& activation = "linear") {
  return layers::Dense({.units = units, .activation = activation});
}

ModelPtr two_outputs() {
  const Symbol take = Input({.shape = {4, 3}});
  const Symbols flat = layers::Flatten()(take);
  const Symbols a = layers::Dense({.units = 1, .activation = "sigmoid", .name = "a"})(flat);
  const Symbols b = layers::Dense({.units = 3, .activation = "softmax", .name = "b"})(flat);
  return std::make_shared<Functional>(take, Symbols{a[0], b[0]});
}

ModelPtr used_further() {
  const Symbol take = Input({.shape = {4, 3}});
  const Symbols a =
      layers::Dense({.units = 3, .activation = "softmax", .name = "a"})(layers::Flatten()(take));
  const Symbols b = layers::Dense({.units = 1, .name = "b"})(a);
  return std::make_shared<Functional>(take, Symbols{a[0], b[0]});
}

ModelPtr nested() {
  Sequential inside({layers::Input(Shape{12}), dense(3), layers::Activation("softmax"),
                     layers::Activation("linear")});
  return chain({layers::Flatten(), inside.as_layer()});
}

ModelPtr model_named(const std::string& name) {
  const std::map<std::string, std::function<ModelPtr()>> models{
      {"sigmoid",
       [] {
         return chain({layers::Flatten(), dense(1, "sigmoid")});
       }},
      {"activation",
       [] {
         return chain({layers::Flatten(), dense(1), layers::Activation("sigmoid")});
       }},
      {"linear",
       [] {
         return chain({layers::Flatten(), dense(1)});
       }},
      {"softmax",
       [] {
         return chain({layers::Flatten(), dense(3, "softmax")});
       }},
      {"softmax layer",
       [] {
         return chain({layers::Flatten(), dense(3), layers::Softmax()});
       }},
      {"sigmoid of 3",
       [] {
         return chain({layers::Flatten(), dense(3, "sigmoid")});
       }},
      {"dropout",
       [] {
         return chain({layers::Flatten(), dense(1, "sigmoid"), layers::Dropout({.rate = 0.5})});
       }},
      {"noise",
       [] {
         return chain({dense(1, "sigmoid"), layers::GaussianNoise({.stddev = 0.5})});
       }},
      {"changed",
       [] {
         return chain(
             {layers::Flatten(), dense(1, "sigmoid"), layers::Reshape({.target_shape = {1}})});
       }},
      {"steps", [] { return chain({dense(1, "sigmoid")}); }},
      {"softmax steps", [] { return chain({dense(3, "softmax")}); }},
      {"masked",
       [] {
         return chain({layers::Masking({.mask_value = -0.75}), dense(3, "softmax")});
       }},
      {"masked sigmoid",
       [] {
         return chain({layers::Masking({.mask_value = -0.75}), dense(1, "sigmoid")});
       }},
      {"time distributed", [] { return chain({layers::TimeDistributed(dense(1, "sigmoid"))}); }},
      {"convolution",
       [] {
         return chain(
             {layers::Conv1D({.filters = 3, .kernel_size = {2}, .activation = "softmax"})});
       }},
      {"other axis",
       [] {
         return chain({dense(3), layers::Softmax({.axis = {1}})});
       }},
      {"penalty",
       [] {
         return chain(
             {layers::Flatten(), layers::Dense({.units = 3,
                                                .activation = "softmax",
                                                .activity_regularizer = regularizers::L2(0.1)})});
       }},
      {"nested", nested},
      {"two outputs", two_outputs},
      {"used further", used_further},
  };
  return models.at(name)();
}

void fill_weights(Model& model) {
  std::vector<Tensor> weights = model.get_weights();
  for (std::size_t k = 0; k < weights.size(); ++k) {
    weights[k] = tensor_of(weights[k].shape(), [&](std::int64_t i) {
      return (number(i, 7, 3 * static_cast<std::int64_t>(k) + 1, 11) - 5) * 4;
    });
  }
  model.set_weights(weights);
}

CompileOptions compile_options(const Json& object) {
  CompileOptions options;
  options.optimizer = optimizers::SGD({.learning_rate = 0.01});
  if (!object.contains("loss")) {
    options.loss_weights = {{"a", 0.5}, {"b", 2.0}};
    const bool further = object["model"] == "used further";
    options.losses = {{"a", further ? "categorical_crossentropy" : "binary_crossentropy"},
                      {"b", further ? "mse" : "categorical_crossentropy"}};
    return options;
  }
  options.loss =
      losses::from(object["loss"].get<std::string>(), test::settings_of(object["settings"]));
  for (const Json& metric : object["metrics"])
    options.metrics.emplace_back(metric.get<std::string>());
  return options;
}

void expect_near(double found, double expected, const std::string& what) {
  EXPECT_NEAR(found, expected, 2e-6 + 1e-5 * std::abs(expected)) << what;
}

TEST(Logits, CrossEntropiesOfSaturatedOutputsAreThoseOfKeras) {
  const Json cases = test::golden_numbers("logits.json");
  for (const Json& object : cases) {
    SCOPED_TRACE(object.dump());
    const ModelPtr model = model_named(object["model"].get<std::string>());
    fill_weights(*model);
    model->compile(compile_options(object));
    std::vector<Tensor> y;
    if (object["y"].is_array()) {
      for (const Json& name : object["y"]) y.push_back(targets(name.get<std::string>()));
    } else {
      y.push_back(targets(object["y"].get<std::string>()));
    }
    const Results results = model->evaluate(input(), y, {.batch_size = samples, .verbose = 0});
    for (const auto& [key, value] : object["evaluate"].items())
      expect_near(results[key], value.get<double>(), key);
    if (!object.contains("history")) continue;
    const History history = model->fit(
        input(), y, {.batch_size = samples, .epochs = 4, .verbose = 0, .shuffle = false});
    for (std::size_t epoch = 0; epoch < object["history"].size(); ++epoch) {
      expect_near(history.history.at("loss")[epoch], object["history"][epoch].get<double>(),
                  "epoch " + std::to_string(epoch));
    }
  }
}

// Where channels are first the activation works on the data as they come out: a softmax is over the
// steps, as in Keras, and a loss that looks behind it finds the same axes.
TEST(Logits, OfChannelsThatAreFirst) {
  using Make = std::function<LayerPtr(const char*)>;
  const std::vector<Make> kinds{[](const char* activation) {
                                  return layers::Conv1D({.filters = 2,
                                                         .kernel_size = {2},
                                                         .padding = "same",
                                                         .data_format = "channels_first",
                                                         .activation = activation});
                                },
                                [](const char* activation) {
                                  return layers::Conv1DTranspose({.filters = 2,
                                                                  .kernel_size = {2},
                                                                  .padding = "same",
                                                                  .data_format = "channels_first",
                                                                  .activation = activation});
                                }};
  const Tensor y = tensor_of({samples, 2, 3}, one_hot);
  for (const Make& make : kinds) {
    for (const auto& [activation, loss] :
         std::vector<std::pair<const char*, const char*>>{{"softmax", "categorical_crossentropy"},
                                                          {"softmax", "mse"},
                                                          {"sigmoid", "binary_crossentropy"},
                                                          {"log_softmax", "mse"},
                                                          {"gelu", "mse"}}) {
      SCOPED_TRACE(activation);
      Sequential whole({layers::Input(Shape{4, 3}), make(activation)});
      Sequential parts({layers::Input(Shape{4, 3}), make("linear"),
                        layers::Activation(std::string(activation))});
      fill_weights(whole);
      fill_weights(parts);
      const Tensor answer = whole.predict(input());
      ASSERT_EQ(answer.shape(), y.shape());
      EXPECT_TRUE(test::same_bits(answer, parts.predict(input())));
      for (Sequential* model : {&whole, &parts})
        model->compile({.optimizer = optimizers::SGD({.learning_rate = 0.5}), .loss = loss});
      const FitOptions fit{.batch_size = 3, .epochs = 3, .verbose = 0, .shuffle = false};
      const History first = whole.fit(input(), y, fit);
      const History second = parts.fit(input(), y, fit);
      for (std::size_t i = 0; i < 3; ++i)
        EXPECT_NEAR(first.history.at("loss")[i], second.history.at("loss")[i], 1e-6);
    }
  }
}

// What was clipped had no slope: such a sample never learnt.
TEST(Logits, SaturatedSampleLearns) {
  const ModelPtr model = model_named("sigmoid");
  fill_weights(*model);
  model->compile(
      {.optimizer = optimizers::SGD({.learning_rate = 1.0}), .loss = "binary_crossentropy"});
  const FitOptions fit{.batch_size = samples, .epochs = 60, .verbose = 0};
  const History history = model->fit(input(), targets("y1"), fit);
  EXPECT_LT(history.history.at("loss").back(), 0.1 * history.history.at("loss").front());
}

}  // namespace
}  // namespace chronicler
