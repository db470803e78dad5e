// The cosine of the angle between predictions and targets, negative so that less is better.
#pragma once

#include "chronicler/training/losses.h"
#include "training/settings.h"

namespace chronicler {

LossPtr cosine_similarity_from(SettingsReader& settings);

}  // namespace chronicler
