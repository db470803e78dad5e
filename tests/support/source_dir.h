// Where the project lies on this machine.
#pragma once

#include <filesystem>

namespace chronicler::test {

std::filesystem::path source_dir();

}  // namespace chronicler::test
