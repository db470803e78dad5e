#include "chronicler/base/mapped_npy.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "base/mapped_memory.h"
#include "base/npy_file.h"
#include "base/npy_header.h"
#include "base/temporary_file.h"
#include "chronicler/base/error.h"

namespace chronicler {

namespace fs = std::filesystem;

namespace {

[[noreturn]] void cannot_map(const std::string& path, const std::system_error& reason) {
  throw Error(fmt::format("cannot map \"{}\": {}", path, reason.code().message()),
              "files that are mapped at the same time must fit into the addresses of a process");
}

std::shared_ptr<MappedMemory> mapped(int file, const std::string& path, std::size_t size,
                                     MappedMemory::Access access) {
  try {
    return std::make_shared<MappedMemory>(file, fs::absolute(path).string(), size, access);
  } catch (const std::system_error& reason) {
    cannot_map(path, reason);
  }
}

// The elements of a mapped file, after its header.
Tensor elements_of(const std::shared_ptr<MappedMemory>& memory, std::size_t header,
                   const Shape& shape, DType dtype) {
  return Tensor::around(memory, TensorView(memory->data() + header, dtype, shape));
}

}  // namespace

Tensor map_npy(const std::string& path) {
  Descriptor opened(-1);
  const NpyFile file = npy_file(path, &opened);
  const auto memory = mapped(opened.get(), path, file.size, MappedMemory::Access::read);
  return elements_of(memory, file.data_begin, file.shape, file.dtype);
}

std::vector<std::string> npy_files(const std::string& folder) {
  std::vector<std::string> paths;
  std::error_code reason;
  for (fs::directory_iterator entry(folder, reason), end; !reason && entry != end;
       entry.increment(reason)) {
    const std::string name = entry->path().filename().string();
    if (name.ends_with(".npy") && !name.starts_with('.')) paths.push_back(entry->path().string());
  }
  if (reason) throw Error(fmt::format("cannot open \"{}\": {}", folder, reason.message()));
  if (paths.empty()) {
    throw Error(fmt::format("\"{}\" holds no .npy files", folder),
                "give a folder with a file for each sequence");
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

std::vector<Tensor> map_npy_folder(const std::string& folder) {
  std::vector<Tensor> tensors;
  for (const std::string& path : npy_files(folder)) tensors.push_back(map_npy(path));
  return tensors;
}

// ---- output

struct NpyOutput::Parts {
  Parts(const std::string& file_path, const std::string& header, std::size_t size)
      : path(file_path), file(path) {
    // Room for all of it: a disk that is full later would end the process by SIGBUS.
    const int reason = ::posix_fallocate(file.descriptor(), 0, static_cast<off_t>(size));
    if (reason != 0) fail_to_write(path, reason);
    write_all(file.descriptor(), header, path);
    memory = mapped(file.descriptor(), path, size, MappedMemory::Access::write);
  }

  std::string path;
  TemporaryFile file;
  std::shared_ptr<MappedMemory> memory;
};

NpyOutput::NpyOutput(const std::string& path, const Shape& shape, DType dtype) {
  if (is_written_in_place(path)) {
    throw Error(fmt::format("cannot write \"{}\" in parts: it is not a file", path),
                "give the name of a .npy file");
  }
  const std::string header = npy_header(dtype, shape);
  std::size_t bytes = 0;
  constexpr std::size_t most = std::size_t{1} << 62U;
  if (__builtin_mul_overflow(static_cast<std::size_t>(shape.elements()), size_of(dtype), &bytes) ||
      bytes > most)
    throw Error(fmt::format("no file holds {} of shape {}", name_of(dtype), shape.to_string()));
  parts_ = std::make_unique<Parts>(path, header, header.size() + bytes);
  tensor_ = elements_of(parts_->memory, header.size(), shape, dtype);
}

NpyOutput::~NpyOutput() = default;
NpyOutput::NpyOutput(NpyOutput&&) noexcept = default;
NpyOutput& NpyOutput::operator=(NpyOutput&&) noexcept = default;

Tensor NpyOutput::finish() {
  if (!parts_) throw Error("the file is finished already");
  const std::unique_ptr<Parts> parts = std::exchange(parts_, nullptr);
  done_with(tensor_);
  tensor_ = {};
  parts->memory.reset();
  parts->file.become();
  return map_npy(parts->path);
}

// ---- rows

namespace {

constexpr std::size_t header_room = 256;  // for any number of rows

}  // namespace

struct NpyRows::Parts {
  Parts(const std::string& file_path, const Shape& row_shape, DType type)
      : path(file_path), file(path), row(row_shape), dtype(type) {
    write_all(file.descriptor(), npy_header(dtype, row.with_front(0), header_room), path);
  }

  std::string path;
  TemporaryFile file;
  Shape row;
  DType dtype;
  std::int64_t count = 0;
};

NpyRows::NpyRows(const std::string& path, const Shape& row, DType dtype) {
  if (is_written_in_place(path)) {
    throw Error(fmt::format("cannot write \"{}\" in parts: it is not a file", path),
                "give the name of a .npy file");
  }
  parts_ = std::make_unique<Parts>(path, row, dtype);
}

NpyRows::~NpyRows() = default;
NpyRows::NpyRows(NpyRows&&) noexcept = default;
NpyRows& NpyRows::operator=(NpyRows&&) noexcept = default;

std::int64_t NpyRows::size() const { return parts_ ? parts_->count : 0; }

void NpyRows::append(const TensorView& rows) {
  if (!parts_) throw Error("the file is finished already");
  if (rows.dtype() != parts_->dtype || rows.shape().rank() != parts_->row.rank() + 1 ||
      !(rows.shape().without_front() == parts_->row)) {
    throw Error(fmt::format("\"{}\" has rows of shape {} and {}, got {} of {}", parts_->path,
                            parts_->row.to_string(), name_of(parts_->dtype),
                            rows.shape().to_string(), name_of(rows.dtype())));
  }
  if (rows.size() > 0) {
    write_all(parts_->file.descriptor(), {static_cast<const char*>(rows.raw()), rows.bytes()},
              parts_->path);
  }
  parts_->count += rows.shape()[0];
}

void NpyRows::finish(bool as_sequence) {
  if (!parts_) throw Error("the file is finished already");
  const std::unique_ptr<Parts> parts = std::exchange(parts_, nullptr);
  const Shape rows = parts->row.with_front(parts->count);
  const std::string header =
      npy_header(parts->dtype, as_sequence ? rows.with_front(1) : rows, header_room);
  const auto written = ::pwrite(parts->file.descriptor(), header.data(), header.size(), 0);
  if (written != static_cast<ssize_t>(header.size()))
    fail_to_write(parts->path, written < 0 ? errno : ENOSPC);
  parts->file.become();
}

}  // namespace chronicler
