#include "formats/safetensors.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <numeric>

#include <fmt/format.h>

#include "base/json.h"
#include "chronicler/base/error.h"
#include "formats/bytes.h"

namespace chronicler {
namespace {

constexpr std::size_t length_bytes = sizeof(std::uint64_t);
constexpr std::uint64_t longest_header = 100'000'000;
constexpr std::string_view metadata_name = "__metadata__";

struct StoredType {
  std::string_view name;
  DType dtype;
  bool whole = false;
};
constexpr std::array<StoredType, 5> stored_types{{{"F32", DType::float32},
                                                  {"F64", DType::float64},
                                                  {"I32", DType::int32},
                                                  {"BOOL", DType::boolean},
                                                  {"I64", DType::float64, true}}};

const StoredType& stored_type_of(const NamedTensor& tensor) {
  return *std::find_if(stored_types.begin(), stored_types.end(), [&](const StoredType& type) {
    return type.dtype == tensor.value.dtype() && type.whole == tensor.whole;
  });
}

const StoredType& stored_type_at(const JsonPlace& place) {
  for (const StoredType& type : stored_types) {
    if (type.name == place.text()) return type;
  }
  place.refuse("F32, F64, I32, I64 or BOOL");
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

Tensor tensor_of(const StoredType& type, const Shape& shape, std::string_view bytes,
                 const std::string& where) {
  Tensor tensor(shape, type.dtype);
  if (type.whole) {
    constexpr std::int64_t largest = std::int64_t{1} << 53U;  // what a double holds exactly
    std::size_t offset = 0;
    for (double& value : tensor.span<double>()) {
      const auto number = number_at<std::int64_t>(bytes, offset);
      if (number > largest || number < -largest)
        throw Error(fmt::format("{} holds {}, which is too large", where, number));
      value = static_cast<double>(number);
      offset += sizeof(std::int64_t);
    }
  } else if (!bytes.empty()) {
    std::memcpy(tensor.view().raw(), bytes.data(), bytes.size());
  }
  if (type.dtype == DType::boolean) {
    for (const std::uint8_t value : tensor.span<std::uint8_t>()) {
      if (value > 1) throw Error(fmt::format("{} holds a truth value of {}", where, value));
    }
  }
  return tensor;
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
  const std::uint64_t size = size_of(entry.type->dtype);
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
    header[tensor.name] = {{"dtype", stored_type_of(tensor).name},
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
    content.tensors.push_back(
        {entry.name,
         tensor_of(*entry.type, entry.shape, part, fmt::format("tensor \"{}\"", entry.name)),
         entry.type->whole});
  }
  return content;
}

}  // namespace chronicler
