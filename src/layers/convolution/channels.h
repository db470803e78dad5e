// Layers over sequences compute with the channels on the last axis; in other orders (Keras's
// data_format "channels_first") data are turned before and behind.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>

#include "chronicler/layers/layer.h"
#include "layers/core/dispatch.h"
#include "layers/core/invoke.h"

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

}  // namespace chronicler
