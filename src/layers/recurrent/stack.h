// Recurrent layers one above the other, at the same time: a wavefront. While the lower layer runs a
// block of steps, the one above it runs the block before, which the lower one has left behind.
#pragma once

#include <span>

#include "layers/recurrent/recurrent.h"

namespace chronicler {

// A layer of a stack, the lowest first. Each reads the sequence that the one below it puts out.
struct StackedCall {
  const RecurrentLayer* layer;
  Call call;
  RecurrentLayer::Segments* segments = nullptr;
};

// Whether the layers have more to gain side by side than each from a cut of its own: the batch has
// fewer rows than there are threads.
bool gains_from_wavefront(const Pass& pass, const Shape& x, std::int64_t weights,
                          std::size_t layers);

// All steps of all layers, after begin_forward of each, or begin_backward of each from the top. The
// same bits as one layer after the other. Takes memory from the arena once.
void stack_forward(Pass& pass, std::span<const StackedCall> stack);
void stack_backward(Pass& pass, std::span<const StackedCall> stack);

}  // namespace chronicler
