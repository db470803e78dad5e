// Whole files as bytes.
#pragma once

#include <string>

#include "base/number_bytes.h"

namespace chronicler {

// The file's contents. Throws Error naming the path and the system's reason.
std::string read_file(const std::string& path);

}  // namespace chronicler
