#include "formats/keras_file.h"

#include <algorithm>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "formats/archive.h"
#include "formats/hdf5_reader.h"
#include "formats/hdf5_writer.h"
#include "formats/old_training.h"

namespace chronicler {
namespace {

constexpr std::string_view metadata_member = "metadata.json";
constexpr std::string_view config_member = "config.json";
constexpr std::string_view weights_member = "model.weights.h5";
constexpr std::string_view assets_folder = "assets/chronicler/";  // Keras ignores it

// The version whose options the file uses; every later one knows them too. No date: the same model
// gives the same bytes.
Json metadata() { return {{"keras_version", "3.0.0"}, {"date_saved", "1980-01-01@00:00:00"}}; }

// Keras 2.13 wrote .keras files in which the layers' folder had another name.
void rename_layers_folder(NamedTensors& tensors) {
  constexpr std::string_view old_folder = "_layer_checkpoint_dependencies/";
  for (NamedTensor& tensor : tensors) {
    if (tensor.name.starts_with(old_folder)) tensor.name.replace(0, old_folder.size(), "layers/");
  }
}

// The name of the asset that a member holds; empty for other members, and for the folder itself.
std::string_view asset_name(std::string_view member) {
  return member.starts_with(assets_folder) && !member.ends_with('/')
             ? member.substr(assets_folder.size())
             : std::string_view();
}

bool is_wanted(std::string_view member) {
  return member == metadata_member || member == config_member || member == weights_member ||
         !asset_name(member).empty();
}

// The version that the file gives for itself, if it does: nothing but errors depend on it.
std::string version_in(const std::vector<ArchiveMember>& members) {
  constexpr std::size_t longest = 20;
  for (const ArchiveMember& one : members) {
    if (one.name != metadata_member) continue;
    const Json metadata = parse_json(one.bytes, metadata_member);
    if (!metadata.is_object() || !metadata.contains("keras_version")) return {};
    const Json& version = metadata["keras_version"];
    return version.is_string() ? version.get<std::string>().substr(0, longest) : std::string();
  }
  return {};
}

const std::string& member(const std::vector<ArchiveMember>& members, std::string_view name) {
  const auto found = std::find_if(members.begin(), members.end(),
                                  [&](const ArchiveMember& one) { return one.name == name; });
  if (found != members.end()) return found->bytes;
  throw Error(fmt::format("its archive has no \"{}\"", name),
              "a .keras file saved by Keras 3 or Chronicler is expected");
}

}  // namespace

std::string write_keras(const ModelSpec& spec) {
  Json model = spec.model;
  if (model.is_object() && model.contains("compile_config"))
    model["compile_config"] = training_for_keras3(model["compile_config"]);
  std::vector<ArchiveMember> members{{std::string(metadata_member), to_text(metadata())},
                                     {std::string(config_member), to_text(model)},
                                     {std::string(weights_member), write_hdf5(spec.weights)}};
  for (const auto& [name, bytes] : spec.assets)
    members.push_back({fmt::format("{}{}", assets_folder, name), bytes});
  return write_archive(members);
}

ModelSpec read_keras(std::string_view bytes) {
  std::vector<ArchiveMember> members = read_archive(bytes, is_wanted);
  ModelSpec spec;
  spec.keras_version = version_in(members);
  spec.model = parse_json(member(members, config_member), config_member);
  if (spec.model.is_object() && spec.model.contains("compile_config") &&
      spec.model["compile_config"].is_object()) {
    spec.model["compile_config"] = renewed_training(spec.model["compile_config"]);
  }
  spec.weights = read_hdf5(member(members, weights_member)).tensors;
  rename_layers_folder(spec.weights);
  for (ArchiveMember& one : members) {
    const std::string name(asset_name(one.name));
    if (!name.empty()) spec.assets.emplace(name, std::move(one.bytes));
  }
  return spec;
}

std::string write_keras_weights(const ModelSpec& spec) { return write_hdf5(spec.weights); }

ModelSpec read_keras_weights(std::string_view bytes) {
  ModelSpec spec;
  spec.weights = read_hdf5(bytes).tensors;
  rename_layers_folder(spec.weights);
  return spec;
}

}  // namespace chronicler
