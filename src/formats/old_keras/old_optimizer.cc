#include "formats/old_keras/old_optimizer.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <string>
#include <utility>

namespace chronicler {
namespace {

bool is_number(const Json& config, const char* name) {
  const auto found = config.find(name);
  return found != config.end() && found->is_number();
}

// How the slots of an optimizer lie in Keras 3: so many of each weight's, of which the first lie
// side by side; the others, like all in old files, kind by kind.
struct Slots {
  std::size_t kinds = 0;
  std::size_t together = 1;
};

bool is_set(const Json& config, const char* name) {
  const auto found = config.find(name);
  if (found == config.end()) return false;
  return found->is_boolean() ? found->get<bool>()
                             : found->is_number() && found->get<double>() != 0.0;
}

Slots slots_of(const std::string& class_name, const Json& config) {
  if (class_name == "SGD") return {is_set(config, "momentum") ? std::size_t{1} : 0};
  if (class_name == "RMSprop") {
    return {std::size_t{1} + (is_set(config, "momentum") ? 1 : 0) +
            (is_set(config, "centered") ? 1 : 0)};
  }
  if (class_name == "Adam" || class_name == "AdamW")
    return {std::size_t{2} + (is_set(config, "amsgrad") ? 1 : 0), 2};
  if (class_name == "Adagrad" || class_name == "Lion") return {1};
  return {2, 2};  // Adadelta, Adamax, Nadam, Ftrl, Lamb
}

using Variables = std::vector<NamedTensor>;

bool is_scalar(const NamedTensor& variable) { return variable.value.shape().rank() == 0; }

NamedTensor number(double value, DType dtype) {
  Tensor tensor(Shape{}, dtype);
  tensor.fill(value);
  return {"", tensor, false};
}

// From kind by kind to the order of Keras 3. False if they are not as many.
bool put_side_by_side(const Slots& slots, Variables& variables) {
  if (slots.kinds == 0 || variables.size() % slots.kinds != 0) return false;
  const std::size_t weights = variables.size() / slots.kinds;
  Variables ordered;
  for (std::size_t weight = 0; weight < weights; ++weight) {
    for (std::size_t kind = 0; kind < slots.together; ++kind)
      ordered.push_back(variables[kind * weights + weight]);
  }
  for (std::size_t i = slots.together * weights; i < variables.size(); ++i)
    ordered.push_back(variables[i]);
  variables = std::move(ordered);
  return true;
}

// Adam of Keras 2 has a third kind even if it is of no use: arrays of one 0.
void drop_idle_slots(const Slots& slots, Variables& variables) {
  const std::size_t weights = variables.size() / (slots.kinds + 1);
  if (weights == 0 || variables.size() != weights * (slots.kinds + 1)) return;
  const auto idle = variables.end() - static_cast<std::ptrdiff_t>(weights);
  const bool are_idle = std::all_of(idle, variables.end(), [](const NamedTensor& variable) {
    return variable.value.shape() == Shape{1} &&
           variable.value.to(DType::float64).as<double>()[0] == 0.0;
  });
  if (are_idle) variables.erase(idle, variables.end());
}

// What Nadam multiplies at each step, which Keras before 2.3, and 2.11 to 2.15, do not save.
double nadam_product(const Json& config, double iterations) {
  constexpr double usual = 0.9;
  constexpr double most_steps = 100'000;  // by then it is 0
  const double beta = is_number(config, "beta_1") ? config["beta_1"].get<double>() : usual;
  const double decay =
      is_number(config, "schedule_decay") ? config["schedule_decay"].get<double>() : 1.0;
  double product = 1.0;
  for (double step = 1.0; step <= std::min(iterations, most_steps); ++step)
    product *= beta * (1.0 - 0.5 * std::pow(0.96, step * decay));
  return product;
}

// By the name of its first variable: when an optimizer was made.
enum class Age { keras3, keras2_11, keras2, keras1 };

Age age_of(const Variables& variables) {
  const std::string& name = variables.front().name;
  if (name.empty() || name.ends_with("iteration:0")) return Age::keras2_11;
  if (name.ends_with("iteration")) return Age::keras3;
  return name.ends_with("iter:0") ? Age::keras2 : Age::keras1;
}

}  // namespace

std::vector<NamedTensor> renewed_optimizer(const Json& config, std::vector<NamedTensor> variables) {
  if (variables.empty() || !config.is_object() || !config.contains("optimizer")) return variables;
  const Json& optimizer = config["optimizer"];
  if (!optimizer.is_object() || !optimizer.contains("class_name") ||
      !optimizer["class_name"].is_string() || !optimizer.contains("config") ||
      !optimizer["config"].is_object()) {
    return variables;
  }
  const std::string class_name = optimizer["class_name"];
  const Json& settings = optimizer["config"];
  const Age age = age_of(variables);
  if (age == Age::keras3) return variables;

  // Before Keras 2.3 some do not count.
  const bool counts = is_scalar(variables.front());
  Variables renewed{counts ? variables.front() : number(0.0, DType::float64)};
  if (counts) variables.erase(variables.begin());
  const double iterations = renewed.front().value.to(DType::float64).as<double>()[0];

  const bool is_nadam = class_name == "Nadam";
  const bool has_rate = settings.contains("learning_rate") && settings["learning_rate"].is_number();
  NamedTensor product =
      number(is_nadam ? nadam_product(settings, iterations) : 0.0, DType::float32);
  const bool has_product_first = is_nadam && age != Age::keras2_11;
  if (!variables.empty() && is_scalar(variables.front()) && (has_rate || has_product_first)) {
    (has_product_first ? product : renewed.emplace_back()) = variables.front();
    variables.erase(variables.begin());
  }
  if (has_rate && renewed.size() == 1)
    renewed.push_back(number(settings["learning_rate"].get<double>(), DType::float32));

  const Slots slots = slots_of(class_name, settings);
  // SGD of Keras 2 has the slots of a momentum of 0, too, behind the averages of the weights.
  if (slots.kinds == 0) variables.resize(is_set(settings, "use_ema") ? variables.size() / 2 : 0);
  if (age == Age::keras1) drop_idle_slots(slots, variables);
  const bool is_by_kind = age == Age::keras1 || (age == Age::keras2 && class_name != "Ftrl");
  if (is_by_kind) put_side_by_side(slots, variables);
  const bool has_product = !variables.empty() && is_scalar(variables.back());
  if (is_nadam && !variables.empty() && !has_product) variables.push_back(product);
  renewed.insert(renewed.end(), std::make_move_iterator(variables.begin()),
                 std::make_move_iterator(variables.end()));
  return renewed;
}

}  // namespace chronicler
