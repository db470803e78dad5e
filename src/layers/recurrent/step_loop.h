// Any cell, run over a sequence step by step.
#pragma once

#include "chronicler/layers/layer.h"

namespace chronicler {

// How a loop runs; Keras's flags of a recurrent layer.
struct LoopFlags {
  bool return_sequences = false;
  bool return_state = false;
  bool go_backwards = false;
  bool zero_output_for_mask = false;
};

// Within Pass::keep_bytes some steps are computed again on the way back (keep_plan.h); a cell must
// give the same for the same step.
//
// Inputs: (B, T, F) and the initial states, all of them. Outputs: (B, U) or (B, T, U), and the
// states if asked for. Not in the catalog: what RNN runs a foreign cell with.
void loop_forward(Pass& pass, const Layer& cell, const LoopFlags& flags, Call& call);
void loop_backward(Pass& pass, const Layer& cell, const LoopFlags& flags, const Call& call,
                   CallGradient& gradient);

// What such a loop keeps for the way back (Layer::kept_steps), found by running one step: states
// and x with their batch.
Layer::KeptSteps loop_kept_steps(const Layer& cell, std::span<const Shape> states, const Shape& x,
                                 DType dtype);

// What a layer around a cell does: the same for a call without initial states, which then are those
// that are carried, or zeros of these shapes.
void sequence_forward(Pass& pass, const Layer& cell, const LoopFlags& flags,
                      std::span<const Shape> states, Call& call);
void sequence_backward(Pass& pass, const Layer& cell, const LoopFlags& flags, const Call& call,
                       CallGradient& gradient);

}  // namespace chronicler
