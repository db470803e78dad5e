// The graph of a Functional model as Keras's configuration: layers with the calls that were made of
// them.
#pragma once

#include "base/json.h"
#include "chronicler/model/functional.h"

namespace chronicler {

// {"layers": [...], "input_layers": [...], "output_layers": [...]}
Json graph_to_json(const Functional& model);
// From an object with these members, in the form of Keras 3 or of Keras 2. Throws Error.
Graph graph_at(const JsonPlace& config);

}  // namespace chronicler
