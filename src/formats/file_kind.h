// What a file is, by its first bytes: names say nothing.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace chronicler {

// `other` is no file of a model.
enum class FileKind : std::uint8_t { archive, hdf5, native, other };

FileKind file_kind(std::string_view bytes);

// What a file is that holds no model: "an ONNX model"; and how to go on, if there is a way.
struct OtherFile {
  std::string_view what;
  std::string_view hint;
};
OtherFile other_file(std::string_view bytes);

// Throws Error for a folder: what it holds, if that is known.
void refuse_folder(const std::string& path);

}  // namespace chronicler
