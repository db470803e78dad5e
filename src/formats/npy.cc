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

#include "chronicler/base/atomic_file.h"
#include "chronicler/base/error.h"
#include "chronicler/base/texts.h"
#include "formats/archive.h"
#include "formats/bytes.h"
#include "formats/stored_numbers.h"

namespace chronicler {
namespace {

constexpr std::string_view signature("\x93NUMPY", 6);

[[noreturn]] void refuse_records() {
  throw Error("it holds records of named fields, not numbers",
              "save them as columns: numpy.save(path, "
              "numpy.lib.recfunctions.structured_to_unstructured(array))");
}

// The header is a Python dictionary of three members, written in a few ways only.
struct Header {
  std::string type;
  bool fortran_order = false;
  Shape shape;
};

// Walks over the text of the header.
class HeaderReader {
 public:
  explicit HeaderReader(std::string_view text) : left_(text) {}

  Header read() {
    Header header;
    std::array<bool, 3> seen{};
    expect('{');
    while (!accept('}')) {
      const std::string name = quoted();
      expect(':');
      const std::size_t member = name == "descr" ? 0 : name == "fortran_order" ? 1 : 2;
      if ((member == 2 && name != "shape") || seen[member]) fail();
      seen[member] = true;
      if (member == 0) header.type = type();
      if (member == 1) header.fortran_order = truth();
      if (member == 2) header.shape = shape();
      if (!accept(',')) {
        expect('}');
        break;
      }
    }
    skip_blanks();
    if (!left_.empty() || std::find(seen.begin(), seen.end(), false) != seen.end()) fail();
    return header;
  }

 private:
  [[noreturn]] static void fail() {
    throw Error("its header is damaged", "an array saved by numpy.save is expected");
  }
  void skip_blanks() {
    left_.remove_prefix(std::min(left_.find_first_not_of(" \t\r\n"), left_.size()));
  }
  bool accept(char wanted) {
    skip_blanks();
    if (!left_.starts_with(wanted)) return false;
    left_.remove_prefix(1);
    return true;
  }
  void expect(char wanted) {
    if (!accept(wanted)) fail();
  }
  std::string quoted() {
    skip_blanks();
    const char quote = left_.starts_with('"') ? '"' : '\'';
    expect(quote);
    const std::size_t end = left_.find(quote);
    if (end == std::string_view::npos) fail();
    std::string text(left_.substr(0, end));
    left_.remove_prefix(end + 1);
    return text;
  }
  std::string type() {
    skip_blanks();
    if (left_.starts_with('[')) refuse_records();
    return quoted();
  }
  bool truth() {
    skip_blanks();
    for (const auto& [word, value] :
         {std::pair<std::string_view, bool>{"True", true}, {"False", false}}) {
      if (!left_.starts_with(word)) continue;
      left_.remove_prefix(word.size());
      return value;
    }
    fail();
  }
  Shape shape() {
    Shape shape;
    expect('(');
    while (!accept(')')) {
      skip_blanks();
      std::int64_t extent = 0;
      const auto [end, error] = std::from_chars(left_.data(), left_.data() + left_.size(), extent);
      if (error != std::errc() || extent < 0) fail();
      left_.remove_prefix(static_cast<std::size_t>(end - left_.data()));
      if (left_.starts_with('L')) left_.remove_prefix(1);  // Python 2's mark of a long number
      if (shape.rank() == Shape::max_rank)
        throw Error(fmt::format("it has more than {} axes", Shape::max_rank));
      shape.append(extent);
      if (!accept(',')) {
        expect(')');
        break;
      }
    }
    return shape;
  }

  std::string_view left_;
};

// ---- elements

// The letters of NumPy's types that are no numbers, what they are, and what to do.
struct OtherType {
  char letter;
  std::string_view what;
  const char* hint;
};
constexpr const char* as_float32 =
    "save it as numbers: numpy.save(path, array.astype(\"float32\"))";
constexpr std::array<OtherType, 5> other_types{{
    {'O', "Python objects",
     "save it as numbers: numpy.save(path, array.astype(\"float32\")), and "
     "sequences of several lengths padded to one; texts as numpy.save(path, array.astype(str))"},
    {'c', "complex numbers",
     "save the parts as numbers: numpy.save(path, numpy.stack([array.real, "
     "array.imag], -1))"},
    {'V', "bytes without a type", as_float32},
    {'M', "dates",
     "save them as seconds: numpy.save(path, "
     "array.astype(\"datetime64[s]\").astype(\"int64\"))"},
    {'m', "spans of time",
     "save them as seconds: numpy.save(path, "
     "array.astype(\"timedelta64[s]\").astype(\"int64\"))"},
}};

[[noreturn]] void refuse_type(const std::string& name, std::size_t letter) {
  for (const OtherType& other : other_types) {
    if (letter < name.size() && name[letter] == other.letter)
      throw Error(fmt::format("it holds {} (type \"{}\"), not numbers", other.what, name),
                  other.hint);
  }
  throw Error(fmt::format("it holds elements of type \"{}\"", name), as_float32);
}

// "<f4": the order of the bytes, the kind, the size.
StoredNumber stored_type(const std::string& name) {
  const std::size_t letter = name.find_first_not_of("<>|=");
  if (letter > 1 || letter >= name.size()) refuse_type(name, letter);
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
  refuse_type(name, letter);
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

Tensor read_texts(const TextType& type, const Header& header, std::string_view data) {
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

std::string_view name_in_file(DType dtype) {
  switch (dtype) {
    case DType::float32:
      return "<f4";
    case DType::float64:
      return "<f8";
    case DType::int32:
      return "<i4";
    case DType::boolean:
      break;
    case DType::text:
      throw Error("texts are not written as an array");
  }
  return "|b1";
}

}  // namespace

namespace {

Tensor read_array(std::string_view bytes) {
  constexpr std::size_t before_length = 8;  // signature and version
  if (!bytes.starts_with(signature))
    throw Error("it is not a .npy file", "an array saved by numpy.save is expected");
  if (bytes.size() < before_length + sizeof(std::uint32_t)) throw Error("it ends too early");
  const auto version = number_at<std::uint8_t>(bytes, signature.size());
  if (version < 1 || version > 3) {
    throw Error(fmt::format("it has version {} of the .npy format, expected 1 to 3", version));
  }
  const std::size_t length_bytes = version == 1 ? sizeof(std::uint16_t) : sizeof(std::uint32_t);
  const std::size_t length = version == 1 ? number_at<std::uint16_t>(bytes, before_length)
                                          : number_at<std::uint32_t>(bytes, before_length);
  const std::size_t begin = before_length + length_bytes;
  if (length > bytes.size() - begin) throw Error("it ends within its header");

  const Header header = HeaderReader(bytes.substr(begin, length)).read();
  const std::string_view data = bytes.substr(begin + length);
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
  const bool reorders = header.fortran_order && header.shape.rank() > 1;
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
  constexpr std::size_t alignment = 64;  // of the data, as NumPy has it
  std::string shape;
  for (const std::int64_t extent : tensor.shape())
    shape += fmt::format("{}{}", shape.empty() ? "" : ", ", extent);
  if (tensor.shape().rank() == 1) shape += ',';  // Python's tuple of one
  std::string header = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}), }}",
                                   name_in_file(tensor.dtype()), shape);
  constexpr std::size_t before_header = 10;
  const std::size_t size = before_header + header.size() + 1;
  header.append((size + alignment - 1) / alignment * alignment - size, ' ');
  header += '\n';

  std::string bytes(signature);
  bytes += std::string_view("\x01\0", 2);
  append_number(bytes, static_cast<std::uint16_t>(header.size()));
  bytes += header;
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
