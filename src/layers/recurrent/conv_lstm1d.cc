#include "chronicler/layers/conv_lstm1d.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "layers/convolution/channels.h"
#include "layers/convolution/sequence_checks.h"
#include "layers/core/invoke.h"
#include "layers/core/kinds.h"
#include "layers/recurrent/conv_lstm_cell.h"
#include "layers/recurrent/step_loop.h"

namespace chronicler {
namespace {

class ConvLSTM1DLayer final : public Layer {
 public:
  explicit ConvLSTM1DLayer(const layers::ConvLSTM1DOptions& options) : options_(options) {
    take_common(options_);
  }

  std::string_view class_name() const override { return "ConvLSTM1D"; }
  LayerPtr clone() const override { return clone_of(*this); }
  const Regularizer& activity_regularizer() const override { return options_.activity_regularizer; }

  void fields(FieldVisitor& visitor) override {
    visitor.field("return_sequences", options_.return_sequences);
    visitor.field("return_state", options_.return_state);
    visitor.field("go_backwards", options_.go_backwards);
    visitor.field("stateful", options_.stateful);
    visitor.field("unroll", options_.unroll);
    visitor.field("zero_output_for_mask", options_.zero_output_for_mask);
    visitor.field("filters", options_.filters);
    visitor.field("kernel_size", options_.kernel_size);
    visitor.field("strides", options_.strides);
    visitor.field("padding", options_.padding);
    visitor.field("data_format", options_.data_format);
    visitor.field("dilation_rate", options_.dilation_rate);
    visitor.field("activation", options_.activation);
    visitor.field("recurrent_activation", options_.recurrent_activation);
    visitor.field("use_bias", options_.use_bias);
    visitor.field("kernel_initializer", options_.kernel_initializer);
    visitor.field("recurrent_initializer", options_.recurrent_initializer);
    visitor.field("bias_initializer", options_.bias_initializer);
    visitor.field("unit_forget_bias", options_.unit_forget_bias);
    visitor.field("kernel_regularizer", options_.kernel_regularizer);
    visitor.field("recurrent_regularizer", options_.recurrent_regularizer);
    visitor.field("bias_regularizer", options_.bias_regularizer);
    visitor.field("activity_regularizer", options_.activity_regularizer);
    visitor.field("kernel_constraint", options_.kernel_constraint);
    visitor.field("recurrent_constraint", options_.recurrent_constraint);
    visitor.field("bias_constraint", options_.bias_constraint);
    visitor.field("dropout", options_.dropout);
    visitor.field("recurrent_dropout", options_.recurrent_dropout);
    visitor.field("seed", options_.seed);
  }

  void validate() const override {
    const auto refuse = [&](std::string_view what, std::string_view hint = {}) {
      throw Error(fmt::format("{}: {}", described(), what), std::string(hint));
    };
    if (options_.filters <= 0)
      refuse(fmt::format("filters must be at least 1, got {}", options_.filters));
    for (const auto& [name, value] :
         {std::pair{"kernel_size", &options_.kernel_size}, std::pair{"strides", &options_.strides},
          std::pair{"dilation_rate", &options_.dilation_rate}}) {
      if (value->size() != 1 || value->front() <= 0)
        refuse(fmt::format("{} must be one positive number", name));
    }
    if (options_.strides[0] > 1 && options_.dilation_rate[0] > 1)
      refuse("strides and dilation_rate cannot both be above 1", "set one of them to 1");
    static constexpr std::array<std::string_view, 2> paddings{"valid", "same"};
    if (std::find(paddings.begin(), paddings.end(), options_.padding) == paddings.end())
      unknown_name("padding", options_.padding, paddings);
    check_data_format(described(), options_.data_format);
    for (const auto& [name, rate] : {std::pair{"dropout", options_.dropout},
                                     std::pair{"recurrent_dropout", options_.recurrent_dropout}}) {
      if (!(rate >= 0.0 && rate < 1.0))
        refuse(fmt::format("{} must be at least 0 and below 1, got {}", name, rate));
    }
  }

  std::uint64_t* seed_place() override {
    return sublayers().empty() ? nullptr : sublayers()[0].layer->seed_place();
  }
  bool stateful() const override { return options_.stateful; }
  bool causal() const override { return !options_.go_backwards; }
  State initial_state(std::int64_t batch) const override {
    const Shape shape = channels_last(state_of(batch));
    return {Tensor(shape, dtype()), Tensor(shape, dtype())};
  }
  std::size_t state_size() const override { return 2; }

  std::vector<Shape> output_shapes(std::span<const Shape> inputs) const override {
    const Shape x = channels_last(inputs[0]);
    const Shape step = step_of(x);
    std::vector<Shape> shapes = sublayer(0).output_shapes(std::span(&step, 1));
    if (options_.return_sequences)
      shapes[0] = shapes[0].without_front().with_front(x[1]).with_front(x[0]);
    if (!options_.return_state) shapes.resize(1);
    for (Shape& shape : shapes) shape = channels_last(shape);
    return shapes;
  }

  void check_inputs(std::span<const Value> inputs) const override {
    if (inputs.size() != 1 && inputs.size() != 3) {
      throw Error(
          fmt::format("{} takes a sequence, or a sequence and 2 initial states, got {} "
                      "inputs",
                      described(), inputs.size()));
    }
    const Shape& x = inputs[0].data.shape();
    const Shape& built_for = build_shapes()[0];
    if (x.rank() != 4 || x[2] != built_for[2] || x[3] != built_for[3] || x[1] == 0) {
      throw Error(fmt::format("{} was built for (batch, steps, {}, {}), input is {}", described(),
                              built_for[2], built_for[3], x.to_string()));
    }
    check_step_mask([this] { return described(); }, inputs[0]);
    const Shape state = channels_last(state_of(x[0]));
    for (std::size_t i = 1; i < inputs.size(); ++i) {
      if (inputs[i].data.shape() == state) continue;
      throw Error(fmt::format("{}: initial state {} must be {}, got {}", described(), i - 1,
                              state.to_string(), inputs[i].data.shape().to_string()));
    }
  }

  void forward(Pass& pass, Call& call) const override {
    const Shape state = state_of(call.inputs[0].data.shape()[0]);
    const std::array<Shape, 2> states{state, state};
    if (!first()) {
      sequence_forward(pass, sublayer(0), loop_flags(), states, call);
      return;
    }
    MovedCalls& moved = arena_objects<MovedCalls>(pass.arena, 1)[0];
    moved.call = call;
    moved.call.state = {};
    std::size_t count = 0;
    for (const Value& input : call.inputs)
      moved.inputs[count++] = {with_channels_moved(pass.arena, input.data), input.mask};
    for (std::size_t i = 0; count < 3 && i < call.state.size(); ++i)
      moved.inputs[count++].data = with_channels_moved(pass.arena, call.state[i]);
    moved.call.inputs = std::span(moved.inputs).first(count);
    moved.call.outputs = moved.outputs;
    LoopFlags flags = loop_flags();
    flags.return_state = true;
    sequence_forward(pass, sublayer(0), flags, states, moved.call);
    for (std::size_t i = 0; i < call.outputs.size(); ++i) {
      const Value& output = moved.outputs[i];
      call.outputs[i] = {with_channels_moved(pass.arena, output.data), output.mask};
    }
    for (std::size_t i = 0; i < call.state.size(); ++i)
      copy(with_channels_moved(pass.arena, moved.outputs[1 + i].data), call.state[i]);
    // sequence_forward left its own record on the tape.
    moved.record = call.tape == nullptr ? nullptr : call.tape->record;
    if (call.tape != nullptr) call.tape->record = &moved;
  }
  void backward(Pass& pass, const Call& call, CallGradient& gradient) const override {
    if (!first()) {
      sequence_backward(pass, sublayer(0), loop_flags(), call, gradient);
      return;
    }
    const MovedCalls& moved = *static_cast<const MovedCalls*>(call.tape->record);
    const std::span<TensorView> flowing =
        arena_objects<TensorView>(pass.arena, gradient.outputs.size());
    for (std::size_t i = 0; i < flowing.size(); ++i)
      flowing[i] = with_channels_moved(pass.arena, gradient.outputs[i]);
    const std::size_t inputs = moved.call.inputs.size();
    const std::span<TensorView> results = arena_objects<TensorView>(pass.arena, inputs);
    const std::span<bool> wanted = arena_objects<bool>(pass.arena, inputs);
    std::copy(gradient.wanted.begin(), gradient.wanted.end(), wanted.begin());
    CallGradient inner{flowing, results, wanted};
    call.tape->record = moved.record;
    sequence_backward(pass, sublayer(0), loop_flags(), moved.call, inner);
    for (std::size_t i = 0; i < gradient.inputs.size(); ++i) {
      if (gradient.wanted[i]) gradient.inputs[i] = with_channels_moved(pass.arena, results[i]);
    }
  }

 private:
  // A call whose data are turned; it lives as long as the pass.
  struct MovedCalls {
    Call call;
    std::array<Value, 3> inputs;
    std::array<Value, 3> outputs;
    void* record = nullptr;
  };

  bool first() const { return channels_are_first(options_.data_format); }
  Shape channels_last(const Shape& shape) const {
    return first() ? with_channels_moved(shape) : shape;
  }

  LoopFlags loop_flags() const {
    return {options_.return_sequences, options_.return_state, options_.go_backwards,
            options_.zero_output_for_mask};
  }

  static Shape step_of(const Shape& sequence) {
    Shape step = sequence.without_front();
    step.set(0, sequence[0]);
    return step;
  }

  Shape state_of(std::int64_t batch) const { return {batch, places_, options_.filters}; }

  void build_weights(std::span<const Shape> inputs) override {
    const Shape x = channels_last(inputs[0]);
    if (x.rank() != 4 || x[2] <= 0 || x[3] <= 0) {
      throw Error(
          fmt::format("{} needs input (batch, steps, places, channels), the last two known, "
                      "got {}",
                      described(), x.to_string()),
          "give input_shape = {steps, places, channels}");
    }
    const LayerPtr cell = conv_lstm_cell(options_);
    cell->set_dtype(dtype());
    cell->set_trainable(trainable());
    const Shape step = step_of(x);
    places_ = cell->output_shapes(std::span(&step, 1))[0][1];
    if (places_ <= 0) {
      throw Error(fmt::format("{}: {} places are fewer than one window", described(), x[2]),
                  "use a smaller kernel_size or dilation_rate, or padding \"same\"");
    }
    cell->build(std::span(&step, 1));
    forget_sublayers();
    hold("cell", cell);
  }

  layers::ConvLSTM1DOptions options_;
  std::int64_t places_ = 0;  // of a state
};

}  // namespace

LayerPtr layers::ConvLSTM1D(const ConvLSTM1DOptions& options) {
  return make_valid<ConvLSTM1DLayer>(options);
}
LayerPtr make_conv_lstm1d() {
  return std::make_shared<ConvLSTM1DLayer>(layers::ConvLSTM1DOptions{});
}

}  // namespace chronicler
