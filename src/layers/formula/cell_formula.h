// What a formula means: its states, weights and output, and the graph of one step.
//
// x is the input. A name that is read before it is written is a state: there it has the value of
// the step before, and what was assigned last is its value after the step. Every other name that is
// assigned stands for what was assigned to it last. A name that is never assigned is a weight. Case
// counts (W and w are two names) but means nothing.
//
// Names and parentheses side by side are multiplied. A weight that stands before something else is
// a matrix, which is applied to what follows it: W x, U (r h), z U h. All other products are of
// each number with each, and * always is. A weight that is no matrix is a row, the same for all
// rows of a batch.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "layers/formula/graph.h"

namespace chronicler::formula {

struct Weight {
  std::string name;
  bool is_matrix = false;
  bool meets_state = false;     // a matrix that multiplies something of states (or of both)
  Width width = Width::number;  // of a row; of a matrix, of what it multiplies
  Place place = {};             // of its first use
};

struct StateName {
  std::string name;
  Place place = {};  // where it is first read
  Id before = no_node;
  Id after = no_node;  // its value after the step
};

// A place that only works where there are as many features as units.
struct EqualWidths {
  Place place;
  std::string what;
};

struct CellFormula {
  std::string text;
  Graph graph;
  std::vector<Weight> weights;    // in the order of first use
  std::vector<StateName> states;  // the state h first, then in the order in which they are read
  std::string output_name;
  Id output = no_node;  // y if it is assigned, else the state h, else what is assigned last
  std::vector<EqualWidths> equal_widths;
};

// Reads a formula. `states`: the names of the states in their order, or empty: they follow from the
// formula. Throws Error, with the place, for anything that is not a cell.
CellFormula read_formula(const std::string& text, const std::vector<std::string>& states = {});

}  // namespace chronicler::formula
