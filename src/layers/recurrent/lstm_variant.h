// The variants of the LSTM that its options turn on: layer normalization, peepholes, projection,
// zoneout; and activations that work on whole rows (softmax and its kin).
//
//   [ai af ac ao] = N(x W),  [bi bf bc bo] = N(h' U)     N: layer normalization over all four, or
//                                                        nothing
//   zi = ai + bi + bias + pi c'      zf = af + bf + bias + pf c'      zc = ac + bc + bias
//   c* = s(zf) c' + s(zi) a(zc)      zo = ao + bo + bias + po c*
//   h* = (s(zo) a(N(c*))) R          R: the projection, or nothing
//   c = kc c' + (1 - kc) c*          k: zoneout; 0 or 1 in training, its rate otherwise
//   h = kh h' + (1 - kh) h*
//
// Ba, Kiros and Hinton 2016; Gers and Schmidhuber 2000; Sak, Senior and Beaufays 2014; Krueger et
// al. 2017. These run step by step on the matrix products of kernels/gemm.h, in float32 and
// float64 alike: the fused kernels of kernels/simd know the plain LSTM only.
#pragma once

#include <array>

#include "chronicler/layers/lstm.h"
#include "kernels/activation.h"

namespace chronicler {

// Whether any of them is on.
bool is_variant(const layers::LSTMOptions& options);

// How many numbers the hidden state has.
inline std::int64_t hidden_size(const layers::LSTMOptions& options) {
  return options.projection > 0 ? options.projection : options.units;
}

// One step, for the time of one call: borrows the options and weights of a layer. The weights
// follow kernel, recurrent_kernel (hidden_size, 4 units) and bias in the order of the options:
// peephole_kernel (3, units; input, forget, output), projection_kernel (units, projection),
// kernel_gamma and recurrent_gamma (4 units), cell_gamma and cell_beta (units).
class LSTMVariantCell final : public Layer {
 public:
  LSTMVariantCell(const layers::LSTMOptions& options, const ParameterList& weights, DType dtype,
                  bool trainable, std::uint64_t drawn_seed);

  std::string_view class_name() const override { return "LSTMCell"; }
  LayerPtr clone() const override { return {}; }  // never asked for
  void fields(FieldVisitor& /*visitor*/) override {}
  std::vector<Shape> output_shapes(std::span<const Shape> inputs) const override;
  std::size_t state_size() const override { return 2; }
  void check_inputs(std::span<const Value> /*inputs*/) const override {}  // the layer does
  void forward(Pass& pass, Call& call) const override;
  void backward(Pass& pass, const Call& call, CallGradient& gradient) const override;

 private:
  template <class Real>
  struct Weights;
  template <class Real>
  struct Record;
  template <class Real>
  struct Flows;
  struct Stretch;

  template <class Real>
  Weights<Real> weights() const;
  template <class Real>
  void run_forward(Pass& pass, Call& call) const;
  template <class Real>
  void make_room(Pass& pass, const Call& call, const Weights<Real>& w, Record<Real>& record) const;
  template <class Real>
  void forward_rows(const Weights<Real>& w, const Record<Real>& record, const Stretch& some) const;
  template <class Real>
  void add_products(const Weights<Real>& w, const Record<Real>& record, const Stretch& some) const;
  template <class Real>
  void forward_cell(const Weights<Real>& w, const Record<Real>& record, const Stretch& some) const;
  template <class Real>
  void forward_hidden(const Weights<Real>& w, const Record<Real>& record,
                      const Stretch& some) const;
  template <class Real>
  void run_backward(Pass& pass, const Call& call, CallGradient& gradient) const;
  template <class Real>
  void backward_rows(const Weights<Real>& w, const Record<Real>& record, const Flows<Real>& flows,
                     const Stretch& some) const;
  template <class Real>
  void backward_hidden(const Weights<Real>& w, const Record<Real>& record, const Flows<Real>& flows,
                       const Stretch& some) const;
  template <class Real>
  void backward_cell(const Weights<Real>& w, const Record<Real>& record, const Flows<Real>& flows,
                     const Stretch& some) const;
  template <class Real>
  void backward_products(const Weights<Real>& w, const Record<Real>& record,
                         const Flows<Real>& flows, const Stretch& some) const;
  template <class Real>
  void activated_back(const Record<Real>& record, const Flows<Real>& flows, const Stretch& some,
                      std::int64_t gate) const;
  template <class Real>
  void look_back(const Weights<Real>& w, const Flows<Real>& flows, const Stretch& some,
                 std::int64_t gate, std::int64_t peephole, Real* to) const;
  template <class Real>
  void add_weight_gradients(const Weights<Real>& w, const Record<Real>& record,
                            const Flows<Real>& flows, std::int64_t part) const;
  kernels::Activation activation_of(std::int64_t gate) const;

  const layers::LSTMOptions& options_;
  const ParameterList& list_;
  std::uint64_t seed_;
  // kernel and recurrent_kernel, laid out by the first step for the products of all; in its arena.
  mutable std::array<const void*, 2> packed_{};
  mutable std::array<const void*, 3> packed_back_{};  // the same going back, and projection_kernel
};

}  // namespace chronicler
