// What a model carries from batch to batch and Keras does not save: the states of stateful layers
// and the seeds that dropout follows from. Files keep it as an asset of its own.
#pragma once

#include <string>
#include <string_view>

#include "chronicler/model/model.h"

namespace chronicler {

inline constexpr std::string_view running_state_asset = "state.safetensors";

// Empty if there is nothing to keep.
std::string describe_running_state(const Model& model);
// Throws Error unless it is that of a model with these layers.
void restore_running_state(Model& model, std::string_view bytes);

}  // namespace chronicler
