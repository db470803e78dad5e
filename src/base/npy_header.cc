#include "base/npy_header.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <utility>

#include <fmt/format.h>

#include "base/number_bytes.h"
#include "chronicler/base/error.h"

namespace chronicler {
namespace {

constexpr std::string_view signature("\x93NUMPY", 6);

[[noreturn]] void refuse_records() {
  throw Error("it holds records of named fields, not numbers",
              "save them as columns: numpy.save(path, "
              "numpy.lib.recfunctions.structured_to_unstructured(array))");
}

// Walks over the text of the header, a Python dictionary of three members that is written in a few
// ways only.
class HeaderReader {
 public:
  explicit HeaderReader(std::string_view text) : left_(text) {}

  NpyHeader read() {
    NpyHeader header;
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

void refuse_npy_type(const std::string& name, std::size_t letter) {
  for (const OtherType& other : other_types) {
    if (letter < name.size() && name[letter] == other.letter)
      throw Error(fmt::format("it holds {} (type \"{}\"), not numbers", other.what, name),
                  other.hint);
  }
  throw Error(fmt::format("it holds elements of type \"{}\"", name), as_float32);
}

std::size_t npy_data_begin(std::string_view bytes) {
  if (!bytes.starts_with(signature))
    throw Error("it is not a .npy file", "an array saved by numpy.save is expected");
  if (bytes.size() < npy_first_bytes) throw Error("it ends too early");
  const auto version = number_at<std::uint8_t>(bytes, signature.size());
  if (version < 1 || version > 3) {
    throw Error(fmt::format("it has version {} of the .npy format, expected 1 to 3", version));
  }
  constexpr std::size_t before_length = 8;  // signature and version
  if (version == 1)
    return before_length + sizeof(std::uint16_t) + number_at<std::uint16_t>(bytes, before_length);
  return before_length + sizeof(std::uint32_t) + number_at<std::uint32_t>(bytes, before_length);
}

NpyHeader read_npy_header(std::string_view bytes) {
  const std::size_t data_begin = npy_data_begin(bytes);
  if (data_begin > bytes.size()) throw Error("it ends within its header");
  const std::size_t begin = bytes[signature.size()] == 1 ? 10 : npy_first_bytes;
  NpyHeader header = HeaderReader(bytes.substr(begin, data_begin - begin)).read();
  header.data_begin = data_begin;
  return header;
}

std::string npy_header(DType dtype, const Shape& shape, std::size_t room) {
  constexpr std::size_t alignment = 64;  // of the data, as NumPy has it
  std::string extents;
  for (const std::int64_t extent : shape)
    extents += fmt::format("{}{}", extents.empty() ? "" : ", ", extent);
  if (shape.rank() == 1) extents += ',';  // Python's tuple of one
  std::string header = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}), }}",
                                   name_in_file(dtype), extents);
  constexpr std::size_t before_header = 10;
  const std::size_t size = std::max(before_header + header.size() + 1, room);
  header.append((size + alignment - 1) / alignment * alignment - before_header - header.size() - 1,
                ' ');
  header += '\n';

  std::string bytes(signature);
  bytes += std::string_view("\x01\0", 2);
  append_number(bytes, static_cast<std::uint16_t>(header.size()));
  return bytes + header;
}

std::optional<DType> npy_dtype(std::string_view type) {
  for (const DType dtype : {DType::float32, DType::float64, DType::int32, DType::boolean}) {
    const std::string_view own = name_in_file(dtype);
    if (type == own ||
        (type.size() == own.size() && type.front() == '=' && type.substr(1) == own.substr(1)))
      return dtype;
  }
  if (type == "?" || type == "|?") return DType::boolean;
  return std::nullopt;
}

}  // namespace chronicler
