#include "training/compile_config.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/json.h"
#include "chronicler/base/error.h"
#include "layers/core/settings_json.h"
#include "training/losses/loss_catalog.h"
#include "training/metrics/metric_names.h"

namespace chronicler {
namespace {

// ---- writing

Json optimizer_to_json(const Optimizer& optimizer) {
  Json object = described_to_json("keras.optimizers", optimizer.class_name(), optimizer.settings());
  if (const SchedulePtr& schedule = optimizer.schedule()) {
    object["config"]["learning_rate"] = described_to_json(
        "keras.optimizers.schedules", schedule->class_name(), schedule->settings());
  }
  return object;
}

Json loss_to_json(const LossOption& option) {
  if (!option.given_name().empty()) return written_loss_name(option.given_name());
  return described_to_json("keras.losses", option.loss()->class_name(), option.loss()->settings());
}

// Once one output is named, or has a weight, Keras wants all of them named, null where there is
// none.
Json losses_to_json(const CompileOptions& options, const std::vector<std::string>& outputs) {
  if (options.losses.empty() && options.loss_weights.empty()) return loss_to_json(options.loss);
  Json object = Json::object();
  for (const std::string& output : outputs) {
    const auto found = options.losses.find(output);
    object[output] = nullptr;
    if (options.losses.empty()) object[output] = loss_to_json(options.loss);
    if (found != options.losses.end()) object[output] = loss_to_json(found->second);
  }
  return object;
}

Json loss_weights_to_json(const CompileOptions& options, const std::vector<std::string>& outputs) {
  if (options.loss_weights.empty()) return nullptr;
  Json object = Json::object();
  for (const std::string& output : outputs) {
    const auto found = options.loss_weights.find(output);
    object[output] = found == options.loss_weights.end() ? 1.0 : found->second;
  }
  return object;
}

Json metric_list_to_json(const std::vector<MetricOption>& options, const Loss* loss) {
  Json list = Json::array();
  for (const MetricOption& option : options) {
    const MetricPtr metric =
        option.metric() ? option.metric() : metric_to_write(option.given_name(), loss);
    if (metric == nullptr) {
      list.push_back(option.given_name());
    } else {
      list.push_back(described_to_json("keras.metrics", metric->class_name(), metric->settings()));
    }
  }
  return list;
}

const Loss* loss_of(const CompileOptions& options, const std::string& output) {
  const auto own = options.losses.find(output);
  return own == options.losses.end() ? options.loss.loss().get() : own->second.loss().get();
}

// A list for one output, an object by their names for several.
Json metrics_to_json(const CompileOptions& options, const std::vector<MetricOption>& shared,
                     const std::map<std::string, std::vector<MetricOption>>& own,
                     const std::vector<std::string>& outputs) {
  if (shared.empty() && own.empty()) return nullptr;
  if (outputs.size() == 1 && own.empty())
    return metric_list_to_json(shared, loss_of(options, outputs[0]));
  Json object = Json::object();
  for (const std::string& output : outputs) {
    std::vector<MetricOption> list = shared;
    if (const auto found = own.find(output); found != own.end())
      list.insert(list.end(), found->second.begin(), found->second.end());
    object[output] = metric_list_to_json(list, loss_of(options, output));
  }
  return object;
}

// ---- reading

// Keras's objects hold settings that say how to compute, not what.
bool means_nothing(std::string_view name) {
  static constexpr std::array<std::string_view, 2> names{"jit_compile", "fn"};
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::vector<Setting> own_settings_at(const JsonPlace& object, const std::vector<Setting>& known) {
  const auto config = object.find("config");
  if (!config) return {};
  std::vector<Setting> settings;
  for (Setting& setting : settings_at(*config, known)) {
    if (!means_nothing(setting.name)) settings.push_back(std::move(setting));
  }
  return settings;
}

// A function of Keras that was given itself, not its name.
bool is_function(const JsonPlace& object) {
  const auto class_name = object.find("class_name");
  return class_name && class_name->is_text() && class_name->text() == "function";
}

// What `make` gives; if it throws, the place is in front of the reason.
template <class Make>
auto at_place(const JsonPlace& place, const Make& make) {
  try {
    return make();
  } catch (const Error& error) {
    if (error.message().starts_with(place.path())) throw;
    throw Error(fmt::format("{}: {}", place.path(), error.message()), error.hint());
  }
}

SchedulePtr schedule_at(const JsonPlace& place) {
  return at_place(place, [&] {
    const std::string& class_name = place["class_name"].text();
    std::vector<Setting> settings;
    for (const std::string& name : place["config"].member_names())
      settings.push_back({name, setting_value_at(place["config"][name])});
    return schedules::from(class_name, settings);
  });
}

OptimizerOption optimizer_at(const JsonPlace& place) {
  return at_place(place, [&]() -> OptimizerOption {
    if (place.is_text()) return place.text();
    const std::string& class_name = place["class_name"].text();
    const std::vector<Setting> known = optimizers::from(class_name, {})->settings();
    const auto config = place.find("config");
    const auto rate = config ? config->find("learning_rate") : std::nullopt;
    if (!rate || !rate->is_object())
      return optimizers::from(class_name, own_settings_at(place, known));
    Json others = place.json();
    others["config"].erase("learning_rate");
    return optimizers::from(class_name, own_settings_at({others, place.path()}, known),
                            schedule_at(*rate));
  });
}

LossOption loss_at(const JsonPlace& place) {
  return at_place(place, [&]() -> LossOption {
    if (place.is_text()) return place.text();
    if (is_function(place)) return place["config"].text();
    const std::string& class_name = place["class_name"].text();
    const std::vector<Setting> known = losses::from(class_name, {})->settings();
    return losses::from(class_name, own_settings_at(place, known));
  });
}

MetricOption metric_at(const JsonPlace& place) {
  return at_place(place, [&]() -> MetricOption {
    if (place.is_text()) return place.text();
    if (is_function(place)) return place["config"].text();
    const std::string& class_name = place["class_name"].text();
    const std::vector<Setting> known = metrics::from(class_name, {})->settings();
    return metrics::from(class_name, own_settings_at(place, known));
  });
}

// What `place` says for each output: a list in their order, an object by their names.
std::vector<std::pair<std::string, JsonPlace>> by_output(const JsonPlace& place,
                                                         const std::vector<std::string>& outputs) {
  std::vector<std::pair<std::string, JsonPlace>> entries;
  if (place.is_object()) {
    for (const std::string& name : place.member_names()) {
      if (!place[name].is_null()) entries.emplace_back(name, place[name]);
    }
    return entries;
  }
  const std::vector<JsonPlace> items = place.items();
  if (items.size() != outputs.size())
    place.refuse(fmt::format("a list of {} entries, one for each output", outputs.size()));
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (!items[i].is_null()) entries.emplace_back(outputs[i], items[i]);
  }
  return entries;
}

std::vector<MetricOption> metric_list_at(const JsonPlace& place,
                                         std::vector<std::string>* left_out) {
  std::vector<MetricOption> options;
  const std::vector<JsonPlace> items = place.is_list() ? place.items() : std::vector{place};
  for (const JsonPlace& item : items) {
    if (item.is_null()) continue;
    try {
      options.push_back(metric_at(item));
    } catch (const Error& error) {
      if (left_out == nullptr) throw;
      left_out->push_back(error.message());
    }
  }
  return options;
}

bool is_described(const JsonPlace& place) {
  return place.is_text() || (place.is_object() && place.find("class_name"));
}

void read_loss(const JsonPlace& place, const std::vector<std::string>& outputs,
               CompileOptions& options) {
  if (is_described(place)) {
    options.loss = loss_at(place);
    return;
  }
  for (const auto& [output, loss] : by_output(place, outputs)) {
    if (outputs.size() == 1) options.loss = loss_at(loss);
    if (outputs.size() != 1) options.losses[output] = loss_at(loss);
  }
}

// For one output: a list, perhaps in a list of one or under the output's name.
void read_metrics(const JsonPlace& place, const std::vector<std::string>& outputs,
                  std::vector<MetricOption>& shared,
                  std::map<std::string, std::vector<MetricOption>>& own,
                  std::vector<std::string>* left_out) {
  if (outputs.size() == 1) {
    const bool is_nested =
        place.is_object() || (place.json().size() == 1 && place.items().front().is_list());
    if (!is_nested) {
      shared = metric_list_at(place, left_out);
      return;
    }
    for (const auto& [output, list] : by_output(place, outputs))
      shared = metric_list_at(list, left_out);
    return;
  }
  if (place.is_list() && place.json().empty()) return;
  for (const auto& [output, list] : by_output(place, outputs))
    own[output] = metric_list_at(list, left_out);
}

}  // namespace

std::string compile_config_text(const CompileOptions& options,
                                const std::vector<std::string>& outputs) {
  return to_text(
      {{"optimizer", optimizer_to_json(*options.optimizer.optimizer())},
       {"loss", losses_to_json(options, outputs)},
       {"loss_weights", loss_weights_to_json(options, outputs)},
       {"metrics", metrics_to_json(options, options.metrics, options.output_metrics, outputs)},
       {"weighted_metrics", metrics_to_json(options, options.weighted_metrics,
                                            options.output_weighted_metrics, outputs)},
       {"run_eagerly", false},
       {"steps_per_execution", 1},
       {"jit_compile", false}});
}

bool names_optimizer(std::string_view text) {
  const Json json = parse_json(text, "compile_config");
  return json.is_object() && json.contains("optimizer") && !json["optimizer"].is_null();
}

CompileOptions compile_options_from(std::string_view text, const std::vector<std::string>& outputs,
                                    std::vector<std::string>* left_out) {
  const Json json = parse_json(text, "compile_config");
  const JsonPlace config(json, "compile_config");
  CompileOptions options;
  if (const auto optimizer = config.find("optimizer")) options.optimizer = optimizer_at(*optimizer);
  if (const auto loss = config.find("loss")) read_loss(*loss, outputs, options);
  if (const auto weights = config.find("loss_weights"); weights && weights->json().is_number()) {
    for (const std::string& output : outputs) options.loss_weights[output] = weights->number();
  } else if (weights) {
    for (const auto& [output, weight] : by_output(*weights, outputs))
      options.loss_weights[output] = weight.number();
  }
  if (const auto metrics = config.find("metrics"))
    read_metrics(*metrics, outputs, options.metrics, options.output_metrics, left_out);
  if (const auto metrics = config.find("weighted_metrics"))
    read_metrics(*metrics, outputs, options.weighted_metrics, options.output_weighted_metrics,
                 left_out);
  return options;
}

}  // namespace chronicler
