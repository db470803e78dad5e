#include "formats/keras/keras_file.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "formats/archive.h"
#include "formats/hdf5/hdf5_reader.h"
#include "formats/hdf5/hdf5_writer.h"
#include "formats/keras/vocabularies.h"
#include "formats/old_keras/old_config.h"
#include "formats/old_keras/old_training.h"

namespace chronicler {
namespace {

constexpr std::string_view metadata_member = "metadata.json";
constexpr std::string_view config_member = "config.json";
constexpr std::string_view weights_member = "model.weights.h5";
constexpr std::string_view assets_folder = "assets/chronicler/";  // Keras ignores it

// The version whose options the file uses; every later one knows them too. No date: the same model
// gives the same bytes.
Json metadata() { return {{"keras_version", "3.0.0"}, {"date_saved", "1980-01-01@00:00:00"}}; }

constexpr std::string_view early_folder = "_layer_checkpoint_dependencies";

bool may_count_twice(const NamedTensors& tensors) {
  return std::any_of(tensors.begin(), tensors.end(), [](const NamedTensor& tensor) {
    return tensor.name.starts_with(early_folder);
  });
}

// Keras 2.13 and 2.14 called the folder of the layers otherwise, Keras 2 and Keras 3 the parts of
// an attention; on Windows, Keras 2 put its own backslashes between the names. An attention's gate,
// which only Keras 3 knows, keeps its underscore there, and so do all parts of a
// GroupQueryAttention.
std::string renewed_folder(std::string_view folder, std::string_view above) {
  if (folder == early_folder) return "layers";
  if (folder == "_gate_dense" || above.starts_with("grouped_query_attention"))
    return std::string(folder);
  return std::string(folder.starts_with('_') ? folder.substr(1) : folder);
}

std::string renewed_path(std::string path) {
  std::replace(path.begin(), path.end(), '\\', '/');
  std::string renewed;
  std::string_view above;
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view folder = std::string_view(path).substr(begin, end - begin);
    if (begin > 0) renewed += '/';
    renewed += renewed_folder(folder, above);
    above = folder;
    begin = end + 1;
  }
  return renewed;
}

void renew_paths(NamedTensors& tensors) {
  for (NamedTensor& tensor : tensors) tensor.name = renewed_path(tensor.name);
}

// What metrics had counted when the file was written.
void drop_metrics(NamedTensors& tensors) {
  std::erase_if(tensors, [](const NamedTensor& one) { return one.name.starts_with("metrics/"); });
}

// The name of the asset that a member holds; empty for other members, and for the folder itself.
std::string_view asset_name(std::string_view member) {
  return member.starts_with(assets_folder) && !member.ends_with('/')
             ? member.substr(assets_folder.size())
             : std::string_view();
}

bool is_wanted(std::string_view member) {
  return member == metadata_member || member == config_member || member == weights_member ||
         !asset_name(member).empty() || is_vocabulary_file(member);
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
              "a .keras file saved by Keras or Chronicler is expected");
}

// What another archive is, by the names of its members.
void refuse_other_archive(const std::vector<std::string>& names) {
  const auto any = [&](const auto& test) { return std::any_of(names.begin(), names.end(), test); };
  const auto is_or_ends = [](const std::string& name, std::string_view ending) {
    return name == ending || name.ends_with(fmt::format("/{}", ending));
  };
  if (any([](const std::string& name) { return name == config_member; })) return;
  std::string_view what;
  std::string_view hint = "save the model in Keras: model.save(\"model.keras\")";
  if (any([&](const std::string& name) { return is_or_ends(name, "data.pkl"); })) {
    what = "a pickle of PyTorch, which may run any code when it is read";
    hint = "save its weights as .safetensors";
  } else if (any([&](const std::string& name) { return is_or_ends(name, "saved_model.pb"); })) {
    what = "a packed SavedModel folder of TensorFlow";
  } else if (!names.empty() &&
             !any([](const std::string& name) { return !name.ends_with(".npy"); })) {
    what = "an archive of NumPy arrays (.npz)";
    hint = "give it as --input; a model is a .keras file";
  } else if (any([](const std::string& name) {
               return name.ends_with(".keras") || name.ends_with(".h5") || name.ends_with(".hdf5");
             }) &&
             !any([](const std::string& name) { return name == weights_member; })) {
    what = "a zip archive with a model inside";
    hint = "unpack it first";
  }
  if (!what.empty()) throw Error(fmt::format("it is {}", what), std::string(hint));
}

}  // namespace

std::string write_keras(const ModelSpec& spec) {
  Json model = spec.model;
  if (model.is_object() && model.contains("compile_config"))
    model["compile_config"] = training_for_keras3(model["compile_config"]);
  NamedTensors weights = spec.weights;
  const VocabularyFiles vocabularies = take_vocabularies(model, weights);
  std::vector<ArchiveMember> members{{std::string(metadata_member), to_text(metadata())},
                                     {std::string(config_member), to_text(model)},
                                     {std::string(weights_member), write_hdf5(weights)}};
  for (const auto& [name, bytes] : vocabularies) members.push_back({name, bytes});
  for (const auto& [name, bytes] : spec.assets)
    members.push_back({fmt::format("{}{}", assets_folder, name), bytes});
  return write_archive(members);
}

ModelSpec read_keras(std::string_view bytes) {
  std::vector<std::string> names;
  std::vector<ArchiveMember> members = read_archive(bytes, [&](std::string_view name) {
    names.emplace_back(name);
    return is_wanted(name);
  });
  refuse_other_archive(names);
  ModelSpec spec;
  spec.keras_version = version_in(members);
  spec.model = parse_json(member(members, config_member), config_member);
  const bool is_old = !spec.keras_version.empty() && is_before_keras3(spec.keras_version);
  renew_config(spec.model, is_old);
  if (spec.model.is_object() && spec.model.contains("compile_config") &&
      spec.model["compile_config"].is_object()) {
    spec.model["compile_config"] =
        renewed_training(spec.model["compile_config"],
                         is_old ? output_names_in(spec.model) : std::vector<std::string>());
  }
  spec.weights = read_hdf5(member(members, weights_member)).tensors;
  spec.may_count_twice = may_count_twice(spec.weights);
  renew_paths(spec.weights);
  drop_metrics(spec.weights);
  VocabularyFiles vocabularies;
  for (ArchiveMember& one : members) {
    if (is_vocabulary_file(one.name)) vocabularies.emplace(renewed_path(one.name), one.bytes);
    const std::string name(asset_name(one.name));
    if (!name.empty()) spec.assets.emplace(name, std::move(one.bytes));
  }
  put_vocabularies(vocabularies, spec.weights, spec.model);
  return spec;
}

std::string write_keras_weights(const ModelSpec& spec) { return write_hdf5(spec.weights); }

ModelSpec read_keras_weights(std::string_view bytes) {
  return keras_weights(read_hdf5(bytes).tensors);
}

ModelSpec keras_weights(NamedTensors tensors) {
  ModelSpec spec;
  spec.weights = std::move(tensors);
  spec.may_count_twice = may_count_twice(spec.weights);
  renew_paths(spec.weights);
  drop_metrics(spec.weights);
  drop_vocabularies(spec.weights);
  return spec;
}

}  // namespace chronicler
