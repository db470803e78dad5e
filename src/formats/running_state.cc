#include "formats/running_state.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "formats/safetensors/safetensors.h"
#include "layers/core/each_field.h"
#include "model/model_internals.h"
#include "model/network.h"

namespace chronicler {
namespace {

// Whether the options of a layer make it draw random numbers, and give no seed for them.
class DrawsNumbers final : public EachField<DrawsNumbers> {
 public:
  template <class Value>
  void take(std::string_view /*name*/, const Value& /*value*/) {}
  void take(std::string_view name, const double& value) {
    static constexpr std::array<std::string_view, 6> names{
        "dropout", "recurrent_dropout", "rate", "stddev", "zoneout_hidden", "zoneout_cell"};
    if (value > 0.0 && std::find(names.begin(), names.end(), name) != names.end()) draws_ = true;
  }
  void take(std::string_view name, const std::optional<std::int64_t>& value) {
    if (name == "seed" && value) seeded_ = true;
  }
  bool result() const { return draws_ && !seeded_; }

 private:
  bool draws_ = false;
  bool seeded_ = false;
};

template <class Function>
void for_each_seed(Layer& layer, const Function& function) {
  DrawsNumbers visitor;
  layer.fields(visitor);
  std::uint64_t* seed = layer.seed_place();
  if (seed != nullptr && visitor.result()) function(layer, *seed);
  for (const Layer::Sublayer& held : layer.sublayers()) for_each_seed(*held.layer, function);
}

// function(key, seed) for every seed of the model, by its place among them.
template <class Function>
void for_each_seed(const Model& model, const Function& function) {
  std::size_t count = 0;
  for (const LayerPtr& layer : model.layers()) {
    for_each_seed(*layer, [&](const Layer& /*layer*/, std::uint64_t& seed) {
      function(fmt::format("seed/{}", count++), seed);
    });
  }
}

// Where tensor `index` of a node's state is.
std::string state_name(std::size_t node, std::size_t index) {
  return fmt::format("state/{}/{}", node, index);
}

[[noreturn]] void wrong(std::string_view what) {
  throw Error(fmt::format("its \"{}\" {}", running_state_asset, what), "use another copy");
}

}  // namespace

std::string describe_running_state(const Model& model) {
  Safetensors content;
  for_each_seed(model, [&](const std::string& key, std::uint64_t seed) {
    content.metadata[key] = fmt::to_string(seed);
  });
  const std::vector<State> states = model.carried_states();
  for (std::size_t node = 0; node < states.size(); ++node) {
    for (std::size_t i = 0; i < states[node].size(); ++i)
      content.tensors.push_back({state_name(node, i), states[node][i]});
  }
  if (content.metadata.empty() && content.tensors.empty()) return {};
  sort_for_file(content.tensors);
  return write_safetensors(content);
}

void restore_running_state(Model& model, std::string_view bytes) {
  Safetensors content = read_safetensors(bytes);
  for_each_seed(model, [&](const std::string& key, std::uint64_t& seed) {
    const auto found = content.metadata.find(key);
    if (found == content.metadata.end()) wrong(fmt::format("has no \"{}\"", key));
    const std::string& text = found->second;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seed);
    if (error != std::errc() || end != text.data() + text.size())
      wrong(fmt::format("has \"{}\" as \"{}\"", key, text.substr(0, 30)));
    content.metadata.erase(found);
  });
  if (!content.metadata.empty())
    wrong(fmt::format("has \"{}\", of no layer", content.metadata.begin()->first));

  std::vector<State> states(model.built() ? ModelInternals::network(model).nodes().size() : 0);
  std::size_t taken = 0;
  for (std::size_t node = 0; node < states.size(); ++node) {
    for (;;) {
      const std::string name = state_name(node, states[node].size());
      const auto found = std::find_if(content.tensors.begin(), content.tensors.end(),
                                      [&](const NamedTensor& one) { return one.name == name; });
      if (found == content.tensors.end()) break;
      states[node].push_back(found->value);
      ++taken;
    }
  }
  if (taken != content.tensors.size()) wrong("holds states of other layers");
  if (taken > 0) model.carry_states(std::move(states));
}

}  // namespace chronicler
