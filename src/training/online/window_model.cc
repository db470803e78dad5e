#include "training/online/window_model.h"

#include <map>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "layers/core/each_field.h"
#include "model/model_internals.h"

namespace chronicler {
namespace {

// Whether a layer could give all of its outputs, and does not.
class LastOutput final : public EachField<LastOutput> {
 public:
  template <class Value>
  void take(std::string_view /*name*/, const Value& /*value*/) {}
  void take(std::string_view name, const bool& value) {
    is_on = is_on || (name == "return_sequences" && !value);
  }
  bool is_on = false;
};

// The layer, or one around the same weights that gives all of its outputs.
LayerPtr with_all_outputs(const LayerPtr& layer) {
  LastOutput flag;
  layer->fields(flag);
  if (!flag.is_on || !layer->sublayers().empty()) return layer;
  LayerPtr all = layer->clone();
  set_flag(*all, "return_sequences", true);
  all->build_around(layer->parameters(), layer->build_shapes());
  return all;
}

}  // namespace

WindowModel::WindowModel(const Model& model) : RewiredModel(model) {
  std::map<const Layer*, LayerPtr> made;  // a layer that is called twice stays one
  rewire(model, [&](const Network::Node& node) {
    LayerPtr& own = made[node.layer.get()];
    if (!own) own = with_all_outputs(node.layer);
    return own;
  });
}

void WindowModel::check_outputs(const Shape& input, std::int64_t width) const {
  const std::vector<Shape> shapes = network_->output_shapes({input});
  if (shapes.size() == 1 && shapes[0].rank() > 2 && shapes[0].elements() == input[1] * width &&
      shapes[0][1] == input[1])
    return;
  throw Error(
      fmt::format("a stream of model \"{}\" cannot learn: {} steps together give {}, not an "
                  "output for each",
                  name(), input[1], shapes[0].to_string()),
      "learn one step at a time (steps = 1), or train on sequences with fit");
}

}  // namespace chronicler
