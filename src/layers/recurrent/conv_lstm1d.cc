#include "chronicler/layers/conv_lstm1d.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "layers/convolution/channels.h"
#include "layers/convolution/sequence_checks.h"
#include "layers/core/invoke.h"
#include "layers/core/layer_with.h"
#include "layers/recurrent/conv_lstm_cell.h"
#include "layers/recurrent/step_loop.h"

namespace chronicler {
namespace {

class ConvLSTM1DLayer final : public LayerWith<ConvLSTM1DLayer, layers::ConvLSTM1DOptions> {
 public:
  using LayerWith::LayerWith;

  std::string_view class_name() const override { return "ConvLSTM1D"; }

  void validate() const override {
    LayerWith::validate();
    if (options_.strides[0] == 1 || options_.dilation_rate[0] == 1) return;
    throw Error(fmt::format("{}: Specifying `strides > 1` is not compatible with "
                            "`dilation_rate > 1`",
                            described()),
                "set one of them to 1");
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
  std::optional<KeptSteps> kept_steps(std::span<const Shape> inputs) const override {
    const Shape state = state_of(inputs[0][0]);
    return loop_kept_steps(sublayer(0), std::array{state, state}, channels_last(inputs[0]),
                           dtype());
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

  std::int64_t places_ = 0;  // of a state
};

}  // namespace

LayerPtr layers::ConvLSTM1D(const ConvLSTM1DOptions& options) {
  return make_valid<ConvLSTM1DLayer>(options);
}

}  // namespace chronicler
