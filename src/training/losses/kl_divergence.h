// How far a predicted distribution is from that of the targets (Kullback, Leibler 1951).
#pragma once

#include "chronicler/training/losses.h"
#include "training/settings.h"

namespace chronicler {

LossPtr kl_divergence_from(SettingsReader& settings);

}  // namespace chronicler
