// The cross-entropy of a distribution over classes against one that is given.
#pragma once

#include "chronicler/training/losses.h"
#include "training/settings.h"

namespace chronicler {

LossPtr categorical_crossentropy_from(SettingsReader& settings);

}  // namespace chronicler
