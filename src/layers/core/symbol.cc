#include "chronicler/layers/symbol.h"

#include <fmt/format.h>

#include "chronicler/base/error.h"

namespace chronicler {

const Shape& Symbol::shape() const { return call_->shapes[output_]; }

Symbols::operator Symbol() const {
  if (list_.size() == 1) return list_.front();
  if (list_.empty()) throw Error("a symbol was asked for, but there is none");
  const Layer& layer = *list_.front().call().layer;
  throw Error(fmt::format("{} \"{}\" has {} outputs where one is needed", layer.class_name(),
                          layer.name(), list_.size()),
              "choose one: outputs[0]");
}

Symbols Symbols::from(std::size_t first) const {
  if (first > list_.size()) return {};
  return std::vector<Symbol>(list_.begin() + static_cast<std::ptrdiff_t>(first), list_.end());
}

Symbols LayerPtr::operator()(const Symbols& inputs) const { return (*this)(inputs, CallOptions{}); }

Symbols LayerPtr::operator()(const Symbols& inputs, const CallOptions& options) const {
  Layer& layer = **this;
  auto call = std::make_shared<LayerCall>();
  call->layer = *this;
  std::vector<Symbol> all(inputs.begin(), inputs.end());
  all.insert(all.end(), options.initial_state.begin(), options.initial_state.end());
  std::vector<Shape> shapes;
  for (const Symbol& symbol : all) {
    if (!symbol) {
      throw Error(fmt::format("{} \"{}\" is called on a symbol that stands for nothing",
                              layer.class_name(), layer.name()),
                  "start from Input(...)");
    }
    shapes.push_back(symbol.shape());
  }
  if (options.mask.size() > inputs.size()) {
    throw Error(fmt::format("{} \"{}\" is called on {} inputs with {} masks", layer.class_name(),
                            layer.name(), inputs.size(), options.mask.size()));
  }
  call->inputs = std::move(all);
  call->state_count = options.initial_state.size();
  call->masks = options.mask;
  call->flags = {options.use_causal_mask, options.return_attention_scores, options.reverse};
  layer.build(shapes);
  call->shapes = layer.call_shapes(shapes, call->flags);
  std::vector<Symbol> outputs;
  for (std::size_t i = 0; i < call->shapes.size(); ++i) outputs.emplace_back(call, i);
  return outputs;
}

Symbol Input(const layers::InputOptions& options) {
  auto call = std::make_shared<LayerCall>();
  call->layer = layers::Input(options);
  const Shape sample = call->layer->input_shape().value_or(Shape());
  call->shapes = {sample.with_front(options.batch_size.value_or(None))};
  call->layer->build(call->shapes);
  return {std::move(call), 0};
}

}  // namespace chronicler
