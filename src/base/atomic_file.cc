#include "chronicler/base/atomic_file.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "chronicler/base/error.h"

namespace chronicler {
namespace {

namespace fs = std::filesystem;

std::string hint_for(int reason) {
  switch (reason) {
    case ENOENT:
    case ENOTDIR:
      return "create its folder first";
    case ENOSPC:
    case EDQUOT:
      return "free some space, or choose another disk";
    case EACCES:
    case EPERM:
    case EROFS:
      return "choose a folder that you may write to";
    case EISDIR:
      return "give the name of a file in it";
    default:
      return {};
  }
}

[[noreturn]] void fail(const fs::path& path, int reason) {
  throw Error(fmt::format("cannot write \"{}\": {}", path.string(),
                          std::generic_category().message(reason)),
              hint_for(reason));
}

// An open file. The destructor closes it; close() also says whether that went well.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() { close(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int get() const { return number_; }
  bool is_open() const { return number_ >= 0; }
  int close() { return number_ < 0 ? 0 : ::close(std::exchange(number_, -1)); }

 private:
  int number_;
};

void write_all(int file, std::string_view text, const fs::path& path) {
  while (!text.empty()) {
    const ssize_t written = ::write(file, text.data(), text.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      fail(path, errno);
    }
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

// The file that `path` leads to through symbolic links; it need not exist.
fs::path followed(const fs::path& path) {
  constexpr int most_links = 40;
  fs::path file = path;
  for (int link = 0; link < most_links; ++link) {
    std::error_code error;
    const fs::path target = fs::read_symlink(file, error);
    if (error) return file;  // not a link
    file = target.is_absolute() ? target : file.parent_path() / target;
  }
  fail(path, ELOOP);
}

std::optional<struct stat> file_at(const fs::path& path) {
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0) return std::nullopt;
  return found;
}

// ---- the temporary

// Temporaries of one file are `.NAME.tmp-PID-RANDOM` beside it.
std::string temporary_prefix(const fs::path& file) {
  constexpr std::size_t longest = 200;  // of the 255 bytes a name may have
  return fmt::format(".{}.tmp-", file.filename().string().substr(0, longest));
}

fs::path folder_of(const fs::path& file) {
  return file.has_parent_path() ? file.parent_path() : fs::path(".");
}

// The process that a temporary belongs to; 0 if the name is not that of a temporary.
pid_t owner_of(std::string_view name, std::string_view prefix) {
  if (!name.starts_with(prefix)) return 0;
  name.remove_prefix(prefix.size());
  pid_t owner = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), owner);
  const bool ok = error == std::errc() && end != name.data() + name.size() && *end == '-';
  return ok && owner > 0 ? owner : 0;
}

// What processes left behind that died while they wrote this file. Failures do not matter here.
void remove_stale_temporaries(const fs::path& file) {
  const std::string prefix = temporary_prefix(file);
  std::error_code error;
  for (fs::directory_iterator entry(folder_of(file), error), end; !error && entry != end;
       entry.increment(error)) {
    const pid_t owner = owner_of(entry->path().filename().string(), prefix);
    if (owner != 0 && ::kill(owner, 0) != 0 && errno == ESRCH) ::unlink(entry->path().c_str());
  }
}

// A new file beside the one to be written. It is gone when this dies, unless it was renamed.
class Temporary {
 public:
  // `mode` is that of the file it will replace; without one, the process's usual.
  Temporary(const fs::path& file, std::optional<mode_t> mode);
  ~Temporary() {
    if (!name_.empty()) ::unlink(name_.c_str());
  }
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;

  int descriptor() const { return descriptor_.get(); }
  // Syncs, closes and renames to `file`.
  void become(const fs::path& file);

 private:
  fs::path name_;
  Descriptor descriptor_;
};

int open_new(const fs::path& file, mode_t mode, fs::path& name) {
  constexpr int attempts = 100;
  std::random_device device;
  for (int attempt = 0; attempt < attempts; ++attempt) {
    const std::uint64_t number = (std::uint64_t{device()} << 32U) | device();
    name =
        folder_of(file) / fmt::format("{}{}-{:016x}", temporary_prefix(file), ::getpid(), number);
    const int opened = ::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (opened >= 0) return opened;
    if (errno != EEXIST && errno != EINTR) break;
  }
  const int reason = errno;
  name.clear();
  fail(file, reason);
}

// Nobody else may look into a file while it does not have its own mode.
Temporary::Temporary(const fs::path& file, std::optional<mode_t> mode)
    : descriptor_(open_new(file, mode ? 0600 : 0666, name_)) {
  if (mode && ::fchmod(descriptor_.get(), *mode) != 0) {
    const int reason = errno;
    ::unlink(name_.c_str());
    fail(file, reason);
  }
}

void Temporary::become(const fs::path& file) {
  if (::fsync(descriptor_.get()) != 0) fail(file, errno);
  if (descriptor_.close() != 0) fail(file, errno);
  if (::rename(name_.c_str(), file.c_str()) != 0) fail(file, errno);
  name_.clear();
}

// Makes the new name last. Some file systems cannot sync a folder, and some folders may be written
// but not read: the file is whole all the same.
void sync_folder(const fs::path& file) {
  const Descriptor folder(::open(folder_of(file).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.is_open() || ::fsync(folder.get()) == 0 || errno == EINVAL || errno == ENOTSUP)
    return;
  const int reason = errno;
  throw Error(fmt::format("\"{}\" is written, but its folder cannot be synced: {}", file.string(),
                          std::generic_category().message(reason)),
              "the file may be lost if the machine fails now");
}

// A pipe, a terminal, /dev/stdout: there is nothing to replace.
void write_in_place(const fs::path& path, std::span<const std::string_view> pieces) {
  Descriptor file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!file.is_open()) fail(path, errno);
  for (const std::string_view piece : pieces) write_all(file.get(), piece, path);
  if (file.close() != 0) fail(path, errno);
}

}  // namespace

void write_file_atomically(const fs::path& path, std::span<const std::string_view> pieces) {
  const std::optional<struct stat> old = file_at(path);
  if ((old && S_ISDIR(old->st_mode)) || !path.has_filename()) fail(path, EISDIR);
  if (old && !S_ISREG(old->st_mode)) return write_in_place(path, pieces);

  const fs::path file = followed(path);
  remove_stale_temporaries(file);
  Temporary temporary(file, old ? std::optional<mode_t>(old->st_mode & 07777U) : std::nullopt);
  for (const std::string_view piece : pieces) write_all(temporary.descriptor(), piece, path);
  temporary.become(file);
  sync_folder(file);
}

void write_file_atomically(const fs::path& path, std::string_view contents) {
  write_file_atomically(path, std::span<const std::string_view>(&contents, 1));
}

}  // namespace chronicler
