// Layers over sequences compute with the channels on the last axis; in other orders (Keras's
// data_format "channels_first") data are turned before and behind.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>

#include "chronicler/layers/layer.h"
#include "kernels/activation.h"
#include "layers/core/dispatch.h"
#include "layers/core/invoke.h"
#include "layers/core/logits.h"

namespace chronicler {

inline bool channels_are_first(const std::string& data_format) {
  return data_format == "channels_first";
}

// The last two axes exchanged.
inline Shape with_channels_moved(const Shape& shape) {
  Shape moved = shape;
  if (shape.rank() < 3) return moved;
  moved.set(shape.rank() - 1, shape[-2]);
  moved.set(shape.rank() - 2, shape[-1]);
  return moved;
}

inline TensorView with_channels_moved(Arena& arena, const TensorView& x) {
  if (!x || x.shape().rank() < 3) return x;
  const TensorView y = arena.tensor(with_channels_moved(x.shape()), x.dtype());
  const std::int64_t rows = x.shape()[-2];
  const std::int64_t columns = x.shape()[-1];
  const std::int64_t size = rows * columns;
  with_real(x.dtype(), [&](auto real) {
    using Real = decltype(real);
    const Real* from = x.as<Real>();
    Real* to = y.as<Real>();
    for (std::int64_t i = 0; i < x.size(); ++i) {
      const std::int64_t rest = i % size;
      to[i - rest + rest % columns * rows + rest / columns] = from[i];
    }
  });
  return y;
}

// A call whose data are turned; it lives as long as the pass.
struct MovedCall {
  Call call;
  std::array<Value, 1> input;
  std::array<Value, 1> output;
};

// forward(call) on data with the channels last.
template <class Forward>
void forward_with_channels(Pass& pass, Call& call, bool first, const Forward& forward) {
  if (!first) {
    forward(call);
    return;
  }
  MovedCall& moved = arena_objects<MovedCall>(pass.arena, 1)[0];
  moved.input[0] = {with_channels_moved(pass.arena, call.inputs[0].data), call.inputs[0].mask};
  moved.call = call;
  moved.call.inputs = moved.input;
  moved.call.outputs = moved.output;
  forward(moved.call);
  call.outputs[0] = {with_channels_moved(pass.arena, moved.output[0].data), moved.output[0].mask};
  if (call.tape != nullptr) call.tape->record = &moved;
}

// backward(call, gradient) on data with the channels last.
template <class Backward>
void backward_with_channels(Pass& pass, const Call& call, CallGradient& gradient, bool first,
                            const Backward& backward) {
  if (!first) {
    backward(call, gradient);
    return;
  }
  const MovedCall& moved = *static_cast<const MovedCall*>(call.tape->record);
  const TensorView flowing = with_channels_moved(pass.arena, gradient.outputs[0]);
  TensorView result;
  CallGradient inner{std::span(&flowing, 1), std::span(&result, 1), gradient.wanted};
  backward(moved.call, inner);
  if (gradient.wanted[0]) gradient.inputs[0] = with_channels_moved(pass.arena, result);
}

// forward(call, activation) of a layer whose activation comes last. Where the channels are first it
// works on the data as they come out: a softmax is over the steps there, in Keras, too. `place` of
// the tape is for what it is given.
template <class Real, class Forward>
void forward_activated(Pass& pass, Call& call, bool first, kernels::Activation activation,
                       int place, const Forward& forward) {
  if (!first) {
    forward(call, activation);
    return;
  }
  forward_with_channels(pass, call, true,
                        [&](Call& own) { forward(own, kernels::Activation::linear); });
  const TensorView z = call.outputs[0].data;
  const bool keep = call.tape != nullptr && kernels::needs_input(activation);
  const bool asked = asks_for_logits(call, activation);
  const TensorView y = keep || asked ? pass.arena.tensor(z.shape(), z.dtype()) : z;
  const std::int64_t width = z.shape()[-1];
  kernels::activate(activation, z.size() / width, width, z.as<Real>(), y.as<Real>());
  call.outputs[0].data = y;
  if (keep) (*call.tape)[place] = z;
  if (asked) call.logits[0] = logits_of(activation, z);
}

// backward(call, gradient, activation) of such a layer.
template <class Real, class Backward>
void backward_activated(Pass& pass, const Call& call, CallGradient& gradient, bool first,
                        kernels::Activation activation, int place, const Backward& backward) {
  if (!first) {
    backward(call, gradient, activation);
    return;
  }
  const TensorView y = call.outputs[0].data;
  const TensorView z = (*call.tape)[place];
  const std::int64_t width = y.shape()[-1];
  const Real* dz = slopes_before<Real>(pass, activation, y.size() / width, width,
                                       z ? z.as<Real>() : nullptr, y.as<Real>(), gradient);
  const TensorView flowing(const_cast<Real*>(dz), y.dtype(), y.shape());
  CallGradient linear{std::span(&flowing, 1), gradient.inputs, gradient.wanted};
  backward_with_channels(pass, call, linear, true, [&](const Call& own, CallGradient& inner) {
    backward(own, inner, kernels::Activation::linear);
  });
}

}  // namespace chronicler
