// How wide the values of a formula are.
#pragma once

#include <cstdint>

#include "layers/formula/cell_formula.h"

namespace chronicler::formula {

// From x (features), states and matrix products (units): what is computed number by number is of
// one width. Sets those of the nodes and of the weights.
void find_widths(CellFormula& formula);

// Throws Error, with the place, if the formula needs features and units to be equal and they are
// not.
void check_widths(const CellFormula& formula, std::int64_t features, std::int64_t units);

}  // namespace chronicler::formula
