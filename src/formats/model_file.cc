#include "chronicler/formats/model_file.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "chronicler/base/atomic_file.h"
#include "chronicler/base/error.h"
#include "formats/bytes.h"
#include "formats/file_kind.h"
#include "formats/hard_sigmoid.h"
#include "formats/keras_file.h"
#include "formats/legacy_file.h"
#include "formats/model_spec.h"
#include "formats/native_file.h"

namespace chronicler {
namespace {

// A format: how it is called, and the way between its bytes and what they say.
struct Format {
  std::string_view extension;
  std::string_view weights_extension;
  std::string (*write)(const ModelSpec& spec);
  ModelSpec (*read)(std::string_view bytes);
  std::string (*write_weights)(const ModelSpec& spec);
  ModelSpec (*read_weights)(std::string_view bytes);
  bool is_of_keras;
};
constexpr std::array formats {
  Format{".chronicler", ".weights.chronicler", write_native, read_native,
         write_native,  read_native,           false},
#if CHRONICLER_HAVE_LIBZIP
      Format{".keras",           ".weights.h5", write_keras, read_keras, write_keras_weights,
             read_keras_weights, true},
#endif
};

// Formats that are read only.
constexpr std::array old_formats{
    Format{".h5", ".weights.h5", nullptr, read_legacy, nullptr, nullptr, true},
    Format{".hdf5", ".weights.hdf5", nullptr, read_legacy, nullptr, nullptr, true},
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
      throw Error("it holds weights alone",
                  "make the model as it was made, then call load_weights");
    }
    return make_model(spec);
  });
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
  const Format* format = find_format(path, is_for_weights);
  const bool is_whole = format == nullptr;
  if (is_whole) format = find_format(path, is_for_model);
  if (format == nullptr) unknown_extension("load", path, &Format::weights_extension);
  if (!built()) {
    throw Error(fmt::format("model \"{}\" cannot load weights: it is not built yet", name_),
                "give it an Input, or call build(shape)");
  }
  const std::string bytes = read_file(path);
  with_path("load", path, [&] {
    const ModelSpec spec = is_whole ? format->read(bytes) : format->read_weights(bytes);
    chronicler::set_weights(*this, spec.weights);
  });
}

}  // namespace chronicler
