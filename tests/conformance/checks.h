// What every layer of the catalog must keep to, one function a promise.
#pragma once

#include <span>

#include "conformance/cases.h"

namespace chronicler::test {

struct Check {
  const char* name;
  bool (*applies)(const LayerCase&);
  void (*run)(const LayerCase&);
};

// Whether the layer of the case can be run step by step.
bool layer_streams(const LayerCase& c);

// Every check, in the order of the listing.
std::span<const Check> conformance_checks();

// Options go out through one visitor and come back through another: an equal layer.
void check_config_round_trip(const LayerCase& c);
// Names, shapes and order of the weights are Keras's.
void check_weights(const LayerCase& c);
// Gradients of inputs, weights and initial states against central differences, in double.
void check_gradients(const LayerCase& c);
// The same for the penalties of regularizers, through a model.
void check_penalty_gradients(const LayerCase& c);
// What Pass::observe records is the gradient of the state after each step.
void check_observed_gradients(const LayerCase& c);
// float32, on every instruction set of this machine, against float64, outputs and gradients.
void check_fast_equals_reference(const LayerCase& c);
// The same at the sizes around which vectors begin and end.
void check_sizes(const LayerCase& c);
// A stream, step by step, gives the bits of the whole sequence.
void check_step_by_step(const LayerCase& c);
// A sequence in two calls, the state carried over, gives the bits of one call.
void check_pieces(const LayerCase& c);
// A row's results do not depend on its neighbours in the batch.
void check_rows_alone(const LayerCase& c);
// Steps that do not count might as well not be there.
void check_masked_steps_absent(const LayerCase& c);
// Nothing reads memory that nobody wrote: with other bytes there, the bits are the same.
void check_fresh_memory(const LayerCase& c);
// Two executions of one model run at once, and do not see one another.
void check_two_at_once(const LayerCase& c);
// Outputs and gradients have the same bits for 1, 2 and 5 threads.
void check_threads(const LayerCase& c);
// So have the weights after three epochs of fit.
void check_threads_in_fit(const LayerCase& c);
// What may keep few bytes of its steps (Pass::keep_bytes) gives the bits of keeping all.
void check_keeping_less(const LayerCase& c);
// A training batch takes no memory once the first ones have shown how much is needed.
void check_no_allocation_in_training(const LayerCase& c);
// Nor does a step of a stream.
void check_no_allocation_in_a_step(const LayerCase& c);
// A saved model predicts the same bits.
void check_save_and_load(const LayerCase& c);
// Copies share nothing, and a moved model is the model.
void check_copy_and_move(const LayerCase& c);
// The processor's mode is the caller's after every call, and does not change results.
void check_processor_mode(const LayerCase& c);

}  // namespace chronicler::test
