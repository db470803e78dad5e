// What compile, fit, evaluate and predict take and give.
#pragma once

#include "chronicler/training/compile.h"      // IWYU pragma: export
#include "chronicler/training/fit_options.h"  // IWYU pragma: export
