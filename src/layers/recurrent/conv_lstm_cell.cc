#include "layers/recurrent/conv_lstm_cell.h"

#include <algorithm>
#include <array>

#include "kernels/cell_gates.h"
#include "kernels/gemm.h"
#include "layers/convolution/padding.h"
#include "layers/core/dispatch.h"
#include "layers/core/invoke.h"
#include "layers/core/kernel_activation.h"
#include "layers/elementwise/dropout_factors.h"
#include "layers/recurrent/slices.h"

namespace chronicler {
namespace {

using kernels::Start;
using kernels::cell_gates::candidate;
using kernels::cell_gates::forget;
using kernels::cell_gates::gates;
using kernels::cell_gates::input;
using kernels::cell_gates::output;
using kernels::cell_gates::packed_stride;

// A convolution along the rows of a batch as one matrix product: for every point of the result the
// numbers below its window, [points][taps * channels], times the kernel [taps * channels][columns].
template <class Real>
struct Convolution {
  std::int64_t places;    // of a row
  std::int64_t channels;  // of a place
  std::int64_t taps;
  std::int64_t dilation;
  Windows windows;

  std::int64_t patch_size() const { return taps * channels; }
  std::int64_t row_size() const { return places * channels; }

  // The patches of one row; its numbers times `factors`, if not null. What lies outside is 0.
  void gather(const Real* x, const Real* factors, Real* patches) const {
    for_each_tap(
        [&](std::int64_t place, Real* patch) {
          if (place < 0) {
            std::fill_n(patch, channels, Real{0});
          } else if (factors == nullptr) {
            std::copy_n(x + place * channels, channels, patch);
          } else {
            for (std::int64_t i = 0; i < channels; ++i)
              patch[i] = x[place * channels + i] * factors[place * channels + i];
          }
        },
        patches);
  }
  // The way back: adds the gradient of a row's patches to that of the row.
  void scatter(Real* d_patches, const Real* factors, Real* dx) const {
    for_each_tap(
        [&](std::int64_t place, const Real* patch) {
          if (place < 0) return;
          for (std::int64_t i = 0; i < channels; ++i) {
            const std::int64_t at = place * channels + i;
            dx[at] += factors == nullptr ? patch[i] : patch[i] * factors[at];
          }
        },
        d_patches);
  }

 private:
  // function(place, patch at this tap); the place is negative where there is none.
  template <class Function>
  void for_each_tap(const Function& function, Real* patches) const {
    for (std::int64_t window = 0; window < windows.count; ++window) {
      for (std::int64_t tap = 0; tap < taps; ++tap) {
        const std::int64_t place = window * windows.stride + tap * dilation - windows.left;
        function(place < places ? place : -1, patches + (window * taps + tap) * channels);
      }
    }
  }
};

// What a convolution reads. Without dropout all gates read the same patches.
template <class Real>
struct Source {
  Convolution<Real> over;
  std::int64_t rows = 0;
  const Real* x = nullptr;
  const Real* factors = nullptr;  // of dropout, [gates][rows][places][channels]
  std::array<Real*, gates> patches{};

  // One for all gates, or, where dropout gave each its own numbers, one each.
  std::int64_t products() const { return factors == nullptr ? 1 : gates; }
  const Real* factors_of(std::int64_t product, std::int64_t row) const {
    return factors == nullptr ? nullptr : factors + (product * rows + row) * over.row_size();
  }
};

// What forward keeps for backward. A point is a place of a row of the state; blocks are [points]
// [filters].
template <class Real>
struct Record {
  Source<Real> x;
  Source<Real> hidden;
  Real* sums;                                 // of all gates, [points][gates * filters]
  std::array<Real*, gates> gate{};            // activated
  std::array<Real*, gates> preactivations{};  // null if no activation needs them
  const Real* cell_before;
  Real* cell;
  Real* shown;  // a(c)
  Real* output;
};

// What backward hands from the rows to the weights.
template <class Real>
struct Flows {
  const Real* d_output;  // null: nothing flows
  const Real* d_cell_after;
  Real* d_sums;  // [points][gates * filters]
  Real* d_cell;
  Real* scratch;
  Real* d_gate;
  std::array<const Real*, 2> packed;  // transposed kernels, the input's and the recurrent one
  std::array<Real*, 2> d_patches;
  std::array<Real*, 2> d_inputs;  // of x (null: not wanted) and h'
};

// So many points, in whole rows, are one task.
constexpr std::int64_t points_a_task = 64;

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
  std::uint64_t seed() const {
    return options_.seed ? static_cast<std::uint64_t>(*options_.seed) : drawn_seed_;
  }
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
  Source<Real> make_source(Pass& pass, const TensorView& x, std::int64_t dilation,
                           const Windows& windows, const Real* factors) const {
    const Shape& shape = x.shape();
    Source<Real> source{
        {shape[1], shape[2], taps(), dilation, windows}, shape[0], x.as<Real>(), factors, {}};
    const std::int64_t size = shape[0] * windows.count * source.over.patch_size();
    for (std::size_t gate = 0; gate < gates; ++gate) {
      const bool own = gate == 0 || factors != nullptr;
      source.patches[gate] = own ? pass.arena.array<Real>(size) : source.patches[0];
    }
    return source;
  }

  // function(begin, end) for stretches of the rows of a state of this shape.
  template <class Function>
  void for_each_stretch(Pass& pass, const Shape& state, std::int64_t depth,
                        const Function& function) const {
    const std::int64_t rows = state[0];
    const double work = static_cast<double>(state.elements()) * static_cast<double>(gates * depth);
    const std::int64_t size =
        work < inline_work ? rows : std::max<std::int64_t>(points_a_task / state[1], 1);
    pass.runtime.parallel((rows + size - 1) / size, [&](std::int64_t task) {
      function(task * size, std::min(rows, (task + 1) * size));
    });
  }

  template <class Real>
  void run_forward(Pass& pass, Call& call) const {
    const TensorView& x = call.inputs[0].data;
    const TensorView& hidden = call.inputs[1].data;
    const Shape& state = hidden.shape();
    const std::int64_t size = hidden.size();
    Record<Real>& record = arena_objects<Record<Real>>(pass.arena, 1)[0];
    record.x = make_source(
        pass, x, options_.dilation_rate[0], input_windows(x.shape()[1]),
        dropout_factors<Real>(pass, seed(), options_.dropout, gates * x.size(), 2 * pass.step));
    record.hidden = make_source(pass, hidden, 1, Windows::over(state[1], taps(), 1, "same"),
                                dropout_factors<Real>(pass, seed(), options_.recurrent_dropout,
                                                      gates * size, 2 * pass.step + 1));
    record.sums = pass.arena.array<Real>(gates * size);
    for (std::size_t gate = 0; gate < gates; ++gate) {
      record.gate[gate] = pass.arena.array<Real>(size);
      const bool keep = call.tape != nullptr &&
                        kernels::needs_input(activation_of(static_cast<std::int64_t>(gate)));
      record.preactivations[gate] = keep ? pass.arena.array<Real>(size) : nullptr;
    }
    const TensorView cell_after = pass.arena.tensor(state, dtype());
    const TensorView hidden_after = pass.arena.tensor(state, dtype());
    record.cell_before = call.inputs[2].data.as<Real>();
    record.cell = cell_after.as<Real>();
    record.shown = pass.arena.array<Real>(size);
    record.output = hidden_after.as<Real>();
    const std::int64_t depth = record.x.over.patch_size() + record.hidden.over.patch_size();
    for_each_stretch(pass, state, depth, [&](std::int64_t begin, std::int64_t end) {
      forward_rows(record, begin, end);
    });
    call.outputs[0] = {hidden_after, {}};
    call.outputs[1] = {hidden_after, {}};
    call.outputs[2] = {cell_after, {}};
    if (call.tape != nullptr) call.tape->record = &record;
  }

  template <class Real>
  void forward_rows(const Record<Real>& record, std::int64_t begin, std::int64_t end) const {
    const std::int64_t filters = options_.filters;
    const std::int64_t columns = gates * filters;
    const std::int64_t count = record.hidden.over.windows.count;
    const std::int64_t first = begin * count;  // points
    const std::int64_t points = (end - begin) * count;
    Real* sums = record.sums + first * columns;
    const auto convolve = [&](const Source<Real>& source, std::size_t weight, Start start,
                              const Real* bias) {
      const Convolution<Real>& over = source.over;
      const std::int64_t depth = over.patch_size();
      const Real* kernel = parameters_[weight].value.template as<Real>();
      const std::int64_t products = source.products();
      const std::int64_t width = columns / products;
      for (std::int64_t product = 0; product < products; ++product) {
        Real* patches = source.patches[static_cast<std::size_t>(product)];
        for (std::int64_t row = begin; row < end; ++row) {
          const Real* factors = source.factors_of(product, row);
          over.gather(source.x + row * over.row_size(), factors, patches + row * count * depth);
        }
        kernels::gemm(points, width, depth, patches + first * depth, depth,
                      kernel + product * width, columns, sums + product * width, columns, start,
                      bias == nullptr ? nullptr : bias + product * width);
      }
    };
    const Real* bias = options_.use_bias ? parameters_[2].value.template as<Real>() : nullptr;
    convolve(record.x, 0, bias == nullptr ? Start::zero : Start::row, bias);
    convolve(record.hidden, 1, Start::accumulate, nullptr);

    const std::int64_t at = first * filters;
    for (std::int64_t gate = 0; gate < gates; ++gate) {
      const auto g = static_cast<std::size_t>(gate);
      Real* z = (record.preactivations[g] == nullptr ? record.gate : record.preactivations)[g] + at;
      for (std::int64_t point = 0; point < points; ++point)
        std::copy_n(sums + point * columns + gate * filters, filters, z + point * filters);
      kernels::activate(activation_of(gate), points, filters, z, record.gate[g] + at);
    }
    const Real* before = record.cell_before + at;
    const Real* input_gate = record.gate[input] + at;
    const Real* forget_gate = record.gate[forget] + at;
    const Real* candidates = record.gate[candidate] + at;
    const Real* output_gate = record.gate[output] + at;
    Real* c = record.cell + at;
    Real* shown = record.shown + at;
    Real* h = record.output + at;
    kernels::cell_gates::next_cell(points * filters, forget_gate, before, input_gate, candidates,
                                   c);
    kernels::activate(kernel_activation(options_.activation), points, filters, c, shown);
    kernels::cell_gates::multiply(points * filters, output_gate, shown, h);
  }

  template <class Real>
  void run_backward(Pass& pass, const Call& call, CallGradient& gradient) const {
    const auto& record = *static_cast<const Record<Real>*>(call.tape->record);
    const Shape& state = call.inputs[1].data.shape();
    const std::int64_t size = state.elements();
    const std::int64_t points = state[0] * state[1];
    const std::int64_t columns = gates * options_.filters;
    Arena& arena = pass.arena;
    // h = s(zo) a(c), and both outputs are h.
    const TensorView d_output = added(arena, gradient.outputs[0], gradient.outputs[1]);
    Flows<Real> flows{};
    if (d_output) flows.d_output = d_output.as<Real>();
    if (const TensorView& outside = gradient.outputs[2]) flows.d_cell_after = outside.as<Real>();
    flows.d_sums = arena.array<Real>(gates * size);
    flows.d_cell = arena.array<Real>(size);
    flows.scratch = arena.array<Real>(size);
    flows.d_gate = arena.array<Real>(size);
    for (std::size_t i = 0; i < 2; ++i) {
      if (!gradient.wanted[i] && i == 0) continue;
      const std::int64_t depth = source_of(record, i).over.patch_size();
      flows.packed[i] = pack_kernel(arena, source_of(record, i), i);
      flows.d_patches[i] = arena.array<Real>(points * depth);
      gradient.inputs[i] = arena.zeros(call.inputs[i].data.shape(), dtype());
      flows.d_inputs[i] = gradient.inputs[i].template as<Real>();
    }
    const std::int64_t depth = record.x.over.patch_size() + record.hidden.over.patch_size();
    for_each_stretch(pass, state, depth, [&](std::int64_t begin, std::int64_t end) {
      backward_rows(record, flows, begin, end);
    });
    gradient.inputs[2] = TensorView(flows.d_cell, dtype(), state);
    if (!trainable()) return;
    pass.runtime.parallel(2 * taps() + 1, [&](std::int64_t task) {
      if (task < 2 * taps()) {
        add_weight_gradient(record, flows, points, static_cast<std::size_t>(task % 2), task / 2);
      } else if (options_.use_bias) {
        kernels::add_rows(columns, points, flows.d_sums, columns,
                          parameters_[2].gradient.template as<Real>());
      }
    });
  }

  template <class Real>
  static const Source<Real>& source_of(const Record<Real>& record, std::size_t weight) {
    return weight == 0 ? record.x : record.hidden;
  }
  // The transposed kernel for the products that lead back to a source.
  template <class Real>
  const Real* pack_kernel(Arena& arena, const Source<Real>& source, std::size_t weight) const {
    const std::int64_t columns = gates * options_.filters;
    const std::int64_t width = columns / source.products();
    const std::int64_t depth = source.over.patch_size();
    const std::int64_t stride = packed_stride<Real>(width, depth);
    const Real* kernel = parameters_[weight].value.template as<Real>();
    Real* packed = arena.array<Real>(source.products() * stride);
    for (std::int64_t product = 0; product < source.products(); ++product) {
      kernels::pack(width, depth, kernel + product * width, columns, true,
                    packed + product * stride);
    }
    return packed;
  }

  template <class Real>
  void backward_rows(const Record<Real>& record, const Flows<Real>& flows, std::int64_t begin,
                     std::int64_t end) const {
    const std::int64_t filters = options_.filters;
    const std::int64_t columns = gates * filters;
    const std::int64_t places = record.hidden.over.windows.count;
    const std::int64_t first = begin * places;
    const std::int64_t points = (end - begin) * places;
    const std::int64_t at = first * filters;
    const std::int64_t size = points * filters;
    const Real* before = record.cell_before + at;
    const Real* c = record.cell + at;
    const Real* shown = record.shown + at;
    Real* dc = flows.d_cell + at;
    Real* flow = flows.scratch + at;
    const Real* dh = flows.d_output == nullptr ? nullptr : flows.d_output + at;
    const auto gate_of = [&](std::int64_t gate) {
      return record.gate[static_cast<std::size_t>(gate)] + at;
    };
    const auto times = [&](const Real* a, const Real* b) {  // to flow; a may be null: zeros
      if (a == nullptr) {
        std::fill_n(flow, size, Real{0});
        return;
      }
      kernels::cell_gates::multiply(size, a, b, flow);
    };
    times(dh, gate_of(output));
    kernels::activate_backward(kernel_activation(options_.activation), points, filters, c, shown,
                               flow, dc);
    if (flows.d_cell_after != nullptr) {
      for (std::int64_t i = 0; i < size; ++i) dc[i] += flows.d_cell_after[at + i];
    }
    // c = s(zf) c' + s(zi) a(zc)
    Real* d_sums = flows.d_sums + first * columns;
    for (std::int64_t gate = 0; gate < gates; ++gate) {
      const auto g = static_cast<std::size_t>(gate);
      times(gate == output ? dh : dc, gate == input       ? gate_of(candidate)
                                      : gate == forget    ? before
                                      : gate == candidate ? gate_of(input)
                                                          : shown);
      const Real* z = record.preactivations[g] == nullptr ? nullptr : record.preactivations[g] + at;
      Real* dz = flows.d_gate + at;
      kernels::activate_backward(activation_of(gate), points, filters, z, gate_of(gate), flow, dz);
      for (std::int64_t point = 0; point < points; ++point)
        std::copy_n(dz + point * filters, filters, d_sums + point * columns + gate * filters);
    }
    const Real* forget_gate = gate_of(forget);
    for (std::int64_t i = 0; i < size; ++i) dc[i] *= forget_gate[i];
    scatter_back(record, flows, begin, end);
  }

  // Back to what the two convolutions read.
  template <class Real>
  void scatter_back(const Record<Real>& record, const Flows<Real>& flows, std::int64_t begin,
                    std::int64_t end) const {
    const std::int64_t columns = gates * options_.filters;
    const std::int64_t places = record.hidden.over.windows.count;
    const std::int64_t first = begin * places;
    const std::int64_t points = (end - begin) * places;
    const Real* d_sums = flows.d_sums + first * columns;
    for (std::size_t weight = 0; weight < 2; ++weight) {
      if (flows.d_inputs[weight] == nullptr) continue;
      const Source<Real>& source = source_of(record, weight);
      const Convolution<Real>& over = source.over;
      const std::int64_t depth = over.patch_size();
      const std::int64_t products = source.products();
      const std::int64_t width = columns / products;
      Real* d_patches = flows.d_patches[weight];
      for (std::int64_t product = 0; product < products; ++product) {
        kernels::gemm_packed(points, depth, width, d_sums + product * width, columns,
                             flows.packed[weight] + product * packed_stride<Real>(width, depth),
                             d_patches + first * depth, depth, Start::zero);
        for (std::int64_t row = begin; row < end; ++row) {
          const Real* factors = source.factors_of(product, row);
          over.scatter(d_patches + row * places * depth, factors,
                       flows.d_inputs[weight] + row * over.row_size());
        }
      }
    }
  }

  // One tap of the gradient of a kernel.
  template <class Real>
  void add_weight_gradient(const Record<Real>& record, const Flows<Real>& flows,
                           std::int64_t points, std::size_t weight, std::int64_t tap) const {
    const Source<Real>& source = source_of(record, weight);
    const std::int64_t channels = source.over.channels;
    const std::int64_t columns = gates * options_.filters;
    const std::int64_t products = source.products();
    const std::int64_t width = columns / products;
    Real* gradient = parameters_[weight].gradient.template as<Real>() + tap * channels * columns;
    for (std::int64_t product = 0; product < products; ++product) {
      kernels::gemm_outer(channels, width, points,
                          source.patches[static_cast<std::size_t>(product)] + tap * channels,
                          source.over.patch_size(), flows.d_sums + product * width, columns,
                          gradient + product * width, columns);
    }
  }

  layers::ConvLSTM1DOptions options_;
  std::uint64_t drawn_seed_ = next_seed();  // for dropout, unless the options give a seed
};

}  // namespace

LayerPtr conv_lstm_cell(const layers::ConvLSTM1DOptions& options) {
  return std::make_shared<ConvLSTMCell>(options);
}

}  // namespace chronicler
