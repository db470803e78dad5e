#include "cli/data_files.h"

#include <cstdlib>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "chronicler/base/error.h"

namespace chronicler::cli {

namespace fs = std::filesystem;

namespace {

std::vector<fs::path>& places() {
  static std::vector<fs::path> folders;
  return folders;
}

}  // namespace

void look_for_data_in(std::vector<fs::path> folders) { places() = std::move(folders); }

fs::path data_file(std::string_view name) {
  std::vector<fs::path> folders;
  const char* given = std::getenv("CHRONICLER_DATA_DIR");
  if (given != nullptr && *given != '\0') folders.emplace_back(given);
  folders.insert(folders.end(), places().begin(), places().end());

  std::error_code reason;
  std::vector<std::string> tried;
  for (const fs::path& folder : folders) {
    if (fs::is_regular_file(folder / name, reason)) return folder / name;
    tried.push_back(folder.string());
  }
  throw Error(fmt::format("cannot find \"{}\" in {}", name, fmt::join(tried, ", ")),
              "set CHRONICLER_DATA_DIR to the folder that holds it (examples/data of the source)");
}

}  // namespace chronicler::cli
