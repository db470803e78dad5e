#include "formats/safetensors/tensor_file.h"

#include <fmt/format.h>

#include "base/crc32c.h"
#include "chronicler/base/atomic_file.h"
#include "chronicler/base/error.h"
#include "formats/bytes.h"
#include "formats/safetensors/safetensors.h"

namespace chronicler {
namespace {

// The checksum is a member of the metadata, and of all bytes of the file, with zeros in its own
// place. Quotes within names and values are escaped: the text of the member is in the file once.
constexpr const char* member = "checksum";
constexpr std::string_view member_text = "\"checksum\":\"";
constexpr std::string_view zeros = "00000000";

// Where its digits begin; npos if the file has none.
std::size_t place_of_checksum(std::string_view bytes) {
  const std::size_t found = bytes.find(member_text);
  if (found == std::string_view::npos) return found;
  const std::size_t place = found + member_text.size();
  return place + zeros.size() <= bytes.size() ? place : std::string_view::npos;
}

std::string checksum_of(std::string_view bytes, std::size_t place) {
  const std::uint32_t before = crc32c(zeros, crc32c(bytes.substr(0, place)));
  return fmt::format("{:08x}", crc32c(bytes.substr(place + zeros.size()), before));
}

}  // namespace

void save_tensors(const std::string& path, const TensorFile& content) {
  Safetensors file{content.metadata, {}};
  file.metadata[member] = zeros;
  for (const auto& [name, tensor] : content.tensors) file.tensors.push_back({name, tensor});
  sort_for_file(file.tensors);
  std::string bytes = write_safetensors(file);
  const std::size_t place = place_of_checksum(bytes);
  bytes.replace(place, zeros.size(), checksum_of(bytes, place));
  write_file_atomically(path, bytes);
}

TensorFile load_tensors(const std::string& path) {
  const std::string bytes = read_file(path);
  const std::size_t place = place_of_checksum(bytes);
  const bool has_checksum = place != std::string::npos;
  if (has_checksum && checksum_of(bytes, place) != bytes.substr(place, zeros.size()))
    throw Error(fmt::format("\"{}\" is damaged: its checksum differs", path), "use another copy");
  try {
    Safetensors file = read_safetensors(bytes);
    if (!has_checksum) {
      throw Error("it has no checksum: an older Chronicler wrote it, or it is damaged",
                  "use another copy");
    }
    TensorFile content{std::move(file.metadata), {}};
    content.metadata.erase(member);
    for (NamedTensor& tensor : file.tensors) {
      content.tensors.emplace_back(std::move(tensor.name), std::move(tensor.value));
    }
    return content;
  } catch (const Error& error) {
    throw Error(fmt::format("cannot load \"{}\": {}", path, error.message()), error.hint());
  }
}

}  // namespace chronicler
