// The text attributes of the objects of an HDF5 file.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "formats/hdf5/hdf5_cursor.h"
#include "formats/hdf5/hdf5_messages.h"

namespace chronicler::hdf5 {

class AttributeReader {
 public:
  explicit AttributeReader(File& file) : file_(file) {}

  // Those of the object at `path`, from its messages.
  void read(const std::vector<Message>& messages, const std::string& path);

  // All that were read, by path and name: "model_weights@layer_names".
  std::map<std::string, std::vector<std::string>>& attributes() { return attributes_; }

 private:
  using Heap = std::map<std::uint32_t, std::string_view>;

  void read_one(std::string_view data, const std::string& path);
  std::string_view variable_text(std::string_view reference);
  const Heap& heap_at(std::uint64_t address);

  File& file_;
  std::map<std::uint64_t, Heap> heaps_;
  std::map<std::string, std::vector<std::string>> attributes_;
};

}  // namespace chronicler::hdf5
