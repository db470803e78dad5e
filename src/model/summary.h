// A model as a table, drawn as Keras draws it.
#pragma once

#include <string>

#include "chronicler/model/model.h"

namespace chronicler {

// Where a summary is drawn: a terminal has its own width and colours, all else has 80 columns.
struct SummaryPlace {
  int columns = 80;
  bool colour = false;
};

std::string draw_summary(const Model& model, const SummaryOptions& options,
                         const SummaryPlace& place);

}  // namespace chronicler
