// A formula as one would compute it by hand: the readable twin of what program.h lays out.
#pragma once

#include <vector>

#include "layers/formula/cell_formula.h"

namespace chronicler::formula {

using Numbers = std::vector<double>;

struct StepValues {
  std::vector<Numbers> states;  // after the step
  Numbers output;
};

// One step of one row. weights: by weight, a matrix row by row.
StepValues evaluate_step(const CellFormula& formula, const std::vector<Numbers>& weights,
                         const Numbers& x, const std::vector<Numbers>& states);

}  // namespace chronicler::formula
