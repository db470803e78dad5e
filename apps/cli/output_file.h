// Where a result goes, seen to before the work begins.
#pragma once

#include <string>
#include <vector>

namespace chronicler::cli {

// Throws Error unless a file can be written there: its folder must exist and take new files. So a
// long run does not end with nowhere to put its result. "-" is standard output, always there.
void check_output_file(const std::string& path);
// The same for a model, whose format follows from the extension.
void check_model_output(const std::string& path);
// Throws Error if an output is the same file as what is read or written besides, which would be
// lost.
void check_other_file(const std::string& path, const std::vector<std::string>& others);

}  // namespace chronicler::cli
