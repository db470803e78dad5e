// Layers that are built to receive the weights of a file.
#pragma once

#include <cstddef>
#include <cstdint>

namespace chronicler {

// While one is alive, layers that this thread builds leave their weights zero instead of drawing
// them, and all their weights together may take up no more than `bytes`: a file of a few bytes
// cannot ask for more memory than it has weights to fill.
class WeightsFromFile {
 public:
  explicit WeightsFromFile(std::size_t bytes);
  ~WeightsFromFile();
  WeightsFromFile(const WeightsFromFile&) = delete;
  WeightsFromFile& operator=(const WeightsFromFile&) = delete;

  static bool expected();  // whether one is alive
  // Takes room for `elements` of `size` bytes; false if that is more than is left. Without one
  // alive there is always room.
  static bool take(std::int64_t elements, std::size_t size);

 private:
  std::size_t left_;
  WeightsFromFile* outer_;
};

}  // namespace chronicler
