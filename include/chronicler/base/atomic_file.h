// Files that are whole or absent.
#pragma once

#include <filesystem>
#include <span>
#include <string_view>

namespace chronicler {

// Writes `contents` to a temporary file beside `path`, syncs it, renames it to `path` and syncs the
// folder. A symbolic link is followed; an existing file keeps its mode. Throws Error naming the
// path and the system's reason; the old file is then as it was and no temporary stays behind.
void write_file_atomically(const std::filesystem::path& path, std::string_view contents);
void write_file_atomically(const std::filesystem::path& path,
                           std::span<const std::string_view> pieces);

}  // namespace chronicler
