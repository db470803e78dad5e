#include "chronicler/formats/npy.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/npy_header.h"
#include "chronicler/base/atomic_file.h"
#include "chronicler/base/error.h"
#include "chronicler/base/texts.h"
#include "formats/archive.h"
#include "formats/bytes.h"
#include "formats/stored_numbers.h"

namespace chronicler {
namespace {

// ---- elements

// "<f4": the order of the bytes, the kind, the size.
StoredNumber stored_type(const std::string& name) {
  const std::size_t letter = name.find_first_not_of("<>|=");
  if (letter > 1 || letter >= name.size()) refuse_npy_type(name, letter);
  if (name.substr(letter) == "?") return {NumberClass::boolean, 1};
  std::size_t size = 0;
  const char* const end = name.data() + name.size();
  const auto [stopped, error] = std::from_chars(name.data() + letter + 1, end, size);
  constexpr std::array<std::pair<char, NumberClass>, 4> letters{{{'b', NumberClass::boolean},
                                                                 {'i', NumberClass::whole},
                                                                 {'u', NumberClass::natural},
                                                                 {'f', NumberClass::real}}};
  for (const auto& [own, kind] : letters) {
    const StoredNumber type{kind, size, name.front() == '>'};
    if (name[letter] == own && error == std::errc() && stopped == end && is_readable(type))
      return type;
  }
  refuse_npy_type(name, letter);
}

// ---- texts

// "<U12": code points of 4 bytes each; "|S12": bytes.
struct TextType {
  bool is_unicode = false;
  bool reversed = false;  // the highest byte comes first
  std::size_t length = 0;

  std::size_t size() const { return is_unicode ? 4 * length : length; }
};

std::optional<TextType> text_type(const std::string& name) {
  const std::size_t letter = name.find_first_not_of("<>|=");
  if (letter > 1 || letter >= name.size()) return std::nullopt;
  const char kind = name[letter];
  if (kind != 'U' && kind != 'S' && kind != 'a') return std::nullopt;
  TextType type{kind == 'U', name.front() == '>'};
  const char* const end = name.data() + name.size();
  const auto [stopped, error] = std::from_chars(name.data() + letter + 1, end, type.length);
  constexpr std::size_t longest = std::size_t{1} << 32U;
  if (error != std::errc() || stopped != end || type.length > longest)
    throw Error(fmt::format("it holds texts of type \"{}\", which has no length", name));
  return type;
}

void append_utf8(std::string& text, std::uint32_t code) {
  constexpr std::uint32_t last = 0x10FFFF;
  if (code > last || (code >= 0xD800 && code <= 0xDFFF))
    throw Error(fmt::format("it holds a text with {:#x}, which is no character", code));
  const auto append = [&](std::uint32_t byte) { text += static_cast<char>(byte); };
  const auto append_last = [&](unsigned shift) { append(0x80U | ((code >> shift) & 0x3FU)); };
  if (code < 0x80) return append(code);
  if (code < 0x800) return append(0xC0U | (code >> 6U)), append_last(0);
  if (code < 0x10000) return append(0xE0U | (code >> 12U)), append_last(6), append_last(0);
  append(0xF0U | (code >> 18U)), append_last(12), append_last(6), append_last(0);
}

std::string text_from(const TextType& type, std::string_view bytes) {
  if (!type.is_unicode) return std::string(bytes.substr(0, bytes.find_last_not_of('\0') + 1));
  std::string text;
  std::size_t zeros = 0;  // at the end they are padding
  for (std::size_t i = 0; i < bytes.size(); i += 4) {
    std::uint32_t code = number_at<std::uint32_t>(bytes, i);
    if (type.reversed) code = __builtin_bswap32(code);
    if (code == 0) {
      ++zeros;
      continue;
    }
    text.append(std::exchange(zeros, 0), '\0');
    append_utf8(text, code);
  }
  return text;
}

Tensor read_texts(const TextType& type, const NpyHeader& header, std::string_view data) {
  const Shape& shape = header.shape;
  if (!(shape.rank() == 1 || (shape.rank() == 2 && shape[1] == 1))) {
    throw Error(fmt::format("it holds texts in shape {}", shape.to_string()),
                "save a list of texts, one for each sample: numpy.save(path, array.reshape(-1))");
  }
  const auto count = static_cast<std::uint64_t>(shape.elements());
  const bool fits = type.size() == 0
                        ? data.empty()
                        : data.size() % type.size() == 0 && data.size() / type.size() == count;
  constexpr std::uint64_t most_empty = 1 << 20;
  if (!fits || (type.size() == 0 && count > most_empty)) {
    throw Error(fmt::format("its shape {} of {} does not agree with the {} bytes that it holds",
                            shape.to_string(), header.type, data.size()),
                "use another copy");
  }
  std::vector<std::string> texts;
  for (std::uint64_t i = 0; i < count; ++i)
    texts.push_back(text_from(type, data.substr(i * type.size(), type.size())));
  return text_tensor(texts);
}

// Elements whose first axis runs fastest, put into the order in which the last one does.
template <class Element>
void reorder(const Tensor& from, Tensor& to) {
  const Shape& shape = to.shape();
  const int rank = shape.rank();
  std::array<std::int64_t, Shape::max_rank> index{};
  std::array<std::int64_t, Shape::max_rank> stride{};
  std::int64_t elements = 1;
  for (int axis = 0; axis < rank; ++axis) {
    stride.at(static_cast<std::size_t>(axis)) = elements;
    elements *= shape[axis];
  }
  const Element* read = from.as<Element>();
  Element* written = to.as<Element>();
  std::int64_t place = 0;
  for (std::int64_t i = 0; i < elements; ++i) {
    written[i] = read[place];
    for (int axis = rank - 1; axis >= 0; --axis) {
      const auto a = static_cast<std::size_t>(axis);
      place += stride.at(a);
      if (++index.at(a) < shape[axis]) break;
      place -= stride.at(a) * shape[axis];
      index.at(a) = 0;
    }
  }
}

Tensor from_fortran_order(const Tensor& tensor) {
  Tensor result(tensor.shape(), tensor.dtype());
  if (tensor.dtype() == DType::float32) reorder<float>(tensor, result);
  if (tensor.dtype() == DType::float64) reorder<double>(tensor, result);
  if (tensor.dtype() == DType::int32) reorder<std::int32_t>(tensor, result);
  if (tensor.dtype() == DType::boolean) reorder<std::uint8_t>(tensor, result);
  return result;
}

Tensor read_array(std::string_view bytes) {
  const NpyHeader header = read_npy_header(bytes);
  const std::string_view data = bytes.substr(header.data_begin);
  if (const std::optional<TextType> texts = text_type(header.type))
    return read_texts(*texts, header, data);
  const StoredNumber type = stored_type(header.type);
  const auto elements = static_cast<std::uint64_t>(header.shape.elements());
  if (elements > data.size() / type.size || elements * type.size != data.size()) {
    throw Error(fmt::format("its shape {} of {} does not agree with the {} bytes that it holds",
                            header.shape.to_string(), header.type, data.size()),
                "use another copy");
  }
  Tensor tensor = numbers_as(dtype_for(type, data), type, header.shape, data, "it");
  const bool reorders = header.is_reversed();
  return reorders ? from_fortran_order(tensor) : tensor;
}

// NumPy's .npz: an archive with a .npy file for each array.
Tensor read_sole_array(std::string_view bytes) {
  constexpr std::string_view extension = ".npy";
  const std::vector<ArchiveMember> members =
      read_archive(bytes, [&](std::string_view name) { return name.ends_with(extension); });
  if (members.size() == 1) return read_array(members.front().bytes);
  constexpr std::size_t most_shown = 5;
  std::string names;
  for (std::size_t i = 0; i < std::min(members.size(), most_shown); ++i) {
    const std::string& name = members[i].name;
    names += fmt::format("{}\"{}\"", i == 0 ? ": " : ", ",
                         name.substr(0, name.size() - extension.size()));
  }
  throw Error(fmt::format("it is an archive (.npz) of {} arrays{}{}", members.size(), names,
                          members.size() > most_shown ? ", ..." : ""),
              "save one array in a file: numpy.save(\"x.npy\", numpy.load(path)[\"x\"])");
}

}  // namespace

Tensor read_npy(std::string_view bytes) {
  constexpr std::string_view archive("PK");
  return bytes.starts_with(archive) ? read_sole_array(bytes) : read_array(bytes);
}

std::string write_npy(const Tensor& tensor) {
  std::string bytes = npy_header(tensor.dtype(), tensor.shape());
  if (tensor) bytes.append(static_cast<const char*>(tensor.view().raw()), tensor.bytes());
  return bytes;
}

Tensor load_npy(const std::string& path) {
  const std::string bytes = read_file(path);
  try {
    return read_npy(bytes);
  } catch (const Error& error) {
    throw Error(fmt::format("cannot load \"{}\": {}", path, error.message()), error.hint());
  }
}

void save_npy(const std::string& path, const Tensor& tensor) {
  write_file_atomically(path, write_npy(tensor));
}

}  // namespace chronicler
