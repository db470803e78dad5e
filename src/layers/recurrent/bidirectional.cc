#include "chronicler/layers/bidirectional.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "layers/core/dispatch.h"
#include "layers/core/each_field.h"
#include "layers/core/invoke.h"
#include "layers/core/layer_with.h"
#include "layers/recurrent/keep_plan.h"
#include "layers/recurrent/slices.h"

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
};

// What a side puts out, or its gradient: (B, T, ..., U), the steps of one side in the opposite
// order; or (B, ..., U), as one step.
template <class Real>
struct SideSteps {
  Real* data;
  std::int64_t steps;
  std::int64_t places;  // of a step, each of `width` numbers
  std::int64_t width;
  bool turned;

  SideSteps(const TensorView& view, bool sequence, bool turned_round)
      : data(view.as<Real>()),
        steps(sequence ? view.shape()[1] : 1),
        places(view.size() / (view.shape()[0] * steps * view.shape()[-1])),
        width(view.shape()[-1]),
        turned(turned_round) {}
  Real* at(std::int64_t row, std::int64_t step, std::int64_t place = 0) const {
    return data + ((row * steps + (turned ? steps - 1 - step : step)) * places + place) * width;
  }
};

// What two sides become at one place of a step.
template <class Real>
void merge_step(Merge mode, const Real* a, const Real* b, std::int64_t width,
                std::int64_t other_width, Real* y) {
  if (mode == Merge::concat) {
    std::copy_n(b, other_width, std::copy_n(a, width, y));
    return;
  }
  for (std::int64_t i = 0; i < width; ++i) {
    if (mode == Merge::sum) y[i] = a[i] + b[i];
    if (mode == Merge::ave) y[i] = (a[i] + b[i]) / 2;
    if (mode == Merge::mul) y[i] = a[i] * b[i];
  }
}

template <class Real>
void split_step(Merge mode, const Real* a, const Real* b, std::int64_t width,
                std::int64_t other_width, const Real* dy, Real* da, Real* db) {
  if (mode == Merge::concat) {
    std::copy_n(dy, width, da);
    std::copy_n(dy + width, other_width, db);
    return;
  }
  for (std::int64_t i = 0; i < width; ++i) {
    if (mode == Merge::sum) da[i] = db[i] = dy[i];
    if (mode == Merge::ave) da[i] = db[i] = dy[i] / 2;
    if (mode == Merge::mul) {
      da[i] = dy[i] * b[i];
      db[i] = dy[i] * a[i];
    }
  }
}

// function(row, step) for all, the rows shared between the threads.
template <class Function>
void for_steps(Pass& pass, const TensorView& view, bool sequence, const Function& function) {
  const std::int64_t steps = sequence ? view.shape()[1] : 1;
  constexpr std::int64_t small = 50'000;  // numbers that a thread copies before another wakes up
  const std::int64_t rows = view.shape()[0];
  const std::int64_t tasks =
      view.size() < small ? 1 : std::min<std::int64_t>(rows, pass.runtime.threads());
  pass.runtime.parallel(tasks, [&](std::int64_t task) {
    for (std::int64_t row = rows * task / tasks; row < rows * (task + 1) / tasks; ++row) {
      for (std::int64_t step = 0; step < steps; ++step) function(row, step);
    }
  });
}

layers::BidirectionalOptions with_shape_of_layer(layers::BidirectionalOptions options) {
  const LayerPtr layer = options.layer;
  if (layer && !options.input_shape && layer->input_shape())
    options.input_shape = *layer->input_shape();
  if (layer && !options.batch_size) options.batch_size = layer->batch_size();
  return with_dtype_of(std::move(options), layer);
}

class BidirectionalLayer final
    : public LayerWith<BidirectionalLayer, layers::BidirectionalOptions> {
 public:
  explicit BidirectionalLayer(const layers::BidirectionalOptions& options)
      : LayerWith(with_shape_of_layer(options)) {
    take_layers(std::exchange(options_.layer, {}), std::exchange(options_.backward_layer, {}));
    if (sublayers().empty()) return;
    set_dtype(dtype_from_name(options_.dtype));
    if (!options_.trainable) set_trainable(false);
  }

  std::string_view class_name() const override { return "Bidirectional"; }

  void fields(FieldVisitor& visitor) override {
    const bool held = !sublayers().empty();
    options_.layer = held ? sublayers()[0].layer : LayerPtr();
    options_.backward_layer = held ? sublayers()[1].layer : LayerPtr();
    const std::array before{options_.layer, options_.backward_layer};
    LayerWith::fields(visitor);
    const LayerPtr forward = std::exchange(options_.layer, {});
    const LayerPtr backward = std::exchange(options_.backward_layer, {});
    if (before != std::array{forward, backward})
      take_layers(forward, backward == before[1] ? LayerPtr() : backward);
  }

  void validate() const override {
    LayerWith::validate();
    if (sublayers().empty())
      throw Error(fmt::format("{} needs a layer", described()), "for instance an LSTM");
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

  std::optional<KeptSteps> kept_steps(std::span<const Shape> inputs) const override {
    const std::array sides = kept_by_sides(inputs.first(1));
    if (!sides[0] || !sides[1]) return std::nullopt;
    return sum_of(*sides[0], *sides[1]);
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
    const std::array bytes = bytes_of_sides(pass, call);
    for_sides(pass, call.inputs[0].data, [&](Pass& own, std::size_t side) {
      own.keep_bytes = bytes[side];
      run(own, call, side, record);
    });
    const TensorView& first = record.calls[0].outputs[0].data;
    const TensorView& second = record.calls[1].outputs[0].data;
    const TensorView mask = sequences() ? call.inputs[0].mask : TensorView();

    std::size_t output = 1;
    if (mode() == Merge::none) {
      call.outputs[0] = {in_time(pass, first, 0), mask};
      call.outputs[output++] = {in_time(pass, second, 1), mask};
    } else {
      call.outputs[0] = {merged(pass, first, second), mask};
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
      for (std::size_t side = 0; side < 2; ++side) {
        const TensorView& dy = gradient.outputs[side];
        if (dy) flowing[side][0] = in_time(pass, dy, side);
      }
      ++output;
    } else if (gradient.outputs[0]) {
      split(pass, record, gradient.outputs[0], flowing);
    }
    for (const std::span<TensorView>& side : flowing) {
      for (TensorView& state : side.subspan(1)) state = gradient.outputs[output++];
    }
    std::array<std::span<TensorView>, 2> results;
    for_sides(pass, call.inputs[0].data, [&](Pass& own, std::size_t side) {
      results[side] = run_back(own, record, side, flowing[side], gradient);
    });
    for (std::size_t side = 0; side < 2; ++side) {
      for (std::size_t i = 0; i < results[side].size(); ++i) {
        if (!gradient.wanted[place_of(side, i)]) continue;
        TensorView& total = gradient.inputs[place_of(side, i)];
        total = added(pass.arena, total, results[side][i]);
      }
    }
    fill_missing(pass, call, gradient);
  }

 private:
  // The layers are built for the sequence, whatever the initial states are.
  void build_weights(std::span<const Shape> inputs) override {
    for (const Sublayer& held : sublayers()) held.layer->build(inputs.first(1));
  }

  std::array<std::optional<KeptSteps>, 2> kept_by_sides(std::span<const Shape> sequence) const {
    return {sublayer(0).kept_steps(sequence), sublayer(1).kept_steps(sequence)};
  }
  // What each side may keep.
  std::array<std::optional<std::int64_t>, 2> bytes_of_sides(const Pass& pass,
                                                            const Call& call) const {
    if (!pass.keep_bytes || call.tape == nullptr) return {};
    const std::array sides = kept_by_sides(std::span(&call.inputs[0].data.shape(), 1));
    if (!sides[0] || !sides[1]) return {};
    const KeptSteps both = sum_of(*sides[0], *sides[1]);
    return {share_of(pass.keep_bytes, *sides[0], both), share_of(pass.keep_bytes, *sides[1], both)};
  }

  Layer& held(std::size_t side) const { return *sublayers()[side].layer; }
  bool sequences() const { return flag_of(held(0), "return_sequences"); }
  // Whether a side's sequence is turned round: the second one's always, as in Keras.
  bool turned(std::size_t side) const { return side == 1 && sequences(); }

  Merge mode() const {
    static constexpr std::array<std::string_view, 4> names{"concat", "sum", "ave", "mul"};
    if (!options_.merge_mode) return Merge::none;
    return static_cast<Merge>(std::find(names.begin(), names.end(), *options_.merge_mode) -
                              names.begin());
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

  // function(pass, side) for both sides: beside one another if each then has a thread or has one
  // and a half, else one after the other, with all threads.
  template <class Function>
  void for_sides(Pass& pass, const TensorView& x, const Function& function) const {
    const double work = static_cast<double>(x.shape()[0] * x.shape()[1]) *
                        static_cast<double>(sublayer(0).count_params());
    const int threads = pass.runtime.threads();
    const bool beside = (threads == 2 || threads == 3) && work > inline_work;
    // The first branch is that of a loop in the first side (step_loop.cc).
    std::array<Pass, 2> passes{side_of(pass, pass.arena),
                               side_of(pass, beside ? pass.arena.branch().branch() : pass.arena)};
    const auto run_side = [&](std::int64_t side) {
      function(passes[static_cast<std::size_t>(side)], static_cast<std::size_t>(side));
    };
    if (beside) {
      pass.runtime.parallel(2, run_side);
    } else {
      run_side(0);
      run_side(1);
    }
    for (const Pass& side : passes) pass.activity_penalty += side.activity_penalty;
  }
  static Pass side_of(const Pass& pass, Arena& arena) {
    return {arena, pass.runtime, pass.training, pass.step, pass.observe, pass.continues};
  }

  // A side's sequence in the order of the result, or the other way round.
  TensorView in_time(Pass& pass, const TensorView& x, std::size_t side) const {
    if (!turned(side)) return x;
    const TensorView y = pass.arena.tensor(x.shape(), x.dtype());
    with_real(x.dtype(), [&](auto real) {
      using Real = decltype(real);
      const SideSteps<Real> from(x, true, true);
      const SideSteps<Real> to(y, true, false);
      for_steps(pass, x, true, [&](std::int64_t row, std::int64_t step) {
        std::copy_n(from.at(row, step), from.places * from.width, to.at(row, step));
      });
    });
    return y;
  }

  TensorView merged(Pass& pass, const TensorView& first, const TensorView& second) const {
    Shape shape = first.shape();
    if (mode() == Merge::concat) shape.set(-1, shape[-1] + second.shape()[-1]);
    const TensorView y = pass.arena.tensor(shape, dtype());
    const bool sequence = sequences();
    with_real(dtype(), [&](auto real) {
      using Real = decltype(real);
      const SideSteps<Real> a(first, sequence, false);
      const SideSteps<Real> b(second, sequence, turned(1));
      const SideSteps<Real> to(y, sequence, false);
      for_steps(pass, y, sequence, [&](std::int64_t row, std::int64_t step) {
        for (std::int64_t place = 0; place < to.places; ++place)
          merge_step(mode(), a.at(row, step, place), b.at(row, step, place), a.width, b.width,
                     to.at(row, step, place));
      });
    });
    return y;
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
    const TensorView& first = record.calls[0].outputs[0].data;
    const TensorView& second = record.calls[1].outputs[0].data;
    flowing[0][0] = pass.arena.tensor(first.shape(), dtype());
    flowing[1][0] = pass.arena.tensor(second.shape(), dtype());
    with_real(dtype(), [&](auto real) {
      using Real = decltype(real);
      const bool sequence = sequences();
      const SideSteps<Real> a(first, sequence, false);
      const SideSteps<Real> b(second, sequence, turned(1));
      const SideSteps<Real> da(flowing[0][0], sequence, false);
      const SideSteps<Real> db(flowing[1][0], sequence, turned(1));
      const SideSteps<Real> from(dy, sequence, false);
      for_steps(pass, dy, sequence, [&](std::int64_t row, std::int64_t step) {
        for (std::int64_t place = 0; place < from.places; ++place)
          split_step(mode(), a.at(row, step, place), b.at(row, step, place), a.width, b.width,
                     from.at(row, step, place), da.at(row, step, place), db.at(row, step, place));
      });
    });
  }

  // Where input i of a side is among the inputs.
  std::size_t place_of(std::size_t side, std::size_t i) const {
    return i == 0 ? 0 : static_cast<std::size_t>(first_state(side)) + i - 1;
  }

  // The gradients by the inputs of a side; none if nothing flows back there.
  std::span<TensorView> run_back(Pass& pass, const Record& record, std::size_t side,
                                 std::span<TensorView> flowing,
                                 const CallGradient& gradient) const {
    const Call& own = record.calls[side];
    const std::span<TensorView> results = arena_objects<TensorView>(pass.arena, own.inputs.size());
    const std::span<bool> wanted = arena_objects<bool>(pass.arena, own.inputs.size());
    for (std::size_t i = 0; i < wanted.size(); ++i) wanted[i] = gradient.wanted[place_of(side, i)];
    if (!invoke_back(pass, sublayer(side), own, flowing, results, wanted)) return {};
    return results;
  }
};

}  // namespace

LayerPtr layers::Bidirectional(const BidirectionalOptions& options) {
  return make_valid<BidirectionalLayer>(options);
}
LayerPtr layers::Bidirectional(const LayerPtr& layer) {
  return layers::Bidirectional(BidirectionalOptions{.layer = layer});
}

}  // namespace chronicler
