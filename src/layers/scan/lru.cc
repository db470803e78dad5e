#include "chronicler/layers/lru.h"

#include <array>
#include <cmath>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "chronicler/base/random.h"
#include "layers/core/dispatch.h"
#include "layers/core/layer_with.h"
#include "layers/core/weights_from_file.h"
#include "layers/scan/lru_backward.h"
#include "layers/scan/lru_forward.h"
#include "layers/scan/lru_learner.h"
#include "layers/scan/lru_step.h"

namespace chronicler {
namespace {

class LRULayer final : public LayerWith<LRULayer, layers::LRUOptions> {
 public:
  using LayerWith::LayerWith;

  std::string_view class_name() const override { return "LRU"; }

  void validate() const override {
    LayerWith::validate();
    if (options_.r_min < options_.r_max) return;
    throw Error(fmt::format("{}: r_min must be less than r_max, got {} and {}", described(),
                            options_.r_min, options_.r_max));
  }

  std::vector<Shape> output_shapes(std::span<const Shape> inputs) const override {
    const std::int64_t rows = inputs[0][0];
    std::vector<Shape> shapes;
    shapes.push_back(options_.return_sequences ? Shape{rows, inputs[0][1], options_.units}
                                               : Shape{rows, options_.units});
    if (!options_.return_state) return shapes;
    for (const Shape& state : states(rows)) shapes.push_back(state);
    return shapes;
  }
  void check_inputs(std::span<const Value> inputs) const override {
    check_scan_inputs([this] { return described(); }, *this, inputs,
                      states(inputs.empty() ? 0 : inputs[0].data.shape()[0]));
  }
  State initial_state(std::int64_t batch) const override {
    State state;
    for (const Shape& shape : states(batch)) state.emplace_back(shape, dtype());
    return state;
  }
  std::size_t state_size() const override { return lru_states; }
  bool stateful() const override { return options_.stateful; }
  bool causal() const override { return !options_.go_backwards; }
  std::uint64_t* seed_place() override { return &drawn_seed_; }

  std::unique_ptr<LayerStep> make_step(State& state) const override {
    if (dtype() != DType::float32 || options_.return_state || options_.go_backwards) return nullptr;
    return make_lru_step(equation(), state);
  }
  std::unique_ptr<LayerLearner> make_learner(State& state) const override {
    if (options_.return_state || options_.go_backwards) return nullptr;
    return make_lru_learner(
        *this, {numbers(), options_.units, options_.use_skip, options_.use_bias}, state);
  }
  void forward(Pass& pass, Call& call) const override {
    with_real(dtype(),
              [&](auto real) { lru_forward<decltype(real)>(pass, equation(), flags(), call); });
  }
  void backward(Pass& pass, const Call& call, CallGradient& gradient) const override {
    with_real(dtype(), [&](auto real) {
      lru_backward<decltype(real)>(pass, equation(), flags(), trainable(), call, gradient);
    });
  }

 private:
  std::int64_t numbers() const { return options_.state_size.value_or(options_.units); }
  std::array<Shape, lru_states> states(std::int64_t rows) const {
    return {Shape{rows, numbers()}, Shape{rows, numbers()}, Shape{rows, options_.units}};
  }
  ScanFlags flags() const { return scan_flags(options_, drawn_seed_); }
  LruEquation equation() const {
    LruEquation all;
    std::size_t place = 0;
    all.kernel = &parameters_[place++];
    all.nu = &parameters_[place++];
    all.theta = &parameters_[place++];
    all.gamma = &parameters_[place++];
    all.output_kernel = &parameters_[place++];
    if (options_.use_skip) all.skip_kernel = &parameters_[place++];
    if (options_.use_bias) all.bias = &parameters_[place];
    return all;
  }

  void build_weights(std::span<const Shape> inputs) override {
    check_scan_shape([this] { return described(); }, inputs);
    const std::int64_t features = inputs[0][2];
    const std::int64_t n = numbers();
    const WeightOptions of_kernel{options_.kernel_initializer, options_.kernel_regularizer,
                                  options_.kernel_constraint};
    add_weight("kernel", {features, 2 * n}, of_kernel);
    for (const char* name : {"nu", "theta", "gamma"}) add_weight(name, {n}, {"zeros"});
    WeightOptions of_output = of_kernel;
    of_output.initializer = options_.output_initializer;
    add_weight("output_kernel", {2 * n, options_.units}, of_output);
    if (options_.use_skip) add_weight("skip_kernel", {features, options_.units}, of_output);
    if (options_.use_bias) {
      add_weight("bias", {options_.units},
                 {options_.bias_initializer, options_.bias_regularizer, options_.bias_constraint});
    }
    if (WeightsFromFile::expected()) return;
    with_real(dtype(), [&](auto real) { start_on_ring<decltype(real)>(next_seed()); });
  }

  // Uniform over the area of the ring, and gamma such that h is as large as what comes in.
  template <class Real>
  void start_on_ring(std::uint64_t seed) {
    const Random random(seed);
    Real* nu = parameters_[1].value.as<Real>();
    Real* theta = parameters_[2].value.as<Real>();
    Real* gamma = parameters_[3].value.as<Real>();
    const double least = options_.r_min * options_.r_min;
    const double most = options_.r_max * options_.r_max;
    for (std::int64_t u = 0; u < numbers(); ++u) {
      constexpr double half_a_draw = 0x1p-25;  // never 0, whose logarithm would be infinite
      const auto place = static_cast<std::uint64_t>(u);
      const double square = least + (most - least) * (random.uniform(0, place) + half_a_draw);
      const double phase = options_.max_phase * (random.uniform(1, place) + half_a_draw);
      nu[u] = static_cast<Real>(std::log(-0.5 * std::log(square)));
      theta[u] = static_cast<Real>(std::log(phase));
      gamma[u] = static_cast<Real>(0.5 * std::log1p(-square));
    }
  }

  std::uint64_t drawn_seed_ = next_seed();  // for dropout, unless the options give a seed
};

}  // namespace

LayerPtr layers::LRU(const LRUOptions& options) { return make_valid<LRULayer>(options); }

}  // namespace chronicler
