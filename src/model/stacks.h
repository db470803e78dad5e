// Recurrent layers one above the other in a network, and the run of one.
#pragma once

#include <span>

#include "model/frame.h"

namespace chronicler {

// How many nodes of the run order, from this place on, are a stack whose layers may run side by
// side; 1: the node runs alone. By the network alone, not by what runs through it.
std::size_t stack_size(const Network& network, std::size_t place);

// Runs these nodes, a stack. False, and nothing has happened, if they had better run one after the
// other.
bool run_stack(const Network& network, std::span<const std::size_t> nodes, const Frame& frame,
               Pass& pass, bool keep);
// The same for the way back.
bool run_stack_back(const Network& network, std::span<const std::size_t> nodes, const Frame& frame,
                    Pass& pass);

}  // namespace chronicler
