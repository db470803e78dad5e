#include "chronicler/formats/safetensors_file.h"

#include <array>

#include <fmt/format.h>

#include "chronicler/base/atomic_file.h"
#include "chronicler/base/error.h"
#include "formats/bytes.h"
#include "formats/model_spec.h"
#include "formats/safetensors/safetensors.h"
#include "formats/safetensors/safetensors_shards.h"
#include "formats/torch/torch_names.h"

namespace chronicler {
namespace {

constexpr std::array<std::string_view, 2> known_names{"keras", "pytorch"};

void check_built(const Model& model, std::string_view verb) {
  if (model.built()) return;
  throw Error(
      fmt::format("model \"{}\" cannot {} weights: it is not built yet", model.name(), verb),
      "give it an Input, or call build(shape)");
}

// Only weights: PyTorch keeps its optimizers elsewhere.
NamedTensors without_optimizer(NamedTensors tensors, const Model& model) {
  tensors.resize(model.parameters().size());
  return tensors;
}

}  // namespace

void save_safetensors(const Model& model, const std::string& path,
                      const SafetensorsOptions& options) {
  check_built(model, "save");
  Safetensors content;
  if (options.names == known_names[0]) {
    content.tensors = without_optimizer(describe_weights(model), model);
  } else if (options.names == known_names[1]) {
    content.tensors = to_torch(model);
    content.metadata["format"] = "pt";  // what the tools around PyTorch look for
  } else {
    unknown_name("kind of names", options.names, known_names);
  }
  sort_for_file(content.tensors);
  write_file_atomically(path, write_safetensors(content));
}

void load_safetensors(Model& model, const std::string& path) {
  check_built(model, "load");
  const std::string bytes = read_file(path);
  try {
    const NamedTensors tensors =
        is_shards_index(bytes) ? read_shards(path, bytes).tensors : read_safetensors(bytes).tensors;
    set_weights(model, are_torch_names(tensors) ? from_torch(model, tensors) : tensors);
  } catch (const Error& error) {
    throw Error(fmt::format("cannot load \"{}\": {}", path, error.message()), error.hint());
  }
}

}  // namespace chronicler
