// Where model/tensor_file.h is defined.
#pragma once

#include "model/tensor_file.h"  // IWYU pragma: export
