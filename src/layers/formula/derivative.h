// The way back through a formula, as further nodes of its graph: reverse mode, first through what
// depends on states (step by step), then through what depends on x alone (all steps at once), then
// through what depends on weights alone (one row).
#pragma once

#include <vector>

#include "layers/formula/cell_formula.h"

namespace chronicler::formula {

// d Loss/d weight += factor^T gradient, over all rows and steps.
struct MatrixGradient {
  int weight = 0;
  Id factor = no_node;
  Id gradient = no_node;
};

// Where a gradient goes on: `gradient` of one stage is what flows into `value` of an earlier one,
// and `leaf` is what it is called there.
struct Crossing {
  Id value = no_node;
  Id gradient = no_node;
  Id leaf = no_node;
};

struct Derivative {
  Id first = 0;  // the nodes from here on are the derivative's
  // By state, and last by the output: d Loss/d its value after the step.
  std::vector<Id> after;
  std::vector<Id> before;  // by state: d Loss/d its value before; no_node: 0
  Id input = no_node;      // d Loss/d x

  std::vector<MatrixGradient> matrices[2];  // by what is computed step by step; by x alone
  std::vector<Crossing> to_input;           // from states to what depends on x alone
  // To rows of weights, summed over rows and steps: from states, from what depends on x alone.
  std::vector<Crossing> to_weights[2];
  // By weight that is a row: the gradient, of what flows into rows; no_node: a matrix, or 0.
  std::vector<Id> rows;
};

// Adds the nodes to the formula's graph.
Derivative derive(CellFormula& formula);

}  // namespace chronicler::formula
