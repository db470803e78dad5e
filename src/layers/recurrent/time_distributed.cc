#include "chronicler/layers/time_distributed.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "layers/core/invoke.h"
#include "layers/core/layer_with.h"

namespace chronicler {
namespace {

// (B, T, ...) to (B T, ...).
Shape joined(const Shape& shape) {
  Shape steps = shape.without_front();
  const bool known = shape[0] != None && shape[1] != None;
  steps.set(0, known ? shape[0] * shape[1] : None);
  return steps;
}

struct Record {
  Call call;
  Tape tape;
  Value input;
  Value output;
};

class TimeDistributedLayer final
    : public LayerWith<TimeDistributedLayer, layers::TimeDistributedOptions> {
 public:
  explicit TimeDistributedLayer(const layers::TimeDistributedOptions& options)
      : LayerWith(with_dtype_of(options, options.layer)) {
    take_layer(std::exchange(options_.layer, {}));
    if (sublayers().empty()) return;
    set_dtype(dtype_from_name(options_.dtype));
    if (!options_.trainable) set_trainable(false);
  }

  std::string_view class_name() const override { return "TimeDistributed"; }
  void fields(FieldVisitor& visitor) override {
    const LayerPtr before = sublayers().empty() ? LayerPtr() : sublayers()[0].layer;
    options_.layer = before;
    LayerWith::fields(visitor);
    const LayerPtr layer = std::exchange(options_.layer, {});
    if (layer != before) take_layer(layer);
  }

  void validate() const override {
    LayerWith::validate();
    if (sublayers().empty())
      throw Error(fmt::format("{} needs a layer", described()), "for instance a Dense");
    if (sublayer(0).stateful()) {
      throw Error(fmt::format("{}: its layer may not be stateful", described()));
    }
    sublayer(0).validate();
  }

  std::vector<Shape> output_shapes(std::span<const Shape> inputs) const override {
    const Shape steps = joined(inputs[0]);
    const std::vector<Shape> inner = sublayer(0).output_shapes(std::span(&steps, 1));
    if (inner.size() != 1) {
      throw Error(
          fmt::format("{}: its layer gives {} outputs, one is needed", described(), inner.size()));
    }
    return {inner[0].without_front().with_front(inputs[0][1]).with_front(inputs[0][0])};
  }

  void check_inputs(std::span<const Value> inputs) const override {
    Layer::check_inputs(inputs);
    if (inputs[0].data.shape().rank() >= 3) return;
    throw Error(fmt::format("{} needs input (batch, steps, ...), got {}", described(),
                            inputs[0].data.shape().to_string()),
                "set return_sequences=true on the layer before it");
  }

  std::optional<KeptSteps> kept_steps(std::span<const Shape> inputs) const override {
    const Shape steps = joined(inputs[0]);
    return sublayer(0).kept_steps(std::span(&steps, 1));
  }

  void forward(Pass& pass, Call& call) const override {
    const Value& x = call.inputs[0];
    check_mask(x);
    Record& record = arena_objects<Record>(pass.arena, 1)[0];
    record.input = {x.data.reshaped(joined(x.data.shape())), inner_mask(x)};
    record.call.inputs = std::span(&record.input, 1);
    record.call.outputs = std::span(&record.output, 1);
    record.call.tape = call.tape == nullptr ? nullptr : &record.tape;
    sublayer(0).check_inputs(record.call.inputs);
    sublayer(0).forward(pass, record.call);
    const Shape& inner = record.output.data.shape();
    const Shape shape =
        inner.without_front().with_front(x.data.shape()[1]).with_front(x.data.shape()[0]);
    call.outputs[0] = {record.output.data.reshaped(shape), outer_mask(pass, x)};
    if (call.tape != nullptr) call.tape->record = &record;
  }

  void backward(Pass& pass, const Call& call, CallGradient& gradient) const override {
    const Record& record = *static_cast<const Record*>(call.tape->record);
    const TensorView dy = gradient.outputs[0].reshaped(record.output.data.shape());
    TensorView dx;
    CallGradient inner{std::span(&dy, 1), std::span(&dx, 1), gradient.wanted};
    sublayer(0).backward(pass, record.call, inner);
    if (gradient.wanted[0] && dx) gradient.inputs[0] = dx.reshaped(call.inputs[0].data.shape());
  }

 private:
  void take_layer(const LayerPtr& layer) {
    forget_sublayers();
    if (layer) hold("layer", layer);
  }
  // A mask of more than the steps is, of each step, the inner layer's.
  static bool reaches_inside(const Value& x) { return x.mask && x.mask.shape().rank() > 2; }
  // Of a mask of the steps alone, a layer of the program's own gets its step's truth value; those
  // here would take it for one of their own steps.
  TensorView inner_mask(const Value& x) const {
    const bool is_given = reaches_inside(x) || (x.mask && sublayer(0).takes_ids());
    return is_given ? x.mask.reshaped(joined(x.mask.shape())) : TensorView();
  }
  // Behind it a step counts if anything in it did.
  static TensorView outer_mask(Pass& pass, const Value& x) {
    if (!reaches_inside(x)) return x.mask;
    const Shape& shape = x.mask.shape();
    const TensorView mask = pass.arena.zeros({shape[0], shape[1]}, DType::boolean);
    const std::int64_t inside = x.mask.size() / std::max<std::int64_t>(mask.size(), 1);
    for (std::int64_t i = 0; i < x.mask.size(); ++i)
      mask.as<std::uint8_t>()[i / inside] |= x.mask.as<std::uint8_t>()[i];
    return mask;
  }
  void check_mask(const Value& x) const {
    if (!x.mask) return;
    const Shape& mask = x.mask.shape();
    const Shape& data = x.data.shape();
    if (mask.rank() >= 2 && mask[0] == data[0] && mask[1] == data[1]) return;
    throw Error(fmt::format("{}: The `mask` passed to the `TimeDistributed` layer has a shape {} "
                            "that does not begin with the ({}, {}) of its input",
                            described(), mask.to_string(), data[0], data[1]),
                "give one truth value for each step of each sequence");
  }

  void build_weights(std::span<const Shape> inputs) override {
    if (inputs[0].rank() < 3) {
      throw Error(fmt::format("{} needs input (batch, steps, ...), got {}", described(),
                              inputs[0].to_string()),
                  "set return_sequences=true on the layer before it");
    }
    const Shape steps = joined(inputs[0]);
    sublayers()[0].layer->build(std::span(&steps, 1));
  }
};

}  // namespace

LayerPtr layers::TimeDistributed(const TimeDistributedOptions& options) {
  return make_valid<TimeDistributedLayer>(options);
}
LayerPtr layers::TimeDistributed(const LayerPtr& layer) {
  return layers::TimeDistributed(TimeDistributedOptions{.layer = layer});
}

}  // namespace chronicler
