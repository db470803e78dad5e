// Networks of the same shape as branches of one model, whose layers have a prefix each.
#pragma once

#include <cstddef>
#include <string>

#include "chronicler/model/model.h"

namespace chronicler::tasks {

// Of the layers of branch `index`, from 0, of so many: "network_2_"; empty if there is only one.
std::string branch_prefix(std::size_t index, std::size_t count);

// Gives the layers of a branch the weights of the network's layers of the same names.
void set_branch_weights(const Model& network, Model& joined, const std::string& prefix);

}  // namespace chronicler::tasks
