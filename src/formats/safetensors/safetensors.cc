#include "formats/safetensors/safetensors.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <numeric>

#include <fmt/format.h>

#include "base/json.h"
#include "chronicler/base/error.h"
#include "formats/bytes.h"
#include "formats/stored_numbers.h"

namespace chronicler {
namespace {

constexpr std::size_t length_bytes = sizeof(std::uint64_t);
constexpr std::uint64_t longest_header = 100'000'000;
constexpr std::string_view metadata_name = "__metadata__";

// The types of the format that are read; the first five are written.
struct StoredType {
  std::string_view name;
  StoredNumber number;
};
constexpr std::array<StoredType, 13> stored_types{{{"F32", {NumberClass::real, 4}},
                                                   {"F64", {NumberClass::real, 8}},
                                                   {"I32", {NumberClass::whole, 4}},
                                                   {"BOOL", {NumberClass::boolean, 1}},
                                                   {"I64", {NumberClass::whole, 8}},
                                                   {"F16", {NumberClass::real, 2}},
                                                   {"BF16", {NumberClass::brain, 2}},
                                                   {"I8", {NumberClass::whole, 1}},
                                                   {"U8", {NumberClass::natural, 1}},
                                                   {"I16", {NumberClass::whole, 2}},
                                                   {"U16", {NumberClass::natural, 2}},
                                                   {"U32", {NumberClass::natural, 4}},
                                                   {"U64", {NumberClass::natural, 8}}}};

std::string_view name_in_file(const NamedTensor& tensor) {
  if (tensor.whole) return "I64";
  switch (tensor.value.dtype()) {
    case DType::float32:
      return "F32";
    case DType::float64:
      return "F64";
    case DType::int32:
      return "I32";
    case DType::boolean:
      break;
    case DType::text:
      return "U8";
  }
  return "BOOL";
}

const StoredType& stored_type_at(const JsonPlace& place) {
  for (const StoredType& type : stored_types) {
    if (type.name == place.text()) return type;
  }
  throw Error(fmt::format("{} is {}, which is not read", place.path(), place.text().substr(0, 20)),
              "save the weights as float32");
}

// ---- writing

void append_elements(std::string& bytes, const NamedTensor& tensor) {
  if (!tensor.whole) {
    bytes.append(static_cast<const char*>(tensor.value.view().raw()), tensor.value.bytes());
    return;
  }
  for (const double value : tensor.value.span<double>())
    append_number(bytes, static_cast<std::int64_t>(value));
}

// ---- reading

Shape shape_at(const JsonPlace& place) {
  if (place.json().size() > Shape::max_rank)
    place.refuse(fmt::format("a list of at most {} sizes", Shape::max_rank));
  Shape shape;
  for (const JsonPlace& item : place.items()) {
    if (item.whole() < 0) item.refuse("a size");
    shape.append(item.whole());
  }
  return shape;
}

void check_truth(std::string_view bytes, const std::string& where) {
  for (const char value : bytes) {
    if (value != 0 && value != 1) {
      throw Error(fmt::format("{} holds a truth value of {}", where,
                              static_cast<int>(static_cast<std::uint8_t>(value))));
    }
  }
}

struct Entry {
  std::string name;
  const StoredType* type;
  Shape shape;
  std::uint64_t begin;
  std::uint64_t end;
};

Entry entry_at(std::string name, const JsonPlace& place) {
  for (const std::string& member : place.member_names()) {
    if (member != "dtype" && member != "shape" && member != "data_offsets")
      throw Error(fmt::format("{} has an unknown member \"{}\"", place.path(), member));
  }
  Entry entry{std::move(name), &stored_type_at(place["dtype"]), shape_at(place["shape"]), 0, 0};
  const std::vector<JsonPlace> offsets = place["data_offsets"].items();
  if (offsets.size() != 2 || offsets[0].whole() < 0 || offsets[1].whole() < offsets[0].whole())
    place["data_offsets"].refuse("where the tensor begins and ends");
  entry.begin = static_cast<std::uint64_t>(offsets[0].whole());
  entry.end = static_cast<std::uint64_t>(offsets[1].whole());
  const std::uint64_t elements = static_cast<std::uint64_t>(entry.shape.elements());
  const std::uint64_t size = entry.type->number.size;
  if (elements > (entry.end - entry.begin) / size || elements * size != entry.end - entry.begin) {
    throw Error(fmt::format("{} has shape {} of {}, but {} bytes", place.path(),
                            entry.shape.to_string(), entry.type->name, entry.end - entry.begin));
  }
  return entry;
}

// In the order in which they lie in the file, one after the other from its start to its end.
std::vector<Entry> entries_of(const JsonPlace& header, std::uint64_t data_bytes) {
  std::vector<Entry> entries;
  for (const auto& [name, value] : header.json().items()) {
    if (name != metadata_name)
      entries.push_back(entry_at(name, {value, fmt::format("tensor \"{}\"", name)}));
  }
  std::stable_sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return a.begin != b.begin ? a.begin < b.begin : a.end < b.end;
  });
  std::uint64_t end = 0;
  for (const Entry& entry : entries) {
    if (entry.begin != end) {
      throw Error(fmt::format("tensor \"{}\" begins at byte {} of the data, expected {}",
                              entry.name, entry.begin, end));
    }
    end = entry.end;
  }
  if (end != data_bytes)
    throw Error(fmt::format("the tensors need {} bytes, the file has {}", end, data_bytes));
  return entries;
}

}  // namespace

void sort_for_file(NamedTensors& tensors) {
  std::sort(tensors.begin(), tensors.end(), [](const NamedTensor& a, const NamedTensor& b) {
    const std::size_t a_size = size_of(a.value.dtype());
    const std::size_t b_size = size_of(b.value.dtype());
    return a_size != b_size ? a_size > b_size : a.name < b.name;
  });
}

std::string write_safetensors(const Safetensors& content) {
  Json header = Json::object();
  if (!content.metadata.empty()) header[std::string(metadata_name)] = content.metadata;
  std::size_t offset = 0;
  for (const NamedTensor& tensor : content.tensors) {
    Json shape = Json::array();
    for (const std::int64_t extent : tensor.value.shape()) shape.push_back(extent);
    const std::size_t end = offset + tensor.value.bytes();
    header[tensor.name] = {{"dtype", name_in_file(tensor)},
                           {"shape", std::move(shape)},
                           {"data_offsets", {offset, end}}};
    offset = end;
  }
  std::string text = to_text(header);
  text.resize((text.size() + length_bytes - 1) / length_bytes * length_bytes, ' ');

  std::string bytes;
  bytes.reserve(length_bytes + text.size() + offset);
  append_number(bytes, static_cast<std::uint64_t>(text.size()));
  bytes += text;
  for (const NamedTensor& tensor : content.tensors) append_elements(bytes, tensor);
  return bytes;
}

Safetensors read_safetensors(std::string_view bytes) {
  if (bytes.size() < length_bytes)
    throw Error(fmt::format("the file ends after {} bytes", bytes.size()));
  const auto length = number_at<std::uint64_t>(bytes, 0);
  if (length > longest_header)
    throw Error("it is not a safetensors file, or its first bytes are damaged");
  if (length > bytes.size() - length_bytes) {
    throw Error(
        fmt::format("the file ends after {} bytes, within its header of {}", bytes.size(), length));
  }
  const std::string_view text = bytes.substr(length_bytes, length);
  const std::string_view data = bytes.substr(length_bytes + length);
  if (!text.starts_with('{')) throw Error("its header is not a JSON object");
  const Json header = parse_json(text, "its header");

  Safetensors content;
  if (header.contains(metadata_name)) {
    const JsonPlace metadata(header[std::string(metadata_name)], "the metadata");
    if (!metadata.is_object()) metadata.refuse("an object");
    for (const auto& [name, value] : metadata.json().items())
      content.metadata[name] = JsonPlace(value, fmt::format("the metadata's {}", name)).text();
  }
  for (const Entry& entry : entries_of({header, "its header"}, data.size())) {
    const std::string_view part = data.substr(entry.begin, entry.end - entry.begin);
    // Whole numbers of 64 bits are counts, and are written as such again.
    const StoredNumber& number = entry.type->number;
    const bool is_count = number.kind == NumberClass::whole && number.size == sizeof(std::int64_t);
    const std::string where = fmt::format("tensor \"{}\"", entry.name);
    if (number.kind == NumberClass::boolean) check_truth(part, where);
    const DType dtype = is_count ? DType::float64 : dtype_for(number, part);
    content.tensors.push_back(
        {entry.name, numbers_as(dtype, number, entry.shape, part, where), is_count});
  }
  return content;
}

}  // namespace chronicler
