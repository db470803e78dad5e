// Margins between two classes, -1 and 1.
#pragma once

#include "chronicler/training/losses.h"
#include "training/settings.h"

namespace chronicler {

LossPtr hinge_from(SettingsReader& settings);
LossPtr squared_hinge_from(SettingsReader& settings);

}  // namespace chronicler
