// One step of a ConvLSTM1D.
#pragma once

#include "chronicler/layers/conv_lstm1d.h"

namespace chronicler {

// A cell: x (B, L, C) and the states h and c, each (B, L', filters), to the output, which is the
// new h, and the new states. Its options were checked by the layer.
LayerPtr conv_lstm_cell(const layers::ConvLSTM1DOptions& options);

}  // namespace chronicler
