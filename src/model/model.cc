#include "chronicler/model/model.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/mapped_memory.h"
#include "chronicler/base/error.h"
#include "chronicler/model/stream.h"
#include "model/compiled_before.h"
#include "model/model_internals.h"
#include "model/model_layer.h"
#include "model/network.h"
#include "model/stream_parts.h"

namespace chronicler {
namespace {

[[noreturn]] void not_built(const std::string& name) {
  throw Error(
      fmt::format("model \"{}\" is not built yet: the shape of its input is not known", name),
      "give an Input or an input_shape, call build(shape), or show it data first");
}

// "input", or "input 1 (\"states\")" where there are several.
std::string input_title(const Model& model, std::size_t index) {
  if (!model.built() || model.input_shapes().size() == 1) return "input";
  return fmt::format("input {} (\"{}\")", index, model.input_names()[index]);
}

[[noreturn]] void wrong_input(const Model& model, std::size_t index, const Shape& expected,
                              const Shape& got) {
  throw Error(
      fmt::format("{} of model \"{}\" must have shape {}, got {}", input_title(model, index),
                  model.name(), expected.to_string(), got.to_string()),
      "change the data or the model's input shape");
}

}  // namespace

Model::Model(std::string name) : name_(std::move(name)), network_(std::make_shared<Network>()) {}
Model::~Model() = default;
Model::Model(Model&&) noexcept = default;
Model& Model::operator=(Model&&) noexcept = default;

const std::string& Model::name() const { return name_; }
const std::vector<LayerPtr>& Model::layers() const { return layers_; }

const LayerPtr& Model::get_layer(std::string_view name) const {
  std::vector<std::string_view> names;
  for (const LayerPtr& layer : layers_) {
    if (layer->name() == name) return layer;
    names.push_back(layer->name());
  }
  unknown_name("layer", name, names);
}

bool Model::built() const { return network_->built(); }

const Shape& Model::input_shape() const { return input_shapes().front(); }

const std::vector<Shape>& Model::input_shapes() const {
  if (!built()) not_built(name_);
  return network_->input_shapes();
}

std::vector<Shape> Model::output_shapes() const {
  if (!built()) not_built(name_);
  std::vector<Shape> shapes;
  for (const int value : network_->outputs()) shapes.push_back(network_->value_shape(value));
  return shapes;
}

std::vector<std::string> Model::input_names() const { return {"input_layer"}; }

std::vector<std::string> Model::output_names() const {
  return {layers_.empty() ? std::string("output") : layers_.back()->name()};
}

const Shape& Model::output_shape() const {
  if (!built()) not_built(name_);
  return network_->value_shape(network_->outputs().front());
}

void Model::build(const Shape& input_shape) {
  if (built()) return;
  if (layers_.empty()) throw Error(fmt::format("model \"{}\" has no layers", name_), "add one");
  connect(input_shape);
  network_->gather_parameters();
}

void Model::forget_network() {
  network_ = std::make_shared<Network>();
  execution_.reset();
  trainer_ = nullptr;
  compiled_ = nullptr;
  layer_ = {};
  optimizer_params_ = 0;
}

std::optional<Compilation> Model::compilation() const {
  if (!compiled_) return std::nullopt;
  return compiled_->compilation(*this);
}

void Model::restore_optimizer(const std::vector<Tensor>& variables) {
  if (compiled_) compiled_->restore(*this, variables);
}

void Model::set_compilation(Compilation compilation) {
  trainer_ = nullptr;
  compiled_ = std::make_shared<CompiledBefore>(std::move(compilation));
}

Execution& Model::execution() {
  if (!built()) not_built(name_);
  if (!execution_) execution_ = std::make_unique<Execution>(*network_);
  return *execution_;
}

std::vector<Parameter*> Model::parameters() const {
  if (!built()) not_built(name_);
  return network_->parameters();
}

std::vector<Tensor> Model::get_weights() const {
  std::vector<Tensor> weights;
  for (const Parameter* parameter : parameters()) weights.push_back(parameter->value.clone());
  return weights;
}

void Model::set_weights(const std::vector<Tensor>& weights) {
  const std::vector<Parameter*> own = parameters();
  if (weights.size() != own.size()) {
    throw Error(
        fmt::format("model \"{}\" has {} weights, got {}", name_, own.size(), weights.size()),
        "give them in the order of get_weights()");
  }
  for (std::size_t i = 0; i < own.size(); ++i) {
    if (weights[i].shape() == own[i]->value.shape()) continue;
    throw Error(
        fmt::format("weight {} (\"{}\") of model \"{}\" has shape {}, got {}", i, own[i]->name,
                    name_, own[i]->value.shape().to_string(), weights[i].shape().to_string()),
        "give them in the order of get_weights()");
  }
  for (std::size_t i = 0; i < own.size(); ++i)
    copy(weights[i].to(own[i]->value.dtype()), own[i]->value);
}

std::int64_t Model::count_params() const {
  std::int64_t count = 0;
  for (const Parameter* parameter : parameters()) count += parameter->value.size();
  return count;
}

std::int64_t Model::count_trainable_params() const {
  std::int64_t count = 0;
  std::set<const Parameter*> seen;  // a weight that several layers know counts once
  for (const LayerPtr& layer : layers_) {
    for (std::size_t i = 0; i < layer->parameters().size(); ++i) {
      const Parameter& parameter = layer->parameters()[i];
      if (layer->trains(i) && seen.insert(&parameter).second) count += parameter.value.size();
    }
  }
  return count;
}

namespace {

// Integers stay what they are where every layer that takes them wants ids.
bool takes_ids(const Network& network, int value) {
  bool any = false;
  for (const Network::Node& node : network.nodes()) {
    for (const int input : node.inputs) {
      if (input != value) continue;
      if (!node.layer->takes_ids()) return false;
      any = true;
    }
  }
  return any;
}

// Of models within, by the input of theirs.
bool takes_texts(const Network& network, int value) {
  for (const Network::Node& node : network.nodes()) {
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      if (node.inputs[i] != value) continue;
      const Model* within = model_of(*node.layer);
      if (within != nullptr ? takes_texts(ModelInternals::network(*within), static_cast<int>(i))
                            : node.layer->takes_texts())
        return true;
    }
  }
  return false;
}

// Texts where texts are read, and numbers elsewhere.
void check_kind(const Model& model, std::size_t index, DType given) {
  const std::vector<LayerPtr>& layers = model.layers();
  const bool reads_texts =
      model.built() ? takes_texts(ModelInternals::network(model), static_cast<int>(index))
                    : !layers.empty() && layers.front()->takes_texts();
  if (reads_texts == (given == DType::text)) return;
  throw Error(fmt::format("{} of model \"{}\" is {}, got {}", input_title(model, index),
                          model.name(), reads_texts ? "texts" : "numbers", name_of(given)),
              reads_texts
                  ? "give text_tensor(texts); on the command line a .txt file, a text a line"
                  : "a TextVectorization layer in the model would make ids of texts");
}

// Numbers of a file that is mapped stay where they are: the file may be larger than memory.
void check_mapped_type(const Model& model, std::size_t index, const Tensor& x, DType wanted) {
  if (x.dtype() == wanted || !is_mapped(x)) return;
  throw Error(fmt::format("{} of model \"{}\" is {}, mapped from \"{}\"; the model computes in {}",
                          input_title(model, index), model.name(), name_of(x.dtype()),
                          mapped_path(x), name_of(wanted)),
              fmt::format("convert the file once: chronicler convert \"{}\" NEW.npy; or read it: "
                          "load_npy",
                          mapped_path(x)));
}

// A value that is used as a mask and as nothing else is converted to one.
bool is_mask(const Network& network, int value) {
  bool any = false;
  for (const Network::Node& node : network.nodes()) {
    if (std::find(node.inputs.begin(), node.inputs.end(), value) != node.inputs.end()) return false;
    any = any || std::find(node.masks.begin(), node.masks.end(), value) != node.masks.end();
  }
  return any;
}

}  // namespace

std::vector<Tensor> Model::prepare_inputs(const TensorList& x) {
  const std::size_t count = built() ? network_->input_shapes().size() : 1;
  if (x.size() != count) {
    throw Error(fmt::format("model \"{}\" has {} input{}, got {}", name_, count,
                            count == 1 ? "" : "s", x.size()),
                "give them in the order of the model's inputs: {a, b}");
  }
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (!x[i] || x[i].shape().rank() == 0 || x[i].shape()[0] == 0) {
      throw Error(
          fmt::format("model \"{}\" got no data: x has shape {}", name_, x[i].shape().to_string()),
          "give at least one sample");
    }
    check_kind(*this, i, x[i].dtype());
    // The first axis of x may hold many batches: a fixed batch size is checked batch by batch.
    Shape samples = x[i].shape();
    samples.set(0, None);
    if (x[i].dtype() == DType::text && samples.rank() == 2) samples.set(1, None);
    const std::optional<Shape> declared = i == 0 ? declared_input() : input_shapes()[i];
    if (declared && !declared->fits(samples)) wrong_input(*this, i, *declared, x[i].shape());
    if (built() && x[i].shape().rank() != input_shapes()[i].rank())
      wrong_input(*this, i, input_shapes()[i], x[i].shape());
    build(samples);
  }
  const std::vector<Parameter*> weights = network_->parameters();
  const DType real = weights.empty() ? layers_.back()->dtype() : weights.front()->value.dtype();
  std::vector<Tensor> inputs;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const int value = static_cast<int>(i);
    const bool is_ids = x[i].dtype() == DType::int32 && takes_ids(*network_, value);
    const bool stays = is_ids || x[i].dtype() == DType::text;
    const DType type = stays ? x[i].dtype() : is_mask(*network_, value) ? DType::boolean : real;
    check_mapped_type(*this, i, x[i], type);
    inputs.push_back(x[i].to(type));
  }
  return inputs;
}

void Model::run(const std::vector<Tensor>& inputs, bool training) {
  std::vector<Value> values;
  for (const Tensor& input : inputs) values.push_back({input, {}});
  Execution::Mode mode;
  mode.training = training;
  if (training) mode.step = training_calls_++;
  execution().forward(values, mode);
}

Tensor Model::operator()(const Tensor& x, bool training) {
  run(prepare_inputs(TensorList({x})), training);
  return own(execution().output().data);
}

std::vector<Tensor> Model::operator()(const std::vector<Tensor>& x, bool training) {
  run(prepare_inputs(x), training);
  std::vector<Tensor> outputs;
  for (std::size_t i = 0; i < network_->outputs().size(); ++i)
    outputs.push_back(own(execution().output(i).data));
  return outputs;
}

LayerPtr Model::as_layer() {
  if (!layer_) layer_ = model_layer(shared_model());
  return layer_;
}

Symbols Model::operator()(const Symbols& inputs) {
  if (!built() && !inputs.empty()) build(inputs[0].shape());
  return as_layer()(inputs);
}

void Model::reset_states() {
  if (execution_) execution_->reset_states();
}

std::vector<State> Model::carried_states() const {
  if (!execution_) return {};
  std::vector<State> states = execution_->states();
  for (std::size_t i = 0; i < states.size(); ++i) {
    // What is left of sequences that were learnt part by part.
    if (!network_->nodes()[i].layer->stateful()) states[i].clear();
  }
  const auto carries = [](const State& state) { return !state.empty(); };
  if (std::none_of(states.begin(), states.end(), carries)) return {};
  return states;
}

void Model::carry_states(std::vector<State> states) {
  const std::vector<Network::Node>& nodes = network_->nodes();
  bool fits = states.size() == nodes.size();
  for (std::size_t i = 0; fits && i < nodes.size(); ++i) {
    if (states[i].empty()) continue;
    const Shape& first = states[i][0].shape();
    fits = nodes[i].layer->stateful() && first.rank() > 0 && first[0] > 0;
    const State own = fits ? nodes[i].layer->initial_state(first[0]) : State();
    fits = fits && std::equal(own.begin(), own.end(), states[i].begin(), states[i].end(),
                              [](const Tensor& a, const Tensor& b) {
                                return a.shape() == b.shape() && a.dtype() == b.dtype();
                              });
  }
  if (!fits) {
    throw Error(fmt::format("the states are not those of model \"{}\"", name_),
                "give what carried_states() gave, of a model with the same layers");
  }
  for (State& state : states) state = clone_state(state);
  execution().states() = std::move(states);
}

Stream Model::stream() const { return stream({}); }

Stream Model::stream(const StreamOptions& options) const {
  if (!built()) not_built(name_);
  if (!options.adapt) return Stream(network_, options);
  check_fields("a stream", *options.adapt);
  std::shared_ptr<Model> own = cloned_model();
  Stream stream(own->network_, options);
  stream.parts_->learning =
      std::make_unique<StreamLearning>(*options.adapt, std::move(own), network_, compiled_);
  return stream;
}

}  // namespace chronicler
