#include "formats/safetensors/safetensors_shards.h"

#include <filesystem>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/json.h"
#include "chronicler/base/error.h"
#include "formats/bytes.h"
#include "formats/keras/architecture.h"
#include "formats/safetensors/safetensors.h"

namespace chronicler {
namespace {

constexpr std::string_view map_key = "weight_map";

// The names of the weights by the file in which each is.
using WeightsByFile = std::map<std::string, std::set<std::string>>;

// Files lie beside the index: a name with a folder in it could lead anywhere.
void check_file_name(const std::string& name) {
  constexpr std::string_view ending = ".safetensors";
  const bool is_plain = name.size() > ending.size() && name.ends_with(ending) &&
                        name.find_first_of(std::string_view("/\\:\0", 4)) == std::string::npos;
  if (is_plain) return;
  throw Error(fmt::format("its weight_map names the file \"{}\"", name.substr(0, 200)),
              "a .safetensors file in the folder of the index is expected");
}

WeightsByFile weights_by_file(const Json& index) {
  const Json& map = index[std::string(map_key)];
  if (!map.is_object() || map.empty()) {
    throw Error("its weight_map must be an object that gives the file of each weight",
                "use another copy");
  }
  WeightsByFile files;
  for (const auto& [weight, file] : map.items()) {
    if (!file.is_string())
      throw Error(fmt::format("its weight_map has no file for \"{}\"", weight), "use another copy");
    check_file_name(file);
    files[file].insert(weight);
  }
  return files;
}

}  // namespace

bool is_shards_index(std::string_view bytes) {
  if (!is_json(bytes) || bytes.find(map_key) == std::string_view::npos) return false;
  const Json json = Json::parse(bytes, nullptr, false);
  return json.is_object() && json.contains(map_key);
}

Shards read_shards(const std::string& path, std::string_view bytes) {
  Shards shards;
  for (auto& [file, weights] : weights_by_file(parse_json(bytes, "the index"))) {
    const std::string part = (std::filesystem::path(path).parent_path() / file).string();
    const std::string content = read_file(part);
    shards.bytes += content.size();
    Safetensors read;
    try {
      read = read_safetensors(content);
    } catch (const Error& error) {
      throw Error(fmt::format("\"{}\": {}", file, error.message()), error.hint());
    }
    for (NamedTensor& tensor : read.tensors) {
      if (weights.erase(tensor.name) == 0) {
        throw Error(fmt::format("\"{}\" has the weight \"{}\", which the index does not list there",
                                file, tensor.name),
                    "index and files are of different models: use another copy");
      }
      shards.tensors.push_back(std::move(tensor));
    }
    if (!weights.empty()) {
      throw Error(fmt::format("\"{}\" lacks the weight \"{}\"", file, *weights.begin()),
                  "index and files are of different models: use another copy");
    }
  }
  return shards;
}

}  // namespace chronicler
