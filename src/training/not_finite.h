// Where numbers that are none first show, for who trains or judges a model.
#pragma once

#include <string>

#include "chronicler/model/model.h"

namespace chronicler {

// "weight "kernel" of LSTM "lstm"": the first weight, in the order of the layers, that is not
// finite everywhere; empty if there is none.
std::string first_weight_not_finite(const Model& model);

// After a batch whose loss is not finite, and before anything else: what of it, in the order in
// which the layers run, was the first not to be. A whole clause.
std::string why_not_finite(Model& model);

}  // namespace chronicler
