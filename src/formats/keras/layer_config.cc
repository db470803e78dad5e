#include "formats/keras/layer_config.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <string>
#include <type_traits>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "chronicler/layers/catalog.h"
#include "formats/keras/model_config.h"
#include "layers/core/described.h"
#include "layers/core/each_field.h"
#include "layers/core/settings_json.h"
#include "model/model_layer.h"

namespace chronicler {
namespace {

using namespace std::string_view_literals;

// ---- writing

Json field_to_json(std::int64_t value) { return value; }
Json field_to_json(double value) { return to_json(SettingValue(value)); }
Json field_to_json(bool value) { return value; }
Json field_to_json(const std::string& value) { return value; }
template <class Value>
Json field_to_json(const std::optional<Value>& value) {
  return value ? field_to_json(*value) : Json();
}
// An empty list is Keras's None.
Json field_to_json(const std::vector<std::int64_t>& value) {
  return value.empty() ? Json() : Json(value);
}
Json field_to_json(const std::vector<std::string>& value) {
  return value.empty() ? Json() : Json(value);
}
Json numbers_to_json(const Shape& shape, const double*& next) {
  if (shape.rank() == 0) return field_to_json(*next++);
  Json list = Json::array();
  for (std::int64_t i = 0; i < shape[0]; ++i)
    list.push_back(numbers_to_json(shape.without_front(), next));
  return list;
}
Json field_to_json(const NumberArray& value) {
  if (!value) return {};
  const double* next = value.values().data();
  return numbers_to_json(value.shape(), next);
}
Json field_to_json(const LayerPtr& value) { return value ? held_layer_to_json(*value) : Json(); }
Json field_to_json(const std::vector<LayerPtr>& value) {
  Json list = Json::array();
  for (const LayerPtr& layer : value) list.push_back(field_to_json(layer));
  return list;
}
Json field_to_json(const Shape& value) { return value.rank() == 0 ? Json() : to_json(value); }
Json field_to_json(const Activation& value) { return value.name(); }
Json field_to_json(const Initializer& value) {
  Json object = described_to_json("keras.initializers", value.class_name(), value.settings());
  const std::string_view package =
      find_described("initializer", value.class_name(), initializer_classes()).package;
  if (!package.empty()) {
    object["module"] = "chronicler.for_keras";
    object["registered_name"] = fmt::format("{}>{}", package, value.class_name());
  }
  return object;
}
Json field_to_json(const Regularizer& value) {
  if (!value) return nullptr;
  return described_to_json("keras.regularizers", value.class_name(), value.settings());
}
Json field_to_json(const Constraint& value) {
  if (!value) return nullptr;
  return described_to_json("keras.constraints", value.class_name(), value.settings());
}

class ConfigWriter final : public EachField<ConfigWriter> {
 public:
  template <class Value>
  void take(std::string_view name, const Value& value) {
    config[std::string(name)] = field_to_json(value);
  }
  Json config = Json::object();
};

// ---- reading

void read_field(const JsonPlace& place, std::int64_t& value) { value = place.whole(); }
void read_field(const JsonPlace& place, double& value) { value = place.number(); }
void read_field(const JsonPlace& place, bool& value) { value = place.flag(); }
void read_field(const JsonPlace& place, std::string& value) { value = place.text(); }
template <class Value>
void read_field(const JsonPlace& place, std::optional<Value>& value) {
  Value inner{};
  read_field(place, inner);
  value = std::move(inner);
}
void read_field(const JsonPlace& place, std::vector<std::int64_t>& value) {
  value.clear();
  if (!place.is_list()) {
    value.push_back(place.whole());
    return;
  }
  for (const JsonPlace& item : place.items()) value.push_back(item.whole());
}
void read_field(const JsonPlace& place, std::vector<std::string>& value) {
  value.clear();
  for (const JsonPlace& item : place.items()) value.push_back(item.text());
}
// Lists must have the shape of the first one of their depth.
void add_numbers(const JsonPlace& place, const Shape& shape, std::vector<double>& values) {
  if (shape.rank() == 0) {
    values.push_back(place.number());
    return;
  }
  const std::vector<JsonPlace> items = place.items();
  if (static_cast<std::int64_t>(items.size()) != shape[0])
    place.refuse(fmt::format("a list of {}, as the others", shape[0]));
  for (const JsonPlace& item : items) add_numbers(item, shape.without_front(), values);
}
void read_field(const JsonPlace& place, NumberArray& value) {
  if (place.is_object()) {  // an array of NumPy's
    read_field(place["config"]["value"], value);
    return;
  }
  Shape shape;
  const Json* inner = &place.json();
  for (; inner->is_array() && !inner->empty(); inner = &inner->front()) {
    if (shape.rank() == Shape::max_rank) place.refuse("lists that are less deep");
    shape.append(static_cast<std::int64_t>(inner->size()));
  }
  std::vector<double> values;
  add_numbers(place, shape, values);
  value = NumberArray::of(shape, std::move(values));
}
void read_field(const JsonPlace& place, LayerPtr& value) { value = layer_at(place); }
void read_field(const JsonPlace& place, std::vector<LayerPtr>& value) {
  value.clear();
  for (const JsonPlace& item : place.items()) value.push_back(layer_at(item));
}
void read_field(const JsonPlace& place, Shape& value) { value = shape_at(place); }
void read_field(const JsonPlace& place, Activation& value) { value = Activation(place.text()); }
void read_field(const JsonPlace& place, Initializer& value) {
  value = described_at<Initializer>(place);
}
void read_field(const JsonPlace& place, Regularizer& value) {
  value = described_at<Regularizer>(place);
}
void read_field(const JsonPlace& place, Constraint& value) {
  value = described_at<Constraint>(place);
}

template <class Value>
void read_null(const JsonPlace& place, Value& /*value*/) {
  place.refuse("a value");
}
template <class Value>
void read_null(const JsonPlace& /*place*/, std::optional<Value>& value) {
  value.reset();
}
void read_null(const JsonPlace& /*place*/, std::vector<std::int64_t>& value) { value.clear(); }
void read_null(const JsonPlace& /*place*/, std::vector<std::string>& value) { value.clear(); }
void read_null(const JsonPlace& /*place*/, NumberArray& value) { value = {}; }
void read_null(const JsonPlace& place, Shape& value) {  // of a shape that may be left out
  if (value.rank() > 0) place.refuse("a shape");
}
void read_null(const JsonPlace& /*place*/, LayerPtr& value) { value = {}; }
void read_null(const JsonPlace& /*place*/, Regularizer& value) { value = {}; }
void read_null(const JsonPlace& /*place*/, Constraint& value) { value = {}; }
void read_null(const JsonPlace& /*place*/, Activation& value) { value = {}; }

// What an option "dtype" speaks of.
enum class TypeOf : std::uint8_t { input, layer, text_layer, result };

// The type in which a layer computes: a name, or an object (DTypePolicy, Policy) that holds it. The
// small types and the mixed policies are computed in float32. Empty where nothing is said.
std::optional<std::string> dtype_at(const JsonPlace& place, TypeOf type) {
  if (place.is_null()) return std::nullopt;
  const JsonPlace named = place.is_object() ? place["config"]["name"] : place;
  const std::string& name = named.text();
  if (name == "infer" || name == "_infer") return std::nullopt;
  if (name == "float") return "float32";  // TensorFlow's and NumPy's short names
  if (name == "double") return "float64";
  constexpr std::array<std::string_view, 5> small{"float16", "bfloat16", "mixed_float16",
                                                  "mixed_bfloat16", "half"};
  if (std::find(small.begin(), small.end(), name) != small.end()) return "float32";
  const bool is_whole = name.starts_with("int") || name.starts_with("uint");
  if (is_whole && type == TypeOf::input) return "int32";
  if (is_whole) return "float32";  // Keras 1 and 2: the type of the ids that come in
  if (name == "string" && type == TypeOf::text_layer)
    return "float32";  // Keras 2: what it is given
  if (name == "string" && type != TypeOf::input) {
    throw Error(fmt::format("{}: texts are no input of a network", named.path()),
                "a TextVectorization layer makes ids of them");
  }
  return name;
}

class ConfigReader final : public EachField<ConfigReader> {
 public:
  // `known`: options that somebody else reads.
  ConfigReader(const JsonPlace& config, TypeOf type, std::set<std::string, std::less<>> known = {},
               const HeldLayers& held = {})
      : config_(config), type_(type), known_(std::move(known)), held_(held) {}

  template <class Value>
  void take(std::string_view name, Value& value) {
    known_.insert(std::string(name));
    if (const auto held = held_.find(name); held != held_.end()) {
      if constexpr (std::is_same_v<Value, LayerPtr>) value = held->second.front();
      if constexpr (std::is_same_v<Value, std::vector<LayerPtr>>) value = held->second;
      return;
    }
    if (!config_.json().contains(name)) return;
    const JsonPlace place = config_[name];
    if (name == "dtype" && type_ != TypeOf::result) {
      if constexpr (std::is_same_v<Value, std::string>) {
        if (auto dtype = dtype_at(place, type_)) value = std::move(*dtype);
      }
      return;
    }
    if (place.is_null()) {
      read_null(place, value);
      return;
    }
    if constexpr (std::is_same_v<Value, std::optional<std::string>>) refuse_function(place);
    try {
      read_field(place, value);
    } catch (const Error& error) {
      if (error.message().starts_with(place.path())) throw;
      throw Error(fmt::format("{}: {}", place.path(), error.message()), error.hint());
    }
  }

  // Throws Error for an option that no field took.
  void finish(std::string_view class_name) const {
    for (const std::string& name : config_.member_names()) {
      if (known_.contains(name) || means_nothing(name) || config_[name].is_off()) continue;
      if (name == "sparse" || name == "ragged") {
        throw Error(fmt::format("{}: {} tensors are not supported", config_[name].path(), name),
                    "save the layer with it off: its results are then padded");
      }
      const std::vector<std::string_view> names(known_.begin(), known_.end());
      try {
        unknown_name(fmt::format("option of {}", class_name), name, names);
      } catch (const Error& error) {
        throw Error(fmt::format("{}: {}", config_.path(), error.message()), error.hint());
      }
    }
  }

 private:
  // "standardize" and "split" may be code of the author's.
  static void refuse_function(const JsonPlace& place) {
    if (!place.is_object()) return;
    const auto name = place.find("config");
    throw Error(fmt::format("{} is a function of the author's own{}", place.path(),
                            name && name->is_text() ? fmt::format(", \"{}\"", name->text()) : ""),
                "a file holds its name, not what it does: use one of Keras's by name");
  }

  // Options of Keras that choose between ways to compute the same, that the model gives its layers
  // anyway, or that belong to a switch which is an option of its own (renorm).
  static bool means_nothing(std::string_view name) {
    static constexpr std::array<std::string_view, 8> names{
        "implementation",  "use_cudnn",       "unroll",          "trainable",
        "renorm_momentum", "flash_attention", "vocabulary_size", "has_input_vocabulary"};
    return std::find(names.begin(), names.end(), name) != names.end();
  }

  const JsonPlace& config_;
  TypeOf type_;
  std::set<std::string, std::less<>> known_;
  HeldLayers held_;
};

OwnLayerMaker& own_layer_maker() {
  static OwnLayerMaker maker;
  return maker;
}

// Layers of Keras, of any version, that are not known here.
constexpr std::array other_layers{"CategoryEncoding"sv,
                                  "DenseFeatures"sv,
                                  "Discretization"sv,
                                  "FlaxLayer"sv,
                                  "GroupedQueryAttention"sv,
                                  "HashedCrossing"sv,
                                  "Hashing"sv,
                                  "Highway"sv,
                                  "IntegerLookup"sv,
                                  "JaxLayer"sv,
                                  "LocallyConnected1D"sv,
                                  "MaxoutDense"sv,
                                  "MelSpectrogram"sv,
                                  "Merge"sv,
                                  "RandomFourierFeatures"sv,
                                  "STFTSpectrogram"sv,
                                  "SpectralNormalization"sv,
                                  "StringLookup"sv,
                                  "TFSMLayer"sv,
                                  "TorchModuleWrapper"sv,
                                  "Wrapper"sv};

// How a file calls a class that Keras does not have; empty for Keras's.
std::string registered_name(const LayerKind& kind) {
  return kind.package.empty() ? "" : fmt::format("{}>{}", kind.package, kind.class_name);
}

// Whether the file means the class of that name which is in the catalog, not somebody's own.
bool means(const JsonPlace& object, const LayerKind& kind) {
  const auto registered = object.find("registered_name");
  const std::string given = registered && registered->is_text() ? registered->text() : "";
  return kind.package.empty() ? given.find('>') == std::string::npos
                              : given == registered_name(kind);
}

// Says of a class that is not known whose it is. A file says what a layer of one's own is called,
// but not what it computes.
void refuse_unknown_class(const JsonPlace& object) {
  const std::string name = object["class_name"].text();
  const LayerKind* known = find_layer_kind(name);
  if (known != nullptr && means(object, *known)) return;
  const auto module = object.find("module");
  const bool is_own =
      known != nullptr || (module && module->is_text() && !module->text().starts_with("keras"));
  const bool is_flat = name.find("2D") != std::string::npos ||
                       name.find("3D") != std::string::npos || name.ends_with("2d");
  if (is_flat && !is_own) {
    throw Error(fmt::format("\"{}\" works on pictures or volumes: layers of two and three "
                            "dimensions are not supported",
                            name.substr(0, 60)),
                "this is about sequences: (batch, steps, features)");
  }
  if (std::find(other_layers.begin(), other_layers.end(), name) != other_layers.end() && !is_own) {
    throw Error(fmt::format("the layer \"{}\" of Keras is not supported", name),
                "docs/keras.md lists those that are");
  }
  throw Error(fmt::format("\"{}\" is code of its author's, which no file is trusted with",
                          name.substr(0, 60)),
              "build the model of Keras's own layers, and save it anew");
}

std::string shown_name(const JsonPlace& object) {
  const auto config = object.find("config");
  const auto name = config ? config->find("name") : std::nullopt;
  return name && name->is_text() ? fmt::format(" (\"{}\")", name->text()) : "";
}

}  // namespace

Json to_json(const Shape& shape) {
  Json list = Json::array();
  for (const std::int64_t extent : shape) list.push_back(extent == None ? Json() : Json(extent));
  return list;
}

Shape shape_at(const JsonPlace& place) {
  const std::vector<JsonPlace> items = place.items();
  if (items.size() > Shape::max_rank)
    place.refuse(fmt::format("a shape of at most {} axes", Shape::max_rank));
  Shape shape;
  for (const JsonPlace& item : items) {
    const std::int64_t extent = item.is_null() ? None : item.whole();
    if (extent < 0 && !item.is_null()) item.refuse("a size, or null where it varies");
    shape.append(extent);
  }
  return shape;
}

namespace {

// Leaves out the options that are not Keras's and not in use.
void drop_unused(const Layer& layer, Json& config) {
  if (layer.own_fields().empty()) return;
  ConfigWriter defaults;
  make_layer(layer.class_name())->fields(defaults);
  for (const std::string_view field : layer.own_fields()) {
    if (config[std::string(field)] == defaults.config[std::string(field)])
      config.erase(std::string(field));
  }
}

// Keras takes no 2.0 for a number of tokens.
void write_as_whole(Json& numbers) {
  if (numbers.is_number()) numbers = numbers.get<std::int64_t>();
  for (Json& number : numbers) {
    if (number.is_number_float()) number = number.get<std::int64_t>();
  }
}

}  // namespace

Json layer_to_json(Layer& layer) {
  if (const Model* model = model_of(layer)) return model_to_json(*model);
  if (const std::string own = layer.file_object(); !own.empty()) return parse_json(own, "a layer");
  ConfigWriter writer;
  visit_config(layer, writer);
  drop_unused(layer, writer.config);
  if (layer.class_name() == "SpatialDropout1D") writer.config.erase("trainable");  // not Keras's
  if (layer.class_name() == "Dot" && writer.config["axes"].size() == 1)
    writer.config["axes"] = Json(writer.config["axes"][0]);  // a list must have two
  if (layer.class_name() == "TextVectorization") write_as_whole(writer.config["ngrams"]);
  if (layer.class_name() == "InputLayer") {  // Keras knows it with these options only
    writer.config.erase("trainable");
    writer.config["sparse"] = false;
  }
  const LayerKind* kind = find_layer_kind(layer.class_name());
  const std::string registered = kind == nullptr ? "" : registered_name(*kind);
  // The Python module that defines a class of ours for Keras: its message shows it.
  Json object = {{"module", registered.empty() ? "keras.layers" : "chronicler.for_keras"},
                 {"class_name", layer.class_name()},
                 {"config", std::move(writer.config)},
                 {"registered_name", registered.empty() ? Json() : Json(registered)}};
  if (layer.build_shapes().size() == 1)
    object["build_config"] = {{"input_shape", to_json(layer.build_shapes().front())}};
  return object;
}

namespace {

void unlist_edges(Json& json) {
  if (!json.is_structured()) return;
  for (const auto& [name, part] : json.items()) {
    const bool is_edges = json.is_object() && (name == "input_layers" || name == "output_layers");
    if (is_edges && part.is_array() && part.size() == 1 && part[0].is_array()) part = Json(part[0]);
    unlist_edges(part);
  }
}

}  // namespace

Json held_layer_to_json(Layer& layer) {
  Json json = layer_to_json(layer);
  unlist_edges(json);
  return json;
}

Json fields_to_json(Layer& layer) {
  ConfigWriter writer;
  layer.fields(writer);
  return std::move(writer.config);
}

void read_fields(const JsonPlace& config, Layer& layer) {
  ConfigReader reader(config, TypeOf::result, {"name", "dtype"});
  layer.fields(reader);
  reader.finish(layer.class_name());
}

void set_own_layer_maker(OwnLayerMaker maker) { own_layer_maker() = std::move(maker); }

LayerPtr layer_with(std::string_view class_name, const JsonPlace& config, const HeldLayers& held) {
  LayerPtr layer = make_layer(class_name);
  const bool is_input = layer->class_name() == "InputLayer";
  ConfigReader reader(config,
                      is_input               ? TypeOf::input
                      : layer->takes_texts() ? TypeOf::text_layer
                                             : TypeOf::layer,
                      {}, held);
  visit_config(*layer, reader);
  reader.finish(layer->class_name());
  if (layer->name().empty()) layer->set_name(unique_name(layer->class_name()));
  layer->validate();
  return layer;
}

LayerPtr layer_at(const JsonPlace& object) {
  if (is_model(object)) {
    const std::unique_ptr<Model> model = model_at(object);
    if (!model->built()) {
      throw Error(fmt::format("{}: a model inside a model does not say the shape of its input",
                              object.path()),
                  "build the inner model before you save it");
    }
    return model->as_layer();
  }
  const JsonPlace class_name = object["class_name"];
  if (own_layer_maker()) {
    if (LayerPtr own = own_layer_maker()(object.json())) return own;
  }
  try {
    refuse_unknown_class(object);
    const JsonPlace config = object["config"];
    if (!config.is_object()) config.refuse("an object");
    return layer_with(class_name.text(), config, {});
  } catch (const Error& error) {
    if (error.message().starts_with(object.path())) throw;
    throw Error(fmt::format("{}{}: {}", object.path(), shown_name(object), error.message()),
                error.hint());
  }
}

}  // namespace chronicler
