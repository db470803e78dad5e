// The cross-entropy of a distribution over classes against a label.
#pragma once

#include "chronicler/training/losses.h"
#include "training/settings.h"

namespace chronicler {

LossPtr sparse_categorical_crossentropy_from(SettingsReader& settings);

}  // namespace chronicler
