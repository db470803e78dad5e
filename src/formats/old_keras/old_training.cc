#include "formats/old_keras/old_training.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>
#include <string_view>
#include <utility>

#include "chronicler/base/error.h"

namespace chronicler {
namespace {

// ---- optimizers

constexpr const char* legacy_mark = "is_legacy_optimizer";

char upper(char letter) {
  return static_cast<char>(std::toupper(static_cast<unsigned char>(letter)));
}

bool is_lower(char letter) { return std::islower(static_cast<unsigned char>(letter)) != 0; }

bool is_number(const Json& config, const char* name) {
  const auto found = config.find(name);
  return found != config.end() && found->is_number();
}

// Keras 2.10 and before did not write what its successors say of themselves.
bool is_legacy(const Json& config) {
  if (const auto mark = config.find(legacy_mark); mark != config.end() && mark->is_boolean())
    return mark->get<bool>();
  return config.contains("lr") || config.contains("decay") || config.contains("schedule_decay");
}

// rate / (1 + decay * iterations)
Json inverse_time_decay(double rate, double decay) {
  return {{"module", "keras.optimizers.schedules"},
          {"class_name", "InverseTimeDecay"},
          {"config",
           {{"initial_learning_rate", rate},
            {"decay_steps", 1},
            {"decay_rate", decay},
            {"staircase", false},
            {"name", "InverseTimeDecay"}}},
          {"registered_name", nullptr}};
}

// Optimizers of Keras 2.10 and before that move weights otherwise than those of later ones.
bool computes_otherwise(const std::string& class_name) {
  return class_name == "RMSprop" || class_name == "Adagrad";
}

void renew_optimizer_config(const std::string& class_name, Json& config) {
  const bool legacy = is_legacy(config);
  if (const auto rate = config.find("lr"); rate != config.end()) {
    if (!config.contains("learning_rate")) config["learning_rate"] = *rate;
    config.erase("lr");
  }
  // Of Nadam it was never the rate that decayed, but what its momentum still lacks.
  if (class_name == "Nadam" && legacy) {
    constexpr double usual = 0.004;
    const char* name = is_number(config, "schedule_decay") ? "schedule_decay" : "decay";
    const double decay = is_number(config, name) ? config[name].get<double>() : usual;
    config.erase("decay");
    config["schedule_decay"] = decay;
  }
  if (is_number(config, "decay")) {
    const double decay = config["decay"].get<double>();
    if (decay != 0.0 && is_number(config, "learning_rate"))
      config["learning_rate"] = inverse_time_decay(config["learning_rate"].get<double>(), decay);
  }
  constexpr std::array<const char*, 3> gone{"decay", "jit_compile", legacy_mark};
  for (const char* name : gone) config.erase(name);
  if (legacy && computes_otherwise(class_name)) config[legacy_mark] = true;
  if (const auto epsilon = config.find("epsilon"); epsilon != config.end() && epsilon->is_null())
    config.erase("epsilon");  // that of the backend, which is also what it is if nothing is said
}

void renew_optimizer(Json& optimizer) {
  if (!optimizer.is_object() || !optimizer.contains("class_name")) return;
  if (!optimizer["class_name"].is_string()) return;
  constexpr std::string_view custom = "Custom>";  // as tf-keras calls its own
  std::string class_name = optimizer["class_name"];
  if (class_name.starts_with(custom)) class_name = class_name.substr(custom.size());
  optimizer["class_name"] = class_name;
  if (!optimizer.contains("config") || !optimizer["config"].is_object()) return;
  Json& config = optimizer["config"];
  // Mixed precision: what it wraps moves the weights, which are float32 here.
  for (const char* name : {"inner_optimizer", "optimizer"}) {
    if (class_name != "LossScaleOptimizer" || !config.contains(name)) continue;
    Json inner = config[name];
    renew_optimizer(inner);
    optimizer = std::move(inner);
    return;
  }
  renew_optimizer_config(class_name, config);
}

// ---- losses and metrics

// Losses and metrics by the names that they no longer have.
std::string renewed_name(const std::string& name) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 4> renamed{{
      {"cosine_proximity", "cosine_similarity"},
      {"cosine", "cosine_similarity"},
      {"kullback_leibler_divergence", "kl_divergence"},
      {"logcosh", "log_cosh"},
  }};
  for (const auto& [old, renewed] : renamed) {
    if (name == old) return std::string(renewed);
  }
  return name;
}

// The name of a function that a wrapper holds: as text, or as an object of its own.
std::string function_in(const Json& config) {
  const auto found = config.find("fn");
  if (found == config.end()) return {};
  if (found->is_string()) return *found;
  if (found->is_object() && found->contains("config") && (*found)["config"].is_string())
    return (*found)["config"];
  return {};
}

// One loss or metric: a name or an object. Those in wrappers become objects of the function's name.
void renew_one(Json& one) {
  if (one.is_string()) {
    one = renewed_name(one);
    return;
  }
  if (!one.is_object() || !one.contains("class_name") || !one["class_name"].is_string()) return;
  if (!one.contains("config")) return;
  Json& config = one["config"];
  if (config.is_string()) {
    config = renewed_name(config);
    return;
  }
  if (!config.is_object()) return;
  constexpr std::array<std::string_view, 3> wrappers{"MeanMetricWrapper", "LossFunctionWrapper",
                                                     "SumOverBatchSizeMetricWrapper"};
  const std::string function = function_in(config);
  if (std::find(wrappers.begin(), wrappers.end(), one["class_name"]) != wrappers.end() &&
      !function.empty()) {
    const Json before = config;
    one["class_name"] = renewed_name(function);
    config = Json::object();
    for (const char* kept : {"name", "reduction"}) {
      if (before.contains(kept)) config[kept] = before[kept];
    }
  }
  config.erase("fn");
  if (const auto reduction = config.find("reduction");
      reduction != config.end() && *reduction == "auto") {
    *reduction = "sum_over_batch_size";
  }
}

// Of those that the shapes of the data choose from, h5 files keep the name.
bool is_chosen_by_data(const std::string& name) {
  constexpr std::array<std::string_view, 4> words{"accuracy", "acc", "crossentropy", "ce"};
  return std::find(words.begin(), words.end(), name) != words.end();
}

// "out_mae" is the "mae" of the output "out", and "accuracy" one of several, by the shapes of the
// data: Keras 2 writes which one it was for data that it had perhaps not seen.
void renew_metric_name(Json& one, const std::vector<std::string>& outputs) {
  if (!one.is_object() || !one.contains("config") || !one["config"].is_object()) return;
  Json& config = one["config"];
  if (!config.contains("name") || !config["name"].is_string()) return;
  std::string name = config["name"];
  for (const std::string& output : outputs) {
    if (!name.starts_with(output + "_")) continue;
    name = name.substr(output.size() + 1);
    break;
  }
  config["name"] = name;
  if (is_chosen_by_data(name) && one.value("class_name", "") == "MeanMetricWrapper") one = name;
}

void renew_metric_names(Json& place, const std::vector<std::string>& outputs) {
  if (place.is_array() || (place.is_object() && !place.contains("class_name"))) {
    for (Json& one : place) renew_metric_names(one, outputs);
    return;
  }
  renew_metric_name(place, outputs);
}

// One list for several outputs was for each of them, in Keras 3 its entries are for one each.
void give_to_each_output(Json& metrics, const std::vector<std::string>& outputs) {
  const auto is_metric = [](const Json& one) {
    return one.is_string() || (one.is_object() && one.contains("class_name"));
  };
  if (outputs.empty() || !metrics.is_array() || metrics.empty()) return;
  if (!std::all_of(metrics.begin(), metrics.end(), is_metric)) return;
  Json of_each = Json::object();
  for (const std::string& output : outputs) of_each[output] = metrics;
  metrics = std::move(of_each);
}

void name_by_class(Json& place) {
  if (place.is_array() || (place.is_object() && !place.contains("class_name"))) {
    for (Json& one : place) name_by_class(one);
    return;
  }
  if (!place.is_string() || is_chosen_by_data(place)) return;
  Json class_name = place;
  place = {{"class_name", std::move(class_name)}, {"config", Json::object()}};
}

// Lists of them, lists in lists, and objects by the names of outputs.
void renew_all(Json& place) {
  if (place.is_array() || (place.is_object() && !place.contains("class_name"))) {
    for (Json& one : place) renew_all(one);
    return;
  }
  renew_one(place);
}

// ---- for Keras 3

// Where Keras 3 has what stands in a place of the training, and what it calls otherwise there.
struct Place {
  const char* module;
  std::array<std::pair<std::string_view, std::string_view>, 5> renamed;
};
constexpr Place loss_place{"keras.losses", {{{"huber_loss", "huber"}, {"logcosh", "log_cosh"}}}};
constexpr Place metric_place{"keras.metrics",
                             {{{"LogCosh", "LogCoshError"},
                               {"logcosh", "LogCoshError"},
                               {"log_cosh", "LogCoshError"},
                               {"kld", "KLDivergence"},
                               {"KLD", "KLDivergence"}}}};

std::string name_in(const Place& place, const std::string& name) {
  for (const auto& [old, renamed] : place.renamed) {
    if (!old.empty() && name == old) return std::string(renamed);
  }
  return name;
}

// Names whose class does not follow from them.
constexpr std::array<std::pair<std::string_view, std::string_view>, 12> short_names{
    {{"auc", "AUC"},
     {"bce", "BinaryCrossentropy"},
     {"BCE", "BinaryCrossentropy"},
     {"kl_divergence", "KLDivergence"},
     {"mae", "MeanAbsoluteError"},
     {"MAE", "MeanAbsoluteError"},
     {"mape", "MeanAbsolutePercentageError"},
     {"MAPE", "MeanAbsolutePercentageError"},
     {"mse", "MeanSquaredError"},
     {"MSE", "MeanSquaredError"},
     {"msle", "MeanSquaredLogarithmicError"},
     {"MSLE", "MeanSquaredLogarithmicError"}}};

// "mean_absolute_error" is of the class MeanAbsoluteError; classes stay as they are.
std::string class_of(const std::string& function) {
  for (const auto& [name, class_name] : short_names) {
    if (function == name) return std::string(class_name);
  }
  if (function.empty() || !is_lower(function.front()) || function.find('>') != std::string::npos)
    return function;
  std::string name;
  bool begins = true;
  for (const char letter : function) {
    if (letter != '_') name += begins ? upper(letter) : letter;
    begins = letter == '_';
  }
  return name;
}

// Keras 3 looks for a class where its object says that it is; others' classes stay as they are.
void write_described(Json& object, const char* module) {
  const auto stated = object.find("module");
  const bool is_own =
      stated != object.end() && !stated->is_null() &&
      !(stated->is_string() && stated->get_ref<const std::string&>().starts_with("keras"));
  if (is_own) return;
  object["module"] = module;
  object["registered_name"] = nullptr;
}

void write_one(Json& one, const Place& place) {
  if (one.is_string()) {
    const std::string given = one;
    const std::string name = name_in(place, given);
    if (name == given) return;
    one = name;
    if (&place == &metric_place) {  // its results keep their name
      one = {{"class_name", name}, {"config", {{"name", given}}}};
      write_described(one, place.module);
    }
    return;
  }
  if (!one.is_object() || !one.contains("class_name") || !one["class_name"].is_string()) return;
  const std::string class_name = one["class_name"];
  if (class_name == "function") {
    if (one.contains("config") && one["config"].is_string()) {
      Json name = one["config"];
      one = std::move(name);
      write_one(one, place);
    }
    return;
  }
  one["class_name"] = class_of(name_in(place, class_name));
  write_described(one, place.module);
}

// Lists of them, lists in lists, and objects by the names of outputs.
void write_all(Json& where, const Place& place) {
  if (where.is_array() || (where.is_object() && !where.contains("class_name"))) {
    for (Json& one : where) write_all(one, place);
    return;
  }
  write_one(where, place);
}

// Keras 3 does not take that an optimizer moves weights as Keras 2.10 did.
void write_optimizer(Json& optimizer) {
  if (!optimizer.is_object() || !optimizer.contains("class_name")) return;
  write_described(optimizer, "keras.optimizers");
  if (!optimizer.contains("config") || !optimizer["config"].is_object()) return;
  Json& config = optimizer["config"];
  for (const char* name : {legacy_mark, "schedule_decay"}) config.erase(name);
  const auto rate = config.find("learning_rate");
  if (rate == config.end() || !rate->is_object()) return;
  write_described(*rate, "keras.optimizers.schedules");
  // Keras 2 let it be null.
  if (!rate->contains("config") || !(*rate)["config"].is_object()) return;
  Json& settings = (*rate)["config"];
  if (settings.contains("name") && settings["name"].is_null()) settings.erase("name");
}

}  // namespace

std::vector<std::string> output_names_in(const Json& model) {
  std::vector<std::string> names;
  if (!model.is_object() || !model.contains("config") || !model["config"].is_object()) return {};
  const Json& config = model["config"];
  if (!config.contains("output_layers") || !config["output_layers"].is_array()) return {};
  for (const Json& output : config["output_layers"]) {
    if (output.is_array() && !output.empty() && output[0].is_string())
      names.push_back(output[0].get<std::string>());
  }
  if (names.size() < 2) names.clear();
  return names;
}

Json renewed_training(Json config, const std::vector<std::string>& outputs) {
  if (!config.is_object()) throw Error("how it was trained is not an object");
  if (const auto optimizer = config.find("optimizer_config"); optimizer != config.end()) {
    Json moved = *optimizer;
    config.erase("optimizer_config");
    config["optimizer"] = std::move(moved);
  }
  config.erase("sample_weight_mode");
  if (config.contains("optimizer")) renew_optimizer(config["optimizer"]);
  for (const char* name : {"metrics", "weighted_metrics"}) {
    if (!config.contains(name)) continue;
    give_to_each_output(config[name], outputs);
    renew_metric_names(config[name], outputs);
  }
  for (const char* name : {"loss", "metrics", "weighted_metrics"}) {
    if (config.contains(name)) renew_all(config[name]);
  }
  return config;
}

Json with_metrics_by_class(Json config) {
  for (const char* name : {"metrics", "weighted_metrics"}) {
    if (config.contains(name)) name_by_class(config[name]);
  }
  return config;
}

Json training_for_keras3(Json config) {
  if (!config.is_object()) return config;
  // Keras 2 left these open with a null, on which Keras 3 fails.
  for (const char* name : {"run_eagerly", "steps_per_execution", "jit_compile"}) {
    if (config.contains(name) && config[name].is_null()) config.erase(name);
  }
  if (config.contains("optimizer")) write_optimizer(config["optimizer"]);
  if (config.contains("loss")) write_all(config["loss"], loss_place);
  for (const char* name : {"metrics", "weighted_metrics"}) {
    if (config.contains(name)) write_all(config[name], metric_place);
  }
  return config;
}

}  // namespace chronicler
