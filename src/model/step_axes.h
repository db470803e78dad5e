// Where steps are in a network that runs over sequences part by part, and whether it can.
#pragma once

#include <string_view>
#include <vector>

#include "model/network.h"

namespace chronicler {

struct StepAxes {
  std::vector<bool> inputs;   // whether axis 1 counts steps; others are the same for every part
  std::vector<bool> outputs;  // the same; others come from the last step
};

// Throws Error, naming the layer, unless the outputs of parts, between which the layers carry their
// states, are those of whole sequences. `option` is what asked for parts: "bptt".
StepAxes step_axes(const Network& network, std::string_view option);

// Whether there are such axes, for who can do without.
bool runs_in_parts(const Network& network);

}  // namespace chronicler
