#include "training/online/learner_model.h"

#include <algorithm>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "model/model_internals.h"

namespace chronicler {
namespace {

// A learner where a network wants a layer.
class LearnerLayer final : public Layer {
 public:
  LearnerLayer(const Layer& layer, std::span<const Shape> inputs)
      : layer_(layer), state_(layer.initial_state(1)), learner_(layer.make_learner(state_)) {
    set_name(layer.name());
    Layer::set_dtype(layer.dtype());
    Layer::set_trainable(layer.trainable());
    build_around(layer.parameters(), inputs);
    output_ = layer.output_shapes(inputs).front();
    for (const int axis : {0, 1}) {
      if (axis == 0 || output_.rank() > 2) output_.set(axis, 1);
    }
  }

  LayerLearner* learner() const { return learner_.get(); }

  std::string_view class_name() const override { return layer_.class_name(); }
  std::vector<Shape> output_shapes(std::span<const Shape> inputs) const override {
    return layer_.output_shapes(inputs);
  }
  const Regularizer& activity_regularizer() const override { return layer_.activity_regularizer(); }
  void check_inputs(std::span<const Value> inputs) const override { layer_.check_inputs(inputs); }
  void fields(FieldVisitor& /*visitor*/) override {}
  LayerPtr clone() const override { return std::make_shared<LearnerLayer>(layer_, build_shapes()); }

  void forward(Pass& /*pass*/, Call& call) const override {
    const Value& x = call.inputs[0];
    const bool counts = !x.mask || *x.mask.as<std::uint8_t>() != 0;
    const TensorView y = counts ? learner_->step(x.data) : learner_->hold();
    call.outputs[0] = {y.reshaped(output_), output_.rank() > 2 ? x.mask : TensorView()};
  }
  void backward(Pass& pass, const Call& call, CallGradient& gradient) const override {
    const TensorView& x = call.inputs[0].data;
    TensorView dx;
    if (gradient.wanted[0]) dx = pass.arena.tensor(x.shape(), x.dtype());
    learner_->learn(gradient.outputs[0], dx);
    gradient.inputs[0] = dx;
  }

 private:
  const Layer& layer_;
  State state_;
  std::unique_ptr<LayerLearner> learner_;
  Shape output_;  // of one row and one step
};

[[noreturn]] void cannot_learn(const Layer& layer, const std::string& why) {
  throw Error(fmt::format("the model cannot learn along a stream: {} \"{}\" {}", layer.class_name(),
                          layer.name(), why),
              "recurrent layers that can are MinGRU, MinLSTM, RGLRU, LRU, SimpleRNN, LSTM and GRU "
              "(reset_after), without return_state; or train on sequences with fit");
}

}  // namespace

LearnerModel::~LearnerModel() = default;

LayerPtr LearnerModel::learner_of(const Layer& layer, std::size_t inputs) {
  if (inputs != 1) cannot_learn(layer, "is given its first state");
  auto learner = std::make_shared<LearnerLayer>(layer, layer.build_shapes());
  if (learner->learner() == nullptr) cannot_learn(layer, "has a state that does not learn so");
  learners_.push_back(learner->learner());
  return learner;
}

LearnerModel::LearnerModel(const Model& model) : RewiredModel(model) {
  if (!model.built()) model.input_shapes();  // throws, saying so
  const Network& network = ModelInternals::network(model);
  if (network.input_shapes().size() != 1 || network.outputs().size() != 1) {
    throw Error(fmt::format("model \"{}\" has {} inputs and {} outputs, learning along a stream "
                            "needs one of each",
                            model.name(), network.input_shapes().size(), network.outputs().size()),
                "train it on sequences with fit");
  }
  step_shape_ = network.input_shapes().front();
  const bool takes_ids = network.nodes().front().layer->takes_ids();
  if (step_shape_.rank() < (takes_ids ? 2 : 3)) {
    throw Error(fmt::format("learning along a stream needs a model of sequences, its input is {}",
                            step_shape_.to_string()),
                "give the model inputs (batch, steps, features)");
  }
  step_shape_.set(0, 1);
  step_shape_.set(1, 1);
  rewire(model, [&](const Network::Node& node) {
    if (!node.layer->causal()) cannot_learn(*node.layer, "needs the whole sequence");
    if (node.layer->state_size() == 0) return node.layer;
    return learner_of(*node.layer, node.inputs.size());
  });
}

void LearnerModel::reset() {
  for (LayerLearner* learner : learners_) learner->reset();
}

}  // namespace chronicler
