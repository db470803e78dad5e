#include "base/npy_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <optional>
#include <system_error>

#include <fmt/format.h>

#include "base/npy_header.h"
#include "chronicler/base/error.h"

namespace chronicler {
namespace {

[[noreturn]] void fail(int reason) { throw Error(std::generic_category().message(reason)); }

// Errors of `work` begin with the path.
template <class Work>
auto at_path(const std::string& path, const Work& work) {
  try {
    return work();
  } catch (const Error& error) {
    throw Error(fmt::format("cannot map \"{}\": {}", path, error.message()), error.hint());
  }
}

void read_at(int file, std::size_t offset, char* to, std::size_t bytes) {
  while (bytes > 0) {
    const ssize_t got = ::pread(file, to, bytes, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail(errno);
    if (got == 0) throw Error("it ends too early", "it was cut while it was read");
    to += got;
    offset += static_cast<std::size_t>(got);
    bytes -= static_cast<std::size_t>(got);
  }
}

std::size_t size_of_file(int file) {
  struct stat found {};
  if (::fstat(file, &found) != 0) fail(errno);
  if (!S_ISREG(found.st_mode)) throw Error("it is not a file", "give a .npy file");
  return static_cast<std::size_t>(found.st_size);
}

NpyHeader header_of(int file, std::size_t size) {
  std::string bytes(std::min(size, npy_first_bytes), '\0');
  read_at(file, 0, bytes.data(), bytes.size());
  constexpr std::size_t longest = std::size_t{1} << 20U;
  const std::size_t begin = npy_data_begin(bytes);
  if (begin > size) throw Error("it ends within its header");
  if (begin > longest) {
    throw Error(fmt::format("its header has {} bytes, expected at most {}", begin, longest),
                "an array saved by numpy.save is expected");
  }
  bytes.resize(begin);
  read_at(file, 0, bytes.data(), bytes.size());
  return read_npy_header(bytes);
}

// Throws Error unless the elements lie in the file as they do in a Tensor.
DType dtype_of_elements(const NpyHeader& header, const std::string& path) {
  const std::string once = fmt::format(
      "convert it once: chronicler convert \"{}\" NEW.npy, or numpy.save(path, "
      "numpy.ascontiguousarray(array, dtype=\"float32\"))",
      path);
  const std::optional<DType> dtype = npy_dtype(header.type);
  const std::size_t letter = std::min(header.type.find_first_not_of("<>|="), header.type.size());
  if (!dtype) {
    constexpr std::string_view numbers("biuf?");
    if (letter < header.type.size() && numbers.find(header.type[letter]) == numbers.npos)
      refuse_npy_type(header.type, letter);
    throw Error(fmt::format("it holds elements of type \"{}\", expected \"<f4\", \"<f8\", \"<i4\" "
                            "or \"|b1\"",
                            header.type),
                once);
  }
  if (header.is_reversed()) {
    throw Error(fmt::format("its shape {} is in Fortran order, its first axis runs fastest; "
                            "expected the order of C",
                            header.shape.to_string()),
                once);
  }
  if (header.data_begin % size_of(*dtype) != 0) {
    throw Error(fmt::format("its elements begin at byte {}, expected a multiple of {}",
                            header.data_begin, size_of(*dtype)),
                once);
  }
  return *dtype;
}

void check_size(const NpyHeader& header, std::size_t element, std::size_t size) {
  std::size_t bytes = 0;
  const auto elements = static_cast<std::size_t>(header.shape.elements());  // Error if too many
  if (__builtin_mul_overflow(elements, element, &bytes) || bytes != size - header.data_begin) {
    throw Error(fmt::format("its shape {} of {} needs {} elements of {} bytes, it holds {} bytes",
                            header.shape.to_string(), header.type, elements, element,
                            size - header.data_begin),
                size - header.data_begin < bytes
                    ? "it was cut, or its writer is not done: use a whole copy"
                    : "its writer is not done, or it is no array of numpy.save: use another copy");
  }
}

}  // namespace

NpyFile npy_file(const std::string& path, Descriptor* opened) {
  return at_path(path, [&] {
    Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.is_open()) fail(errno);
    const std::size_t size = size_of_file(file.get());
    const NpyHeader header = header_of(file.get(), size);
    const DType dtype = dtype_of_elements(header, path);
    check_size(header, size_of(dtype), size);
    if (opened != nullptr) opened->reset(file.release());
    return NpyFile{path, header.shape, dtype, header.data_begin, size};
  });
}

void read_elements(const NpyFile& file, const TensorView& to) {
  at_path(file.path, [&] {
    const Descriptor opened(::open(file.path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!opened.is_open()) fail(errno);
    const std::size_t size = size_of_file(opened.get());
    if (size != file.size) {
      throw Error(
          fmt::format("it had {} bytes when its header was read, now it has {}", file.size, size),
          "make the data set again when nobody writes to it any more");
    }
    read_at(opened.get(), file.data_begin, static_cast<char*>(to.raw()),
            static_cast<std::size_t>(file.shape.elements()) * size_of(file.dtype));
  });
}

}  // namespace chronicler
