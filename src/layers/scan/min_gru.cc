#include "chronicler/layers/min_gru.h"

#include "layers/core/layer_with.h"
#include "layers/scan/gated_layer.h"

namespace chronicler {
namespace {

class MinGRULayer final : public LayerWith<MinGRULayer, layers::MinGRUOptions, GatedLayer> {
 public:
  using LayerWith::LayerWith;

  std::string_view class_name() const override { return "MinGRU"; }

 private:
  void build_weights(std::span<const Shape> inputs) override {
    add_gate_weights(inputs, kernels::gates_of(cell()), options_);
    if (!options_.use_bias || !(options_.unit_forget_bias || options_.t_max)) return;
    // The update gate is what the forget gate is not.
    start_gate(0, -1.0, options_.t_max, next_seed());
  }

  ScanFlags flags() const override { return scan_flags(options_, drawn_seed()); }
  kernels::GatedCell cell() const override { return kernels::GatedCell::min_gru; }
  bool has_bias() const override { return options_.use_bias; }
};

}  // namespace

LayerPtr layers::MinGRU(const MinGRUOptions& options) { return make_valid<MinGRULayer>(options); }

}  // namespace chronicler
