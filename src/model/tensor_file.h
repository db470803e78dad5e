// Tensors with names in one file. Declared here so that training can keep its checkpoints; defined
// in formats/, as Model::save is.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "chronicler/base/tensor.h"

namespace chronicler {

struct TensorFile {
  std::map<std::string, std::string> metadata;
  std::vector<std::pair<std::string, Tensor>> tensors;
};

// As safetensors, with a checksum of all its bytes among the metadata; the file is whole or absent.
// Throws Error naming the path.
void save_tensors(const std::string& path, const TensorFile& content);
// Throws Error for a file without a checksum, too, or one that is not as it was written.
TensorFile load_tensors(const std::string& path);

}  // namespace chronicler
