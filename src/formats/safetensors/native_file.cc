#include "formats/safetensors/native_file.h"

#include <fmt/format.h>

#include "base/crc32c.h"
#include "chronicler/base/error.h"
#include "formats/base64.h"
#include "formats/bytes.h"
#include "formats/safetensors/safetensors.h"

namespace chronicler {
namespace {

// Members of the metadata.
constexpr const char* format = "format";  // always format_name
constexpr const char* version = "format_version";
constexpr const char* model = "model";  // Keras's object, as JSON
constexpr const char* checksum =
    "checksum";  // of the model, the assets, all tensors and their names and shapes

constexpr std::string_view asset_prefix = "asset/";  // and an asset's name: its bytes, as base64

constexpr std::string_view format_name = "chronicler";
constexpr std::string_view format_version = "1";

std::string checksum_of(std::string_view model_text, const Safetensors& content) {
  std::uint32_t sum = crc32c(model_text);
  for (const auto& [name, text] : content.metadata) {
    if (name.starts_with(asset_prefix)) sum = crc32c(text, crc32c(name, sum));
  }
  for (const NamedTensor& tensor : content.tensors) {
    const auto* bytes = static_cast<const char*>(tensor.value.view().raw());
    sum = crc32c(fmt::format("{} {}", tensor.name, tensor.value.shape().to_string()), sum);
    sum = crc32c({bytes, tensor.value.bytes()}, sum);
  }
  return fmt::format("{:08x}", sum);
}

const std::string& member(const Safetensors& content, const char* name) {
  const auto found = content.metadata.find(name);
  if (found != content.metadata.end()) return found->second;
  throw Error(fmt::format("its metadata have no \"{}\"", name),
              "a model file of Chronicler is expected");
}

}  // namespace

bool is_native_file(const Safetensors& content) {
  const auto found = content.metadata.find(format);
  return found != content.metadata.end() && found->second == format_name;
}

std::string write_native(const ModelSpec& spec) {
  Safetensors content;
  content.tensors = spec.weights;
  sort_for_file(content.tensors);
  content.metadata[format] = format_name;
  content.metadata[version] = format_version;
  const std::string text = spec.model.is_null() ? "" : to_text(spec.model);
  if (!text.empty()) content.metadata[model] = text;
  for (const auto& [name, bytes] : spec.assets)
    content.metadata[fmt::format("{}{}", asset_prefix, name)] = to_base64(bytes);
  content.metadata[checksum] = checksum_of(text, content);
  return write_safetensors(content);
}

ModelSpec read_native(std::string_view bytes) {
  Safetensors content = read_safetensors(bytes);
  if (member(content, format) != format_name) {
    throw Error(
        fmt::format("its format is \"{}\", expected \"{}\"", member(content, format), format_name));
  }
  if (member(content, version) != format_version) {
    throw Error(fmt::format("it has version {} of the format, this program reads {}",
                            member(content, version), format_version),
                "use a newer Chronicler");
  }
  const bool has_model = content.metadata.contains(model);
  const std::string text = has_model ? member(content, model) : "";
  if (member(content, checksum) != checksum_of(text, content))
    throw Error("it is damaged: its checksum differs", "use another copy");

  ModelSpec spec;
  if (has_model) spec.model = parse_json(text, "its model");
  spec.weights = std::move(content.tensors);
  for (const auto& [name, value] : content.metadata) {
    if (name.starts_with(asset_prefix))
      spec.assets.emplace(name.substr(asset_prefix.size()), from_base64(value));
  }
  return spec;
}

}  // namespace chronicler
