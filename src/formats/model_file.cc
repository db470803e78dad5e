#include "chronicler/formats/model_file.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "chronicler/base/atomic_file.h"
#include "chronicler/base/error.h"
#include "chronicler/formats/safetensors_file.h"
#include "formats/bytes.h"
#include "formats/file_kind.h"
#include "formats/hdf5/hdf5_reader.h"
#include "formats/keras/architecture.h"
#include "formats/keras/hard_sigmoid.h"
#include "formats/keras/keras_file.h"
#include "formats/keras/legacy_file.h"
#include "formats/model_spec.h"
#include "formats/safetensors/native_file.h"
#include "formats/safetensors/safetensors.h"
#include "formats/safetensors/safetensors_shards.h"

namespace chronicler {
namespace {

// A format: what its files are called, and how they are written.
struct Format {
  std::string_view extension;
  std::string_view weights_extension;
  std::string (*write)(const ModelSpec& spec);
  std::string (*write_weights)(const ModelSpec& spec);
  bool is_of_keras;
};
constexpr std::array formats {
  Format{".chronicler", ".weights.chronicler", write_native, write_native, false},
#if CHRONICLER_HAVE_LIBZIP
      Format{".keras", ".weights.h5", write_keras, write_keras_weights, true},
#endif
};

constexpr auto model_extensions = [] {
  std::array<std::string_view, formats.size()> extensions{};
  std::transform(formats.begin(), formats.end(), extensions.begin(),
                 [](const Format& format) { return format.extension; });
  return extensions;
}();

bool is_for_weights(const Format& format, std::string_view path) {
  return path.ends_with(format.weights_extension);
}
bool is_for_model(const Format& format, std::string_view path) {
  return path.ends_with(format.extension) && !is_for_weights(format, path);
}

[[noreturn]] void unknown_extension(std::string_view verb, const std::string& path,
                                    std::string_view Format::*extension) {
  std::string known;
  for (const Format& format : formats)
    known += fmt::format("{}\"{}\"", known.empty() ? "" : " or ", format.*extension);
  throw Error(fmt::format("cannot {} \"{}\": its name must end in {}", verb, path, known));
}

template <class Test>
const Format* find_format(const std::string& path, const Test& test,
                          std::span<const Format> among = formats) {
  const auto found = std::find_if(among.begin(), among.end(),
                                  [&](const Format& format) { return test(format, path); });
  return found == among.end() ? nullptr : &*found;
}

// Puts the path in front of whatever goes wrong.
template <class Work>
auto with_path(std::string_view verb, const std::string& path, const Work& work) {
  try {
    return work();
  } catch (const Error& error) {
    throw Error(fmt::format("cannot {} \"{}\": {}", verb, path, error.message()), error.hint());
  }
}

constexpr const char* weights_alone = "it holds weights without a model";

// Whatever the file is called.
ModelSpec read_model(std::string_view bytes) {
  switch (file_kind(bytes)) {
    case FileKind::archive:
      return read_keras(bytes);
    case FileKind::hdf5:
      return read_legacy(bytes);
    case FileKind::native:
      return read_native(bytes);
    case FileKind::other:
      break;
  }
  const OtherFile other = other_file(bytes);
  throw Error(fmt::format("it is {}", other.what), std::string(other.hint));
}

}  // namespace

std::span<const std::string_view> model_file_extensions() { return model_extensions; }

std::unique_ptr<Model> load_model(const std::string& path) {
  refuse_folder(path);
  const std::string bytes = read_file(path);
  return with_path("load", path, [&] {
    const ModelSpec spec = read_model(bytes);
    if (spec.model.is_null()) {
      throw Error(weights_alone,
                  "put them into a model of the same layers: chronicler convert FILE OUT.keras "
                  "--like MODEL, or --architecture FILE.json; in C++ load_weights");
    }
    return make_model(spec);
  });
}

namespace {

// Weights of whatever program, by names alone; in several files, too.
bool is_plain_safetensors(std::string_view bytes) {
  if (is_shards_index(bytes)) return true;
  if (file_kind(bytes) != FileKind::native) return false;
  return !is_native_file(read_safetensors(bytes));
}

// A model file, or an architecture.
ModelSpec read_likeness(const std::string& path) {
  refuse_folder(path);
  const std::string bytes = read_file(path);
  return with_path("load", path, [&] {
    ModelSpec spec = file_kind(bytes) == FileKind::other && is_json(bytes)
                         ? read_architecture(bytes)
                         : read_model(bytes);
    if (spec.model.is_null()) throw Error(weights_alone, "give a model file, or an architecture");
    return spec;
  });
}

}  // namespace

ModelFileContent content_of(const std::string& path) {
  refuse_folder(path);
  const std::string bytes = read_file(path);
  if (is_plain_safetensors(bytes)) return ModelFileContent::weights;
  if (file_kind(bytes) == FileKind::other && is_json(bytes)) return ModelFileContent::architecture;
  return with_path("load", path, [&] {
    return read_model(bytes).model.is_null() ? ModelFileContent::weights : ModelFileContent::model;
  });
}

std::unique_ptr<Model> load_architecture(const std::string& path) {
  constexpr std::size_t most_bytes = std::size_t{1} << 30U;
  const ModelSpec spec = read_likeness(path);
  return with_path("load", path, [&] { return make_unfilled_model(spec, most_bytes); });
}

std::vector<std::pair<std::string, Tensor>> load_arrays(const std::string& path) {
  const std::string bytes = read_file(path);
  return with_path("load", path, [&] {
    const auto tensors = [&] {
      if (file_kind(bytes) == FileKind::hdf5) return read_hdf5(bytes).tensors;
      return is_shards_index(bytes) ? read_shards(path, bytes).tensors
                                    : read_safetensors(bytes).tensors;
    };
    std::vector<std::pair<std::string, Tensor>> arrays;
    for (NamedTensor& one : tensors())
      arrays.emplace_back(std::move(one.name), std::move(one.value));
    return arrays;
  });
}

FilledModel load_model_with_weights(const std::string& like, const std::string& weights) {
  refuse_folder(weights);
  const std::string bytes = read_file(weights);
  ModelSpec spec = read_likeness(like);
  const bool is_plain = is_plain_safetensors(bytes);
  ModelSpec own;
  if (!is_plain) own = with_path("load", weights, [&] { return read_model(bytes); });
  if (!own.model.is_null()) {
    throw Error(fmt::format("\"{}\" holds a model of its own, not weights alone", weights),
                "convert it without a model beside it");
  }
  // The weights may have other types and orders, but are as many.
  constexpr std::size_t allowance = 1 << 16;
  const std::size_t size =
      is_shards_index(bytes)
          ? with_path("load", weights, [&] { return read_shards(weights, bytes).bytes; })
          : bytes.size();
  FilledModel filled;
  filled.model =
      with_path("load", like, [&] { return make_unfilled_model(spec, 4 * size + allowance); });
  filled.model->assets() = spec.assets;
  if (is_plain) {
    load_safetensors(*filled.model, weights);
    return filled;
  }
  with_path("load", weights, [&] {
    set_weights(*filled.model, own);
    filled.renamed = renamed_layers(*filled.model, own);
  });
  return filled;
}

void Model::save(const std::string& path) const {
  const Format* format = find_format(path, is_for_model);
  if (format == nullptr) unknown_extension("save", path, &Format::extension);
  const std::string bytes = with_path("save", path, [&] {
    ModelSpec spec = describe_model(*this);
    if (format->is_of_keras) replace_hard_sigmoid(*this, spec);
    return format->write(spec);
  });
  write_file_atomically(path, bytes);
}

void Model::save_weights(const std::string& path) const {
  const Format* format = find_format(path, is_for_weights);
  if (format == nullptr) unknown_extension("save", path, &Format::weights_extension);
  if (!built()) {
    throw Error(fmt::format("model \"{}\" has no weights to save: it is not built yet", name_),
                "give it an Input, or show it data first");
  }
  const std::string bytes = with_path("save", path, [&] {
    ModelSpec spec{Json(), describe_weights(*this)};
    if (format->is_of_keras) replace_hard_sigmoid(*this, spec);
    return format->write_weights(spec);
  });
  write_file_atomically(path, bytes);
}

void Model::load_weights(const std::string& path) {
  if (!built()) {
    throw Error(fmt::format("model \"{}\" cannot load weights: it is not built yet", name_),
                "give it an Input, or call build(shape)");
  }
  const std::string bytes = read_file(path);
  if (is_plain_safetensors(bytes)) return load_safetensors(*this, path);
  with_path("load", path, [&] {
    ModelSpec spec = read_model(bytes);
    spec.is_of_other_model = true;
    chronicler::set_weights(*this, spec);
  });
}

}  // namespace chronicler
