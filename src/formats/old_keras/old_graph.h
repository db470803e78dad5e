// Graphs as Keras 1 and 2 wrote them, put into the form of Keras 3.
#pragma once

#include "base/json.h"

namespace chronicler {

// Renews the configuration of a Functional model, whose layers have been renewed already. Keras 2
// wrote a call as [["x", 0, 0, {keywords}], ["h", 0, 1]]; Keras 3 writes its arguments. Of a model
// inside, Keras 2 counted all calls from 1; Keras 3 does so for outputs and Functional models only.
// TensorFlow's operations become those of Keras 3. Leaves a graph alone that has the new form.
void renew_graph(Json& config);

}  // namespace chronicler
