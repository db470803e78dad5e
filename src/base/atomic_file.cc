#include "chronicler/base/atomic_file.h"

#include <fcntl.h>

#include <cerrno>

#include "base/temporary_file.h"

namespace chronicler {
namespace {

namespace fs = std::filesystem;

// A pipe, a terminal, /dev/stdout: there is nothing to replace.
void write_in_place(const fs::path& path, std::span<const std::string_view> pieces) {
  Descriptor file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!file.is_open()) fail_to_write(path, errno);
  for (const std::string_view piece : pieces) write_all(file.get(), piece, path);
  if (file.close() != 0) fail_to_write(path, errno);
}

}  // namespace

void write_file_atomically(const fs::path& path, std::span<const std::string_view> pieces) {
  if (is_written_in_place(path)) return write_in_place(path, pieces);
  TemporaryFile temporary(path);
  for (const std::string_view piece : pieces) write_all(temporary.descriptor(), piece, path);
  temporary.become();
}

void write_file_atomically(const fs::path& path, std::string_view contents) {
  write_file_atomically(path, std::span<const std::string_view>(&contents, 1));
}

}  // namespace chronicler
