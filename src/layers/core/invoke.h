// One call of a layer in a pass, with what every call owes: checks, warnings, activity penalties.
#pragma once

#include <memory>
#include <span>
#include <type_traits>

#include "chronicler/layers/layer.h"

namespace chronicler {

// What comes before forward: whole numbers become numbers that the layer computes with, inputs are
// checked, and a mask that ends here is warned of.
void check_call(Pass& pass, const Layer& layer, Call& call);

// Checks the call, runs forward and counts the penalty of the layer's activity regularizer.
void invoke(Pass& pass, const Layer& layer, Call& call);

// Runs backward if a gradient flows into an output or its logits, or an activity regularizer makes
// one. `outputs` may be changed to hold the penalty's part. Returns false, and sets no input
// gradient, if there was nothing to do.
bool invoke_back(Pass& pass, const Layer& layer, const Call& call, std::span<TensorView> outputs,
                 std::span<TensorView> inputs, std::span<const bool> wanted,
                 std::span<const TensorView> logits = {});

// Zeros for the inputs whose gradient is wanted and that none reached.
void fill_missing(Pass& pass, const Call& call, CallGradient& gradient);

// a + b, in the arena; empty views count as zero.
TensorView added(Arena& arena, const TensorView& a, const TensorView& b);

// `count` objects in the arena, each default-constructed. Only for types without destructors.
template <class Object>
std::span<Object> arena_objects(Arena& arena, std::size_t count) {
  static_assert(std::is_trivially_destructible_v<Object>);
  auto* objects = static_cast<Object*>(arena.allocate(count * sizeof(Object)));
  std::uninitialized_value_construct_n(objects, count);
  return {objects, count};
}

}  // namespace chronicler
