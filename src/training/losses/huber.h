// Squares of small errors, sizes of large ones (Huber 1964).
#pragma once

#include "chronicler/training/losses.h"
#include "training/settings.h"

namespace chronicler {

LossPtr huber_from(SettingsReader& settings);

}  // namespace chronicler
