// What a transcriber's file holds beside the network: how sound becomes features, and what the
// labels are.
#pragma once

#include <cstdint>

#include "chronicler/model/model.h"
#include "tasks/transcribe/recognition.h"

namespace chronicler::tasks {

// Among the model's assets.
void keep_settings(const SpeechRecognition& recognition, std::uint64_t seed, Model& model);
bool has_settings(const Model& model);
// Throws Error for settings that are damaged, or not those of this network.
SpeechRecognition recognition_of(const Model& model);

}  // namespace chronicler::tasks
