#include "formats/safetensors/tensor_file.h"

#include <fmt/format.h>

#include "chronicler/base/atomic_file.h"
#include "chronicler/base/error.h"
#include "formats/bytes.h"
#include "formats/safetensors/safetensors.h"

namespace chronicler {

void save_tensors(const std::string& path, const TensorFile& content) {
  Safetensors file{content.metadata, {}};
  for (const auto& [name, tensor] : content.tensors) file.tensors.push_back({name, tensor});
  sort_for_file(file.tensors);
  write_file_atomically(path, write_safetensors(file));
}

TensorFile load_tensors(const std::string& path) {
  const std::string bytes = read_file(path);
  try {
    Safetensors file = read_safetensors(bytes);
    TensorFile content{std::move(file.metadata), {}};
    for (NamedTensor& tensor : file.tensors) {
      content.tensors.emplace_back(std::move(tensor.name), std::move(tensor.value));
    }
    return content;
  } catch (const Error& error) {
    throw Error(fmt::format("{}: {}", path, error.message()), error.hint());
  }
}

}  // namespace chronicler
