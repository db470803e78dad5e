// The cross-entropy of independent yes-or-no probabilities.
#pragma once

#include "chronicler/training/losses.h"
#include "training/settings.h"

namespace chronicler {

LossPtr binary_crossentropy_from(SettingsReader& settings);

}  // namespace chronicler
