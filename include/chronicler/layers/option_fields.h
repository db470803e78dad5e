// The rows that the tables of layers have in common (base/fields.h): the options of all layers, of
// weights, and of loops over steps.
#pragma once

#include "chronicler/base/fields.h"
#include "chronicler/layers/layer.h"

namespace chronicler::layers {

// So that no number of steps is beyond what a number holds.
inline constexpr std::int64_t most_steps = std::int64_t{1} << 30;
inline constexpr std::int64_t most_added_steps = std::int64_t{1} << 31;

// The options that all layers have.
template <class Options, class Visitor>
void visit_shared_fields(Visitor& visit) {
  visit("name", &Options::name, any_value(), "name in its model, and in files",
        FieldNotes{.default_text = "from the class: lstm_1", .is_shared = true});
  visit("trainable", &Options::trainable, any_value(), "whether training changes the weights",
        FieldNotes{.is_shared = true});
  visit("dtype", &Options::dtype, any_value(), "type of weights and results: float32 or float64",
        FieldNotes{.default_text = Options{}.dtype.empty() ? "that of the layer within" : "",
                   .is_shared = true});
  if constexpr (requires { &Options::input_shape; }) {
    visit("input_shape", &Options::input_shape, any_value(),
          "shape of one sample, without the batch; None where it varies",
          FieldNotes{.is_shared = true});
    visit("batch_size", &Options::batch_size, at_least(1),
          "rows of every batch; stateful layers need it", FieldNotes{.is_shared = true});
  }
}

// What kernels, recurrent kernels and biases start from and are held to; only those that the layer
// has.
template <class Options, class Visitor>
void visit_weight_fields(Visitor& visit) {
  constexpr bool is_recurrent = requires { &Options::recurrent_initializer; };
  visit("kernel_initializer", &Options::kernel_initializer, any_value(),
        "first values of the kernel");
  if constexpr (is_recurrent) {
    visit("recurrent_initializer", &Options::recurrent_initializer, any_value(),
          "first values of the recurrent kernel");
  }
  visit("bias_initializer", &Options::bias_initializer, any_value(), "first values of the bias");
  if constexpr (requires { &Options::unit_forget_bias; }) {
    visit("unit_forget_bias", &Options::unit_forget_bias, any_value(),
          "the bias of the forget gate starts at 1");
  }
  visit("kernel_regularizer", &Options::kernel_regularizer, any_value(),
        "penalty on the kernel, added to the loss");
  if constexpr (is_recurrent) {
    visit("recurrent_regularizer", &Options::recurrent_regularizer, any_value(),
          "penalty on the recurrent kernel");
  }
  visit("bias_regularizer", &Options::bias_regularizer, any_value(), "penalty on the bias");
  visit("activity_regularizer", &Options::activity_regularizer, any_value(),
        "penalty on the output");
  visit("kernel_constraint", &Options::kernel_constraint, any_value(),
        "what the kernel is held to after each step of training");
  if constexpr (is_recurrent) {
    visit("recurrent_constraint", &Options::recurrent_constraint, any_value(),
          "what the recurrent kernel is held to");
  }
  visit("bias_constraint", &Options::bias_constraint, any_value(), "what the bias is held to");
}

// Dropout of a recurrent cell.
template <class Options, class Visitor>
void visit_recurrent_dropout_fields(Visitor& visit) {
  visit("dropout", &Options::dropout, share_below(1.0),
        "share of the inputs left out in training; one draw for all steps of a sequence");
  visit("recurrent_dropout", &Options::recurrent_dropout, share_below(1.0),
        "share of the previous state left out where it meets the recurrent kernel");
}

// How a recurrent layer goes over the steps. In files these come first.
template <class Options, class Visitor>
void visit_loop_fields(Visitor& visit) {
  const FieldNotes notes{.file_rank = -1};
  visit("return_sequences", &Options::return_sequences, any_value(),
        "the output of every step, not only of the last one", notes);
  visit("return_state", &Options::return_state, any_value(), "the final states are further outputs",
        notes);
  visit("go_backwards", &Options::go_backwards, any_value(),
        "from the last step to the first; the output stays in that order", notes);
  visit("stateful", &Options::stateful, any_value(),
        "row i of a batch goes on where row i of the batch before stopped", notes);
  visit("unroll", &Options::unroll, any_value(), "accepted; the numbers are the same", notes);
}
template <class Options, class Visitor>
void visit_masked_output_field(Visitor& visit) {
  visit("zero_output_for_mask", &Options::zero_output_for_mask, any_value(),
        "masked steps give 0 instead of the last output again", FieldNotes{.file_rank = -1});
}

template <class Options, class Visitor>
void visit_seed_field(Visitor& visit, const FieldNotes& notes = {}) {
  visit("seed", &Options::seed, any_value(), "fixes the random draws of training", notes);
}

}  // namespace chronicler::layers
