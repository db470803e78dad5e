// Cell: the cell of an RNN, written as a formula.
//
//   RNN({.cell = Cell({.units = 64, .formula = R"(
//       z = sigmoid(W_z x + U_z h + b_z)
//       g = tanh(W x + U h + b)
//       h = (1 - z) h + z g)"})})
//
// A formula is a list of statements `name = expression`, ended by `;` or the end of the line;
// # begins a comment. It says what one step computes:
//
//   x        the input of the step, (B, F)
//   states   names that are read before they are assigned: there they have the value of the step
//            before (zeros at first); what was assigned last is the value after the step. (B,
//            units)
//   weights  names that are never assigned: what the layer learns
//   output   y if it is assigned, else the state h if there is one, else what is assigned last
//   others   stand for what was assigned to them last
//
// Side by side is a product. A weight before something else is a matrix, which is applied to it:
// W x has a W of shape (F, units), U h and U (r h) a U of (units, units), z U h is z times U h. All
// other products are of each number with each, as * always is: (1 - z) h, z g, p * c. A weight that
// is no matrix is a row, of shape (units): the b of W x + b, the p of p * c. What is multiplied or
// added number by number has one width; where x itself meets a state so, there must be as many
// features as units. Capital letters are other names than small ones, and mean nothing.
//
//   a + b  a - b  -a  a * b  a / b    number by number
//   a b  2 a  (a + b) c               products, before * and /
//   a ^ 2                             whole powers up to 8 and down to -8 (also a ** 2)
//   sqrt square exp log abs sin cos min max
//   sigmoid tanh relu softplus silu elu hard_sigmoid ...: every activation of single numbers
//
// A function is written with its parenthesis at once, as in tanh(a); a name, a space and a
// parenthesis are a product. Mistakes are errors that show their place in the formula.
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
