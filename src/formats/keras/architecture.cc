#include "formats/keras/architecture.h"

#include "chronicler/base/error.h"
#include "formats/old_keras/old_config.h"
#include "formats/old_keras/old_training.h"

namespace chronicler {
namespace {

constexpr const char* from_keras = "it is what model.to_json() gives in Keras";

// Keras 2 says its version; the object of Keras 3 says from which module it comes.
bool is_old(const Json& model) {
  const auto version = model.find("keras_version");
  if (version != model.end() && version->is_string())
    return is_before_keras3(version->get<std::string>());
  return !model.contains("module") && !model.contains("registered_name");
}

}  // namespace

bool is_json(std::string_view bytes) {
  const std::size_t begin = bytes.find_first_not_of(" \t\r\n\xef\xbb\xbf");
  if (begin == std::string_view::npos) return false;
  return bytes[begin] == '{' || bytes.substr(begin).starts_with("\"{");
}

ModelSpec read_architecture(std::string_view bytes) {
  constexpr std::string_view mark("\xef\xbb\xbf");
  if (bytes.starts_with(mark)) bytes.remove_prefix(mark.size());
  Json model = parse_json(bytes, "the architecture");
  if (model.is_string()) model = parse_json(model.get<std::string>(), "the architecture");
  if (!model.is_object()) throw Error("it is JSON, but no architecture of a model", from_keras);
  if (!model.contains("class_name") && model.contains("layers")) {  // get_config
    const char* class_name = model.contains("input_layers") ? "Functional" : "Sequential";
    model = {{"class_name", class_name}, {"config", Json(model)}};
  }
  if (!model.contains("class_name") || !model.contains("config"))
    throw Error("it is JSON, but no architecture of a model", from_keras);
  ModelSpec spec;
  const bool old = is_old(model);
  if (const auto version = model.find("keras_version");
      version != model.end() && version->is_string()) {
    constexpr std::size_t longest = 20;
    spec.keras_version = version->get<std::string>().substr(0, longest);
  }
  for (const char* name : {"keras_version", "backend"}) model.erase(name);
  renew_config(model, old);
  if (model.contains("compile_config") && model["compile_config"].is_object())
    model["compile_config"] = renewed_training(model["compile_config"]);
  spec.model = std::move(model);
  return spec;
}

}  // namespace chronicler
