// Counts: the negative logarithm of a Poisson distribution's probability, but for a constant.
#pragma once

#include "chronicler/training/losses.h"
#include "training/settings.h"

namespace chronicler {

LossPtr poisson_from(SettingsReader& settings);

}  // namespace chronicler
