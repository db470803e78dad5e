#include "formats/keras/vocabularies.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "chronicler/layers/layer.h"

namespace chronicler {
namespace {

constexpr std::string_view file_name = "/vocabulary.txt";
constexpr std::string_view assets_folder = "assets/";
// The layer's own place and that of the layer within it; as files have them, and as paths are here
// once they are read.
constexpr std::array<std::string_view, 2> written_places{"", "/_lookup_layer"};
constexpr std::array<std::string_view, 2> places{"", "/lookup_layer"};

bool is_text(const Json& object, const char* member, std::string_view value) {
  return object.contains(member) && object[member] == value;
}

// function(path, config) for every TextVectorization of a model, also of models in it: its place in
// files ("layers/text_vectorization_1") and its configuration.
template <class Function>
void for_each_vectorization(Json& model, const std::string& path, const Function& function) {
  if (!model.is_object() || !model.contains("config") || !model["config"].is_object()) return;
  Json& config = model["config"];
  if (!config.contains("layers") || !config["layers"].is_array()) return;
  std::map<std::string, int> counts;
  for (Json& layer : config["layers"]) {
    if (!layer.is_object() || !layer.contains("class_name") || !layer["class_name"].is_string() ||
        !layer.contains("config") || !layer["config"].is_object()) {
      continue;
    }
    std::string folder = snake_case(layer["class_name"].get<std::string>());
    if (const int before = counts[folder]++; before > 0) folder += fmt::format("_{}", before);
    folder = fmt::format("{}layers/{}", path, folder);
    if (is_text(layer, "class_name", "TextVectorization")) {
      function(folder, layer["config"]);
    } else {
      for_each_vectorization(layer, folder + "/", function);
    }
  }
}

// The length of the line break at the front of a text; 0 if there is none. As Python's splitlines,
// with which Keras reads vocabularies.
std::size_t line_break(std::string_view text) {
  constexpr std::array<std::string_view, 12> breaks{
      "\r\n", "\n",   "\r",       "\v",           "\f",          "\x1c",
      "\x1d", "\x1e", "\xC2\x85", "\xE2\x80\xA8", "\xE2\x80\xA9"};
  for (const std::string_view each : breaks) {
    if (!each.empty() && text.starts_with(each)) return each.size();
  }
  return 0;
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = line_break(text.substr(i));
    if (length > 0) lines.emplace_back(text.substr(begin, i - begin));
    i += std::max<std::size_t>(length, 1);
    if (length > 0) begin = i;
  }
  if (begin < text.size()) lines.emplace_back(text.substr(begin));
  while (!lines.empty() && lines.back().empty()) lines.pop_back();
  return lines;
}

bool is_line(const Json& token) {
  if (!token.is_string()) return false;
  const auto& text = token.get_ref<const std::string&>();
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (line_break(std::string_view(text).substr(i)) > 0) return false;
  }
  return true;
}

std::string weights_path(const std::string& layer, std::string_view place) {
  return fmt::format("{}{}/vars/idf_weights", layer, place);
}

bool is_special(const Json& vocabulary, bool is_int) {
  const std::size_t count = is_int ? 2 : 1;
  return vocabulary.size() >= count && vocabulary[count - 1] == "[UNK]" &&
         (!is_int || vocabulary[0] == "");
}

// With that of an unknown token in front, and zeros behind up to max_tokens if the layer is that
// wide.
std::vector<float> written_weights(const Json& config) {
  std::vector<float> weights = config["idf_weights"].get<std::vector<float>>();
  if (!is_special(config["vocabulary"], false)) {
    const float sum = std::accumulate(weights.begin(), weights.end(), 0.0F);
    weights.insert(weights.begin(),
                   sum / static_cast<float>(std::max<std::size_t>(1, weights.size())));
  }
  if (config.value("pad_to_max_tokens", false) && config["max_tokens"].is_number())
    weights.resize(std::max(weights.size(), config["max_tokens"].get<std::size_t>()));
  return weights;
}

}  // namespace

bool is_vocabulary_file(std::string_view member) {
  return member.starts_with(assets_folder) && member.ends_with(file_name);
}

void drop_vocabularies(NamedTensors& weights) {
  std::erase_if(weights, [](const NamedTensor& tensor) {
    return tensor.name.ends_with("/vars/idf_weights");
  });
}

void put_vocabularies(const VocabularyFiles& files, NamedTensors& weights, Json& model) {
  for_each_vectorization(model, "", [&](const std::string& path, Json& config) {
    if (config.contains("vocabulary") && !config["vocabulary"].is_null()) return;
    for (const std::string_view place : places) {
      const auto file = files.find(fmt::format("{}{}{}{}", assets_folder, path, place, file_name));
      if (file == files.end()) continue;
      config["vocabulary"] = lines_of(file->second);
      config["adapted"] = true;
    }
    if (!config.contains("vocabulary") || config["vocabulary"].is_null()) return;
    for (const NamedTensor& tensor : weights) {
      const bool is_own = std::any_of(places.begin(), places.end(), [&](std::string_view place) {
        return tensor.name == weights_path(path, place);
      });
      if (!is_own) continue;
      const Tensor values = tensor.value.to(DType::float64);
      Json list = Json::array();
      for (const double value : values.span<double>()) {
        if (list.size() < config["vocabulary"].size()) list.push_back(value);
      }
      config["idf_weights"] = std::move(list);
    }
  });
  drop_vocabularies(weights);
}

void drop_vocabularies(Json& model, std::vector<LayerWeights>& weights) {
  for_each_vectorization(model, "", [&](const std::string& /*path*/, const Json& config) {
    std::erase_if(weights, [&](const LayerWeights& one) {
      return config.contains("name") && config["name"] == one.layer;
    });
  });
}

VocabularyFiles take_vocabularies(Json& model, NamedTensors& weights) {
  VocabularyFiles files;
  for_each_vectorization(model, "", [&](const std::string& path, Json& config) {
    const bool adapted = config.value("adapted", false);
    config.erase("adapted");
    if (!config["vocabulary"].is_array()) return;
    const bool weighs =
        is_text(config, "output_mode", "tf_idf") && config["idf_weights"].is_array();
    if (weighs) {
      const std::vector<float> values = written_weights(config);
      for (const std::string_view place : written_places) {
        weights.push_back({weights_path(path, place),
                           Tensor({static_cast<std::int64_t>(values.size())}, values), false});
      }
    }
    const Json vocabulary = config["vocabulary"];
    const bool is_int = is_text(config, "output_mode", "int");
    config["vocabulary_size"] = vocabulary.size() + (is_special(vocabulary, is_int) ? 0
                                                     : is_int                       ? 2
                                                                                    : 1);
    // Keras does not find its way back from weights that are padded.
    const bool is_padded = weighs && config.value("pad_to_max_tokens", false);
    if (!adapted || is_padded || !is_special(vocabulary, is_int) ||
        !std::all_of(vocabulary.begin(), vocabulary.end(), is_line)) {
      return;
    }
    std::string text;
    for (const Json& token : vocabulary) {
      if (!text.empty() || &token != &vocabulary.front()) text += '\n';
      text += token.get_ref<const std::string&>();
    }
    for (const std::string_view place : written_places)
      files[fmt::format("{}{}{}{}", assets_folder, path, place, file_name)] = text;
    config["vocabulary"] = nullptr;
    config["idf_weights"] = nullptr;
  });
  return files;
}

}  // namespace chronicler
