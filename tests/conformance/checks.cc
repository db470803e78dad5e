#include "conformance/checks.h"

#include <array>

#include "conformance/fields.h"

namespace chronicler::test {
namespace {

bool always(const LayerCase& /*c*/) { return true; }

// Runs over steps in one direction.
bool is_recurrent(const LayerCase& c) {
  return find_field(fields_of(*c.make()), "go_backwards") != nullptr;
}

bool has_penalties(const LayerCase& c) {
  if (!fits_sequential(c)) return false;
  const LayerPtr layer = built_layer(c, DType::float32);
  bool found = static_cast<bool>(layer->activity_regularizer());
  for (const Parameter& parameter : layer->parameters()) found = found || parameter.regularizer;
  return found && layer->trainable();
}

// Of layers whose output is their state; that of an LRU is made of it (its own test looks).
bool can_be_observed(const LayerCase& c) {
  if (c.layer == "LRU") return false;
  const bool one_cell = find_field(fields_of(*c.make()), "units") != nullptr;
  return one_cell && is_recurrent(c) && c.mask == Mask::none && !c.training && fits_sequential(c);
}

bool at_all_sizes(const LayerCase& c) { return c.sizes; }

bool is_sequence(const LayerCase& c) { return c.input.rank() == 3 || c.ids > 0; }

bool carries_state(const LayerCase& c) {
  return is_recurrent(c) && !c.initial_state && !c.training;
}

// Dropout's draws belong to a row's place in the batch.
bool rows_are_independent(const LayerCase& c) { return !c.training; }

bool has_masked_steps(const LayerCase& c) {
  return is_recurrent(c) && c.mask != Mask::none && !c.training;
}

bool keeps_steps(const LayerCase& c) {
  const LayerPtr layer = built_layer(c, DType::float32);
  return layer->kept_steps(std::span(&c.input, 1)).has_value();
}

bool can_learn(const LayerCase& c) { return fits_sequential(c); }

}  // namespace

bool layer_streams(const LayerCase& c) {
  return fits_sequential(c) && is_sequence(c) && c.make()->causal() && !c.training;
}

std::span<const Check> conformance_checks() {
  static constexpr std::array checks{
      Check{"config_round_trip", always, check_config_round_trip},
      Check{"weights", always, check_weights},
      Check{"gradients", always, check_gradients},
      Check{"penalty_gradients", has_penalties, check_penalty_gradients},
      Check{"observed_gradients", can_be_observed, check_observed_gradients},
      Check{"fast_equals_reference", always, check_fast_equals_reference},
      Check{"sizes", at_all_sizes, check_sizes},
      Check{"step_by_step", layer_streams, check_step_by_step},
      Check{"pieces", carries_state, check_pieces},
      Check{"rows_alone", rows_are_independent, check_rows_alone},
      Check{"masked_steps_absent", has_masked_steps, check_masked_steps_absent},
      Check{"fresh_memory", always, check_fresh_memory},
      Check{"two_at_once", fits_sequential, check_two_at_once},
      Check{"threads", always, check_threads},
      Check{"keeping_less", keeps_steps, check_keeping_less},
      Check{"threads_in_fit", can_learn, check_threads_in_fit},
      Check{"no_allocation_in_training", can_learn, check_no_allocation_in_training},
      Check{"no_allocation_in_a_step", layer_streams, check_no_allocation_in_a_step},
      Check{"save_and_load", fits_sequential, check_save_and_load},
      Check{"copy_and_move", always, check_copy_and_move},
      Check{"processor_mode", fits_sequential, check_processor_mode},
  };
  return checks;
}

}  // namespace chronicler::test
