#include "chronicler/layers/bidirectional.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "layers/dispatch.h"
#include "layers/each_field.h"
#include "layers/invoke.h"
#include "layers/kinds.h"

namespace chronicler {
namespace {

enum class Merge : std::uint8_t { concat, sum, ave, mul, none };

std::string without_prefix(const std::string& name, std::string_view prefix) {
  return name.starts_with(prefix) ? name.substr(prefix.size()) : name;
}

// What a call of both directions leaves for backward.
struct Record {
  std::array<Call, 2> calls;
  std::array<Tape, 2> tapes;
  std::array<TensorView, 2> results;  // of the two sides, in the order of time
};

// (B, T, U) with its steps in the opposite order.
TensorView turned(Arena& arena, const TensorView& x) {
  const TensorView y = arena.tensor(x.shape(), x.dtype());
  const std::int64_t steps = x.shape()[1];
  const std::int64_t width = x.shape()[2];
  with_real(x.dtype(), [&](auto real) {
    using Real = decltype(real);
    for (std::int64_t row = 0; row < x.shape()[0]; ++row) {
      const Real* from = x.as<Real>() + row * steps * width;
      Real* to = y.as<Real>() + row * steps * width;
      for (std::int64_t step = 0; step < steps; ++step)
        std::copy_n(from + step * width, width, to + (steps - 1 - step) * width);
    }
  });
  return y;
}

template <class Real>
void merge(Merge mode, std::int64_t rows, std::int64_t width, std::int64_t other_width,
           const Real* a, const Real* b, Real* y) {
  if (mode == Merge::concat) {
    for (std::int64_t row = 0; row < rows; ++row) {
      y = std::copy_n(a + row * width, width, y);
      y = std::copy_n(b + row * other_width, other_width, y);
    }
    return;
  }
  for (std::int64_t i = 0; i < rows * width; ++i) {
    if (mode == Merge::sum) y[i] = a[i] + b[i];
    if (mode == Merge::ave) y[i] = (a[i] + b[i]) / 2;
    if (mode == Merge::mul) y[i] = a[i] * b[i];
  }
}

template <class Real>
void merge_backward(Merge mode, std::int64_t rows, std::int64_t width, std::int64_t other_width,
                    const Real* a, const Real* b, const Real* dy, Real* da, Real* db) {
  if (mode == Merge::concat) {
    for (std::int64_t row = 0; row < rows; ++row) {
      std::copy_n(dy, width, da + row * width);
      std::copy_n(dy + width, other_width, db + row * other_width);
      dy += width + other_width;
    }
    return;
  }
  for (std::int64_t i = 0; i < rows * width; ++i) {
    if (mode == Merge::sum) da[i] = db[i] = dy[i];
    if (mode == Merge::ave) da[i] = db[i] = dy[i] / 2;
    if (mode == Merge::mul) {
      da[i] = dy[i] * b[i];
      db[i] = dy[i] * a[i];
    }
  }
}

class BidirectionalLayer final : public Layer {
 public:
  explicit BidirectionalLayer(layers::BidirectionalOptions options)
      : merge_mode_(options.merge_mode) {
    const LayerPtr& layer = options.layer;
    if (options.dtype.empty()) options.dtype = layer ? name_of(layer->dtype()) : "float32";
    if (layer && !options.input_shape) options.input_shape = layer->input_shape();
    if (layer && !options.batch_size) options.batch_size = layer->batch_size();
    take_common(options);
    take_layers(layer, options.backward_layer);
    if (layer) {
      set_dtype(dtype_from_name(options.dtype));
      if (!options.trainable) set_trainable(false);
    }
  }

  std::string_view class_name() const override { return "Bidirectional"; }
  LayerPtr clone() const override { return clone_of(*this); }

  void fields(FieldVisitor& visitor) override {
    visitor.field("merge_mode", merge_mode_);
    const bool held = !sublayers().empty();
    LayerPtr forward = held ? sublayers()[0].layer : LayerPtr();
    LayerPtr backward = held ? sublayers()[1].layer : LayerPtr();
    const std::array before{forward, backward};
    visitor.field("layer", forward);
    visitor.field("backward_layer", backward);
    if (before != std::array{forward, backward})
      take_layers(forward, backward == before[1] ? LayerPtr() : backward);
  }

  void validate() const override {
    if (sublayers().empty())
      throw Error(fmt::format("{} needs a layer", described()), "for instance an LSTM");
    mode();
    for (const char* flag : {"return_sequences", "return_state", "stateful"}) {
      if (flag_of(held(0), flag) == flag_of(held(1), flag)) continue;
      throw Error(fmt::format("{}: {} of its two layers must be equal", described(), flag));
    }
    if (flag_of(held(0), "go_backwards") == flag_of(held(1), "go_backwards")) {
      throw Error(fmt::format("{}: its two layers go in the same direction", described()),
                  "give the backward_layer the opposite go_backwards");
    }
    held(0).validate();
    held(1).validate();
  }

  bool stateful() const override { return sublayer(0).stateful(); }
  bool causal() const override { return false; }
  State initial_state(std::int64_t batch) const override {
    State all = sublayer(0).initial_state(batch);
    for (Tensor& tensor : sublayer(1).initial_state(batch)) all.push_back(std::move(tensor));
    return all;
  }

  std::size_t state_size() const override {
    return sublayer(0).state_size() + sublayer(1).state_size();
  }

  std::vector<Shape> output_shapes(std::span<const Shape> inputs) const override {
    std::vector<Shape> forward = sublayer(0).output_shapes(inputs.first(1));
    std::vector<Shape> backward = sublayer(1).output_shapes(inputs.first(1));
    std::vector<Shape> all{forward[0]};
    if (mode() == Merge::concat) all[0].set(-1, forward[0][-1] + backward[0][-1]);
    if (mode() == Merge::none) all.push_back(backward[0]);
    all.insert(all.end(), forward.begin() + 1, forward.end());
    all.insert(all.end(), backward.begin() + 1, backward.end());
    return all;
  }

  void check_inputs(std::span<const Value> inputs) const override {
    const std::size_t states = state_size();
    if (inputs.size() == 1 || inputs.size() == 1 + states) return;
    throw Error(
        fmt::format("{} takes a sequence, or a sequence and {} initial states, got {} inputs",
                    described(), states, inputs.size()));
  }

  void forward(Pass& pass, Call& call) const override {
    Record& record = arena_objects<Record>(pass.arena, 1)[0];
    for (std::size_t side = 0; side < 2; ++side) run(pass, call, side, record);
    for (std::size_t side = 0; side < 2; ++side) {
      const TensorView& y = record.calls[side].outputs[0].data;
      // What went backwards comes out last step first.
      const bool turn = backwards(side) && y.shape().rank() == 3;
      record.results[side] = turn ? turned(pass.arena, y) : y;
    }
    const TensorView& first = record.results[0];
    const TensorView& second = record.results[1];
    const TensorView mask = first.shape().rank() == 3 ? call.inputs[0].mask : TensorView();

    std::size_t output = 1;
    if (mode() == Merge::none) {
      call.outputs[0] = {first, mask};
      call.outputs[output++] = {second, mask};
    } else {
      Shape shape = first.shape();
      if (mode() == Merge::concat) shape.set(-1, shape[-1] + second.shape()[-1]);
      const TensorView y = pass.arena.tensor(shape, dtype());
      with_real(dtype(), [&](auto real) {
        using Real = decltype(real);
        merge(mode(), first.size() / first.shape()[-1], first.shape()[-1], second.shape()[-1],
              first.as<Real>(), second.as<Real>(), y.as<Real>());
      });
      call.outputs[0] = {y, mask};
    }
    for (const Call& side : record.calls) {
      for (const Value& state : side.outputs.subspan(1)) call.outputs[output++] = state;
    }
    if (call.tape != nullptr) call.tape->record = &record;
  }

  void backward(Pass& pass, const Call& call, CallGradient& gradient) const override {
    const Record& record = *static_cast<const Record*>(call.tape->record);
    std::array<std::span<TensorView>, 2> flowing;
    for (std::size_t side = 0; side < 2; ++side)
      flowing[side] = arena_objects<TensorView>(pass.arena, record.calls[side].outputs.size());
    std::size_t output = 1;
    if (mode() == Merge::none) {
      flowing[0][0] = gradient.outputs[0];
      flowing[1][0] = gradient.outputs[output++];
    } else if (gradient.outputs[0]) {
      split(pass, record, gradient.outputs[0], flowing);
    }
    const std::size_t back = backwards(0) ? 0 : 1;
    if (TensorView& dy = flowing[back][0]; dy && dy.shape().rank() == 3)
      dy = turned(pass.arena, dy);
    for (const std::span<TensorView>& side : flowing) {
      for (TensorView& state : side.subspan(1)) state = gradient.outputs[output++];
    }
    for (std::size_t side = 0; side < 2; ++side)
      run_back(pass, record, side, flowing[side], gradient);
    fill_missing(pass, call, gradient);
  }

 private:
  // The layers are built for the sequence, whatever the initial states are.
  void build_weights(std::span<const Shape> inputs) override {
    for (const Sublayer& held : sublayers()) held.layer->build(inputs.first(1));
  }

  Layer& held(std::size_t side) const { return *sublayers()[side].layer; }
  bool backwards(std::size_t side) const { return flag_of(held(side), "go_backwards"); }

  Merge mode() const {
    static constexpr std::array<std::string_view, 4> names{"concat", "sum", "ave", "mul"};
    if (!merge_mode_) return Merge::none;
    const auto* found = std::find(names.begin(), names.end(), *merge_mode_);
    if (found == names.end()) unknown_name("merge_mode", *merge_mode_, names);
    return static_cast<Merge>(found - names.begin());
  }

  void take_layers(const LayerPtr& layer, const LayerPtr& backward_layer) {
    forget_sublayers();
    if (!layer) return;
    const LayerPtr forward = layer->clone();
    forward->set_name("forward_" + without_prefix(layer->name(), "forward_"));
    LayerPtr backward = backward_layer;
    if (!backward) {
      backward = layer->clone();
      backward->set_name("backward_" + without_prefix(layer->name(), "backward_"));
      set_flag(*backward, "go_backwards", !flag_of(*layer, "go_backwards"));
      backward->draw_seed();
    }
    for (const LayerPtr& each : {forward, backward})
      set_flag(*each, "zero_output_for_mask", flag_of(*each, "return_sequences"));
    hold("forward_layer", forward);
    hold("backward_layer", backward);
  }

  void run(Pass& pass, const Call& call, std::size_t side, Record& record) const {
    const Layer& layer = sublayer(side);
    const std::size_t states = layer.state_size();
    const bool has_initial = call.inputs.size() > 1;
    const std::span<Value> inputs = arena_objects<Value>(pass.arena, has_initial ? 1 + states : 1);
    inputs[0] = call.inputs[0];
    if (has_initial)
      std::copy_n(call.inputs.begin() + first_state(side), states, inputs.begin() + 1);
    Call& own = record.calls[side];
    own.inputs = inputs;
    own.outputs =
        arena_objects<Value>(pass.arena, flag_of(held(side), "return_state") ? 1 + states : 1);
    own.tape = call.tape == nullptr ? nullptr : &record.tapes[side];
    if (!call.state.empty())
      own.state = call.state.subspan(static_cast<std::size_t>(first_state(side) - 1), states);
    invoke(pass, layer, own);
  }

  // Where the initial states of a side are among the inputs.
  std::ptrdiff_t first_state(std::size_t side) const {
    return side == 0 ? 1 : 1 + static_cast<std::ptrdiff_t>(sublayer(0).state_size());
  }

  void split(Pass& pass, const Record& record, const TensorView& dy,
             std::array<std::span<TensorView>, 2>& flowing) const {
    const TensorView& a = record.results[0];
    const TensorView& b = record.results[1];
    flowing[0][0] = pass.arena.tensor(a.shape(), dtype());
    flowing[1][0] = pass.arena.tensor(b.shape(), dtype());
    with_real(dtype(), [&](auto real) {
      using Real = decltype(real);
      merge_backward(mode(), a.size() / a.shape()[-1], a.shape()[-1], b.shape()[-1], a.as<Real>(),
                     b.as<Real>(), dy.as<Real>(), flowing[0][0].template as<Real>(),
                     flowing[1][0].template as<Real>());
    });
  }

  void run_back(Pass& pass, const Record& record, std::size_t side, std::span<TensorView> flowing,
                CallGradient& gradient) const {
    const Call& own = record.calls[side];
    const std::span<TensorView> results = arena_objects<TensorView>(pass.arena, own.inputs.size());
    const std::span<bool> wanted = arena_objects<bool>(pass.arena, own.inputs.size());
    const auto place = [&](std::size_t i) {
      return i == 0 ? 0 : static_cast<std::size_t>(first_state(side)) + i - 1;
    };
    for (std::size_t i = 0; i < wanted.size(); ++i) wanted[i] = gradient.wanted[place(i)];
    if (!invoke_back(pass, sublayer(side), own, flowing, results, wanted)) return;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      if (!wanted[i]) continue;
      TensorView& total = gradient.inputs[place(i)];
      total = added(pass.arena, total, results[i]);
    }
  }

  std::optional<std::string> merge_mode_;
};

}  // namespace

LayerPtr layers::Bidirectional(const BidirectionalOptions& options) {
  return make_valid<BidirectionalLayer>(options);
}
LayerPtr layers::Bidirectional(const LayerPtr& layer) {
  return layers::Bidirectional(BidirectionalOptions{.layer = layer});
}
LayerPtr make_bidirectional() {
  return std::make_shared<BidirectionalLayer>(layers::BidirectionalOptions{});
}

}  // namespace chronicler
