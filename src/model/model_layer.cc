#include "model/model_layer.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "model/frame.h"
#include "model/kept_nodes.h"
#include "model/model_internals.h"

namespace chronicler {
namespace {

class ModelLayer final : public Layer {
 public:
  explicit ModelLayer(std::shared_ptr<Model> model) : model_(std::move(model)) {
    set_name(model_->name());
    const std::vector<std::string> paths = layer_paths(model_->layers());
    for (std::size_t i = 0; i < paths.size(); ++i) hold(paths[i], model_->layers()[i]);
    build(model_->input_shapes());
  }

  const Model& model() const { return *model_; }

  std::string_view class_name() const override { return model_->class_name(); }
  LayerPtr clone() const override {
    const LayerPtr copy = model_layer(ModelInternals::cloned_model(*model_));
    return copy;
  }
  void fields(FieldVisitor& /*visitor*/) override {}
  std::vector<Shape> output_shapes(std::span<const Shape> inputs) const override {
    return network().output_shapes({inputs.begin(), inputs.end()});
  }

  void check_inputs(std::span<const Value> inputs) const override {
    if (inputs.size() == network().input_shapes().size()) return;
    throw Error(fmt::format("{} has {} inputs, got {}", described(),
                            network().input_shapes().size(), inputs.size()));
  }

  bool stateful() const override {
    for (const Network::Node& node : network().nodes()) {
      if (node.layer->stateful()) return true;
    }
    return false;
  }
  bool causal() const override {
    for (const Network::Node& node : network().nodes()) {
      if (!node.layer->causal()) return false;
    }
    return true;
  }
  bool takes_texts() const override {
    const std::vector<Network::Node>& nodes = network().nodes();
    return std::any_of(nodes.begin(), nodes.end(),
                       [](const Network::Node& node) { return node.layer->takes_texts(); });
  }
  bool takes_ids() const override { return network().nodes().front().layer->takes_ids(); }
  State initial_state(std::int64_t batch) const override {
    State all;
    for (const Network::Node& node : network().nodes()) {
      for (Tensor& tensor : node.layer->initial_state(batch)) all.push_back(std::move(tensor));
    }
    return all;
  }

  std::optional<KeptSteps> kept_steps(std::span<const Shape> inputs) const override {
    return kept_by_all(network(), {inputs.begin(), inputs.end()});
  }

  void forward(Pass& pass, Call& call) const override {
    Frame* frame = arena_objects<Frame>(pass.arena, 1).data();
    *frame = Frame::in(pass.arena, network());
    std::copy(call.inputs.begin(), call.inputs.end(), frame->values.begin());
    share_out_states(pass, call.state, *frame);
    for (std::size_t i = 0; i < call.logits.size(); ++i)
      frame->ask(network(), network().outputs()[i], pass.training);
    run_forward(network(), *frame, pass, call.tape != nullptr, bytes_of_nodes(pass, call));
    for (std::size_t i = 0; i < call.outputs.size(); ++i)
      call.outputs[i] = frame->values[value_of_output(i)];
    for (std::size_t i = 0; i < call.logits.size(); ++i) {
      const int source = network().source_of(network().outputs()[i], pass.training);
      call.logits[i] = frame->logits[static_cast<std::size_t>(source)];
    }
    if (call.tape != nullptr) call.tape->record = frame;
  }

  void backward(Pass& pass, const Call& call, CallGradient& gradient) const override {
    const Frame& frame = *static_cast<const Frame*>(call.tape->record);
    std::fill(frame.gradients.begin(), frame.gradients.end(), TensorView());
    std::fill(frame.logit_slopes.begin(), frame.logit_slopes.end(), TensorView());
    std::copy(gradient.wanted.begin(), gradient.wanted.end(), frame.wanted.begin());
    for (std::size_t i = 0; i < gradient.outputs.size(); ++i) {
      TensorView& total = frame.gradients[value_of_output(i)];
      total = added(pass.arena, total, gradient.outputs[i]);
    }
    for (std::size_t i = 0; i < gradient.logits.size(); ++i) {
      frame.add_logit_slope(pass.arena, network(), network().outputs()[i], pass.training,
                            gradient.logits[i]);
    }
    run_backward(network(), frame, pass);
    for (std::size_t i = 0; i < gradient.inputs.size(); ++i) {
      if (gradient.wanted[i]) gradient.inputs[i] = frame.gradients[i];
    }
  }

 private:
  void build_weights(std::span<const Shape> /*inputs*/) override {}  // the model is built

  // What of the bytes for the model is each node's; none: all may be kept.
  std::vector<std::int64_t> bytes_of_nodes(const Pass& pass, const Call& call) const {
    if (!pass.keep_bytes || call.tape == nullptr) return {};
    std::vector<Shape> shapes;
    for (const Value& input : call.inputs) shapes.push_back(input.data.shape());
    return share_out(network(), kept_nodes(network(), std::move(shapes)), *pass.keep_bytes);
  }

  const Network& network() const { return ModelInternals::network(*model_); }
  std::size_t value_of_output(std::size_t index) const {
    return static_cast<std::size_t>(network().outputs()[index]);
  }

  // A stream carries every state, a stateful model only those of its stateful layers.
  void share_out_states(const Pass& pass, std::span<Tensor> states, const Frame& frame) const {
    if (states.empty()) return;
    std::size_t begin = 0;
    for (std::size_t i = 0; i < network().nodes().size(); ++i) {
      const Layer& layer = *network().nodes()[i].layer;
      const std::size_t count = layer.state_size();
      if (pass.continues || layer.stateful()) frame.states[i] = states.subspan(begin, count);
      begin += count;
    }
  }

  std::shared_ptr<Model> model_;
};

}  // namespace

LayerPtr model_layer(std::shared_ptr<Model> model) {
  return std::make_shared<ModelLayer>(std::move(model));
}

const Model* model_of(const Layer& layer) {
  const auto* nested = dynamic_cast<const ModelLayer*>(&layer);
  return nested == nullptr ? nullptr : &nested->model();
}

std::vector<std::string> layer_paths(const std::vector<LayerPtr>& layers) {
  std::vector<std::string> paths;
  std::map<std::string, int> counts;
  for (const LayerPtr& layer : layers) {
    if (layer->is_operation()) {
      paths.emplace_back();
      continue;
    }
    const std::string base = snake_case(layer->class_name());
    const int count = counts[base]++;
    paths.push_back("layers/" + (count == 0 ? base : fmt::format("{}_{}", base, count)));
  }
  return paths;
}

}  // namespace chronicler
