// chronicler: the command line. Commands are listed in commands.cc.
#include <filesystem>
#include <system_error>
#include <vector>

#include "cli/data_files.h"
#include "cli/program.h"

namespace {

// Beside the installed program, or in the source that it was built from.
std::vector<std::filesystem::path> data_folders() {
  namespace fs = std::filesystem;
  std::vector<fs::path> folders;
  std::error_code reason;
  const fs::path program = fs::read_symlink("/proc/self/exe", reason);
  if (!reason) {
    folders.push_back((program.parent_path() / CHRONICLER_INSTALLED_DATA_DIR).lexically_normal());
  }
  folders.emplace_back(CHRONICLER_SOURCE_DATA_DIR);
  return folders;
}

}  // namespace

int main(int argc, char** argv) {
  chronicler::cli::look_for_data_in(data_folders());
  return chronicler::cli::run_program(argc, argv);
}
