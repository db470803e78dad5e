#include "layers/conv_lstm_cell.h"

#include <array>

#include "kernels/gemm.h"
#include "layers/dispatch.h"
#include "layers/invoke.h"
#include "layers/kinds.h"
#include "layers/padding.h"

namespace chronicler {
namespace {

using kernels::Start;

enum Gate : std::int64_t { input, forget, candidate, output, gates };

// A convolution along the rows of a batch, for one gate: that block of the kernel's columns.
template <class Real>
struct Convolution {
  std::int64_t rows;      // of the batch
  std::int64_t padded;    // places of a row, padding included
  std::int64_t channels;  // of a place
  std::int64_t filters;
  std::int64_t taps;
  std::int64_t dilation;
  Windows windows;

  std::int64_t column_count() const { return gates * filters; }
  const Real* tap_of(const Real* kernel, std::int64_t gate, std::int64_t tap) const {
    return kernel + tap * channels * column_count() + gate * filters;
  }

  // z [row's places][filters] of one row, started as `start` says.
  void forward(const Real* x, const Real* kernel, std::int64_t gate, std::int64_t row, Start start,
               const Real* bias, Real* z) const {
    for (std::int64_t tap = 0; tap < taps; ++tap) {
      kernels::gemm(windows.count, filters, channels, place(x, row, tap), windows.stride * channels,
                    tap_of(kernel, gate, tap), column_count(), z + row * windows.count * filters,
                    filters, tap == 0 ? start : Start::accumulate, bias);
    }
  }

  // Adds to one tap of the kernel's gradient.
  void add_weight_gradient(const Real* x, const Real* dz, std::int64_t gate, std::int64_t tap,
                           Real* gradient) const {
    for (std::int64_t row = 0; row < rows; ++row) {
      kernels::gemm_outer(channels, filters, windows.count, place(x, row, tap),
                          windows.stride * channels, dz + row * windows.count * filters, filters,
                          gradient + tap * channels * column_count() + gate * filters,
                          column_count());
    }
  }

  // Adds to the gradient of one padded row. packed: transposed taps, `packed_tap()` elements each.
  void add_input_gradient(const Real* dz, const Real* packed, std::int64_t row, Real* dx) const {
    for (std::int64_t tap = 0; tap < taps; ++tap) {
      kernels::gemm_packed(windows.count, channels, filters, dz + row * windows.count * filters,
                           filters, packed + tap * packed_tap(), place(dx, row, tap),
                           windows.stride * channels, Start::accumulate);
    }
  }
  std::int64_t packed_tap() const {
    constexpr std::int64_t aligned = 16;
    const std::int64_t size = kernels::packed_size<Real>(filters, channels);
    return (size + aligned - 1) / aligned * aligned;
  }
  void pack(const Real* kernel, std::int64_t gate, Real* packed) const {
    for (std::int64_t tap = 0; tap < taps; ++tap) {
      kernels::pack(filters, channels, tap_of(kernel, gate, tap), column_count(), true,
                    packed + tap * packed_tap());
    }
  }

 private:
  template <class Element>
  Element* place(Element* x, std::int64_t row, std::int64_t tap) const {
    return x + (row * padded + tap * dilation) * channels;
  }
};

// What a convolution reads: for every gate the rows with their padding. Without dropout all gates
// read the same.
template <class Real>
struct Source {
  const Real* factors = nullptr;  // of dropout, [gates][rows][places][channels]
  std::array<Real*, gates> padded{};
};

// What forward keeps for backward.
template <class Real>
struct Record {
  Source<Real> x;
  Source<Real> hidden;
  std::array<Real*, gates> gate{};            // activated
  std::array<Real*, gates> preactivations{};  // null if no activation needs them
  Real* shown = nullptr;                      // a(c)
};

// One step: x (B, L, C) and the states, to the output and the states after it.
class ConvLSTMCell final : public Layer {
 public:
  explicit ConvLSTMCell(const layers::ConvLSTM1DOptions& options) : options_(options) {
    take_common(options_);
    set_name("conv_lstm_cell");
  }

  std::string_view class_name() const override { return "ConvLSTMCell"; }
  LayerPtr clone() const override { return clone_of(*this); }
  void fields(FieldVisitor& /*visitor*/) override {}
  std::uint64_t* seed_place() override { return &drawn_seed_; }

  Windows input_windows(std::int64_t places) const {
    return Windows::over(places, (taps() - 1) * options_.dilation_rate[0] + 1, options_.strides[0],
                         options_.padding);
  }
  std::vector<Shape> output_shapes(std::span<const Shape> inputs) const override {
    const Shape state{inputs[0][0], input_windows(inputs[0][1]).count, options_.filters};
    return {state, state, state};
  }
  State initial_state(std::int64_t batch) const override {
    const Shape shape{batch, input_windows(build_shapes()[0][1]).count, options_.filters};
    return {Tensor(shape, dtype()), Tensor(shape, dtype())};
  }
  std::size_t state_size() const override { return 2; }
  void check_inputs(std::span<const Value> /*inputs*/) const override {}  // the loop's owner does

  void forward(Pass& pass, Call& call) const override {
    with_real(dtype(), [&](auto real) { run_forward<decltype(real)>(pass, call); });
  }
  void backward(Pass& pass, const Call& call, CallGradient& gradient) const override {
    with_real(dtype(), [&](auto real) { run_backward<decltype(real)>(pass, call, gradient); });
  }

 private:
  std::int64_t taps() const { return options_.kernel_size[0]; }
  kernels::Activation activation_of(std::int64_t gate) const {
    return kernel_activation(gate == candidate ? options_.activation
                                               : options_.recurrent_activation);
  }

  void build_weights(std::span<const Shape> inputs) override {
    const std::int64_t columns = gates * options_.filters;
    add_weight(
        "kernel", {taps(), inputs[0][2], columns},
        {options_.kernel_initializer, options_.kernel_regularizer, options_.kernel_constraint});
    add_weight("recurrent_kernel", {taps(), options_.filters, columns},
               {options_.recurrent_initializer, options_.recurrent_regularizer,
                options_.recurrent_constraint});
    if (!options_.use_bias) return;
    add_weight("bias", {columns},
               {options_.bias_initializer, options_.bias_regularizer, options_.bias_constraint});
    if (options_.unit_forget_bias)
      parameters_.back().value.part(forget * options_.filters, {options_.filters}).fill(1.0);
  }

  template <class Real>
  Convolution<Real> over_input(const Shape& x) const {
    const Windows windows = input_windows(x[1]);
    return {x[0],   windows.left + x[1] + windows.right, x[2],   options_.filters,
            taps(), options_.dilation_rate[0],           windows};
  }
  template <class Real>
  Convolution<Real> over_hidden(const Shape& hidden) const {
    const Windows windows = Windows::over(hidden[1], taps(), 1, "same");
    return {
        hidden[0], windows.left + hidden[1] + windows.right, hidden[2], options_.filters, taps(), 1,
        windows};
  }

  // The same factors at every step of a sequence: they are counted, not drawn one after another.
  template <class Real>
  const Real* factors(Pass& pass, double rate, std::int64_t count, std::uint64_t stream) const {
    if (!pass.training || rate <= 0.0) return nullptr;
    const Random random(options_.seed ? static_cast<std::uint64_t>(*options_.seed) : drawn_seed_);
    Real* values = pass.arena.array<Real>(gates * count);
    const auto keep = static_cast<Real>(1.0 / (1.0 - rate));
    for (std::int64_t i = 0; i < gates * count; ++i) {
      const bool drop =
          random.uniform(stream, static_cast<std::uint64_t>(i)) < static_cast<float>(rate);
      values[i] = drop ? Real{0} : keep;
    }
    return values;
  }

  template <class Real>
  Source<Real> make_source(Pass& pass, const TensorView& x, const Convolution<Real>& over,
                           const Real* factors) const {
    Source<Real> source;
    source.factors = factors;
    const std::int64_t width = x.shape()[1] * x.shape()[2];
    for (std::int64_t gate = 0; gate < gates; ++gate) {
      Real*& padded = source.padded[static_cast<std::size_t>(gate)];
      if (gate > 0 && factors == nullptr) {
        padded = source.padded[0];
        continue;
      }
      padded =
          pass.arena.zeros({over.rows, over.padded, over.channels}, dtype()).template as<Real>();
      const Real* own = factors == nullptr ? nullptr : factors + gate * x.size();
      for (std::int64_t row = 0; row < over.rows; ++row) {
        const Real* from = x.as<Real>() + row * width;
        Real* to = padded + (row * over.padded + over.windows.left) * over.channels;
        for (std::int64_t i = 0; i < width; ++i)
          to[i] = own == nullptr ? from[i] : from[i] * own[row * width + i];
      }
    }
    return source;
  }

  template <class Real>
  void run_forward(Pass& pass, Call& call) const {
    const TensorView& x = call.inputs[0].data;
    const TensorView& hidden = call.inputs[1].data;
    const Shape& state = hidden.shape();
    const std::int64_t size = hidden.size();
    const auto over_x = over_input<Real>(x.shape());
    const auto over_h = over_hidden<Real>(state);
    Record<Real>& record = arena_objects<Record<Real>>(pass.arena, 1)[0];
    record.x = make_source(pass, x, over_x,
                           factors<Real>(pass, options_.dropout, x.size(), 2 * pass.step));
    record.hidden =
        make_source(pass, hidden, over_h,
                    factors<Real>(pass, options_.recurrent_dropout, size, 2 * pass.step + 1));

    const Real* kernel = parameters_[0].value.as<Real>();
    const Real* recurrent = parameters_[1].value.as<Real>();
    const Real* bias = options_.use_bias ? parameters_[2].value.as<Real>() : nullptr;
    for (std::size_t gate = 0; gate < gates; ++gate) {
      record.gate[gate] = pass.arena.array<Real>(size);
      const bool keep = call.tape != nullptr &&
                        kernels::needs_input(activation_of(static_cast<std::int64_t>(gate)));
      record.preactivations[gate] = keep ? pass.arena.array<Real>(size) : nullptr;
    }
    pass.runtime.parallel(state[0], [&](std::int64_t row) {
      for (std::int64_t gate = 0; gate < gates; ++gate) {
        const auto i = static_cast<std::size_t>(gate);
        Real* z = record.preactivations[i] == nullptr ? record.gate[i] : record.preactivations[i];
        const Real* own_bias = bias == nullptr ? nullptr : bias + gate * options_.filters;
        over_x.forward(record.x.padded[i], kernel, gate, row,
                       bias == nullptr ? Start::zero : Start::row, own_bias, z);
        over_h.forward(record.hidden.padded[i], recurrent, gate, row, Start::accumulate, nullptr,
                       z);
        const std::int64_t at = row * state[1] * state[2];
        kernels::activate(activation_of(gate), state[1], state[2], z + at, record.gate[i] + at);
      }
    });

    const TensorView cell_after = pass.arena.tensor(state, dtype());
    const TensorView hidden_after = pass.arena.tensor(state, dtype());
    record.shown = pass.arena.array<Real>(size);
    const Real* before = call.inputs[2].data.as<Real>();
    Real* c = cell_after.as<Real>();
    for (std::int64_t i = 0; i < size; ++i) {
      c[i] = record.gate[forget][i] * before[i] + record.gate[input][i] * record.gate[candidate][i];
    }
    kernels::activate(kernel_activation(options_.activation), size / state[2], state[2], c,
                      record.shown);
    Real* h = hidden_after.as<Real>();
    for (std::int64_t i = 0; i < size; ++i) h[i] = record.gate[output][i] * record.shown[i];
    call.outputs[0] = {hidden_after, {}};
    call.outputs[1] = {hidden_after, {}};
    call.outputs[2] = {cell_after, {}};
    if (call.tape != nullptr) call.tape->record = &record;
  }

  template <class Real>
  void run_backward(Pass& pass, const Call& call, CallGradient& gradient) const {
    const auto& record = *static_cast<const Record<Real>*>(call.tape->record);
    const TensorView& hidden = call.inputs[1].data;
    const std::int64_t filters = options_.filters;
    const std::int64_t size = hidden.size();
    const auto activated_back = [&](kernels::Activation activation, const Real* z, const Real* y,
                                    const Real* dy, Real* dz) {
      kernels::activate_backward(activation, size / filters, filters, z, y, dy, dz);
    };

    // h = s(zo) a(c), and both outputs are h.
    const TensorView dh_all = added(pass.arena, gradient.outputs[0], gradient.outputs[1]);
    const Real* dh = (dh_all ? dh_all : pass.arena.zeros(hidden.shape(), dtype())).as<Real>();
    Real* dc = pass.arena.array<Real>(size);
    Real* flow = pass.arena.array<Real>(size);
    const Real* c = call.outputs[2].data.as<Real>();
    for (std::int64_t i = 0; i < size; ++i) flow[i] = dh[i] * record.gate[output][i];
    activated_back(kernel_activation(options_.activation), c, record.shown, flow, dc);
    if (const TensorView& outside = gradient.outputs[2]) {
      for (std::int64_t i = 0; i < size; ++i) dc[i] += outside.as<Real>()[i];
    }

    // c = s(zf) c' + s(zi) a(zc)
    const Real* before = call.inputs[2].data.as<Real>();
    std::array<Real*, gates> dz{};
    for (std::int64_t gate = 0; gate < gates; ++gate) {
      const auto g = static_cast<std::size_t>(gate);
      for (std::int64_t i = 0; i < size; ++i) {
        flow[i] = gate == input       ? dc[i] * record.gate[candidate][i]
                  : gate == forget    ? dc[i] * before[i]
                  : gate == candidate ? dc[i] * record.gate[input][i]
                                      : dh[i] * record.shown[i];
      }
      dz[g] = pass.arena.array<Real>(size);
      activated_back(activation_of(gate), record.preactivations[g], record.gate[g], flow, dz[g]);
    }
    for (std::int64_t i = 0; i < size; ++i) dc[i] *= record.gate[forget][i];

    const auto over_x = over_input<Real>(call.inputs[0].data.shape());
    const auto over_h = over_hidden<Real>(hidden.shape());
    if (trainable()) {
      pass.runtime.parallel(taps(), [&](std::int64_t tap) {
        for (std::int64_t gate = 0; gate < gates; ++gate) {
          const auto g = static_cast<std::size_t>(gate);
          over_x.add_weight_gradient(record.x.padded[g], dz[g], gate, tap,
                                     parameters_[0].gradient.as<Real>());
          over_h.add_weight_gradient(record.hidden.padded[g], dz[g], gate, tap,
                                     parameters_[1].gradient.as<Real>());
        }
      });
      for (std::int64_t gate = 0; options_.use_bias && gate < gates; ++gate) {
        kernels::add_rows(filters, size / filters, dz[static_cast<std::size_t>(gate)], filters,
                          parameters_[2].gradient.as<Real>() + gate * filters);
      }
    }
    if (gradient.wanted[0]) {
      gradient.inputs[0] =
          source_gradient(pass, call.inputs[0].data.shape(), over_x, record.x.factors, 0, dz);
    }
    gradient.inputs[1] =
        source_gradient(pass, hidden.shape(), over_h, record.hidden.factors, 1, dz);
    gradient.inputs[2] = TensorView(dc, dtype(), hidden.shape());
  }

  // The gradient of what a convolution read, through all gates.
  template <class Real>
  TensorView source_gradient(Pass& pass, const Shape& shape, const Convolution<Real>& over,
                             const Real* factors, std::size_t kernel,
                             const std::array<Real*, gates>& dz) const {
    Real* packed = pass.arena.array<Real>(gates * taps() * over.packed_tap());
    for (std::int64_t gate = 0; gate < gates; ++gate) {
      over.pack(parameters_[kernel].value.as<Real>(), gate,
                packed + gate * taps() * over.packed_tap());
    }
    const TensorView result = pass.arena.zeros(shape, dtype());
    const std::int64_t width = shape[1] * shape[2];
    Real* wide = pass.arena.zeros({gates, over.rows, over.padded, over.channels}, dtype())
                     .template as<Real>();
    const std::int64_t wide_size = over.rows * over.padded * over.channels;
    pass.runtime.parallel(over.rows, [&](std::int64_t row) {
      Real* to = result.as<Real>() + row * width;
      for (std::int64_t gate = 0; gate < gates; ++gate) {
        Real* own = wide + gate * wide_size;
        over.add_input_gradient(dz[static_cast<std::size_t>(gate)],
                                packed + gate * taps() * over.packed_tap(), row, own);
        const Real* from = own + (row * over.padded + over.windows.left) * over.channels;
        const Real* kept =
            factors == nullptr ? nullptr : factors + gate * over.rows * width + row * width;
        for (std::int64_t i = 0; i < width; ++i)
          to[i] += kept == nullptr ? from[i] : from[i] * kept[i];
      }
    });
    return result;
  }

  layers::ConvLSTM1DOptions options_;
  std::uint64_t drawn_seed_ = next_seed();  // for dropout, unless the options give a seed
};

}  // namespace

LayerPtr conv_lstm_cell(const layers::ConvLSTM1DOptions& options) {
  return std::make_shared<ConvLSTMCell>(options);
}

}  // namespace chronicler
