// Cross-entropy over classes of which what is sure already counts less (Lin et al. 2017).
#pragma once

#include "chronicler/training/losses.h"
#include "training/settings.h"

namespace chronicler {

LossPtr categorical_focal_crossentropy_from(SettingsReader& settings);

}  // namespace chronicler
