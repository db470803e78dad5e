// What a recording becomes: scores by the network, and a text by these.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "chronicler/base/tensor.h"
#include "chronicler/data/audio.h"
#include "chronicler/model/model.h"
#include "chronicler/tasks/transcriber.h"
#include "tasks/transcribe/label_language.h"
#include "tasks/transcribe/labels.h"
#include "tasks/transcribe/linear_words.h"
#include "tasks/transcribe/reader.h"

namespace chronicler::tasks {

struct SpeechRecognition {
  static constexpr double longest_part = 30.0;  // seconds that the network sees at once

  SpeechReader sound;
  SpeechLabels labels;
  bool streaming = false;
  bool one_label = false;  // every text is one label: the likeliest single one is its text
  std::string usual_text = {};
  std::shared_ptr<const LinearWords> linear = {};  // of one-label texts; not kept in files

  // At the network's rate. Throws Error for a recording without any.
  std::vector<float> samples(const data::Audio& audio) const;
  // The network's scores (steps, classes), without any where nothing was recorded.
  Tensor scores(const Model& model, std::span<const float> samples) const;
  // `language`: null for none. Throws Error for options out of their range.
  Transcript transcript(const Tensor& scores, const TranscribeOptions& options,
                        const LabelLanguage* language) const;
  // Words are said within their recording. (What hears one way writes nothing before it is said.)
  void fit_to_sound(Transcript& transcript, std::span<const float> samples, double seconds) const;

 private:
  // Long recordings in parts that end where it is quiet.
  Tensor scores_of_parts(const Model& model, std::span<const float> samples) const;
};

}  // namespace chronicler::tasks
