#include "chronicler/layers/min_lstm.h"

#include "layers/core/layer_with.h"
#include "layers/scan/gated_layer.h"

namespace chronicler {
namespace {

class MinLSTMLayer final : public LayerWith<MinLSTMLayer, layers::MinLSTMOptions, GatedLayer> {
 public:
  using LayerWith::LayerWith;

  std::string_view class_name() const override { return "MinLSTM"; }

 private:
  void build_weights(std::span<const Shape> inputs) override {
    add_gate_weights(inputs, kernels::gates_of(cell()), options_);
    if (!options_.use_bias || !(options_.unit_forget_bias || options_.t_max)) return;
    const std::uint64_t seed = next_seed();
    start_gate(1, 1.0, options_.t_max, seed);
    if (options_.t_max) start_gate(0, -1.0, options_.t_max, seed);
  }

  ScanFlags flags() const override { return scan_flags(options_, drawn_seed()); }
  kernels::GatedCell cell() const override { return kernels::GatedCell::min_lstm; }
  bool has_bias() const override { return options_.use_bias; }
};

}  // namespace

LayerPtr layers::MinLSTM(const MinLSTMOptions& options) {
  return make_valid<MinLSTMLayer>(options);
}

}  // namespace chronicler
