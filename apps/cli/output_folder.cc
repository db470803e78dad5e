#include "cli/output_folder.h"

#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "chronicler/base/atomic_file.h"
#include "chronicler/base/error.h"

namespace chronicler::cli {

namespace fs = std::filesystem;

OutputFolder::OutputFolder(fs::path path) : path_(std::move(path)) {
  std::error_code reason;
  made_ = fs::create_directories(path_, reason);
  if (!reason && !fs::is_directory(path_, reason) && !reason)
    reason = std::make_error_code(std::errc::not_a_directory);
  if (reason) {
    throw Error(fmt::format("cannot make the folder \"{}\": {}", path_.string(), reason.message()),
                "choose another one with -o FOLDER");
  }
  const fs::path probe = path_ / ".chronicler-probe";
  try {
    write_file_atomically(probe, "");
  } catch (const Error& error) {
    if (made_) fs::remove(path_, reason);
    throw Error(error.message(), "choose a folder that you may write to with -o FOLDER");
  }
  fs::remove(probe, reason);
}

OutputFolder::~OutputFolder() {
  std::error_code ignored;
  if (made_) fs::remove(path_, ignored);  // only if it is empty
}

}  // namespace chronicler::cli
