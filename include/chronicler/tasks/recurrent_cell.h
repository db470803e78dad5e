// The recurrent layers that the networks of forecast and generate may be made of.
#pragma once

#include "chronicler/base/fields.h"

namespace chronicler::tasks {

// The names that an option `cell` takes: "lstm", "gru", ...
FieldRange one_of_cells();

}  // namespace chronicler::tasks
