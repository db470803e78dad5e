// Adam (Kingma, Ba: "Adam: a method for stochastic optimization", ICLR 2015), AMSGrad (Reddi, Kale,
// Kumar: "On the convergence of Adam and beyond", ICLR 2018) and AdamW (Loshchilov, Hutter:
// "Decoupled weight decay regularization", ICLR 2019).
#pragma once

#include "chronicler/training/optimizers.h"
#include "training/settings.h"

namespace chronicler {

OptimizerPtr adam_from(SettingsReader& settings, const SchedulePtr& schedule);
OptimizerPtr adam_w_from(SettingsReader& settings, const SchedulePtr& schedule);

}  // namespace chronicler
