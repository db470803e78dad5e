// A file that is written beside the one that it will replace.
#pragma once

#include <filesystem>
#include <string_view>
#include <utility>

namespace chronicler {

// Throws Error that the path cannot be written, with the system's reason and what to do.
[[noreturn]] void fail_to_write(const std::filesystem::path& path, int reason);

// An open file. The destructor closes it; close() also says whether that went well.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() { close(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int get() const { return number_; }
  bool is_open() const { return number_ >= 0; }
  int close();
  int release() { return std::exchange(number_, -1); }
  void reset(int number) {
    close();
    number_ = number;
  }

 private:
  int number_;
};

// Writes all of it. Throws Error naming `path`.
void write_all(int file, std::string_view text, const std::filesystem::path& path);

// A new file beside `path`, which becomes it; until then, and if this dies before, `path` stays as
// it is. A symbolic link is followed; an existing file keeps its mode. What processes left there
// that died while they wrote the same file is removed.
class TemporaryFile {
 public:
  // Throws Error if it cannot be made. What is at `path` must be a file (is_written_in_place).
  explicit TemporaryFile(const std::filesystem::path& path);
  ~TemporaryFile();
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  int descriptor() const { return descriptor_.get(); }  // to read and write
  // Syncs, closes and renames it, and syncs the folder. Throws Error.
  void become();

 private:
  std::filesystem::path file_;
  std::filesystem::path name_;
  Descriptor descriptor_;
};

// Whether the path is that of a pipe or a device, which has no file to be replaced. Throws Error
// for a folder.
bool is_written_in_place(const std::filesystem::path& path);

}  // namespace chronicler
