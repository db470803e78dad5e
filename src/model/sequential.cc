#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "chronicler/model/model.h"
#include "model/network.h"

namespace chronicler {

Sequential::Sequential() : Sequential(std::vector<LayerPtr>{}) {}

Sequential::Sequential(std::initializer_list<LayerPtr> layers, const std::string& name)
    : Sequential(std::vector<LayerPtr>(layers), name) {}

Sequential::Sequential(const std::vector<LayerPtr>& layers, const std::string& name)
    : Model(name.empty() ? unique_name("Sequential") : name) {
  for (const LayerPtr& layer : layers) append(layer);
  build_if_declared();
}

void Sequential::add(const LayerPtr& layer) {
  append(layer);
  try {
    forget_network();
    build_if_declared();
  } catch (...) {
    remove_last();
    forget_network();
    build_if_declared();
    throw;
  }
}

void Sequential::remove_last() {
  if (layers_.empty()) {
    input_.reset();
  } else {
    layers_.pop_back();
  }
}

void Sequential::append(const LayerPtr& layer) {
  if (layer->class_name() == "InputLayer") {
    if (input_ || !layers_.empty()) {
      throw Error(fmt::format("model \"{}\": Input must come first and only once", name_));
    }
    input_ = layer;
    return;
  }
  for (const LayerPtr& other : layers_) {
    if (other->name() != layer->name()) continue;
    throw Error(fmt::format("model \"{}\" has a layer named \"{}\" already", name_, layer->name()),
                "names must be unique within a model: give this one another");
  }
  layers_.push_back(layer);
}

void Sequential::pop() {
  if (layers_.empty()) throw Error(fmt::format("model \"{}\" has no layer to remove", name_));
  forget_network();
  layers_.pop_back();
  build_if_declared();
}

std::optional<Shape> Sequential::declared_input() const {
  const LayerPtr& first = input_ || layers_.empty() ? input_ : layers_.front();
  if (!first || !first->input_shape()) return std::nullopt;
  return first->input_shape()->with_front(first->batch_size().value_or(None));
}

void Sequential::build_if_declared() {
  if (const std::optional<Shape> declared = declared_input(); declared && !layers_.empty())
    build(*declared);
}

std::vector<std::string> Sequential::input_names() const {
  return {input_ ? input_->name() : "input_layer"};
}

void Sequential::connect(const Shape& input_shape) {
  network_->reset({input_shape});
  int value = 0;
  for (const LayerPtr& layer : layers_) {
    const int node = network_->add(layer, {value});
    const Network::Node& added = network_->nodes()[static_cast<std::size_t>(node)];
    if (added.output_count != 1) {
      throw Error(fmt::format("{} \"{}\" gives {} outputs, but a Sequential passes on one",
                              layer->class_name(), layer->name(), added.output_count),
                  "set return_state=false");
    }
    value = added.first_output;
  }
  network_->set_outputs({value});
}

std::shared_ptr<Model> Sequential::shared_model() const {
  std::vector<LayerPtr> layers;
  if (input_) layers.push_back(input_);
  layers.insert(layers.end(), layers_.begin(), layers_.end());
  auto model = std::make_shared<Sequential>(layers, name_);
  if (built()) model->build(input_shape());
  return model;
}

std::shared_ptr<Model> Sequential::cloned_model() const {
  return std::make_shared<Sequential>(clone());
}

Sequential Sequential::clone() const {
  std::vector<LayerPtr> copies;
  if (input_) copies.push_back(input_->clone());
  for (const LayerPtr& layer : layers_) copies.push_back(layer->clone());
  Sequential copy(copies, name_);
  if (built()) copy.build(input_shape());
  copy.assets_ = assets_;
  return copy;
}

}  // namespace chronicler
