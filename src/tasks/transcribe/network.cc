#include "tasks/transcribe/network.h"

#include <string>
#include <vector>

#include <fmt/format.h>

#include "chronicler/layers/layers.h"
#include "tasks/shared/joined_networks.h"

namespace chronicler::tasks {
namespace {

LayerPtr reader(const TranscriberOptions& options, const std::string& name) {
  if (options.streaming)
    return layers::LSTM({.units = options.units, .return_sequences = true, .name = name});
  return layers::Bidirectional(
      {.layer = layers::LSTM({.units = options.units, .return_sequences = true}), .name = name});
}

// Calls add(layer) for one after the other, whose names begin with the prefix. Each is made when
// the one before is in its model, as both draw random numbers.
template <class Add>
void for_each_layer(const TranscriberOptions& options, const SpeechSteps& steps,
                    std::int64_t classes, const std::string& prefix, const Add& add) {
  add(layers::Conv1D({.filters = options.filters,
                      .kernel_size = {steps.kernel},
                      .strides = {steps.stride},
                      .padding = "causal",
                      .activation = "tanh",
                      .use_bias = false,
                      .name = prefix + "frames_to_steps",
                      .input_shape = Shape{None, options.bands}}));
  add(layers::Masking({.mask_value = 0.0, .name = prefix + "end_of_recording"}));
  const double dropout = options.dropout.value_or(0.0);
  const auto add_dropout = [&](const std::string& name) {
    if (dropout > 0.0) add(layers::Dropout({.rate = dropout, .name = prefix + "dropout_" + name}));
  };
  for (std::int64_t i = 1; i <= options.layers; ++i) {
    add_dropout(fmt::to_string(i));
    add(reader(options, fmt::format("{}reader_{}", prefix, i)));
  }
  add_dropout("labels");
  add(layers::Dense({.units = classes, .name = prefix + "labels"}));
}

}  // namespace

Sequential speech_network(const TranscriberOptions& options, const SpeechSteps& steps,
                          std::int64_t classes) {
  Sequential model({}, "transcriber");
  for_each_layer(options, steps, classes, "", [&](const LayerPtr& layer) { model.add(layer); });
  return model;
}

Functional joined_speech_network(std::span<const std::shared_ptr<Sequential>> networks,
                                 const TranscriberOptions& options, const SpeechSteps& steps,
                                 std::int64_t classes) {
  const Symbol features = chronicler::Input({.shape = {None, options.bands}, .name = "features"});
  std::vector<Symbol> each;
  for (std::size_t i = 0; i < networks.size(); ++i) {
    const std::string prefix = branch_prefix(i, networks.size());
    Symbol x = features;
    for_each_layer(options, steps, classes, prefix, [&](const LayerPtr& layer) { x = layer(x); });
    each.push_back(layers::Operation("LogSoftmax", {.name = prefix + "ln_probabilities"})(x));
  }
  // ln of a sum of e^x, as the least probabilities of a mean would be 0, whose ln is no number.
  const Symbol side_by_side = layers::Operation("Stack", {.axis = {-1}, .name = "networks"})(each);
  const Symbol scores =
      layers::Operation("Logsumexp", {.axis = {-1}, .name = "scores"})(side_by_side);
  Functional joined({features}, {scores}, "transcriber");
  for (std::size_t i = 0; i < networks.size(); ++i)
    set_branch_weights(*networks[i], joined, branch_prefix(i, networks.size()));
  return joined;
}

}  // namespace chronicler::tasks
