#include "tasks/transcribe/network.h"

#include <fmt/format.h>

#include "chronicler/layers/layers.h"

namespace chronicler::tasks {

Sequential speech_network(const TranscriberOptions& options, const SpeechSteps& steps,
                          std::int64_t classes) {
  Sequential model({layers::Conv1D({.filters = options.filters,
                                    .kernel_size = {steps.kernel},
                                    .strides = {steps.stride},
                                    .padding = "causal",
                                    .activation = "tanh",
                                    .use_bias = false,
                                    .name = "frames_to_steps",
                                    .input_shape = Shape{None, options.bands}}),
                    layers::Masking({.mask_value = 0.0, .name = "end_of_recording"})},
                   "transcriber");
  const double dropout = options.dropout.value_or(0.0);
  for (std::int64_t i = 1; i <= options.layers; ++i) {
    if (dropout > 0.0)
      model.add(layers::Dropout({.rate = dropout, .name = fmt::format("dropout_{}", i)}));
    const std::string name = fmt::format("reader_{}", i);
    if (options.streaming) {
      model.add(layers::LSTM({.units = options.units, .return_sequences = true, .name = name}));
    } else {
      model.add(layers::Bidirectional(
          {.layer = layers::LSTM({.units = options.units, .return_sequences = true}),
           .name = name}));
    }
  }
  if (dropout > 0.0) model.add(layers::Dropout({.rate = dropout, .name = "dropout_labels"}));
  model.add(layers::Dense({.units = classes, .name = "labels"}));
  return model;
}

}  // namespace chronicler::tasks
