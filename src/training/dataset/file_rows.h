// Sequences that lie in .npy files, read when their batch has its turn.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/npy_file.h"
#include "training/dataset/source.h"

namespace chronicler {

struct FileData {
  std::vector<NpyFile> x;
  std::vector<NpyFile> y_files = {};  // a target a step; or
  TensorList y = {};                  // a row a file
  TensorList sample_weight = {};      // a row a file
};

// Reads the headers. Throws Error, naming the file, if the parts do not fit together.
FileData file_data(const std::vector<std::string>& x, const std::vector<std::string>& y_files,
                   const TensorList& y, const TensorList& sample_weight);

// Each file an item of its own.
std::shared_ptr<const Dataset::Source> file_rows(FileData data, bool shuffle);

}  // namespace chronicler
