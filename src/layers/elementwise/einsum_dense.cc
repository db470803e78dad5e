#include "chronicler/layers/einsum_dense.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "kernels/gemm.h"
#include "layers/core/dispatch.h"
#include "layers/core/kernel_activation.h"
#include "layers/core/layer_with.h"
#include "layers/core/logits.h"
#include "layers/elementwise/einsum_equation.h"

namespace chronicler {
namespace {

using kernels::Start;

// The tape's places.
constexpr int input_place = 0;   // as a matrix for each group
constexpr int kernel_place = 1;  // the same
constexpr int sums_place = 2;    // before the activation

constexpr std::int64_t rows_per_task = 64;

bool has(const std::string& part, char letter) { return part.find(letter) != std::string::npos; }

// The product as one of matrices for each group: (groups, rows, inner) times (groups, inner,
// columns).
struct Plan {
  std::int64_t groups = 1;
  std::int64_t rows = 1;
  std::int64_t inner = 1;
  std::int64_t columns = 1;
  // From each matrix to the array that it is of: the letters of the input that neither kernel nor
  // output has are added up.
  EinsumWalk input, kernel, output;
};

// How far apart the places of a letter are in an array of that shape.
std::int64_t stride_of(const std::string& letters, const Shape& shape, char letter) {
  const std::size_t at = letters.find(letter);
  if (at == std::string::npos) return 0;
  std::int64_t stride = 1;
  for (std::size_t i = at + 1; i < letters.size(); ++i) stride *= shape[static_cast<int>(i)];
  return stride;
}

// Collects the letters of one kind, the last of which is the fastest.
struct Letters {
  std::array<char, 2 * Shape::max_rank> list{};
  std::array<std::int64_t, 2 * Shape::max_rank> extents{};
  std::size_t count = 0;
  std::int64_t size = 1;

  void add(char letter, std::int64_t extent) {
    list[count] = letter;
    extents[count++] = extent;
    size *= extent;
  }
  // Adds these axes of a matrix, in which they begin `stride` apart, and of an array.
  void walk(EinsumWalk& walk, std::int64_t stride, const std::string& letters,
            const Shape& shape) const {
    std::int64_t rest = size;
    for (std::size_t i = 0; i < count; ++i) {
      rest = extents[i] == 0 ? 0 : rest / extents[i];
      walk.add(extents[i], stride * rest, stride_of(letters, shape, list[i]));
    }
  }
};

Plan plan_of(const EinsumEquation& equation, const Shape& x, const Shape& kernel, const Shape& y) {
  Letters groups, rows, inner, columns, summed;
  for (std::size_t i = 0; i < equation.output.size(); ++i) {
    const char letter = equation.output[i];
    const bool in_kernel = has(equation.kernel, letter);
    Letters& kind = !has(equation.input, letter) ? columns : in_kernel ? groups : rows;
    kind.add(letter, y[static_cast<int>(i)]);
  }
  for (std::size_t i = 0; i < equation.input.size(); ++i) {
    const char letter = equation.input[i];
    if (has(equation.output, letter)) continue;
    (has(equation.kernel, letter) ? inner : summed).add(letter, x[static_cast<int>(i)]);
  }
  Plan plan{groups.size, rows.size, inner.size, columns.size, {}, {}, {}};
  groups.walk(plan.input, rows.size * inner.size, equation.input, x);
  rows.walk(plan.input, inner.size, equation.input, x);
  inner.walk(plan.input, 1, equation.input, x);
  summed.walk(plan.input, 0, equation.input, x);
  groups.walk(plan.kernel, inner.size * columns.size, equation.kernel, kernel);
  inner.walk(plan.kernel, columns.size, equation.kernel, kernel);
  columns.walk(plan.kernel, 1, equation.kernel, kernel);
  groups.walk(plan.output, rows.size * columns.size, equation.output, y);
  rows.walk(plan.output, columns.size, equation.output, y);
  columns.walk(plan.output, 1, equation.output, y);
  return plan;
}

class EinsumDenseLayer final : public LayerWith<EinsumDenseLayer, layers::EinsumDenseOptions> {
 public:
  using LayerWith::LayerWith;

  std::string_view class_name() const override { return "EinsumDense"; }
  void validate() const override {
    LayerWith::validate();
    const EinsumEquation parts = EinsumEquation::parsed(described(), options_.equation);
    const std::size_t given = parts.output.size() - (parts.is_left_open ? 0 : 1);
    if (static_cast<std::size_t>(options_.output_shape.rank()) != given) {
      throw Error(
          fmt::format("{}: output_shape must have {} extents for \"{}\", got {}", described(),
                      given, options_.equation, options_.output_shape.to_string()),
          "one for each letter of the output but the batch; None for those of the input");
    }
    if (!options_.bias_axes) return;
    for (const char letter : *options_.bias_axes) {
      if (!has(parts.output, letter)) {
        throw Error(fmt::format("{}: bias_axes \"{}\" are not of the output \"{}\"", described(),
                                *options_.bias_axes, parts.output));
      }
    }
    if (options_.bias_axes->empty())
      throw Error(fmt::format("{}: bias_axes must name an axis of the output", described()));
  }
  bool supports_masking() const override { return false; }
  // Step t stays step t, and no others come into it.
  bool causal() const override {
    return equation_.input.size() > 2 && equation_.output.size() > 2 &&
           equation_.input[1] == equation_.output[1] && !has(equation_.kernel, equation_.input[1]);
  }
  std::vector<Shape> output_shapes(std::span<const Shape> inputs) const override {
    return {output_of(closed(inputs[0]), inputs[0])};
  }

  void check_inputs(std::span<const Value> inputs) const override {
    Layer::check_inputs(inputs);
    const Shape& x = inputs[0].data.shape();
    bool fits = static_cast<std::size_t>(x.rank()) == equation_.input.size();
    for (std::size_t i = 0; fits && i < equation_.input.size(); ++i) {
      const std::size_t at = equation_.kernel.find(equation_.input[i]);
      if (at == std::string::npos) continue;
      fits = parameters_[0].value.shape()[static_cast<int>(at)] == x[static_cast<int>(i)];
    }
    if (fits) return;
    throw Error(fmt::format("{}: its kernel was built for {}, input is {}", described(),
                            build_shapes()[0].to_string(), x.to_string()));
  }

  void forward(Pass& pass, Call& call) const override {
    with_real(dtype(), [&](auto real) { run_forward<decltype(real)>(pass, call); });
  }
  void backward(Pass& pass, const Call& call, CallGradient& gradient) const override {
    with_real(dtype(), [&](auto real) { run_backward<decltype(real)>(pass, call, gradient); });
  }

 private:
  EinsumEquation closed(const Shape& x) const {
    if (static_cast<std::size_t>(x.rank()) == equation_.input.size()) return equation_;
    const std::string who = described();
    return EinsumEquation::parsed(who, options_.equation).closed(who, x.rank());
  }

  // The batch and what "..." stands for come from the input, the rest from the option.
  Shape output_of(const EinsumEquation& equation, const Shape& x) const {
    const int given = options_.output_shape.rank();
    const int first = equation.is_left_open ? static_cast<int>(equation.output.size()) - given : 1;
    Shape y;
    for (int i = 0; i < static_cast<int>(equation.output.size()); ++i) {
      const bool is_given = i >= first && i < first + given;
      std::int64_t extent = is_given ? options_.output_shape[i - first] : None;
      const std::size_t at = equation.input.find(equation.output[static_cast<std::size_t>(i)]);
      if (at != std::string::npos) {
        const std::int64_t own = x[static_cast<int>(at)];
        if (extent != None && own != None && extent != own) {
          throw Error(fmt::format("{}: output_shape {} asks for another extent than input {} has",
                                  described(), options_.output_shape.to_string(), x.to_string()));
        }
        extent = own == None ? extent : own;
      }
      y.append(extent);
    }
    return y;
  }

  void build_weights(std::span<const Shape> inputs) override {
    const Shape& x = inputs[0];
    equation_ = closed(x);
    const Shape y = output_of(equation_, x);
    Shape kernel;
    for (const char letter : equation_.kernel) {
      const std::size_t at = equation_.output.find(letter);
      kernel.append(at != std::string::npos ? y[static_cast<int>(at)]
                                            : x[static_cast<int>(equation_.input.find(letter))]);
    }
    const Shape bias = bias_of(y);
    if (!kernel.is_known() || !bias.is_known()) {
      throw Error(fmt::format(
          "{}: \"{}\" needs known extents of its weights, input is {}, "
          "output_shape {}",
          described(), options_.equation, x.to_string(), options_.output_shape.to_string()));
    }
    add_weight(
        "kernel", kernel,
        {options_.kernel_initializer, options_.kernel_regularizer, options_.kernel_constraint});
    if (options_.bias_axes) {
      add_weight("bias", bias,
                 {options_.bias_initializer, options_.bias_regularizer, options_.bias_constraint});
    }
  }

  // From the first of its axes on, 1 for letters that are none of them.
  Shape bias_of(const Shape& y) const {
    Shape bias;
    if (!options_.bias_axes) return bias;
    for (std::size_t i = 0; i < equation_.output.size(); ++i) {
      const bool is_axis = has(*options_.bias_axes, equation_.output[i]);
      if (is_axis || bias.rank() > 0) bias.append(is_axis ? y[static_cast<int>(i)] : 1);
    }
    return bias;
  }

  // Through output and bias. Keras's TensorFlow takes a bias with one long axis for one of the last
  // axis, or else of the first behind the batch, wherever its length is the same.
  EinsumWalk over_bias(const Shape& y) const {
    const Shape& bias = parameters_[1].value.shape();
    int longest = 0;
    int long_axes = 0;
    for (int axis = 0; axis < bias.rank(); ++axis) {
      if (bias[axis] == 1) continue;
      ++long_axes;
      longest = axis;
    }
    int only = -1;
    if (long_axes == 1 && y.rank() > 1 && y[-1] == bias[longest]) {
      only = y.rank() - 1;
    } else if (long_axes == 1 && y.rank() > 1 && y[1] == bias[longest]) {
      only = 1;
    }
    EinsumWalk walk;
    const int before = y.rank() - bias.rank();
    for (int axis = 0; axis < y.rank(); ++axis) {
      std::int64_t stride = 1;
      std::int64_t own = 1;
      for (int i = axis + 1; i < y.rank(); ++i) stride *= y[i];
      for (int i = std::max(axis + 1 - before, 0); i < bias.rank(); ++i) own *= bias[i];
      const bool is_spread = axis < before || bias[axis - before] == 1;
      if (only >= 0) own = axis == only ? 1 : 0;
      if (only < 0 && is_spread) own = 0;
      walk.add(y[axis], stride, own);
    }
    return walk;
  }

  // A matrix of the numbers of `from` that the walk leads to, added up where it leads to one place.
  template <class Real>
  static TensorView packed(Pass& pass, const EinsumWalk& walk, std::int64_t size,
                           const TensorView& from) {
    const TensorView to = pass.arena.zeros({size}, from.dtype());
    walk.run([&](std::int64_t a, std::int64_t b) { to.as<Real>()[a] += from.as<Real>()[b]; });
    return to;
  }

  template <class Real>
  void run_forward(Pass& pass, Call& call) const {
    const TensorView x = call.inputs[0].data;
    const Shape shape = output_of(equation_, x.shape());
    const Plan plan = plan_of(equation_, x.shape(), parameters_[0].value.shape(), shape);
    const TensorView input =
        packed<Real>(pass, plan.input, plan.groups * plan.rows * plan.inner, x);
    const TensorView kernel =
        packed<Real>(pass, plan.kernel, parameters_[0].value.size(), parameters_[0].value);
    const TensorView product = pass.arena.tensor({plan.groups * plan.rows * plan.columns}, dtype());
    for_each_part(pass, plan, [&](std::int64_t group, std::int64_t row, std::int64_t count) {
      kernels::gemm(count, plan.columns, plan.inner,
                    input.as<Real>() + (group * plan.rows + row) * plan.inner, plan.inner,
                    kernel.as<Real>() + group * plan.inner * plan.columns, plan.columns,
                    product.as<Real>() + (group * plan.rows + row) * plan.columns, plan.columns,
                    Start::zero, static_cast<const Real*>(nullptr));
    });
    const kernels::Activation activation = kernel_activation(options_.activation);
    const bool keep_sums = call.tape != nullptr && kernels::needs_input(activation);
    const bool asked = asks_for_logits(call, activation);
    const TensorView y = pass.arena.tensor(shape, dtype());
    const TensorView z = keep_sums || asked ? pass.arena.tensor(shape, dtype()) : y;
    plan.output.run(
        [&](std::int64_t a, std::int64_t b) { z.as<Real>()[b] = product.as<Real>()[a]; });
    if (options_.bias_axes) {
      over_bias(shape).run([&](std::int64_t a, std::int64_t b) {
        z.as<Real>()[a] += parameters_[1].value.as<Real>()[b];
      });
    }
    const std::int64_t width = shape[-1];
    kernels::activate(activation, y.size() / width, width, z.as<Real>(), y.as<Real>());
    call.outputs[0] = {y, {}};
    if (asked) call.logits[0] = logits_of(activation, z);
    if (call.tape == nullptr) return;
    (*call.tape)[input_place] = input;
    (*call.tape)[kernel_place] = kernel;
    if (keep_sums) (*call.tape)[sums_place] = z;
  }

  template <class Real>
  void run_backward(Pass& pass, const Call& call, CallGradient& gradient) const {
    const TensorView x = call.inputs[0].data;
    const TensorView y = call.outputs[0].data;
    const Plan plan = plan_of(equation_, x.shape(), parameters_[0].value.shape(), y.shape());
    const kernels::Activation activation = kernel_activation(options_.activation);
    const TensorView z = (*call.tape)[sums_place];
    const std::int64_t width = y.shape()[-1];
    const Real* dz = slopes_before<Real>(pass, activation, y.size() / width, width,
                                         z ? z.as<Real>() : nullptr, y.as<Real>(), gradient);
    Real* flow = pass.arena.array<Real>(y.size());
    plan.output.run([&](std::int64_t a, std::int64_t b) { flow[a] = dz[b]; });
    if (trainable()) {
      weights_back(pass, plan, (*call.tape)[input_place].template as<Real>(), flow);
      if (options_.bias_axes) {
        Real* d_bias = parameters_[1].gradient.template as<Real>();
        over_bias(y.shape()).run([&](std::int64_t a, std::int64_t b) { d_bias[b] += dz[a]; });
      }
    }
    if (!gradient.wanted[0]) return;
    const Real* kernel = (*call.tape)[kernel_place].template as<Real>();
    const std::int64_t packed_size = kernels::packed_size<Real>(plan.columns, plan.inner);
    const std::int64_t aligned = (packed_size + 15) / 16 * 16;
    Real* turned = pass.arena.array<Real>(aligned * plan.groups);
    for (std::int64_t group = 0; group < plan.groups; ++group) {
      kernels::pack(plan.columns, plan.inner, kernel + group * plan.inner * plan.columns,
                    plan.columns, true, turned + group * aligned);
    }
    Real* d_input = pass.arena.array<Real>(plan.groups * plan.rows * plan.inner);
    for_each_part(pass, plan, [&](std::int64_t group, std::int64_t row, std::int64_t count) {
      kernels::gemm_packed(
          count, plan.inner, plan.columns, flow + (group * plan.rows + row) * plan.columns,
          plan.columns, turned + group * aligned, d_input + (group * plan.rows + row) * plan.inner,
          plan.inner, Start::zero);
    });
    const TensorView dx = gradient.inputs[0] = pass.arena.tensor(x.shape(), dtype());
    plan.input.run([&](std::int64_t a, std::int64_t b) { dx.as<Real>()[b] = d_input[a]; });
  }

  template <class Real>
  void weights_back(Pass& pass, const Plan& plan, const Real* input, const Real* flow) const {
    const TensorView matrices = pass.arena.zeros({parameters_[0].value.size()}, dtype());
    pass.runtime.parallel(plan.groups, [&](std::int64_t group) {
      kernels::gemm_outer(plan.inner, plan.columns, plan.rows,
                          input + group * plan.rows * plan.inner, plan.inner,
                          flow + group * plan.rows * plan.columns, plan.columns,
                          matrices.as<Real>() + group * plan.inner * plan.columns, plan.columns);
    });
    Real* d_kernel = parameters_[0].gradient.template as<Real>();
    plan.kernel.run([&](std::int64_t a, std::int64_t b) { d_kernel[b] += matrices.as<Real>()[a]; });
  }

  // function(group, first row, rows), on all threads.
  template <class Function>
  static void for_each_part(Pass& pass, const Plan& plan, const Function& function) {
    const std::int64_t parts = (plan.rows + rows_per_task - 1) / rows_per_task;
    pass.runtime.parallel(plan.groups * parts, [&](std::int64_t task) {
      const std::int64_t row = task % parts * rows_per_task;
      function(task / parts, row, std::min(plan.rows - row, rows_per_task));
    });
  }

  EinsumEquation equation_;  // of the input that the layer was built for
};

}  // namespace

LayerPtr layers::EinsumDense(const EinsumDenseOptions& options) {
  return make_valid<EinsumDenseLayer>(options);
}

}  // namespace chronicler
