// Cell: the cell of an RNN, written as a formula. For instance, with units of 64 and features F:
//
//   z = sigmoid(W_z x + U_z h + b_z)   # W_z (F, 64), U_z (64, 64), b_z (64)
//   g = tanh(W x + U h + b)
//   h = (1 - z) h + z g                # h is read before it is written: a state
//
// A formula is a list of statements `name = expression`, each ended by a semicolon or the end of
// its line (within parentheses, or after an operator, it goes on). # begins a comment. It says what
// one step computes:
//
//   x        the input of the step, (B, F)
//   states   names that are read before they are assigned: there they have the value of the step
//            before, 0 at first. What was assigned last is the value after the step. (B, units)
//   weights  names that are never assigned: what the layer learns
//   output   y if it is assigned, else the state h if there is one, else what is assigned last
//   others   stand for what was assigned to them last
//
// Side by side is a product. A weight before something else is a matrix, which is applied to it:
// W x has a W of shape (F, units), U h and U (r h) have a U of (units, units), z U h is z times
// U h. All other products are of each number with each, as * always is: (1 - z) h, z g, p * c. A
// weight that is no matrix is a row of (units): the b of W x + b, the p of p * c. What meets number
// by number has one width: where x itself meets a state so, there must be as many features as
// units. Capital letters make other names than small ones, and mean nothing.
//
//   a b, 2 a, (a + b) c       products, before * and /
//   a * b, a / b              number by number
//   a + b, a - b, -a          the same
//   a ^ 2, a ** 2             whole powers, up to 8 and down to -8
//   min(a, b), max(a, b)      the smaller and the larger number
//   abs cos exp log sin sqrt square
//   elu gelu hard_sigmoid hard_silu hard_tanh leaky_relu relu relu6 sigmoid silu softplus softsign
//   tanh, and celu exponential hard_shrink hard_sigmoid_keras2 hard_swish log_sigmoid mish selu
//   soft_shrink sparse_plus sparse_sigmoid squareplus swish tanh_shrink
//
// A function has its parenthesis at once, as in tanh(a). A name, a space and a parenthesis are a
// product. A mistake is an Error that shows its place in the formula. In a stream, a step that a
// mask leaves out repeats the first state if the output is none of the states.
#pragma once

#include <string>
#include <vector>

#include "chronicler/layers/layer.h"
#include "chronicler/layers/option_fields.h"

namespace chronicler::layers {

struct CellOptions {
  std::int64_t units = 0;
  std::string formula = {};
  std::vector<std::string> states = {};
  Initializer kernel_initializer = "glorot_uniform";
  Initializer recurrent_initializer = "orthogonal";
  Initializer bias_initializer = "zeros";
  std::vector<std::string> initializers = {};
  Regularizer kernel_regularizer = {};
  Regularizer recurrent_regularizer = {};
  Regularizer bias_regularizer = {};
  Constraint kernel_constraint = {};
  Constraint recurrent_constraint = {};
  Constraint bias_constraint = {};
  std::string name = {};
  bool trainable = true;
  std::string dtype = "float32";

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = CellOptions;
    visit("units", &Options::units, at_least(1), "numbers of the output, and of each state",
          {.is_required = true});
    visit("formula", &Options::formula, any_value(), "what a step computes", {.is_required = true});
    visit("states", &Options::states, any_value(),
          "the names of the states, in order; if empty, h and then the others as they are read",
          {.default_text = "from the formula"});
    visit("kernel_initializer", &Options::kernel_initializer, any_value(),
          "first values of matrices that multiply the input, or what follows from it alone");
    visit("recurrent_initializer", &Options::recurrent_initializer, any_value(),
          "first values of matrices that multiply states");
    visit("bias_initializer", &Options::bias_initializer, any_value(), "first values of rows");
    visit("initializers", &Options::initializers, any_value(),
          "of single weights, by name, as in \"b_f: ones\"");
    visit("kernel_regularizer", &Options::kernel_regularizer, any_value(),
          "penalty on matrices that multiply the input, added to the loss");
    visit("recurrent_regularizer", &Options::recurrent_regularizer, any_value(),
          "penalty on matrices that multiply states");
    visit("bias_regularizer", &Options::bias_regularizer, any_value(), "penalty on rows");
    visit("kernel_constraint", &Options::kernel_constraint, any_value(),
          "what matrices that multiply the input are held to after each step of training");
    visit("recurrent_constraint", &Options::recurrent_constraint, any_value(),
          "what matrices that multiply states are held to");
    visit("bias_constraint", &Options::bias_constraint, any_value(), "what rows are held to");
    visit_shared_fields<Options>(visit);
  }
};

// One step: x (B, F) and the states, each (B, units), to the output (B, units) and the new states;
// in an RNN, whole sequences. Weights have their names in the formula and its order.
LayerPtr Cell(const CellOptions& options);

}  // namespace chronicler::layers
