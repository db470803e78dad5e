// The data that comes with the program.
#pragma once

#include <filesystem>
#include <string_view>

namespace chronicler::cli {

// Where a file of examples/data is: in the folder that CHRONICLER_DATA_DIR names, beside the
// installed program, or in the source it was built from. Throws Error that lists the places.
std::filesystem::path data_file(std::string_view name);

}  // namespace chronicler::cli
