// Connectionist temporal classification (Graves et al. 2006): labels whose places among the steps
// are not known.
#pragma once

#include "chronicler/training/losses.h"
#include "training/settings.h"

namespace chronicler {

LossPtr ctc_from(SettingsReader& settings);

}  // namespace chronicler
