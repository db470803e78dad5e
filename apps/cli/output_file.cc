#include "cli/output_file.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "chronicler/base/error.h"
#include "chronicler/formats/model_file.h"

namespace chronicler::cli {

namespace fs = std::filesystem;

void check_output_file(const std::string& path) {
  if (path == "-") return;
  std::error_code reason;
  if (fs::is_directory(path, reason)) {
    throw Error(fmt::format("cannot write \"{}\": it is a folder", path),
                "give the name of a file in it");
  }
  const fs::path folder = fs::path(path).has_parent_path() ? fs::path(path).parent_path() : ".";
  if (access(folder.c_str(), W_OK | X_OK) == 0 && fs::is_directory(folder, reason)) return;
  const int number = errno == 0 ? ENOTDIR : errno;
  throw Error(
      fmt::format("cannot write \"{}\": {}", path, std::generic_category().message(number)),
      number == ENOENT ? "create its folder first" : "choose a folder that you may write to");
}

void check_model_output(const std::string& path) {
  check_output_file(path);
  const auto extensions = model_file_extensions();
  if (std::any_of(extensions.begin(), extensions.end(),
                  [&](std::string_view extension) { return path.ends_with(extension); }))
    return;
  throw Error(fmt::format("cannot write a model to \"{}\"", path),
              fmt::format("its name must end in {}", fmt::join(extensions, " or ")));
}

void check_other_file(const std::string& path, const std::vector<std::string>& others) {
  if (path.empty() || path == "-") return;
  for (const std::string& other : others) {
    std::error_code reason;
    const bool is_same = fs::path(path).lexically_normal() == fs::path(other).lexically_normal() ||
                         fs::equivalent(path, other, reason);
    if (!is_same) continue;
    throw Error(
        fmt::format("cannot write \"{}\": it is also read, or written for something else", path),
        "give the output a name of its own");
  }
}

}  // namespace chronicler::cli
