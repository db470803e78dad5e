#include "model/network.h"

#include <algorithm>
#include <cstring>
#include <set>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "model/frame.h"
#include "model/mask_flow.h"
#include "model/model_internals.h"
#include "model/model_layer.h"

namespace chronicler {
namespace {

// Moves the tensors into one, each a part of it; all are of one type.
Tensor side_by_side(const std::vector<Tensor*>& tensors, DType dtype) {
  constexpr std::int64_t alignment = 16;  // elements: every part starts on a cache line
  std::int64_t total = 0;
  for (const Tensor* tensor : tensors)
    total += (tensor->size() + alignment - 1) / alignment * alignment;
  Tensor all(Shape{total}, dtype);
  std::int64_t offset = 0;
  for (Tensor* tensor : tensors) {
    const Tensor part = all.part(offset, tensor->shape());
    copy(*tensor, part);
    *tensor = part;
    offset += (tensor->size() + alignment - 1) / alignment * alignment;
  }
  return all;
}

}  // namespace

void Network::reset(std::vector<Shape> input_shapes) {
  *this = Network();
  input_shapes_ = std::move(input_shapes);
  value_shapes_ = input_shapes_;
  value_count_ = static_cast<int>(input_shapes_.size());
}

int Network::add(const LayerPtr& layer, std::vector<int> inputs, NodeOptions options) {
  std::vector<Shape> shapes;
  for (const int value : inputs) shapes.push_back(value_shape(value));
  layer->build(shapes);
  layer->expect_call(options.flags);
  Node node;
  node.layer = layer;
  node.inputs = std::move(inputs);
  node.masks = std::move(options.masks);
  node.flags = options.flags;
  node.first_output = value_count_;
  node.output_shapes = layer->call_shapes(shapes, node.flags);
  node.output_count = static_cast<int>(node.output_shapes.size());
  value_count_ += node.output_count;
  value_shapes_.insert(value_shapes_.end(), node.output_shapes.begin(), node.output_shapes.end());
  changes_masks_ = changes_masks_ || may_change_masks(*layer);
  run_order_.push_back(nodes_.size());
  nodes_.push_back(std::move(node));
  return static_cast<int>(nodes_.size()) - 1;
}

std::vector<Shape> Network::output_shapes(std::vector<Shape> shapes) const {
  for (const Node& node : nodes_) {
    std::vector<Shape> inputs;
    for (const int value : node.inputs) inputs.push_back(shapes[static_cast<std::size_t>(value)]);
    for (const Shape& shape : node.layer->call_shapes(inputs, node.flags)) shapes.push_back(shape);
  }
  std::vector<Shape> results;
  for (const int value : outputs_) results.push_back(shapes[static_cast<std::size_t>(value)]);
  return results;
}

int Network::node_of(int value) const {
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    const int first = nodes_[i].first_output;
    if (value >= first && value < first + nodes_[i].output_count) return static_cast<int>(i);
  }
  return -1;
}

namespace {

// Which of a node's inputs its output is, unchanged; -1 for none.
int input_passed_on(const Network::Node& node, int output, bool training) {
  const Model* model = model_of(*node.layer);
  if (model == nullptr) return node.layer->passes_on(training) ? 0 : -1;
  const Network& inside = ModelInternals::network(*model);
  const int source = inside.source_of(inside.outputs()[static_cast<std::size_t>(output)], training);
  return source < static_cast<int>(inside.input_shapes().size()) ? source : -1;
}

}  // namespace

int Network::source_of(int value, bool training) const {
  for (int node = node_of(value); node >= 0; node = node_of(value)) {
    const Node& own = nodes_[static_cast<std::size_t>(node)];
    const int input = input_passed_on(own, value - own.first_output, training);
    if (input < 0) return value;
    value = own.inputs[static_cast<std::size_t>(input)];
  }
  return value;
}

std::vector<Parameter*> Network::parameters() const {
  std::vector<Parameter*> parameters;
  std::set<const Parameter*> seen;  // a shared layer's count once
  for (const Node& node : nodes_) {
    for (Parameter& parameter : node.layer->parameters()) {
      if (seen.insert(&parameter).second) parameters.push_back(&parameter);
    }
  }
  return parameters;
}

void Network::gather_parameters() {
  std::vector<Tensor*> values;
  for (Parameter* parameter : parameters()) values.push_back(&parameter->value);
  if (values.empty()) return;
  const DType dtype = values.front()->dtype();
  for (const Tensor* value : values) {
    if (value->dtype() != dtype) {
      throw Error("a model's layers must all have one dtype, got float32 and float64",
                  "set dtype on every layer or on none");
    }
  }
  values_ = side_by_side(values, dtype);
}

void Network::make_gradients() {
  std::vector<Tensor*> gradients;
  gradient_squares_.clear();
  for (Parameter* parameter : parameters()) {
    parameter->gradient = Tensor(parameter->value.shape(), parameter->value.dtype());
    gradients.push_back(&parameter->gradient);
    parameter->gradient_squares = Tensor();
    if (!parameter->by_rows) continue;
    parameter->gradient_squares = Tensor(parameter->value.shape(), parameter->value.dtype());
    gradient_squares_.push_back(parameter->gradient_squares);
  }
  if (!gradients.empty()) gradients_ = side_by_side(gradients, gradients.front()->dtype());
}

bool Network::has_gradients() const {
  if (!gradients_) return parameters().empty();
  const auto* begin = static_cast<const std::byte*>(gradients_.view().raw());
  const std::vector<Parameter*> all = parameters();
  return std::all_of(all.begin(), all.end(), [&](const Parameter* parameter) {
    const auto* own = static_cast<const std::byte*>(parameter->gradient.view().raw());
    return own != nullptr && own >= begin && own < begin + gradients_.bytes();
  });
}

void Network::zero_gradients() {
  if (gradients_) std::memset(gradients_.view().raw(), 0, gradients_.bytes());
  for (const Tensor& squares : gradient_squares_)
    std::memset(squares.view().raw(), 0, squares.bytes());
}

Execution::Execution(const Network& network, bool carry)
    : network_(&network),
      carry_(carry),
      values_(static_cast<std::size_t>(network.value_count())),
      gradients_(values_.size()),
      logits_(values_.size()),
      logit_slopes_(values_.size()),
      wanted_(std::make_unique<bool[]>(values_.size())),
      asked_(std::make_unique<bool[]>(network.nodes().size())),
      tapes_(network.nodes().size()),
      states_(network.nodes().size()),
      carried_(network.nodes().size()),
      inputs_(network.nodes().size()),
      built_masks_(values_.size()),
      made_masks_(values_.size()) {}

Frame Execution::frame() {
  return {values_,      gradients_,    {wanted_.get(), values_.size()},
          logits_,      logit_slopes_, {asked_.get(), tapes_.size()},
          tapes_,       carried_,      inputs_,
          built_masks_, made_masks_,   padded_};
}

Pass Execution::make_pass() {
  return {arena_,     Runtime::global(), mode_.training,
          mode_.step, mode_.observe,     carry_ || in_parts_};
}

void Execution::forward(std::span<const Value> inputs, const Mode& mode) {
  if (inputs.size() != network_->input_shapes().size()) {
    throw Error(fmt::format("the model has {} inputs, got {}", network_->input_shapes().size(),
                            inputs.size()));
  }
  if (!carry_) check_batch_size(inputs);
  find_states(inputs.front().data.shape()[0]);
  const FlushDenormals guard;
  mode_ = mode;
  arena_.reset();
  std::copy(inputs.begin(), inputs.end(), values_.begin());
  std::fill(built_masks_.begin(), built_masks_.end(), TensorView());
  padded_ = std::any_of(inputs.begin(), inputs.end(),
                        [](const Value& input) { return static_cast<bool>(input.mask); });
  Pass pass = make_pass();
  std::fill_n(asked_.get(), tapes_.size(), false);
  for (std::size_t i = 0; mode.logits && i < network_->outputs().size(); ++i)
    frame().ask(*network_, network_->outputs()[i], mode.training);
  keeps_less_ = !mode.keep_bytes.empty();
  mode_.keep_bytes = {};
  run_forward(*network_, frame(), pass, mode.keep, mode.keep_bytes);
  activity_penalty_ = pass.activity_penalty;
}

// An Input may fix the batch size; a stream, which has one row of its own, does not keep to it.
void Execution::check_batch_size(std::span<const Value> inputs) const {
  const std::int64_t batch = inputs.front().data.shape()[0];
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const std::int64_t rows = inputs[i].data.shape()[0];
    if (rows != batch) {
      throw Error(
          fmt::format("input {} of the model has {} rows, the first input has {}", i, rows, batch));
    }
    const std::int64_t fixed = network_->input_shapes()[i][0];
    if (fixed == None || fixed == batch) continue;
    throw Error(fmt::format("the model's input has batch size {}, got a batch of {}", fixed, batch),
                "use that batch_size, and a number of samples that it divides");
  }
}

// States start at zero and are carried from then on.
void Execution::find_states(std::int64_t batch) {
  for (std::size_t i = 0; i < states_.size(); ++i) {
    const Network::Node& node = network_->nodes()[i];
    if (!carry_ && !in_parts_ && !node.layer->stateful()) continue;
    check_carried_batch(node, states_[i], batch);
    if (states_[i].empty()) states_[i] = node.layer->initial_state(batch);
    carried_[i] = states_[i];
  }
}

void Execution::check_carried_batch(const Network::Node& node, const State& state,
                                    std::int64_t batch) const {
  if (node.layer->stateful() && node.layer->batch_size().value_or(batch) != batch) {
    throw Error(
        fmt::format("{} \"{}\" is stateful with batch_size {}, got a batch of {}",
                    node.layer->class_name(), node.layer->name(), *node.layer->batch_size(), batch),
        "use a batch_size that divides the number of samples");
  }
  if (state.empty() || state.front().shape()[0] == batch) return;
  throw Error(
      fmt::format("{} \"{}\" carries the states of a batch of {}, got a batch of {}",
                  node.layer->class_name(), node.layer->name(), state.front().shape()[0], batch),
      "use a batch_size that divides the number of samples, or call reset_states() before");
}

const Value& Execution::output(std::size_t index) const {
  return values_[static_cast<std::size_t>(network_->outputs()[index])];
}

Logits Execution::logits(std::size_t index) const {
  const int value = network_->source_of(network_->outputs()[index], mode_.training);
  return logits_[static_cast<std::size_t>(value)];
}

void Execution::backward(std::span<const TensorView> output_gradients, bool inputs,
                         std::span<const TensorView> logit_gradients) {
  const FlushDenormals guard;
  for (std::size_t i = 0; i < network_->input_shapes().size(); ++i) {
    const DType dtype = values_[i].data.dtype();
    wanted_[i] = inputs && (dtype == DType::float32 || dtype == DType::float64);
  }
  std::fill(gradients_.begin(), gradients_.end(), TensorView());
  std::fill(logit_slopes_.begin(), logit_slopes_.end(), TensorView());
  Pass pass = make_pass();
  for (std::size_t i = 0; i < output_gradients.size(); ++i) {
    TensorView& gradient = gradients_[static_cast<std::size_t>(network_->outputs()[i])];
    gradient = added(arena_, gradient, output_gradients[i]);
  }
  for (std::size_t i = 0; i < logit_gradients.size(); ++i) {
    frame().add_logit_slope(arena_, *network_, network_->outputs()[i], mode_.training,
                            logit_gradients[i]);
  }
  if (keeps_less_) pass.keep_bytes = 0;
  run_backward(*network_, frame(), pass);
}

namespace {

// Of layers that are not stateful, also of those in models within: what they carry is of sequences
// that are over.
void forget_sequence(const Layer& layer, std::span<Tensor> state) {
  const Model* within = model_of(layer);
  if (within == nullptr) {
    if (layer.stateful()) return;
    for (Tensor& tensor : state) tensor.fill(0.0);
    return;
  }
  std::size_t begin = 0;
  for (const Network::Node& node : ModelInternals::network(*within).nodes()) {
    const std::size_t count = std::min(node.layer->state_size(), state.size() - begin);
    forget_sequence(*node.layer, state.subspan(begin, count));
    begin += count;
  }
}

}  // namespace

void Execution::begin_parts(std::int64_t batch, bool goes_on) {
  in_parts_ = true;
  for (std::size_t i = 0; i < states_.size(); ++i) {
    State& state = states_[i];
    const Layer& layer = *network_->nodes()[i].layer;
    const bool other_size = !state.empty() && state.front().shape()[0] != batch;
    if (other_size && !goes_on && !layer.stateful()) state.clear();
    if (state.empty()) {
      state = layer.initial_state(batch);
    } else if (!goes_on) {
      forget_sequence(layer, state);
    }
  }
}

void Execution::end_parts() {
  in_parts_ = false;
  for (std::size_t i = 0; i < states_.size(); ++i) {
    if (!carry_ && !network_->nodes()[i].layer->stateful()) carried_[i] = {};
  }
}

void Execution::reset_states() {
  for (State& state : states_) state.clear();
  std::fill(carried_.begin(), carried_.end(), std::span<Tensor>());
}

}  // namespace chronicler
