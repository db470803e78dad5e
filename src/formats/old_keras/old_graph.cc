#include "formats/old_keras/old_graph.h"

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "formats/old_keras/old_operations.h"

namespace chronicler {
namespace {

bool has_old_nodes(const Json& layer) {
  if (!layer.is_object() || !layer.contains("inbound_nodes")) return false;
  const Json& nodes = layer["inbound_nodes"];
  return nodes.is_array() &&
         std::any_of(nodes.begin(), nodes.end(), [](const Json& node) { return node.is_array(); });
}

// ["x", 0, 0], perhaps with keywords behind it.
bool is_edge(const Json& json) {
  return json.is_array() && json.size() >= 3 && json[0].is_string() &&
         json[1].is_number_integer() && json[2].is_number_integer();
}

// ["_CONSTANT_VALUE", -1, 2.0]: an argument that is no tensor.
bool is_constant(const Json& json) {
  return json.is_array() && json.size() >= 3 && json[0] == "_CONSTANT_VALUE";
}

// ---- how the calls of models inside are counted

struct InnerModel {
  bool is_functional = false;
  std::int64_t first = std::numeric_limits<std::int64_t>::max();  // the lowest number met
};
using InnerModels = std::map<std::string, InnerModel, std::less<>>;

InnerModels inner_models(const Json& layers) {
  InnerModels models;
  for (const Json& layer : layers) {
    if (!layer.is_object() || !layer.contains("name") || !layer["name"].is_string()) continue;
    const auto config = layer.find("config");
    if (config == layer.end() || !config->is_object() || !config->contains("layers")) continue;
    models[layer["name"].get<std::string>()].is_functional = layer["class_name"] != "Sequential";
  }
  return models;
}

// Calls function(number of the call, model) for each edge from a model inside.
template <class Value, class Function>
void for_inner_edges(Value& json, InnerModels& models, const Function& function) {
  if (!json.is_structured()) return;
  if (is_edge(json)) {
    const auto found = models.find(json[0].template get<std::string>());
    if (found != models.end()) function(json[1], found->second);
  }
  for (auto& part : json) for_inner_edges(part, models, function);
}

void count_calls_as_now(Json& config) {
  InnerModels models = inner_models(config["layers"]);
  if (models.empty()) return;
  const auto each_place = [&](const auto& function) {
    for (Json& layer : config["layers"]) {
      if (layer.is_object() && layer.contains("inbound_nodes"))
        for_inner_edges(layer["inbound_nodes"], models, function);
    }
  };
  const auto note = [](const Json& call, InnerModel& model) {
    model.first = std::min(model.first, call.get<std::int64_t>());
  };
  each_place(note);
  if (config.contains("output_layers")) for_inner_edges(config["output_layers"], models, note);
  each_place([](Json& call, const InnerModel& model) {
    if (model.first >= 1) call = call.get<std::int64_t>() - 1;
  });
  if (!config.contains("output_layers")) return;
  for_inner_edges(config["output_layers"], models, [](Json& call, const InnerModel& model) {
    const std::int64_t own = call.get<std::int64_t>();
    const std::int64_t from_zero = model.first >= 1 ? own - 1 : own;
    call = model.is_functional ? from_zero + 1 : from_zero;
  });
}

// ---- calls

Json tensor_of(const Json& edge) {
  return {{"class_name", "__keras_tensor__"},
          {"config", {{"keras_history", Json::array({edge[0], edge[1], edge[2]})}}}};
}

// Edges anywhere in an argument as the tensors that they are.
Json with_tensors(const Json& value) {
  if (is_edge(value) && !is_constant(value)) return tensor_of(value);
  if (is_constant(value)) return value[2];
  if (!value.is_structured()) return value;
  Json result = value;
  for (auto& part : result) part = with_tensors(Json(part));
  return result;
}

// What a node of Keras 2 passes to its layer.
OldCall call_of(const Json& node) {
  const bool is_one = is_edge(node) || is_constant(node);
  const Json edges = is_one ? Json::array({node}) : node;
  OldCall call;
  call.takes_list = !is_one;
  for (const Json& edge : edges) {
    call.arguments.push_back(with_tensors(edge));
    constexpr std::size_t with_keywords = 4;
    if (!edge.is_array() || edge.size() < with_keywords || !edge[3].is_object()) continue;
    for (const auto& [name, value] : edge[3].items()) call.keywords[name] = with_tensors(value);
  }
  return call;
}

bool keeps_state(const std::string& class_name) {
  constexpr std::array<std::string_view, 6> names{"LSTM", "GRU",        "SimpleRNN",
                                                  "RNN",  "ConvLSTM1D", "Bidirectional"};
  return std::find(names.begin(), names.end(), class_name) != names.end();
}

Json node_of(const std::string& class_name, OldCall call) {
  Json arguments = Json::array();
  if (keeps_state(class_name) && call.arguments.size() > 1) {
    arguments.push_back(call.arguments.front());
    call.keywords["initial_state"] =
        std::vector<Json>(call.arguments.begin() + 1, call.arguments.end());
  } else if (call.arguments.size() == 1) {
    arguments.push_back(call.arguments.front());
  } else if (class_name == "MultiHeadAttention") {
    arguments = call.arguments;
  } else {
    arguments.push_back(call.arguments);
  }
  return {{"args", std::move(arguments)}, {"kwargs", std::move(call.keywords)}};
}

void renew_nodes(Json& layer) {
  if (!layer.is_object() || !layer.contains("inbound_nodes") || !layer.contains("class_name") ||
      !layer["class_name"].is_string() || !layer["inbound_nodes"].is_array())
    return;
  const std::string class_name = layer["class_name"];
  Json renewed = Json::array();
  const Json nodes = layer["inbound_nodes"];  // a copy: members may be added to the layer
  for (const Json& node : nodes) {
    if (!node.is_array()) {
      renewed.push_back(node);
    } else if (is_old_operation(class_name)) {
      renewed.push_back(renew_operation(layer, call_of(node)));
    } else {
      renewed.push_back(node_of(class_name, call_of(node)));
    }
  }
  layer["inbound_nodes"] = std::move(renewed);
}

// ---- masks that come along with states

// Keras 2 applies the mask of a sequence also where the call is given states; Keras 3 does so only
// if the call says mask=... So the mask is made of nodes of the graph, as one would
// write it for Keras 3.
class MasksWithStates {
 public:
  explicit MasksWithStates(Json& layers) : layers_(layers) {
    for (std::size_t i = 0; i < layers.size(); ++i) {
      if (layers[i].is_object() && layers[i].contains("name") && layers[i]["name"].is_string())
        places_[layers[i]["name"].get<std::string>()] = i;
    }
  }

  void add() {
    const std::size_t count = layers_.size();
    for (std::size_t i = 0; i < count; ++i) {
      if (!is_layer(layers_[i]) || !keeps_state(layers_[i]["class_name"])) continue;
      for (std::size_t k = 0; k < layers_[i]["inbound_nodes"].size(); ++k) add(i, k);
    }
    for (Json& node : added_) layers_.push_back(std::move(node));
  }

 private:
  static bool is_layer(const Json& layer) {
    return layer.is_object() && layer.contains("class_name") && layer["class_name"].is_string() &&
           layer.contains("inbound_nodes") && layer["inbound_nodes"].is_array() &&
           layer.contains("config") && layer["config"].is_object();
  }

  void add(std::size_t layer, std::size_t call) {
    Json& node = layers_[layer]["inbound_nodes"][call];
    if (!node.is_object() || !node.contains("kwargs") || !node.contains("args")) return;
    const Json& keywords = node["kwargs"];
    const bool has_states = keywords.is_object() && keywords.contains("initial_state") &&
                            !keywords["initial_state"].is_null();
    if (!has_states || (keywords.contains("mask") && !keywords["mask"].is_null())) return;
    Json mask = mask_of(first_argument(node), 0);
    if (!mask.is_null()) node["kwargs"]["mask"] = std::move(mask);
  }

  static Json first_argument(const Json& node) {
    if (!node.is_object() || !node.contains("args") || !node["args"].is_array() ||
        node["args"].empty())
      return {};
    return node["args"][0];
  }

  // The tensor of the mask that comes along with a tensor; null: there is none.
  Json mask_of(const Json& tensor, int depth) {
    constexpr int deepest = 40;
    if (depth > deepest || !tensor.is_object() || !tensor.contains("config") ||
        !tensor["config"].is_object() || !tensor["config"].contains("keras_history"))
      return {};
    const Json& history = tensor["config"]["keras_history"];
    if (!is_edge(history)) return {};
    const auto [known, is_new] = masks_.emplace(history.dump(), Json());
    if (!is_new) return known->second;
    Json mask = mask_behind(history, depth);
    masks_[history.dump()] = mask;
    return mask;
  }

  Json mask_behind(const Json& history, int depth) {
    const auto found = places_.find(history[0].get<std::string>());
    if (found == places_.end() || !is_layer(layers_[found->second])) return {};
    const Json& layer = layers_[found->second];
    const auto call = history[1].get<std::int64_t>();
    if (call < 0 || static_cast<std::size_t>(call) >= layer["inbound_nodes"].size()) return {};
    const Json input = first_argument(layer["inbound_nodes"][static_cast<std::size_t>(call)]);
    return made_by(layer, input, history[2] == 0, depth);
  }

  Json made_by(const Json& layer, const Json& input, bool is_first_output, int depth) {
    const std::string class_name = layer["class_name"];
    const Json& config = layer["config"];
    const auto is_on = [&](const char* name) {
      return config.contains(name) && config[name] == true;
    };
    if (class_name == "Embedding")
      return is_on("mask_zero") ? operation("NotEqual", {input, 0}) : Json();
    if (class_name == "Masking") {
      const Json hidden = config.contains("mask_value") ? config["mask_value"] : Json(0.0);
      return operation("Any", {operation("NotEqual", {input, hidden})}, {{"axis", -1}});
    }
    if (keeps_state(class_name) && class_name != "Bidirectional") {
      const bool passes = is_on("return_sequences") && is_first_output;
      return passes ? mask_of(input, depth + 1) : Json();
    }
    if (class_name == "Bidirectional") {
      const bool passes = is_first_output && config.contains("layer") &&
                          config["layer"].is_object() && config["layer"].contains("config") &&
                          config["layer"]["config"].is_object() &&
                          config["layer"]["config"].contains("return_sequences") &&
                          config["layer"]["config"]["return_sequences"] == true;
      return passes ? mask_of(input, depth + 1) : Json();
    }
    if (joins(class_name)) return joined_mask(input, depth);
    return lets_through(class_name) ? mask_of(input, depth + 1) : Json();
  }

  // Keras 2: a step counts if it does in all inputs that have a mask.
  Json joined_mask(const Json& inputs, int depth) {
    Json joined;
    if (!inputs.is_array()) return joined;
    for (const Json& input : inputs) {
      Json mask = mask_of(input, depth + 1);
      if (mask.is_null()) continue;
      joined = joined.is_null() ? mask : operation("LogicalAnd", {joined, mask});
    }
    return joined;
  }

  static bool joins(std::string_view class_name) {
    constexpr std::array<std::string_view, 7> names{"Add",     "Subtract", "Multiply",   "Average",
                                                    "Maximum", "Minimum",  "Concatenate"};
    return std::find(names.begin(), names.end(), class_name) != names.end();
  }
  static bool lets_through(std::string_view class_name) {
    constexpr std::array<std::string_view, 19> names{"Activation",
                                                     "ActivityRegularization",
                                                     "AlphaDropout",
                                                     "BatchNormalization",
                                                     "Dense",
                                                     "Dropout",
                                                     "ELU",
                                                     "GaussianDropout",
                                                     "GaussianNoise",
                                                     "GroupNormalization",
                                                     "Identity",
                                                     "LayerNormalization",
                                                     "LeakyReLU",
                                                     "PReLU",
                                                     "ReLU",
                                                     "Softmax",
                                                     "SpatialDropout1D",
                                                     "TimeDistributed",
                                                     "UnitNormalization"};
    return std::find(names.begin(), names.end(), class_name) != names.end();
  }

  // A node of the graph that is called on these arguments: its output.
  Json operation(const char* class_name, std::vector<Json> arguments,
                 Json options = Json::object()) {
    std::string name;
    do {
      name = fmt::format("mask_{}", ++count_);
    } while (places_.contains(name));
    options["name"] = name;
    added_.push_back({{"module", "keras.src.ops.numpy"},
                      {"class_name", class_name},
                      {"config", std::move(options)},
                      {"registered_name", class_name},
                      {"name", name},
                      {"inbound_nodes", Json::array({{{"args", std::move(arguments)},
                                                      {"kwargs", Json::object()}}})}});
    return tensor_of(Json::array({name, 0, 0}));
  }

  Json& layers_;
  std::map<std::string, std::size_t, std::less<>> places_;
  std::map<std::string, Json> masks_;  // by the tensor; none yet while it is looked for
  std::vector<Json> added_;
  int count_ = 0;
};

}  // namespace

void renew_graph(Json& config) {
  if (!config.contains("layers") || !config["layers"].is_array()) return;
  Json& layers = config["layers"];
  if (std::none_of(layers.begin(), layers.end(), has_old_nodes)) return;
  count_calls_as_now(config);
  for (Json& layer : layers) renew_nodes(layer);
  MasksWithStates(layers).add();
}

}  // namespace chronicler
