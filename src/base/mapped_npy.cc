#include "chronicler/base/mapped_npy.h"

#include <fcntl.h>

#include <algorithm>
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

}  // namespace chronicler
