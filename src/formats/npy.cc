#include "chronicler/formats/npy.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "chronicler/base/atomic_file.h"
#include "chronicler/base/error.h"
#include "formats/bytes.h"

namespace chronicler {
namespace {

constexpr std::string_view signature("\x93NUMPY", 6);

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
    left_.remove_prefix(std::min(left_.find_first_not_of(" \n"), left_.size()));
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
    expect('\'');
    const std::size_t end = left_.find('\'');
    if (end == std::string_view::npos) fail();
    std::string text(left_.substr(0, end));
    left_.remove_prefix(end + 1);
    return text;
  }
  std::string type() {
    skip_blanks();
    if (left_.starts_with('['))
      throw Error("it holds records, not numbers", "save an array of numbers");
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

template <class Stored>
Tensor whole_numbers(const Shape& shape, std::string_view bytes) {
  Tensor tensor(shape, DType::int32);
  std::size_t offset = 0;
  for (std::int32_t& value : tensor.span<std::int32_t>()) {
    const auto number = number_at<Stored>(bytes, offset);
    offset += sizeof(Stored);
    if (!std::in_range<std::int32_t>(number))
      throw Error(fmt::format("it holds the number {}, which does not fit into 32 bits", number));
    value = static_cast<std::int32_t>(number);
  }
  return tensor;
}

template <class Element>
Tensor as_stored(const Shape& shape, std::string_view bytes) {
  Tensor tensor(shape, dtype_of<Element>);
  if (!bytes.empty()) std::memcpy(tensor.view().raw(), bytes.data(), bytes.size());
  if constexpr (dtype_of<Element> == DType::boolean) {
    for (std::uint8_t& value : tensor.span<std::uint8_t>()) value = value != 0 ? 1 : 0;
  }
  return tensor;
}

struct StoredType {
  std::string_view name;
  std::size_t size;
  Tensor (*read)(const Shape& shape, std::string_view bytes);
};
constexpr std::array<StoredType, 11> stored_types{{
    {"<f4", 4, as_stored<float>},
    {"<f8", 8, as_stored<double>},
    {"<i4", 4, as_stored<std::int32_t>},
    {"|b1", 1, as_stored<std::uint8_t>},
    {"<i8", 8, whole_numbers<std::int64_t>},
    {"<u8", 8, whole_numbers<std::uint64_t>},
    {"<u4", 4, whole_numbers<std::uint32_t>},
    {"<i2", 2, whole_numbers<std::int16_t>},
    {"<u2", 2, whole_numbers<std::uint16_t>},
    {"|i1", 1, whole_numbers<std::int8_t>},
    {"|u1", 1, whole_numbers<std::uint8_t>},
}};

const StoredType& stored_type(const std::string& name) {
  for (const StoredType& type : stored_types) {
    if (type.name == name) return type;
  }
  throw Error(fmt::format("it holds elements of type \"{}\"", name),
              "save it as float32 or int32 of this machine: numpy.save(path, "
              "array.astype(\"float32\"))");
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
  }
  return "|b1";
}

}  // namespace

Tensor read_npy(std::string_view bytes) {
  constexpr std::size_t before_length = 8;  // signature and version
  if (!bytes.starts_with(signature)) throw Error("it is not a .npy file");
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
  const StoredType& type = stored_type(header.type);
  if (header.fortran_order && header.shape.rank() > 1) {
    throw Error("its axes lie in Fortran's order",
                "save it in C's order: numpy.save(path, numpy.ascontiguousarray(array))");
  }
  const auto elements = static_cast<std::uint64_t>(header.shape.elements());
  if (elements > data.size() / type.size || elements * type.size != data.size()) {
    throw Error(fmt::format("its shape {} of {} does not agree with the {} bytes that it holds",
                            header.shape.to_string(), type.name, data.size()),
                "use another copy");
  }
  return type.read(header.shape, data);
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
