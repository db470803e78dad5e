#include "chronicler/layers/rglru.h"

#include <cmath>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "layers/core/dispatch.h"
#include "layers/core/layer_with.h"
#include "layers/scan/gated_layer.h"

namespace chronicler {
namespace {

class RGLRULayer final : public LayerWith<RGLRULayer, layers::RGLRUOptions, GatedLayer> {
 public:
  using LayerWith::LayerWith;

  std::string_view class_name() const override { return "RGLRU"; }

  void validate() const override {
    LayerWith::validate();
    if (least_decay() < most_decay()) return;
    throw Error(fmt::format("{}: decay_min must be less than decay_max, got {} and {}", described(),
                            least_decay(), most_decay()));
  }

 private:
  void build_weights(std::span<const Shape> inputs) override {
    add_gate_weights(inputs, kernels::gates_of(cell()), options_);
    add_weight("decay", {options_.units},
               {initializers::RandomUniform(least_decay(), most_decay())});
    with_real(dtype(), [&](auto real) { start_decay<decltype(real)>(); });
  }

  // From what a = sigmoid(decay) ^ 8 is drawn as to decay. Weights that a file is about to fill are
  // zero.
  template <class Real>
  void start_decay() {
    for (Real& value : parameters_.back().value.span<Real>()) {
      if (value == 0) continue;
      const double root = std::pow(static_cast<double>(value), 1.0 / 8.0);
      value = static_cast<Real>(std::log(root) - std::log1p(-root));
    }
  }

  double least_decay() const { return options_.decay_min.value_or(options_.negative ? 1e-3 : 0.9); }
  double most_decay() const { return options_.decay_max.value_or(0.999); }
  ScanFlags flags() const override { return scan_flags(options_, drawn_seed()); }
  kernels::GatedCell cell() const override {
    return options_.negative ? kernels::GatedCell::negative_rg_lru : kernels::GatedCell::rg_lru;
  }
  bool has_bias() const override { return options_.use_bias; }
};

}  // namespace

LayerPtr layers::RGLRU(const RGLRUOptions& options) { return make_valid<RGLRULayer>(options); }

}  // namespace chronicler
