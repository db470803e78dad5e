#include "chronicler/insight/gradient_flow.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "chronicler/base/runtime.h"
#include "chronicler/model/compilation.h"
#include "chronicler/model/model.h"
#include "layers/core/dispatch.h"
#include "model/model_internals.h"
#include "model/network.h"
#include "training/data_check.h"
#include "training/trainer.h"

namespace chronicler::insight {

namespace {

constexpr std::int64_t rows_at_a_time = 32;  // bounds the memory, not the result

std::size_t chosen_output(const Model& model, const std::string& name) {
  if (name.empty()) return 0;
  const std::vector<std::string> names = model.output_names();
  const auto found = std::find(names.begin(), names.end(), name);
  if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
  const std::vector<std::string_view> known(names.begin(), names.end());
  unknown_name("output", name, known);
}

LossPtr chosen_loss(Model& model, const LossOption& given, const std::string& output) {
  if (given) return given.loss();
  if (model.compilation()) {
    const CompileOptions& compiled = trainer_of(model, "gradient_flow").options();
    if (compiled.losses.empty()) return compiled.loss.loss();
    if (const auto own = compiled.losses.find(output); own != compiled.losses.end())
      return own->second.loss();
  }
  throw Error(fmt::format("gradient_flow needs a loss, model \"{}\" is compiled without one for "
                          "output \"{}\"",
                          model.name(), output),
              "compile it, or give a loss: gradient_flow(model, x, y, {.loss = \"mse\"})");
}

// Where the model answers at every step, only the last answer counts.
void keep_last_step(const TensorView& gradient) {
  if (!gradient || gradient.shape().rank() < 3) return;
  const auto rows = static_cast<std::size_t>(gradient.shape()[0]);
  const std::size_t row_bytes = gradient.bytes() / rows;
  const std::size_t step_bytes = row_bytes / static_cast<std::size_t>(gradient.shape()[1]);
  for (std::size_t row = 0; row < rows; ++row) {
    std::memset(static_cast<std::byte*>(gradient.raw()) + row * row_bytes, 0,
                row_bytes - step_bytes);
  }
}

// dL/doutput of each sequence's own loss, or dL/dlogits where the loss looks behind the output.
struct OutputSlopes {
  TensorView predictions;
  TensorView logits;
};

OutputSlopes output_slopes(const Loss& loss, const TensorView& y_true, const TensorView& y_pred,
                           const Logits& logits, Arena& arena) {
  const auto make = [&] { return arena.tensor(y_pred.shape(), y_pred.dtype()); };
  const TensorView values = arena.tensor(loss.values_shape(y_pred.shape()), y_pred.dtype());
  OutputSlopes slopes;
  if (logits.data && loss.takes_logits()) {
    slopes.logits = make();
    if (loss.takes_both()) slopes.predictions = make();
    loss.logit_values(y_true, y_pred, logits, values, slopes.predictions, slopes.logits);
  } else {
    slopes.predictions = make();
    loss.values(y_true, y_pred, values, slopes.predictions);
  }
  keep_last_step(slopes.predictions);
  keep_last_step(slopes.logits);
  return slopes;
}

// Adds every sequence's norms to `sums`; `observed` is (T, B, U).
void add_norms(TensorView observed, std::vector<double>& sums) {
  const std::int64_t steps = observed.shape()[0];
  const std::int64_t rows = observed.shape()[1];
  const std::int64_t units = observed.shape()[2];
  sums.resize(static_cast<std::size_t>(steps));
  with_real(observed.dtype(), [&](auto real) {
    using Real = decltype(real);
    const Real* gradient = observed.as<Real>();
    for (std::int64_t t = 0; t < steps; ++t) {
      for (std::int64_t n = 0; n < rows; ++n, gradient += units) {
        double squares = 0.0;
        for (std::int64_t u = 0; u < units; ++u) {
          squares += static_cast<double>(gradient[u]) * static_cast<double>(gradient[u]);
        }
        sums[static_cast<std::size_t>(steps - 1 - t)] += std::sqrt(squares);
      }
    }
  });
}

}  // namespace

std::vector<GradientFlow> gradient_flow(Model& model, const TensorList& x, const Tensor& y,
                                        const GradientFlowOptions& options) {
  for (const Tensor& input : x) {
    check_lengths(input, y, {}, "");
    check_finite(input, "x");
  }
  check_finite(y, "y");
  const std::vector<Tensor> inputs = ModelInternals::prepare_inputs(model, x);
  const std::size_t output = chosen_output(model, options.output);
  const LossPtr loss = chosen_loss(model, options.loss, model.output_names()[output]);
  Network& network = ModelInternals::network(model);
  std::vector<Shape> shapes;
  for (const Tensor& input : inputs) shapes.push_back(input.shape());
  loss->check(y, network.output_shapes(shapes)[output], "y");
  if (!network.has_gradients()) network.make_gradients();

  const FlushDenormals guard;
  Execution execution(network);
  const std::int64_t count = y.shape()[0];
  std::vector<TensorView> gradients(network.outputs().size());
  std::vector<TensorView> logit_gradients(gradients.size());
  std::vector<std::vector<double>> sums(network.nodes().size());
  for (std::int64_t begin = 0; begin < count; begin += rows_at_a_time) {
    const std::int64_t end = std::min(count, begin + rows_at_a_time);
    std::vector<Value> values;
    for (const Tensor& input : inputs) values.push_back({input.view().rows(begin, end), {}});
    execution.reset_states();
    execution.forward(values, {.keep = true, .observe = true, .logits = true});
    const OutputSlopes slopes =
        output_slopes(*loss, y.rows(begin, end), execution.output(output).data,
                      execution.logits(output), execution.arena());
    gradients[output] = slopes.predictions;
    logit_gradients[output] = slopes.logits;
    execution.backward(gradients, true, logit_gradients);
    for (std::size_t node = 0; node < sums.size(); ++node) {
      if (const TensorView& observed = execution.tape(node).observed)
        add_norms(observed, sums[node]);
    }
  }
  network.zero_gradients();  // what backward added to the weights' is nobody's

  std::vector<GradientFlow> flows;
  for (std::size_t node = 0; node < sums.size(); ++node) {
    if (sums[node].empty()) continue;
    for (double& sum : sums[node]) sum /= static_cast<double>(count);
    flows.push_back({network.nodes()[node].layer->name(), std::move(sums[node])});
  }
  if (flows.empty()) {
    throw Error(
        fmt::format("model \"{}\" has no recurrent layer that a gradient reaches", model.name()),
        "gradient_flow measures SimpleRNN, LSTM and GRU layers");
  }
  return flows;
}

std::optional<std::int64_t> steps_until(const std::vector<double>& norm, double share) {
  if (norm.empty()) return {};
  std::size_t k = norm.size();
  while (k > 0 && norm[k - 1] < norm[0] * share) --k;
  if (k == norm.size()) return {};
  return static_cast<std::int64_t>(k);
}

}  // namespace chronicler::insight
