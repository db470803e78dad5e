// The data that comes with the program.
#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

namespace chronicler::cli {

// The folders that may hold the data, the first one that does counts. A program says this once.
void look_for_data_in(std::vector<std::filesystem::path> folders);

// Where a file of examples/data is: in the folder that CHRONICLER_DATA_DIR names, or in one of
// those that the program named. Throws Error that lists the places.
std::filesystem::path data_file(std::string_view name);

}  // namespace chronicler::cli
