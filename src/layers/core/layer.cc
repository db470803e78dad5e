#include "chronicler/layers/layer.h"

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "layers/core/each_field.h"
#include "layers/core/learner.h"
#include "layers/core/step.h"
#include "layers/core/weights_from_file.h"

namespace chronicler {

State clone_state(const State& state) {
  State copy;
  copy.reserve(state.size());
  for (const Tensor& tensor : state) copy.push_back(tensor.clone());
  return copy;
}

void Layer::set_dtype(DType dtype) {
  if (built_ && dtype != dtype_) {
    throw Error(fmt::format("{} is built already as {}", described(), name_of(dtype_)),
                "set the dtype before the first data");
  }
  dtype_ = dtype;
  for (const Sublayer& held : sublayers_) held.layer->set_dtype(dtype);
}

void Layer::set_trainable(bool trainable) {
  trainable_ = trainable;
  for (const Sublayer& held : sublayers_) held.layer->set_trainable(trainable);
}

namespace {

// The first activation among a layer's options that only an Activation layer computes.
class FindActivation final : public EachField<FindActivation> {
 public:
  template <class Value>
  void take(std::string_view /*name*/, const Value& /*value*/) {}
  void take(std::string_view name, const Activation& value) {
    if (found.empty() && value.needs_layer()) found = fmt::format("{} \"{}\"", name, value.name());
  }
  std::string found;
};

}  // namespace

void Layer::check_activations() {
  if (class_name() == "Activation") return;
  FindActivation search;
  fields(search);
  if (search.found.empty()) return;
  throw Error(
      fmt::format("{}: {} is computed by an Activation layer only", described(), search.found),
      "leave it out here, and add layers::Activation after this layer");
}

void Layer::build(std::span<const Shape> inputs) {
  if (inputs.empty()) throw Error(fmt::format("{} is called on nothing", described()));
  if (built_) return;
  validate();
  check_activations();
  build_shapes_.assign(inputs.begin(), inputs.end());
  parameters_ = {};
  build_weights(inputs);
  own_count_ = parameters_.size();
  adopt_parameters();
  built_ = true;
}

void Layer::build_around(const ParameterList& weights, std::span<const Shape> inputs) {
  build_shapes_.assign(inputs.begin(), inputs.end());
  parameters_ = weights;
  own_count_ = parameters_.size();
  built_ = true;
}

void Layer::draw_seed() {
  if (std::uint64_t* seed = seed_place()) *seed = next_seed();
  for (const Sublayer& held : sublayers_) held.layer->draw_seed();
}

void Layer::hold(std::string path, LayerPtr layer) {
  sublayers_.push_back({std::move(path), std::move(layer)});
}

void Layer::adopt_parameters() {
  parameters_.resize(own_count_);
  for (const Sublayer& held : sublayers_) parameters_.share(held.layer->parameters());
}

Layer::Place Layer::place_of(std::size_t index) const {
  if (index < own_count_) return {nullptr, index};
  index -= own_count_;
  for (const Sublayer& held : sublayers_) {
    const std::size_t size = held.layer->parameters().size();
    if (index < size) return {&held, index};
    index -= size;
  }
  throw Error(fmt::format("{} has {} weights, weight {} was asked for", described(),
                          parameters_.size(), index));
}

bool Layer::trains(std::size_t index) const {
  const Place place = place_of(index);
  const bool inside = place.holder == nullptr ? parameters_[index].trainable
                                              : place.holder->layer->trains(place.index);
  return trainable_ && inside;
}

std::vector<Shape> Layer::call_shapes(std::span<const Shape> inputs,
                                      const CallFlags& /*flags*/) const {
  return output_shapes(inputs);
}

void Layer::build_weights(std::span<const Shape> /*inputs*/) {}

void Layer::add_weight(std::string name, const Shape& shape, WeightOptions options) {
  Parameter parameter;
  parameter.name = std::move(name);
  if (!WeightsFromFile::take(shape.elements(), size_of(dtype_))) {
    throw Error(fmt::format("{} has \"{}\" of shape {}, more numbers than its file holds",
                            described(), parameter.name, shape.to_string()));
  }
  parameter.value = Tensor(shape, dtype_);
  parameter.trainable = options.trainable;
  parameter.initializer = std::move(options.initializer);
  parameter.regularizer = std::move(options.regularizer);
  parameter.constraint = std::move(options.constraint);
  if (!WeightsFromFile::expected()) parameter.initializer.fill(parameter.value, next_seed());
  parameters_.add(std::move(parameter));
}

void Layer::check_inputs(std::span<const Value> inputs) const {
  if (inputs.size() != 1) {
    throw Error(fmt::format("{} takes one input, got {}", described(), inputs.size()));
  }
}

std::unique_ptr<LayerStep> Layer::make_step(State& /*state*/) const { return nullptr; }

std::unique_ptr<LayerStep> Layer::make_call_step(State& state, const CallFlags& /*flags*/) const {
  return make_step(state);
}

std::unique_ptr<LayerLearner> Layer::make_learner(State& /*state*/) const { return nullptr; }

std::optional<Layer::KeptSteps> Layer::kept_steps(std::span<const Shape> /*inputs*/) const {
  return std::nullopt;
}

State Layer::initial_state(std::int64_t /*batch*/) const { return {}; }

std::size_t Layer::state_size() const { return initial_state(1).size(); }

std::string Layer::weight_path(std::size_t index) const {
  const Place place = place_of(index);
  if (place.holder == nullptr) return fmt::format("vars/{}", index);
  return fmt::format("{}/{}", place.holder->path, place.holder->layer->weight_path(place.index));
}

std::int64_t Layer::count_params() const {
  std::int64_t count = 0;
  for (const Parameter& parameter : parameters_) count += parameter.value.size();
  return count;
}

const Regularizer& Layer::activity_regularizer() const {
  static const Regularizer none;
  return none;
}

std::string Layer::described() const {
  return name_.empty() ? std::string(class_name()) : fmt::format("{} \"{}\"", class_name(), name_);
}

void Layer::own_parameters() {
  for (Sublayer& held : sublayers_) held.layer = held.layer->clone();
  parameters_.resize(own_count_);
  parameters_.separate();
  for (Parameter& parameter : parameters_) {
    parameter.value = parameter.value.clone();
    parameter.gradient = Tensor();
    parameter.gradient_squares = Tensor();
    parameter.gradient_sizes = Tensor();
  }
  adopt_parameters();
}

}  // namespace chronicler
