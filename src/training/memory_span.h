// For how long a model that was not trained yet can remember.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "chronicler/model/model.h"

namespace chronicler {

// Steps after which the state of the layer that remembers longest has fallen to 1/e, by the weights
// as they are: of an LSTM's forget gate, or a GRU's update gate, with bias b 1 / (1 - sigmoid(b)),
// of the unit with the highest; of a SimpleRNN with spectral radius r of its recurrent kernel 1 /
// (1 - r), without end from 1 on. Empty if the model has no such layer, or one that remembers in a
// way that is not known here.
std::optional<double> memory_span(const Model& model);

// What to say of a model that is about to learn from windows of so many steps: a sentence if they
// are over a hundred times longer than what it can remember. An LSTM with its usual start learns
// lags some tens of times as long as its span, so that less is no reason to speak.
std::string note_on_memory(const Model& model, std::int64_t steps);

}  // namespace chronicler
