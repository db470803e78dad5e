#include "base/mapped_memory.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <mutex>
#include <shared_mutex>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "chronicler/base/error.h"

namespace chronicler {
namespace {

std::uintptr_t address_of(const void* place) { return reinterpret_cast<std::uintptr_t>(place); }

std::uintptr_t page_size() {
  static const auto size = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  return size;
}

// A file as it was when it was mapped.
struct FileThen {
  std::string path;
  dev_t device = 0;
  ino_t inode = 0;
  std::uint64_t size = 0;
};

// One mapping, and the bytes at its edge that are done with but not given back yet.
class Mapping {
 public:
  Mapping(std::byte* begin, std::size_t size, FileThen file, bool is_read)
      : begin_(begin), size_(size), file_(std::move(file)), is_read_(is_read) {}

  std::uintptr_t begin() const { return address_of(begin_); }
  std::uintptr_t end() const { return begin() + size_; }
  const FileThen& file() const { return file_; }
  bool is_read() const { return is_read_; }

  void done_with(std::uintptr_t from, std::uintptr_t to) {
    constexpr std::uintptr_t piece = std::uintptr_t{1} << 20U;
    const std::lock_guard lock(mutex_);
    if (from <= done_to_ && to >= done_from_) {
      done_from_ = std::min(done_from_, from);
      done_to_ = std::max(done_to_, to);
    } else {
      give_back();
      done_from_ = from;
      done_to_ = to;
    }
    if (done_to_ - done_from_ >= piece || done_to_ == end()) give_back();
  }

 private:
  // A page that holds a byte before the range went with the range before, and comes again if it
  // did not; the one that holds the byte after it stays, unless nothing follows.
  void give_back() {
    const std::uintptr_t first = done_from_ / page_size() * page_size();
    const std::uintptr_t last = done_to_ == end() ? done_to_ : done_to_ / page_size() * page_size();
    if (last > first) ::madvise(begin_ + (first - begin()), last - first, MADV_DONTNEED);
    done_from_ = done_to_ = last;
  }

  std::byte* begin_;
  std::size_t size_;
  FileThen file_;
  bool is_read_;
  std::mutex mutex_;
  std::uintptr_t done_from_ = 0;
  std::uintptr_t done_to_ = 0;
};

// All mappings of the process, by their addresses.
class Mappings {
 public:
  static Mappings& all() {
    static auto* const mappings = new Mappings;  // outlives whatever a static object still maps
    return *mappings;
  }

  void add(std::unique_ptr<Mapping> mapping) {
    const std::unique_lock lock(mutex_);
    list_.insert(after(mapping->begin()), std::move(mapping));
    count_.store(list_.size(), std::memory_order_release);
  }
  void remove(std::uintptr_t begin) {
    const std::unique_lock lock(mutex_);
    list_.erase(after(begin) - 1);
    count_.store(list_.size(), std::memory_order_release);
  }
  // function(mapping) for the one that holds the address, which stays until it returns.
  template <class Function>
  void at(std::uintptr_t address, const Function& function) {
    if (count_.load(std::memory_order_acquire) == 0) return;
    const std::shared_lock lock(mutex_);
    const auto next = after(address);
    if (next == list_.begin()) return;
    Mapping& mapping = **(next - 1);
    if (address < mapping.end()) function(mapping);
  }

 private:
  using List = std::vector<std::unique_ptr<Mapping>>;
  List::iterator after(std::uintptr_t address) {
    return std::upper_bound(
        list_.begin(), list_.end(), address,
        [](std::uintptr_t place, const auto& mapping) { return place < mapping->begin(); });
  }

  std::atomic<std::size_t> count_ = 0;
  std::shared_mutex mutex_;
  List list_;
};

}  // namespace

void done_with(const void* begin, std::size_t bytes) noexcept {
  if (begin == nullptr || bytes == 0) return;
  const std::uintptr_t from = address_of(begin);
  Mappings::all().at(from, [&](Mapping& mapping) {
    mapping.done_with(from, std::min(from + bytes, mapping.end()));
  });
}

bool is_mapped(const TensorView& view) noexcept {
  bool found = false;
  Mappings::all().at(address_of(view.raw()),
                     [&](const Mapping& mapping) { found = mapping.is_read(); });
  return found;
}

std::string mapped_path(const TensorView& view) {
  std::string path;
  Mappings::all().at(address_of(view.raw()),
                     [&](const Mapping& mapping) { path = mapping.file().path; });
  return path;
}

void check_mapped(const TensorView& view) {
  std::string path;
  std::uint64_t then = 0;
  std::uint64_t now = 0;
  Mappings::all().at(address_of(view.raw()), [&](const Mapping& mapping) {
    const FileThen& file = mapping.file();
    struct stat found {};
    if (!mapping.is_read() || ::stat(file.path.c_str(), &found) != 0) return;
    if (found.st_dev != file.device || found.st_ino != file.inode) return;
    now = static_cast<std::uint64_t>(found.st_size);
    then = file.size;
    if (now != then) path = file.path;
  });
  if (path.empty()) return;
  throw Error(fmt::format("\"{}\" was {} while it is read: it had {} bytes when it was mapped, now "
                          "it has {}",
                          path, now < then ? "cut" : "written to", then, now),
              "map it again when nobody writes to it any more");
}

MappedMemory::MappedMemory(int file, std::string path, std::size_t bytes, Access access)
    : size_(bytes) {
  const bool writes = access == Access::write;
  struct stat found {};
  if (::fstat(file, &found) != 0) throw std::system_error(errno, std::generic_category());
  void* const place =
      ::mmap(nullptr, bytes, writes ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, file, 0);
  if (place == MAP_FAILED) throw std::system_error(errno, std::generic_category());
  data_ = static_cast<std::byte*>(place);
  Mappings::all().add(
      std::make_unique<Mapping>(data_, size_,
                                FileThen{std::move(path), found.st_dev, found.st_ino,
                                         static_cast<std::uint64_t>(found.st_size)},
                                !writes));
}

MappedMemory::~MappedMemory() {
  Mappings::all().remove(address_of(data_));
  ::munmap(data_, size_);
}

}  // namespace chronicler
