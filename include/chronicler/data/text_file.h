// Whole texts from files.
#pragma once

#include <filesystem>
#include <string>

namespace chronicler::data {

// The text of a file ("-" is standard input): UTF-8, without a byte-order mark, lines ending in LF
// whatever they ended in before. Throws Error for a file that cannot be read, is empty, or is not
// UTF-8 (with the line).
std::string read_text(const std::filesystem::path& path);

// The same for a text in memory; `name` stands for the file in errors.
std::string clean_text(std::string bytes, const std::string& name = "<text>");

}  // namespace chronicler::data
