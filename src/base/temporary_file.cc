#include "base/temporary_file.h"

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
  fail_to_write(path, ELOOP);
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

int open_new(const fs::path& file, mode_t mode, fs::path& name) {
  constexpr int attempts = 100;
  std::random_device device;
  for (int attempt = 0; attempt < attempts; ++attempt) {
    const std::uint64_t number = (std::uint64_t{device()} << 32U) | device();
    name =
        folder_of(file) / fmt::format("{}{}-{:016x}", temporary_prefix(file), ::getpid(), number);
    const int opened = ::open(name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (opened >= 0) return opened;
    if (errno != EEXIST && errno != EINTR) break;
  }
  const int reason = errno;
  name.clear();
  fail_to_write(file, reason);
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

}  // namespace

void fail_to_write(const fs::path& path, int reason) {
  throw Error(fmt::format("cannot write \"{}\": {}", path.string(),
                          std::generic_category().message(reason)),
              hint_for(reason));
}

int Descriptor::close() { return number_ < 0 ? 0 : ::close(std::exchange(number_, -1)); }

void write_all(int file, std::string_view text, const fs::path& path) {
  while (!text.empty()) {
    const ssize_t written = ::write(file, text.data(), text.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      fail_to_write(path, errno);
    }
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

bool is_written_in_place(const fs::path& path) {
  const std::optional<struct stat> old = file_at(path);
  if ((old && S_ISDIR(old->st_mode)) || !path.has_filename()) fail_to_write(path, EISDIR);
  return old && !S_ISREG(old->st_mode);
}

// Nobody else may look into a file while it does not have its own mode.
TemporaryFile::TemporaryFile(const fs::path& path) : file_(followed(path)), descriptor_(-1) {
  const std::optional<struct stat> old = file_at(path);
  remove_stale_temporaries(file_);
  descriptor_.reset(open_new(file_, old ? 0600 : 0666, name_));
  if (old && ::fchmod(descriptor_.get(), old->st_mode & 07777U) != 0) {
    const int reason = errno;
    ::unlink(name_.c_str());
    fail_to_write(file_, reason);
  }
}

TemporaryFile::~TemporaryFile() {
  if (!name_.empty()) ::unlink(name_.c_str());
}

void TemporaryFile::become() {
  if (::fsync(descriptor_.get()) != 0) fail_to_write(file_, errno);
  if (descriptor_.close() != 0) fail_to_write(file_, errno);
  if (::rename(name_.c_str(), file_.c_str()) != 0) fail_to_write(file_, errno);
  name_.clear();
  sync_folder(file_);
}

}  // namespace chronicler
