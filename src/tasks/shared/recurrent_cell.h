// A recurrent layer by the name that a task's option `cell` has for it.
#pragma once

#include <string>
#include <string_view>

#include "chronicler/layers/layer.h"

namespace chronicler::tasks {

struct CellOptions {
  std::int64_t units = 1;
  bool stateful = false;
  std::string name = {};
};

// The layer gives (B, T, units). `cell` is a name of one_of_cells().
LayerPtr recurrent_cell(std::string_view cell, const CellOptions& options);

}  // namespace chronicler::tasks
