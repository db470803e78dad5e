#include "chronicler/model/stream.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "layers/core/dispatch.h"
#include "model/model_internals.h"
#include "model/stream_parts.h"

namespace chronicler {
namespace {

// (1, 1, F) for sequences of vectors, (1, 1) for sequences of ids: one row, one step of the model's
// input.
Shape step_shape(const Network& network) {
  Shape shape = network.input_shapes().front();
  const bool takes_ids = network.nodes().front().layer->takes_ids();
  if (shape.rank() < (takes_ids ? 2 : 3)) {
    throw Error("a stream needs a model of sequences, its input is " + shape.to_string(),
                "give the model inputs (batch, steps, features), or predict with it");
  }
  shape.set(0, 1);
  shape.set(1, 1);
  return shape;
}

DType input_dtype(const Network& network) {
  const auto parameters = network.parameters();
  return parameters.empty() ? DType::float32 : parameters.front()->value.dtype();
}

}  // namespace

StreamLearning::StreamLearning(const AdaptOptions& how, std::shared_ptr<Model> copy,
                               std::shared_ptr<const Network> model_network,
                               std::shared_ptr<Compiled> by)
    : options(how),
      own(std::move(copy)),
      trained(std::move(model_network)),
      compiled(std::move(by)),
      counts({1, how.steps}) {
  const Network& network = ModelInternals::network(*own);
  Shape shape = step_shape(network);
  shape.set(1, how.steps);
  x = Tensor(shape, input_dtype(network));
  for (const Network::Node& node : network.nodes()) start.push_back(node.layer->initial_state(1));
}

StreamLearning::StreamLearning(const StreamLearning& other)
    : options(other.options),
      own(ModelInternals::cloned_model(*other.own)),
      trained(other.trained),
      compiled(other.compiled),
      x(other.x.clone()),
      noted(other.noted),
      y(other.y ? other.y.clone() : Tensor()),
      counts(other.counts.clone()) {
  for (const State& state : other.start) start.push_back(clone_state(state));
  if (other.adapter) adapter = other.adapter->copy_for(*this);
}

Stream::Parts::Parts(std::shared_ptr<const Network> shared, const StreamOptions& how)
    : network(std::move(shared)),
      options(how),
      execution(*network, true),
      input(step_shape(*network), input_dtype(*network)) {}

// Before the step: where it goes out from, and what it reads. A full window whose last step had no
// target is learnt from first.
void Stream::Parts::note_step(std::span<const float> x) noexcept {
  StreamLearning& own = *learning;
  if (own.is_full()) {
    try {
      if (own.adapter) own.adapter->learn_from(own);
    } catch (...) {  // the weights are as they were
    }
    own.forget();
    for (const auto& step : chain) step->take_weights();
  }
  if (own.noted == 0) {
    for (const auto& step : chain) step->give_state();
    for (std::size_t i = 0; i < own.start.size(); ++i) {
      for (std::size_t k = 0; k < own.start[i].size(); ++k)
        copy(execution.states()[i][k], own.start[i][k]);
    }
    own.counts.fill(0.0);
  }
  const std::int64_t width = own.x.size() / own.options.steps;
  with_real(own.x.dtype(), [&](auto real) {
    std::copy(x.begin(), x.end(), own.x.as<decltype(real)>() + own.noted * width);
  });
  ++own.noted;
}

// Only a chain of layers, each with one input and one output, has a quick way.
void Stream::Parts::forge_chain() {
  int value = 0;  // what the next layer must read
  for (std::size_t i = 0; i < network->nodes().size(); ++i) {
    const Network::Node& node = network->nodes()[i];
    std::unique_ptr<LayerStep> step;
    if (node.inputs.size() == 1 && node.inputs[0] == value && node.output_count == 1)
      step = node.layer->make_call_step(execution.states()[i], node.flags);
    if (!step) {
      chain.clear();
      return;
    }
    value = node.first_output;
    chain.push_back(std::move(step));
  }
  const bool ends_here = network->outputs().size() == 1 && network->outputs()[0] == value;
  if (!ends_here) chain.clear();
}

bool Stream::Parts::run_chain(const float* x, float* y) noexcept {
  const FlushDenormals guard;
  for (const auto& step : chain) {
    x = step->step(x);
    if (x == nullptr) return false;
  }
  std::copy_n(x, output.size(), y);
  return true;
}

bool Stream::Parts::run_network(std::span<const float> x, std::span<float> y) noexcept {
  try {
    with_real(input.dtype(),
              [&](auto real) { std::copy(x.begin(), x.end(), input.as<decltype(real)>()); });
    const Value value{input, {}};
    execution.forward(std::span(&value, 1), {});
    const TensorView result = execution.output().data;
    with_real(result.dtype(), [&](auto real) {
      using Real = decltype(real);
      std::transform(result.as<Real>(), result.as<Real>() + result.size(), y.begin(),
                     [](Real number) { return static_cast<float>(number); });
    });
    return true;
  } catch (...) {
    return false;
  }
}

Stream::Stream(std::shared_ptr<const Network> network, const StreamOptions& options) {
  const bool bfloat16 = options.weights == "bfloat16";
  if (!bfloat16 && options.weights != "float32") {
    throw Error(fmt::format("a stream has no weights of type \"{}\"", options.weights),
                "give \"float32\" or \"bfloat16\"");
  }
  for (const Network::Node& node : network->nodes()) {
    if (node.layer->causal()) continue;
    throw Error(fmt::format("the model cannot be streamed: {} \"{}\" needs the whole sequence",
                            node.layer->class_name(), node.layer->name()),
                "predict whole sequences with it");
  }
  parts_ = std::make_unique<Parts>(std::move(network), options);
  // Two steps: the first finds out how much memory a step needs, and the second takes it in one
  // piece. From then on a step allocates nothing. Both run on zeros (id 0) and are forgotten.
  for (int i = 0; i < 2; ++i) {
    const Value x{parts_->input, {}};
    parts_->execution.forward(std::span(&x, 1), {});
  }
  parts_->output.resize(static_cast<std::size_t>(parts_->execution.output().data.size()));
  reset();
  parts_->forge_chain();
  if (!bfloat16) return;
  if (parts_->chain.empty()) {
    throw Error(
        "the model cannot be streamed with bfloat16 weights: not all of its layers, one "
        "after the other, have a quick step in float32",
        "stream it with float32 weights");
  }
  for (const auto& step : parts_->chain) step->use_bfloat16();
}

Stream::~Stream() = default;
Stream::Stream(Stream&&) noexcept = default;
Stream& Stream::operator=(Stream&&) noexcept = default;

Stream::Stream(const Stream& other) {
  std::unique_ptr<StreamLearning> learning;
  std::shared_ptr<const Network> network = other.parts_->network;
  if (other.parts_->learning) {
    learning = std::make_unique<StreamLearning>(*other.parts_->learning);
    network = ModelInternals::shared_network(*learning->own);
  }
  *this = Stream(std::move(network), other.parts_->options);
  set_state(other.state());
  parts_->learning = std::move(learning);
}

Stream& Stream::operator=(const Stream& other) {
  if (this != &other) *this = Stream(other);
  return *this;
}

std::int64_t Stream::features() const { return parts_->input.size(); }
std::int64_t Stream::outputs() const { return static_cast<std::int64_t>(parts_->output.size()); }

void Stream::step(std::span<const float> x, std::span<float> y) noexcept {
  const bool fits = static_cast<std::int64_t>(x.size()) == features() &&
                    static_cast<std::int64_t>(y.size()) == outputs();
  if (fits && parts_->learning) parts_->note_step(x);
  const bool done = fits && (parts_->chain.empty() ? parts_->run_network(x, y)
                                                   : parts_->run_chain(x.data(), y.data()));
  if (done) return;
  std::fill(y.begin(), y.end(), std::numeric_limits<float>::quiet_NaN());
  if (fits && parts_->learning) --parts_->learning->noted;  // nothing has changed
}

std::span<const float> Stream::step(std::span<const float> x) noexcept {
  step(x, parts_->output);
  return parts_->output;
}

void Stream::take_weights() {
  if (parts_->learning) {
    StreamLearning& learning = *parts_->learning;
    const std::vector<Parameter*> own = learning.own->parameters();
    const std::vector<Parameter*> trained = learning.trained->parameters();
    for (std::size_t i = 0; i < own.size(); ++i) copy(trained[i]->value, own[i]->value);
    learning.forget();
    learning.adapter.reset();
  }
  for (const auto& step : parts_->chain) step->take_weights();
}

void Stream::reset() {
  if (parts_->learning) parts_->learning->forget();
  const auto& nodes = parts_->network->nodes();
  std::vector<State>& states = parts_->execution.states();
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (states[i].empty()) states[i] = nodes[i].layer->initial_state(1);
    for (Tensor& tensor : states[i]) tensor.fill(0.0);
  }
  for (const auto& step : parts_->chain) step->take_state();
}

std::vector<State> Stream::state() const {
  for (const auto& step : parts_->chain) step->give_state();
  std::vector<State> copies;
  for (const State& state : parts_->execution.states()) {
    if (!state.empty()) copies.push_back(clone_state(state));
  }
  return copies;
}

void Stream::set_state(const std::vector<State>& state) {
  std::vector<Tensor*> places;
  for (State& own : parts_->execution.states()) {
    for (Tensor& tensor : own) places.push_back(&tensor);
  }
  std::vector<const Tensor*> given;
  for (const State& layer : state) {
    for (const Tensor& tensor : layer) given.push_back(&tensor);
  }
  bool fits = given.size() == places.size();
  for (std::size_t i = 0; fits && i < given.size(); ++i)
    fits = given[i]->shape() == places[i]->shape();
  if (!fits)
    throw Error(
        fmt::format("the stream has {} state tensors; number or shapes of the given {} differ",
                    places.size(), given.size()),
        "take them from state() of a stream of the same model");
  for (std::size_t i = 0; i < given.size(); ++i) copy(*given[i], *places[i]);
  if (parts_->learning) parts_->learning->forget();
  for (const auto& step : parts_->chain) step->take_state();
}

}  // namespace chronicler
