#include "formats/torch/torch_modules.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "formats/weight_places.h"
#include "layers/core/each_field.h"
#include "model/model_layer.h"

namespace chronicler {
namespace {

// The options that decide whether PyTorch computes the same.
class ReadOptions final : public EachField<ReadOptions> {
 public:
  template <class Value>
  void take(std::string_view /*name*/, const Value& /*value*/) {}
  void take(std::string_view name, const Activation& value) {
    activations[std::string(name)] = value.name();
  }
  void take(std::string_view name, const bool& value) { flags[std::string(name)] = value; }
  void take(std::string_view name, const double& value) { reals[std::string(name)] = value; }
  void take(std::string_view name, const std::int64_t& value) { wholes[std::string(name)] = value; }

  bool flag(const std::string& name) const {
    const auto found = flags.find(name);
    return found != flags.end() && found->second;
  }
  std::map<std::string, std::string> activations;
  std::map<std::string, bool> flags;
  std::map<std::string, std::int64_t> wholes;
  std::map<std::string, double> reals;
};

ReadOptions options_of(Layer& layer) {
  ReadOptions options;
  layer.fields(options);
  return options;
}

[[noreturn]] void no_equal(const Layer& layer, std::string_view why) {
  throw Error(
      fmt::format("{} \"{}\" has no equal in PyTorch: {}", layer.class_name(), layer.name(), why),
      "use Keras's names");
}

void check_gates(Layer& layer, std::string_view kind) {
  ReadOptions options = options_of(layer);
  const auto activation = [&](const char* name) {
    const auto found = options.activations.find(name);
    return found == options.activations.end() ? std::string() : found->second;
  };
  const std::string own = activation("activation");
  const std::string recurrent = activation("recurrent_activation");
  if (own != "tanh" && !(kind == "SimpleRNN" && own == "relu"))
    no_equal(layer, fmt::format("its activation is \"{}\"", own));
  if (!recurrent.empty() && recurrent != "sigmoid")
    no_equal(layer, fmt::format("its recurrent_activation is \"{}\"", recurrent));
  if (kind == "GRU" && !options.flag("reset_after")) no_equal(layer, "its reset_after is false");
  if (options.flag("layer_normalization")) no_equal(layer, "it has layer normalization");
  if (options.flag("peepholes")) no_equal(layer, "it has peepholes");
  if (options.reals["zoneout_hidden"] > 0.0 || options.reals["zoneout_cell"] > 0.0)
    no_equal(layer, "it has zoneout");
}

constexpr std::array<std::string_view, 3> recurrent_kinds{"LSTM", "GRU", "SimpleRNN"};
constexpr std::array<std::string_view, 6> other_kinds{
    "Dense", "Embedding", "Conv1D", "LayerNormalization", "BatchNormalization", "PReLU"};

bool is_known(std::string_view kind) {
  return is_recurrent(kind) ||
         std::find(other_kinds.begin(), other_kinds.end(), kind) != other_kinds.end();
}

// The modules of one layer, whose weights have these places.
void add_modules(Layer& layer, const std::string& name, std::span<const WeightPlace> places,
                 bool reversed, std::vector<TorchModule>& modules) {
  const std::string kind(layer.class_name());
  if (kind == "Bidirectional" && layer.sublayers().size() == 2) {
    const std::size_t half = places.size() / 2;
    add_modules(*layer.sublayers()[0].layer, name, places.first(half), false, modules);
    add_modules(*layer.sublayers()[1].layer, name, places.subspan(half), true, modules);
    return;
  }
  if (kind == "TimeDistributed") {
    add_modules(*layer.sublayers()[0].layer, name, places, false, modules);
    return;
  }
  if (!is_known(kind)) no_equal(layer, "it is of another kind");
  if (is_recurrent(kind)) check_gates(layer, kind);
  if (kind == "Conv1D" && options_of(layer).wholes["groups"] != 1)
    no_equal(layer, "it has groups of channels");
  TorchModule module{kind, name, {}, {}, reversed};
  for (const WeightPlace& place : places) {
    module.paths.push_back(place.path);
    module.weights.push_back(place.parameter);
  }
  modules.push_back(std::move(module));
}

}  // namespace

bool is_recurrent(std::string_view kind) {
  return std::find(recurrent_kinds.begin(), recurrent_kinds.end(), kind) != recurrent_kinds.end();
}

std::vector<TorchModule> modules_of(const Model& model) {
  const std::vector<WeightPlace> places = weight_places(model);
  std::vector<TorchModule> modules;
  for (std::size_t begin = 0; begin < places.size();) {
    std::size_t end = begin;
    while (end < places.size() && places[end].layer == places[begin].layer) ++end;
    const std::string& name = places[begin].layer->name();
    Layer& layer = *model.get_layer(name);
    if (model_of(layer) != nullptr) no_equal(layer, "it is a model of its own");
    add_modules(layer, name, std::span(places).subspan(begin, end - begin), false, modules);
    begin = end;
  }
  return modules;
}

}  // namespace chronicler
