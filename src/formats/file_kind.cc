#include "formats/file_kind.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "formats/bytes.h"
#include "formats/hdf5/hdf5_layout.h"

namespace chronicler {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view another = "save the model in Keras: model.save(\"model.keras\")";
constexpr std::string_view unpack = "unpack it first";
constexpr std::string_view fetch = "download the file itself";

struct Magic {
  std::string_view bytes;
  std::string_view what;
  std::string_view hint;
  std::size_t offset = 0;
};
// The first that fits counts.
constexpr std::array magics{
    Magic{"version https://git-lfs"sv, "a Git LFS pointer, which stands for a file kept elsewhere",
          "fetch the file itself: git lfs pull"},
    Magic{"\x93NUMPY"sv, "a NumPy array", "give it as --input; a model is a .keras file"},
    Magic{"TFL3"sv, "a TensorFlow Lite model", another, 4},
    Magic{"\x1f\x8b"sv, "packed by gzip", unpack},
    Magic{"\xfd"
          "7zXZ"sv,
          "packed by xz", unpack},
    Magic{"\x28\xb5\x2f\xfd"sv, "packed by zstd", unpack},
    Magic{"BZh"sv, "packed by bzip2", unpack},
    Magic{"7z\xbc\xaf\x27\x1c"sv, "a 7z archive", unpack},
    Magic{"Rar!"sv, "a RAR archive", unpack},
    Magic{"ustar"sv, "a tar archive", unpack, 257},
    Magic{"%PDF"sv, "a PDF document", fetch},
    Magic{"\x89PNG"sv, "a picture (PNG)", fetch},
    Magic{"\xff\xd8\xff"sv, "a picture (JPEG)", fetch},
    Magic{"RIFF"sv, "a recording (WAV)", "give it to transcribe; a model is a .keras file"},
    Magic{"GGUF"sv, "a GGUF model", another},
    Magic{"\x80\x02"sv, "a Python pickle, which may run any code when it is read", another},
    Magic{"\x80\x03"sv, "a Python pickle, which may run any code when it is read", another},
    Magic{"\x80\x04"sv, "a Python pickle, which may run any code when it is read", another},
    Magic{"\x80\x05"sv, "a Python pickle, which may run any code when it is read", another},
};

bool has_at(std::string_view bytes, std::string_view part, std::size_t offset) {
  return bytes.size() >= offset + part.size() && bytes.substr(offset, part.size()) == part;
}

// The first word in small letters.
std::string first_text(std::string_view bytes) {
  constexpr std::size_t longest = 64;
  const std::size_t begin = bytes.find_first_not_of(" \t\r\n\xef\xbb\xbf");
  if (begin == std::string_view::npos) return {};
  std::string text(bytes.substr(begin, longest));
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

bool is_hdf5(std::string_view bytes) {
  if (has_at(bytes, hdf5::signature, 0)) return true;
  constexpr std::size_t first_block = 512;  // a block of the user's may come first
  for (std::size_t offset = first_block; offset < bytes.size(); offset *= 2) {
    if (has_at(bytes, hdf5::signature, offset)) return true;
  }
  return false;
}

// The size of the header, and then the header, which is JSON.
bool is_native(std::string_view bytes) {
  constexpr std::size_t size_bytes = 8;
  if (bytes.size() <= size_bytes || bytes[size_bytes] != '{') return false;
  return number_at<std::uint64_t>(bytes, 0) <= bytes.size() - size_bytes;
}

// Fields of a message of Protocol Buffers in the order in which ONNX and TensorFlow write them.
bool is_onnx(std::string_view bytes) {
  constexpr char version_field = 0x08;
  constexpr char last_version = 0x20;
  constexpr std::string_view next_fields = "\x12\x1a\x22\x3a\x42";
  return bytes.size() > 3 && bytes[0] == version_field && bytes[1] > 0 && bytes[1] < last_version &&
         next_fields.find(bytes[2]) != std::string_view::npos;
}

bool is_text(std::string_view bytes) {
  constexpr std::size_t looked_at = 512;
  const std::string_view front = bytes.substr(0, looked_at);
  return std::all_of(front.begin(), front.end(), [](char c) {
    constexpr char first_shown = 0x20;
    return c >= first_shown || c < 0 || c == '\n' || c == '\r' || c == '\t';
  });
}

}  // namespace

FileKind file_kind(std::string_view bytes) {
  if (has_at(bytes, "PK\x03\x04"sv, 0) || has_at(bytes, "PK\x05\x06"sv, 0))
    return FileKind::archive;
  if (is_hdf5(bytes)) return FileKind::hdf5;
  return is_native(bytes) ? FileKind::native : FileKind::other;
}

OtherFile other_file(std::string_view bytes) {
  if (bytes.empty()) return {"empty", "use another copy"};
  for (const Magic& magic : magics) {
    if (has_at(bytes, magic.bytes, magic.offset)) return {magic.what, magic.hint};
  }
  const std::string text = first_text(bytes);
  if (text.starts_with("<!doctype html") || text.starts_with("<html"))
    return {"a web page (HTML)", "download the file itself: of a page that shows it, the raw file"};
  if (text.starts_with("<?xml") || text.starts_with("<")) return {"XML or HTML", fetch};
  if (text.starts_with("{") && is_text(bytes)) {
    return {
        "JSON, the architecture of a model at most",
        "convert its weights with it: chronicler convert WEIGHTS OUT.keras --architecture FILE"};
  }
  if (is_onnx(bytes)) return {"an ONNX model", another};
  constexpr char field_of_saved_model = 0x08;
  if (bytes.size() > 2 && bytes[0] == field_of_saved_model && bytes[1] == 1)
    return {"a part of a TensorFlow SavedModel", another};
  if (is_text(bytes)) return {"text", fetch};
  return {"of no kind that is known, or it is damaged where it begins",
          "a .keras, .h5 or .chronicler file is expected"};
}

void refuse_folder(const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code ignored;
  if (!fs::is_directory(path, ignored)) return;
  const auto has = [&](const char* name) { return fs::exists(fs::path(path) / name, ignored); };
  std::string_view what = "a folder";
  std::string_view hint = "give a file";
  if (has("saved_model.pb")) {
    what = "a SavedModel folder of TensorFlow";
    hint = another;
  } else if (has("config.json") && has("model.weights.h5")) {
    what = "an unpacked .keras file";
    hint = "pack what is in it: zip -r model.keras .";
  } else if (has("checkpoint")) {
    what = "a folder of TensorFlow checkpoints";
    hint = another;
  }
  throw Error(fmt::format("cannot load \"{}\": it is {}", path, what), std::string(hint));
}

}  // namespace chronicler
