// SimpleRNN and GRU whose activations work on whole rows (softmax and its kin), which the fused
// kernels, made for single numbers, do not know: one step at a time, on the products of
// kernels/gemm.h. The equations are those of kernels/reference/simple_rnn.h and gru.h. An LSTM with
// such activations is one of lstm_variant.h.
#pragma once

#include "chronicler/layers/layer.h"
#include "kernels/activation.h"
#include "kernels/gemm.h"

namespace chronicler {

struct RowCellOptions {
  std::int64_t units;
  kernels::Activation activation;
  std::optional<kernels::Activation> recurrent_activation;  // none: SimpleRNN
  bool use_bias;
  bool reset_after;
  double dropout;
  double recurrent_dropout;
  std::uint64_t seed;
};

// One step, for the time of one call: borrows the weights of a layer.
class RowCell final : public Layer {
 public:
  RowCell(const RowCellOptions& options, const ParameterList& weights, DType dtype, bool trainable);

  std::string_view class_name() const override { return "RowCell"; }
  LayerPtr clone() const override { return {}; }  // never asked for
  void fields(FieldVisitor& /*visitor*/) override {}
  std::vector<Shape> output_shapes(std::span<const Shape> inputs) const override;
  std::size_t state_size() const override { return 1; }
  void check_inputs(std::span<const Value> /*inputs*/) const override {}  // the layer does
  void forward(Pass& pass, Call& call) const override;
  void backward(Pass& pass, const Call& call, CallGradient& gradient) const override;

 private:
  template <class Real>
  struct Record;
  template <class Real>
  struct Back;

  std::int64_t gates() const { return options_.recurrent_activation ? 3 : 1; }
  kernels::Activation activation_of(std::int64_t gate) const;
  template <class Real>
  const Real* bias(std::int64_t row, std::int64_t gate) const;
  template <class Real>
  void add_product(const Record<Real>& record, const Real* from, std::int64_t width,
                   std::size_t weight, std::int64_t gate, Real* out, kernels::Start start,
                   const Real* row) const;
  template <class Real>
  void add_recurrent(const Record<Real>& record, std::int64_t gate, Real* out) const;
  template <class Real>
  void activate(const Record<Real>& record, std::int64_t gate) const;
  template <class Real>
  void forward_gated(const Record<Real>& record, Real* after) const;
  template <class Real>
  void through_state(const Back<Real>& back, std::int64_t gate, const Real* dz) const;
  template <class Real>
  void activated_back(const Back<Real>& back, std::int64_t gate) const;
  template <class Real>
  void backward_gated(const Back<Real>& back, const Real* dy) const;
  template <class Real>
  void reset_before_back(const Back<Real>& back, Real* d_part) const;
  template <class Real>
  void run_forward(Pass& pass, Call& call) const;
  template <class Real>
  void run_backward(Pass& pass, const Call& call, CallGradient& gradient) const;

  RowCellOptions options_;
  const ParameterList& weights_;
};

}  // namespace chronicler
