#include "chronicler/model/functional.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "model/model_layer.h"
#include "model/network.h"

namespace chronicler {
namespace {

using CallPtr = std::shared_ptr<const LayerCall>;

// Finds the calls behind the outputs of a model and puts them into Keras's order: by depth, which
// is the longest way to an output, the deepest first; ties by depth-first discovery from the
// outputs.
class CallOrder {
 public:
  CallOrder(const Symbols& inputs, const Symbols& outputs) : inputs_(inputs) {
    for (const Symbol& output : outputs) visit(output);
    find_depths();
    // Inputs that nothing depends on come before all others of depth 0.
    for (const Symbol& input : inputs_) {
      if (!indices_.contains(input.call().layer.get())) indices_[input.call().layer.get()] = -1;
    }
  }

  // The calls that a model runs, in order.
  std::vector<CallPtr> calls() const {
    std::vector<CallPtr> calls = finished_;
    const auto key = [&](const CallPtr& call) {
      return std::pair(-depths_.at(call.get()), indices_.at(call->layer.get()));
    };
    std::stable_sort(calls.begin(), calls.end(),
                     [&](const CallPtr& a, const CallPtr& b) { return key(a) < key(b); });
    return calls;
  }

  // The same in the order in which Keras runs them: among those of one depth, as they were met on
  // the way back from the outputs. It counts where a call changes what others see.
  std::vector<CallPtr> run_order() const {
    std::vector<CallPtr> calls = finished_;
    const auto key = [&](const CallPtr& call) {
      return std::pair(-depths_.at(call.get()), met_.at(call.get()));
    };
    std::sort(calls.begin(), calls.end(),
              [&](const CallPtr& a, const CallPtr& b) { return key(a) < key(b); });
    return calls;
  }

  // (-depth, discovery): layers in this order are in Keras's.
  std::pair<int, int> place_of(const Layer* layer) const {
    const auto depth = layer_depths_.find(layer);
    return {depth == layer_depths_.end() ? 0 : -depth->second, indices_.at(layer)};
  }

 private:
  bool is_input(const Symbol& symbol) const {
    return std::find(inputs_.begin(), inputs_.end(), symbol) != inputs_.end();
  }

  void visit(const Symbol& symbol) {
    const LayerCall& call = symbol.call();
    if (is_input(symbol)) {
      indices_.emplace(call.layer.get(), static_cast<int>(indices_.size()));
      return;
    }
    if (seen_.contains(&call)) return;
    if (call.inputs.empty()) {
      throw Error(fmt::format("an output depends on \"{}\", which is not among the model's inputs",
                              call.layer->name()),
                  "give every Input that the outputs need");
    }
    seen_.insert(&call);
    indices_.emplace(call.layer.get(), static_cast<int>(indices_.size()));
    for (const Symbol& input : call.inputs) visit(input);
    for (const Symbol& mask : call.masks) {
      if (mask) visit(mask);
    }
    finished_.push_back(symbol.shared_call());
  }

  void deepen(const Symbol& symbol, int depth) {
    int& own = depths_[&symbol.call()];
    met_.emplace(&symbol.call(), static_cast<int>(met_.size()));
    own = std::max(own, depth);
    if (!is_input(symbol)) return;
    int& of_layer = layer_depths_[symbol.call().layer.get()];
    of_layer = std::max(of_layer, own);
  }

  // Backwards from the outputs, so that a call's depth is known before those of its inputs.
  void find_depths() {
    for (auto call = finished_.rbegin(); call != finished_.rend(); ++call) {
      int& of_layer = layer_depths_[(*call)->layer.get()];
      int& depth = depths_[call->get()];
      met_.emplace(call->get(), static_cast<int>(met_.size()));
      depth = of_layer = std::max(depth, of_layer);
      for (const Symbol& input : (*call)->inputs) deepen(input, depth + 1);
      for (const Symbol& mask : (*call)->masks) {
        if (mask) deepen(mask, depth + 1);
      }
    }
  }

  const Symbols& inputs_;
  std::set<const LayerCall*> seen_;
  std::vector<CallPtr> finished_;  // every call after those that it needs
  std::map<const LayerCall*, int> depths_;
  std::map<const LayerCall*, int> met_;  // when, by find_depths
  std::map<const Layer*, int> layer_depths_;
  std::map<const Layer*, int> indices_;
};

// An Input for a symbol that is computed by another layer.
Symbol input_like(const Symbol& symbol) {
  if (symbol.call().inputs.empty()) return symbol;
  const Shape& shape = symbol.shape();
  layers::InputOptions options{.shape = shape.without_front()};
  if (shape[0] != None) options.batch_size = shape[0];
  return chronicler::Input(options);
}

void check_names(const std::string& model, const std::vector<LayerPtr>& layers) {
  std::set<std::string> names;
  for (const LayerPtr& layer : layers) {
    if (names.insert(layer->name()).second) continue;
    throw Error(fmt::format("model \"{}\" has two layers named \"{}\"", model, layer->name()),
                "names must be unique within a model: give one of them another");
  }
}

// Symbols for a graph that is given as data.
class GraphReader {
 public:
  explicit GraphReader(const Graph& graph) : graph_(graph) {
    for (const LayerPtr& layer : graph.layers) layers_[layer->name()] = layer;
    for (const GraphEdge& edge : graph.inputs) {
      const LayerPtr& layer = layer_of(edge.layer);
      if (layer->class_name() != "InputLayer") continue;
      auto call = std::make_shared<LayerCall>();
      call->layer = layer;
      call->shapes = {
          layer->input_shape().value_or(Shape()).with_front(layer->batch_size().value_or(None))};
      layer->build(call->shapes);
      known_[{edge.layer, 0}] = Symbols(Symbol(std::move(call), 0));
    }
    call_all();
  }

  Symbols symbols(const std::vector<GraphEdge>& edges) const {
    std::vector<Symbol> symbols;
    for (const GraphEdge& edge : edges) symbols.push_back(symbol(edge));
    return symbols;
  }

 private:
  const LayerPtr& layer_of(const std::string& name) const {
    const auto found = layers_.find(name);
    if (found != layers_.end()) return found->second;
    std::vector<std::string_view> names;
    for (const auto& [known, layer] : layers_) names.push_back(known);
    unknown_name("layer", name, names);
  }

  bool is_known(const GraphEdge& edge) const {
    return edge.layer.empty() || known_.contains({edge.layer, edge.node});
  }

  Symbol symbol(const GraphEdge& edge) const {
    if (edge.layer.empty()) return {};
    const auto found = known_.find({edge.layer, edge.node});
    if (found != known_.end() && static_cast<std::size_t>(edge.tensor) < found->second.size())
      return found->second[static_cast<std::size_t>(edge.tensor)];
    throw Error(fmt::format("there is no output {} of call {} of layer \"{}\"", edge.tensor,
                            edge.node, edge.layer));
  }

  // Calls come in any order between layers: each is made once its inputs are known.
  void call_all() {
    std::vector<const GraphCall*> left;
    for (const GraphCall& call : graph_.calls) left.push_back(&call);
    std::map<std::string, int> next;
    while (!left.empty()) {
      std::vector<const GraphCall*> waiting;
      std::set<std::string> blocked;  // later calls of a layer wait for the earlier ones
      for (const GraphCall* call : left) {
        if (blocked.contains(call->layer) || !is_ready(*call)) {
          blocked.insert(call->layer);
          waiting.push_back(call);
          continue;
        }
        known_[{call->layer, next[call->layer]++}] = layer_of(call->layer)(
            symbols(call->inputs), {.initial_state = symbols(call->initial_state),
                                    .mask = symbols(call->mask),
                                    .use_causal_mask = call->flags.use_causal_mask,
                                    .return_attention_scores = call->flags.return_attention_scores,
                                    .reverse = call->flags.reverse});
      }
      if (waiting.size() == left.size()) {
        throw Error(fmt::format("layer \"{}\" is called on something that is never computed",
                                waiting.front()->layer),
                    "an input of the graph is missing, or the graph goes round in a circle");
      }
      left = std::move(waiting);
    }
  }

  bool is_ready(const GraphCall& call) const {
    const auto all_known = [&](const std::vector<GraphEdge>& edges) {
      return std::all_of(edges.begin(), edges.end(),
                         [&](const GraphEdge& edge) { return is_known(edge); });
    };
    return all_known(call.inputs) && all_known(call.initial_state) && all_known(call.mask);
  }

  const Graph& graph_;
  std::map<std::string, LayerPtr> layers_;
  std::map<std::pair<std::string, int>, Symbols> known_;
};

// What the constructor needs of a graph, with the reader that made it.
struct ReadGraph {
  explicit ReadGraph(const Graph& graph)
      : reader(graph),
        inputs(reader.symbols(graph.inputs)),
        outputs(reader.symbols(graph.outputs)) {}
  GraphReader reader;
  Symbols inputs;
  Symbols outputs;
};

}  // namespace

Functional::Functional(const Symbols& inputs, const Symbols& outputs, const std::string& name)
    : Model(name.empty() ? unique_name("Functional") : name), inputs_(inputs), outputs_(outputs) {
  if (inputs.empty() || outputs.empty()) {
    throw Error(fmt::format("model \"{}\" needs at least one input and one output", name_));
  }
  const CallOrder order(inputs_, outputs_);
  calls_ = order.calls();
  std::vector<std::pair<std::pair<int, int>, LayerPtr>> places;
  for (const Symbol& input : inputs_) {
    input_layers_.push_back(input_like(input).call().layer);
    places.emplace_back(order.place_of(input.call().layer.get()), input_layers_.back());
  }
  for (const CallPtr& call : calls_) {
    const auto is_there = [&](const auto& place) { return place.second == call->layer; };
    if (std::none_of(places.begin(), places.end(), is_there))
      places.emplace_back(order.place_of(call->layer.get()), call->layer);
  }
  std::stable_sort(places.begin(), places.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  for (const auto& [place, layer] : places) layers_.push_back(layer);
  check_names(name_, layers_);
  build(inputs_[0].shape());
}

Functional::Functional(const Graph& graph, const std::string& name)
    : Functional([&] {
        const ReadGraph read(graph);
        return Functional(read.inputs, read.outputs, name);
      }()) {}

void Functional::connect(const Shape& /*input_shape*/) {
  std::vector<Shape> shapes;
  std::map<std::pair<const LayerCall*, std::size_t>, int> values;
  for (const Symbol& input : inputs_) {
    values[{&input.call(), input.output()}] = static_cast<int>(shapes.size());
    shapes.push_back(input.shape());
  }
  network_->reset(std::move(shapes));
  const auto value_of = [&](const Symbol& symbol) {
    return values.at({&symbol.call(), symbol.output()});
  };
  for (const CallPtr& call : calls_) {
    std::vector<int> inputs;
    for (const Symbol& input : call->inputs) inputs.push_back(value_of(input));
    Network::NodeOptions options;
    options.flags = call->flags;
    // A model within is given a mask in place of one that came along, but none in place of it.
    const int without = model_of(*call->layer) ? Network::mask_of_value : Network::no_mask;
    for (const Symbol& mask : call->masks) options.masks.push_back(mask ? value_of(mask) : without);
    // Keras fills in the mask of the sequence only where the call has one tensor as argument: given
    // states, it runs without.
    if (call->masks.empty() && call->state_count > 0) options.masks = {Network::no_mask};
    const int node = network_->add(call->layer, std::move(inputs), std::move(options));
    const Network::Node& added = network_->nodes()[static_cast<std::size_t>(node)];
    for (std::size_t i = 0; i < call->shapes.size(); ++i)
      values[{call.get(), i}] = added.first_output + static_cast<int>(i);
  }
  std::vector<int> results;
  for (const Symbol& output : outputs_) results.push_back(value_of(output));
  network_->set_outputs(std::move(results));
  if (!network_->changes_masks()) return;
  std::vector<std::size_t> order;
  for (const CallPtr& call : CallOrder(inputs_, outputs_).run_order()) {
    const auto found = std::find(calls_.begin(), calls_.end(), call);
    order.push_back(static_cast<std::size_t>(found - calls_.begin()));
  }
  network_->set_run_order(std::move(order));
}

std::vector<std::string> Functional::input_names() const {
  std::vector<std::string> names;
  for (const LayerPtr& layer : input_layers_) names.push_back(layer->name());
  return names;
}

std::vector<std::string> Functional::output_names() const {
  std::vector<std::string> names;
  for (const Symbol& output : outputs_) {
    const std::string& base = output.call().layer->name();
    std::string name = base;
    // Two outputs of one layer: the second gets a number.
    for (int i = 1; std::find(names.begin(), names.end(), name) != names.end(); ++i)
      name = fmt::format("{}_{}", base, i);
    names.push_back(std::move(name));
  }
  return names;
}

GraphEdge Functional::edge_of(const Symbol& symbol) const {
  if (!symbol) return {};
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    if (inputs_[i] == symbol) return {input_layers_[i]->name(), 0, 0};
  }
  int node = 0;
  for (const CallPtr& call : calls_) {
    if (call == symbol.shared_call()) break;
    if (call->layer == symbol.call().layer) ++node;
  }
  return {symbol.call().layer->name(), node, static_cast<int>(symbol.output())};
}

Graph Functional::graph() const {
  Graph graph;
  graph.layers = layers_;
  for (const CallPtr& call : calls_) {
    GraphCall entry{.layer = call->layer->name(), .flags = call->flags};
    const std::size_t plain = call->inputs.size() - call->state_count;
    for (std::size_t i = 0; i < call->inputs.size(); ++i)
      (i < plain ? entry.inputs : entry.initial_state).push_back(edge_of(call->inputs[i]));
    for (const Symbol& mask : call->masks) entry.mask.push_back(edge_of(mask));
    graph.calls.push_back(std::move(entry));
  }
  for (const Symbol& input : inputs_) graph.inputs.push_back(edge_of(input));
  for (const Symbol& output : outputs_) graph.outputs.push_back(edge_of(output));
  return graph;
}

Functional Functional::clone() const {
  Graph copy = graph();
  for (LayerPtr& layer : copy.layers) layer = layer->clone();
  Functional model(copy, name_);
  model.assets_ = assets_;
  return model;
}

std::shared_ptr<Model> Functional::shared_model() const {
  return std::make_shared<Functional>(inputs_, outputs_, name_);
}

std::shared_ptr<Model> Functional::cloned_model() const {
  return std::make_shared<Functional>(clone());
}

}  // namespace chronicler
