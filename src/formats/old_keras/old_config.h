// Configurations of earlier versions of Keras, put into the form and the names of Keras 3.
//
// What a file says about layers has changed in steps since Keras 1: options got other names, the
// list of a Sequential's layers became an object, nodes of a graph became arguments and keywords.
// All readers of configurations renew them first, so that layer_config and graph_config know one
// form. An option that has no equal in Keras 3 stays as it is, and is refused there by its name.
#pragma once

#include <string_view>

#include "base/json.h"

namespace chronicler {

// By the version that a file gives for itself: "2.2.4-tf", "1.2.0". Only Keras 3 is not old.
bool is_before_keras3(std::string_view keras_version);

// Renews the object of a model and all that it holds. `before_keras3` chooses between the two
// functions that are called hard_sigmoid, which no option says. Throws Error where a member that
// Keras writes is missing or of another kind.
void renew_config(Json& model, bool before_keras3);

}  // namespace chronicler
