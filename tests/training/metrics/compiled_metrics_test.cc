// What evaluate counts under masks, with weights of the samples, and how metrics of one name are
// called, against Keras (tests/golden/training/make_metrics.py).
#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "chronicler/layers/layers.h"
#include "chronicler/model/functional.h"
#include "chronicler/training/fit.h"
#include "training/losses/golden_numbers.h"

namespace chronicler {
namespace {

constexpr std::int64_t samples = 7;
constexpr std::int64_t steps = 4;

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
      tensor_of({samples, steps, 3}, [](std::int64_t i) { return (number(i, 5, 2, 13) - 6) / 8; });
  const auto hide = [&](std::int64_t row, std::int64_t begin, std::int64_t end) {
    std::fill_n(x.as<float>() + (row * steps + begin) * 3, (end - begin) * 3, -0.75F);
  };
  hide(0, 2, 4);
  hide(1, 3, 4);
  hide(4, 1, 4);
  hide(6, 0, 2);
  return x;
}

double label(std::int64_t i) { return number(i, 7, 1, 3); }

Tensor targets(const std::string& name) {
  if (name == "bits")
    return tensor_of({samples, steps, 1}, [](std::int64_t i) { return number(i, 3, 1, 2); });
  if (name == "labels") return tensor_of({samples, steps}, label);
  return tensor_of({samples, steps, 3}, [](std::int64_t i) {
    return label(i / 3) == static_cast<double>(i % 3) ? 1.0 : 0.0;
  });
}

Functional model_of(const Json& heads, bool has_mask) {
  const Symbol take = Input({.shape = {steps, 3}});
  const Symbols masked = has_mask ? layers::Masking({.mask_value = -0.75})(take) : Symbols(take);
  std::vector<Symbol> outputs;
  for (const Json& head : heads) {
    const LayerPtr dense = layers::Dense({.units = head[1].get<std::int64_t>(),
                                          .activation = head[2].get<std::string>(),
                                          .name = head[0].get<std::string>()});
    outputs.push_back(dense(masked)[0]);
  }
  Functional model(take, Symbols(outputs));
  std::vector<Tensor> weights = model.get_weights();
  for (std::size_t k = 0; k < weights.size(); ++k) {
    weights[k] = tensor_of(weights[k].shape(), [&](std::int64_t i) {
      return (number(i, 7, 3 * static_cast<std::int64_t>(k) + 1, 11) - 5) / 4;
    });
  }
  model.set_weights(weights);
  return model;
}

std::vector<MetricOption> metric_options(const Json& list) {
  std::vector<MetricOption> options;
  for (const Json& entry : list) {
    if (entry.is_string()) {
      options.emplace_back(entry.get<std::string>());
    } else {
      options.emplace_back(metrics::from(entry[0].get<std::string>(), test::settings_of(entry[1])));
    }
  }
  return options;
}

CompileOptions compile_options(const Json& object) {
  CompileOptions options;
  const Json& heads = object["heads"];
  if (heads.size() == 1) {
    options.loss = object["losses"][0].get<std::string>();
    options.metrics = metric_options(object["metrics"]);
    options.weighted_metrics = metric_options(object["weighted_metrics"]);
    return options;
  }
  for (std::size_t i = 0; i < heads.size(); ++i) {
    const auto name = heads[i][0].get<std::string>();
    if (!object["losses"][i].is_null())
      options.losses[name] = object["losses"][i].get<std::string>();
    options.output_metrics[name] = metric_options(object["metrics"][i]);
    options.output_weighted_metrics[name] = metric_options(object["weighted_metrics"][i]);
  }
  return options;
}

TEST(CompiledMetrics, AreThoseOfKeras) {
  const Json cases = test::golden_numbers("metrics.json");
  for (const Json& object : cases) {
    SCOPED_TRACE(object.dump());
    Functional model = model_of(object["heads"], object["masked"].get<bool>());
    model.compile(compile_options(object));
    std::vector<Tensor> y;
    for (const Json& name : object["y"]) y.push_back(targets(name.get<std::string>()));
    EvaluateOptions evaluate{.batch_size = 3, .verbose = 0};
    if (object["sample_weight"].get<bool>()) {
      evaluate.sample_weight =
          tensor_of({samples, steps}, [](std::int64_t i) { return (number(i, 5, 1, 7) + 1) / 4; });
    }
    const Results results = model.evaluate(input(), y, evaluate);
    std::vector<std::string> names = results.names;
    std::sort(names.begin(), names.end());
    std::vector<std::string> expected;
    for (const auto& [key, value] : object["evaluate"].items()) {
      expected.push_back(key);
      if (std::find(names.begin(), names.end(), key) == names.end()) continue;
      EXPECT_NEAR(results[key], value.get<double>(), 2e-6 + 2e-6 * std::abs(value.get<double>()))
          << key;
    }
    std::sort(expected.begin(), expected.end());
    EXPECT_EQ(names, expected);
  }
}

}  // namespace
}  // namespace chronicler
