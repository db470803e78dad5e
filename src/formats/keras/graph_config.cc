#include "formats/keras/graph_config.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "chronicler/layers/operation.h"
#include "formats/keras/layer_config.h"
#include "formats/keras/operation_config.h"
#include "layers/attention/heads.h"
#include "model/model_layer.h"

namespace chronicler {
namespace {

const char* mask_name(const Layer& layer) { return has_heads(layer) ? "attention_mask" : "mask"; }

// Keras counts the calls of a Functional model inside from 1 where it lists the outputs, since the
// first is the one that made that model; in arguments it counts from 0.
bool counts_from_one(const Layer& layer) {
  return model_of(layer) != nullptr && layer.class_name() == "Functional";
}

// ---- writing

// How many states each cell has, where they are nested in Keras by the cells of a stack.
void add_cell_sizes(const Layer& layer, std::vector<std::size_t>& sizes) {
  const std::string_view kind = layer.class_name();
  if (kind == "RNN" || kind == "Bidirectional") {
    for (const Layer::Sublayer& held : layer.sublayers()) add_cell_sizes(*held.layer, sizes);
  } else if (kind == "StackedRNNCells") {
    for (const Layer::Sublayer& held : layer.sublayers()) sizes.push_back(held.layer->state_size());
  } else {
    sizes.insert(sizes.end(), layer.state_size(), 1);
  }
}

class GraphWriter {
 public:
  explicit GraphWriter(const Functional& model) : graph_(model.graph()) {
    for (const LayerPtr& layer : graph_.layers) layers_[layer->name()] = layer.get();
    for (std::size_t i = 0; i < graph_.inputs.size(); ++i)
      shapes_[{graph_.inputs[i].layer, 0}] = {model.inputs()[i].shape()};
  }

  Json write() {
    std::map<std::string, Json> nodes;
    for (const GraphCall& call : graph_.calls) {
      Json& list = nodes.try_emplace(call.layer, Json::array()).first->second;
      const auto number = static_cast<int>(list.size());
      list.push_back(call_to_json(call));
      shapes_[{call.layer, number}] = output_shapes(call);
    }
    Json layers = Json::array();
    for (const LayerPtr& layer : graph_.layers) {
      Json object = layer->is_operation() ? operation_to_json(*layer) : layer_to_json(*layer);
      object["name"] = layer->name();
      object["inbound_nodes"] =
          nodes.contains(layer->name()) ? nodes[layer->name()] : Json::array();
      layers.push_back(std::move(object));
    }
    return {{"layers", std::move(layers)},
            {"input_layers", edges_to_json(graph_.inputs)},
            {"output_layers", edges_to_json(graph_.outputs)}};
  }

 private:
  const Shape& shape_of(const GraphEdge& edge) const {
    return shapes_.at({edge.layer, edge.node})[static_cast<std::size_t>(edge.tensor)];
  }

  std::vector<Shape> output_shapes(const GraphCall& call) const {
    std::vector<Shape> inputs;
    for (const GraphEdge& edge : call.inputs) inputs.push_back(shape_of(edge));
    for (const GraphEdge& edge : call.initial_state) inputs.push_back(shape_of(edge));
    return layers_.at(call.layer)->call_shapes(inputs, call.flags);
  }

  // A list, also of one: every Keras 3 reads that.
  Json edges_to_json(const std::vector<GraphEdge>& edges) const {
    Json list = Json::array();
    for (const GraphEdge& edge : edges) {
      const int first = counts_from_one(*layers_.at(edge.layer)) ? 1 : 0;
      list.push_back(Json::array({edge.layer, edge.node + first, edge.tensor}));
    }
    return list;
  }

  Json tensor_to_json(const GraphEdge& edge) const {
    if (edge.layer.empty()) return nullptr;
    return {{"class_name", "__keras_tensor__"},
            {"config",
             {{"shape", to_json(shape_of(edge))},
              {"dtype", name_of(layers_.at(edge.layer)->dtype())},
              {"keras_history", Json::array({edge.layer, edge.node, edge.tensor})}}}};
  }
  Json list_to_json(const std::vector<GraphEdge>& edges) const {
    Json list = Json::array();
    for (const GraphEdge& edge : edges) list.push_back(tensor_to_json(edge));
    return list;
  }
  Json states_to_json(const GraphCall& call) const {
    std::vector<std::size_t> sizes;
    add_cell_sizes(*layers_.at(call.layer), sizes);
    Json list = Json::array();
    auto edge = call.initial_state.begin();
    for (const std::size_t size : sizes) {
      const auto end = edge + std::min<std::ptrdiff_t>(static_cast<std::ptrdiff_t>(size),
                                                       call.initial_state.end() - edge);
      list.push_back(one_or_list({edge, end}));
      edge = end;
    }
    return list;
  }
  Json one_or_list(const std::vector<GraphEdge>& edges) const {
    return edges.size() == 1 ? tensor_to_json(edges.front()) : list_to_json(edges);
  }

  Json call_to_json(const GraphCall& call) const {
    Json arguments = Json::array();
    if (const auto* operation = layers::operation_options(*layers_.at(call.layer))) {
      arguments = with_constants(list_to_json(call.inputs), *layers_.at(call.layer), *operation);
    } else if (has_heads(*layers_.at(call.layer))) {
      arguments = list_to_json(call.inputs);
    } else {
      arguments.push_back(one_or_list(call.inputs));
    }
    Json keywords = Json::object();
    if (!call.initial_state.empty()) keywords["initial_state"] = states_to_json(call);
    if (!call.mask.empty()) keywords[mask_name(*layers_.at(call.layer))] = one_or_list(call.mask);
    if (call.flags.use_causal_mask) keywords["use_causal_mask"] = true;
    if (call.flags.return_attention_scores) keywords["return_attention_scores"] = true;
    if (call.flags.reverse) keywords["reverse"] = true;
    return {{"args", std::move(arguments)}, {"kwargs", std::move(keywords)}};
  }

  Graph graph_;
  std::map<std::string, const Layer*> layers_;
  std::map<std::pair<std::string, int>, std::vector<Shape>> shapes_;  // of a call's outputs
};

// Where Keras joins masks it makes an operation "concatenate" or "concatenate_1" of its own, and
// then refuses a model in which a layer has that name already. Layers of Keras's models have it
// only if their masks are in the graph, too.
bool makes_mask(const Json& layer) {
  const Json& config = layer["config"];
  return layer["class_name"] == "Masking" || config.value("mask_zero", false);
}

bool has_name_of_operation(std::string_view name) {
  constexpr std::string_view operation = "concatenate";
  if (!name.starts_with(operation)) return false;
  name.remove_prefix(operation.size());
  return name.empty() || (name.starts_with('_') && name.size() > 1 &&
                          name.find_first_not_of("0123456789", 1) == std::string_view::npos);
}

void rename_edges(Json& json, const std::string& from, const std::string& to) {
  if (!json.is_structured()) return;
  if (json.is_object() && json.contains("keras_history") && json["keras_history"][0] == from)
    json["keras_history"][0] = to;
  for (auto& part : json) rename_edges(part, from, to);
}

bool takes(const Json& arguments, const std::string& layer) {
  if (!arguments.is_structured()) return false;
  if (arguments.is_object() && arguments.contains("keras_history") &&
      arguments["keras_history"][0] == layer) {
    return true;
  }
  return std::any_of(arguments.begin(), arguments.end(),
                     [&](const Json& part) { return takes(part, layer); });
}

bool is_used(const Json& layers, const std::string& name) {
  return std::any_of(layers.begin(), layers.end(),
                     [&](const Json& layer) { return takes(layer["inbound_nodes"], name); });
}

// An output keeps its name, by which losses and results are called, unless its mask goes on to
// another layer; but if the graph has Keras's operations, those of the masks are there by name.
void rename_joins(Json& graph) {
  Json& layers = graph["layers"];
  if (std::none_of(layers.begin(), layers.end(), makes_mask)) return;
  const bool has_joins = std::any_of(layers.begin(), layers.end(), [](const Json& layer) {
    return layer["module"] != "keras.layers" && layer["class_name"] == "Concatenate";
  });
  for (Json& layer : layers) {
    const std::string name = layer["name"];
    if (layer["module"] != "keras.layers" || layer["class_name"] != "Concatenate" ||
        !has_name_of_operation(name)) {
      continue;
    }
    Json& outputs = graph["output_layers"];
    const bool is_output = std::any_of(outputs.begin(), outputs.end(),
                                       [&](const Json& edge) { return edge[0] == name; });
    if (is_output && (has_joins || !is_used(layers, name))) continue;
    std::string renamed = name;
    renamed.insert(0, "layer_");
    const bool is_taken = std::any_of(layers.begin(), layers.end(),
                                      [&](const Json& one) { return one["name"] == renamed; });
    if (is_taken) continue;
    layer["name"] = renamed;
    layer["config"]["name"] = renamed;
    for (Json& other : layers) rename_edges(other["inbound_nodes"], name, renamed);
    for (Json& edge : outputs) {
      if (edge[0] == name) edge[0] = renamed;
    }
  }
}

// ---- reading

int small_number_at(const JsonPlace& place) {
  constexpr std::int64_t largest = 1'000'000;
  const std::int64_t number = place.whole();
  if (number < 0 || number > largest) place.refuse("a small number");
  return static_cast<int>(number);
}

// ["lstm", 0, 1]
GraphEdge edge_at(const JsonPlace& place) {
  const std::vector<JsonPlace> items = place.items();
  if (items.size() < 3 || items[0].text().empty()) place.refuse("a layer, a call and an output");
  return {items[0].text(), small_number_at(items[1]), small_number_at(items[2])};
}

bool is_edge(const JsonPlace& place) {
  return place.is_list() && !place.json().empty() && place.json().front().is_string();
}

std::vector<GraphEdge> edges_at(const JsonPlace& place) {
  if (is_edge(place)) return {edge_at(place)};
  std::vector<GraphEdge> edges;
  if (place.is_object()) {  // by the names of inputs or outputs
    for (const std::string& name : place.member_names()) edges.push_back(edge_at(place[name]));
    return edges;
  }
  for (const JsonPlace& item : place.items()) edges.push_back(edge_at(item));
  return edges;
}

// Tensors in an argument: one, nothing (null), or a list of them.
std::vector<GraphEdge> tensors_at(const JsonPlace& place) {
  if (place.is_null()) return {GraphEdge{}};
  std::vector<GraphEdge> edges;
  if (place.is_list()) {
    for (const JsonPlace& item : place.items()) {
      for (GraphEdge& edge : tensors_at(item)) edges.push_back(std::move(edge));
    }
    return edges;
  }
  const auto class_name = place.is_object() ? place.find("class_name") : std::nullopt;
  if (!class_name || !class_name->is_text() || class_name->text() != "__keras_tensor__")
    place.refuse("a tensor of the model");
  return {edge_at(place["config"]["keras_history"])};
}

void read_keyword(const std::string& name, const JsonPlace& place, GraphCall& call) {
  if (name == "training" || place.is_off()) return;  // training is set for the whole model
  if (name == "initial_state") {
    call.initial_state = tensors_at(place);
  } else if (name == "mask" || name == "attention_mask") {
    call.mask = tensors_at(place);
  } else if (name == "use_causal_mask") {
    call.flags.use_causal_mask = place.flag();
  } else if (name == "return_attention_scores") {
    call.flags.return_attention_scores = place.flag();
  } else if (name == "reverse") {
    call.flags.reverse = place.flag();
  } else {
    throw Error(fmt::format("{} is an argument that is not known", place.path()));
  }
}

// The tensors among the arguments; its constants are options of the operation.
GraphCall operation_call_at(const JsonPlace& node, const Layer& operation) {
  GraphCall call{.layer = operation.name()};
  for (const JsonPlace& argument : node["args"].items()) {
    if (!is_tensor(argument)) continue;
    if (is_get_item(operation.class_name()) && !call.inputs.empty()) break;
    for (GraphEdge& edge : tensors_at(argument)) call.inputs.push_back(std::move(edge));
  }
  return call;
}

// Tensors that are given by name, in the order in which the layer takes them.
constexpr std::array<std::string_view, 6> input_names{"inputs", "sequences", "sequence",
                                                      "query",  "value",     "key"};

bool is_input_name(std::string_view name) {
  return std::find(input_names.begin(), input_names.end(), name) != input_names.end();
}

// {"args": [...], "kwargs": {...}}
GraphCall call_at(const JsonPlace& node, const Layer& layer) {
  GraphCall call{.layer = layer.name()};
  const std::vector<JsonPlace> arguments = node["args"].items();
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const bool is_flag =
        arguments[i].json().is_boolean();  // training, which is set for the whole model
    if (arguments[i].is_null() || (i > 0 && is_flag)) continue;
    const bool is_state = i == 1 && layer.state_size() > 0;
    if (i > 0 && !is_state && !has_heads(layer))
      arguments[i].refuse("nothing: the layer takes its inputs in a list");
    std::vector<GraphEdge>& edges = is_state ? call.initial_state : call.inputs;
    for (GraphEdge& edge : tensors_at(arguments[i])) edges.push_back(std::move(edge));
  }
  const auto keywords = node.find("kwargs");
  if (!keywords) return call;
  for (const std::string_view name : input_names) {
    const auto given = keywords->find(name);
    if (!given) continue;
    for (GraphEdge& edge : tensors_at(*given)) call.inputs.push_back(std::move(edge));
  }
  for (const std::string& name : keywords->member_names()) {
    if (!is_input_name(name)) read_keyword(name, (*keywords)[name], call);
  }
  return call;
}

// ---- the calls of models inside

// Whether the outputs of `graph` count the calls of the layer from 1. Chronicler once wrote them
// from 0: then some call is used by nothing otherwise.
bool outputs_count_from_one(const Graph& graph, const std::string& layer) {
  std::size_t calls = 0;
  std::set<int> used;
  const auto use = [&](const std::vector<GraphEdge>& edges, int first) {
    for (const GraphEdge& edge : edges) {
      if (edge.layer == layer) used.insert(edge.node - first);
    }
  };
  for (const GraphCall& call : graph.calls) {
    calls += call.layer == layer ? 1 : 0;
    use(call.inputs, 0);
    use(call.initial_state, 0);
    use(call.mask, 0);
  }
  use(graph.outputs, 1);
  return used.size() == calls && !used.contains(-1);
}

void count_outputs_from_zero(Graph& graph) {
  for (const LayerPtr& layer : graph.layers) {
    if (!counts_from_one(*layer) || !outputs_count_from_one(graph, layer->name())) continue;
    for (GraphEdge& edge : graph.outputs) {
      if (edge.layer == layer->name()) --edge.node;
    }
  }
}

}  // namespace

Json graph_to_json(const Functional& model) {
  Json graph = GraphWriter(model).write();
  rename_joins(graph);
  return graph;
}

Graph graph_at(const JsonPlace& config) {
  Graph graph;
  for (const JsonPlace& object : config["layers"].items()) {
    if (is_operation(object)) {
      graph.layers.push_back(operation_at(object));
      graph.calls.push_back(
          operation_call_at(object["inbound_nodes"].items().front(), *graph.layers.back()));
      continue;
    }
    const LayerPtr layer = layer_at(object);
    if (const auto name = object.find("name")) layer->set_name(name->text());
    graph.layers.push_back(layer);
    for (const JsonPlace& node : object["inbound_nodes"].items())
      graph.calls.push_back(call_at(node, *layer));
  }
  graph.inputs = edges_at(config["input_layers"]);
  graph.outputs = edges_at(config["output_layers"]);
  count_outputs_from_zero(graph);
  return graph;
}

}  // namespace chronicler
