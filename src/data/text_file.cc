#include "chronicler/data/text_file.h"

#include <cerrno>
#include <fstream>
#include <iostream>
#include <system_error>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "data/utf8.h"

namespace chronicler::data {
namespace {

std::string all_of(std::istream& stream) {
  std::string bytes;
  constexpr std::size_t piece = std::size_t{1} << 20U;
  std::size_t size = 0;
  do {
    bytes.resize(size + piece);
    stream.read(bytes.data() + size, static_cast<std::streamsize>(piece));
    size += static_cast<std::size_t>(stream.gcount());
  } while (stream);
  bytes.resize(size);
  return bytes;
}

std::string bytes_of(const std::filesystem::path& path) {
  if (path == "-") return all_of(std::cin);
  std::error_code reason;
  if (std::filesystem::is_directory(path, reason)) {
    throw Error(fmt::format("cannot read {}: it is a folder", path.string()), "give a file in it");
  }
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    throw Error(
        fmt::format("cannot read {}: {}", path.string(), std::generic_category().message(errno)));
  }
  const auto size = std::filesystem::file_size(path, reason);
  if (reason) return all_of(file);
  // Asked for once: a text of a gigabyte is not to be held twice.
  std::string bytes(size, '\0');
  file.read(bytes.data(), static_cast<std::streamsize>(size));
  bytes.resize(static_cast<std::size_t>(file.gcount()));
  return bytes.empty() ? all_of(file) : bytes;
}

}  // namespace

std::string clean_text(std::string bytes, const std::string& name) {
  if (bytes.starts_with(byte_order_mark)) bytes.erase(0, byte_order_mark.size());
  if (bytes.empty()) throw Error(fmt::format("{} is empty", name), "give a file with text in it");
  check_utf8(bytes, name);
  std::size_t size = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const bool before_lf = bytes[i] == '\r' && i + 1 < bytes.size() && bytes[i + 1] == '\n';
    if (before_lf) continue;
    bytes[size++] = bytes[i] == '\r' ? '\n' : bytes[i];
  }
  bytes.resize(size);
  return bytes;
}

std::string read_text(const std::filesystem::path& path) {
  return clean_text(bytes_of(path), path == "-" ? "standard input" : path.string());
}

}  // namespace chronicler::data
