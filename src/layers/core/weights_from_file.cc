#include "layers/core/weights_from_file.h"

namespace chronicler {
namespace {

thread_local WeightsFromFile* innermost = nullptr;

}  // namespace

WeightsFromFile::WeightsFromFile(std::size_t bytes) : left_(bytes), outer_(innermost) {
  innermost = this;
}

WeightsFromFile::~WeightsFromFile() { innermost = outer_; }

bool WeightsFromFile::expected() { return innermost != nullptr; }

bool WeightsFromFile::take(std::int64_t elements, std::size_t size) {
  if (innermost == nullptr) return true;
  const auto count = static_cast<std::size_t>(elements);
  if (count > innermost->left_ / size) return false;
  innermost->left_ -= count * size;
  return true;
}

}  // namespace chronicler
