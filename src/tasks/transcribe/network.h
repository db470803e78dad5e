// The network of a transcriber.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "chronicler/model/functional.h"
#include "chronicler/model/model.h"
#include "chronicler/tasks/transcriber.h"
#include "tasks/transcribe/reader.h"

namespace chronicler::tasks {

// Features (B, frames, bands) to scores of the labels (B, steps, classes). The convolution has no
// bias, so that zeros after a recording stay zeros, which Masking then knows for its end.
Sequential speech_network(const TranscriberOptions& options, const SpeechSteps& steps,
                          std::int64_t classes);

// Such networks, and their weights, as branches of one model, whose scores are ln of the mean of
// their probabilities, up to a constant.
Functional joined_speech_network(std::span<const std::shared_ptr<Sequential>> networks,
                                 const TranscriberOptions& options, const SpeechSteps& steps,
                                 std::int64_t classes);

}  // namespace chronicler::tasks
