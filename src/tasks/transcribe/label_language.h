// How likely texts are by themselves: n-grams of a transcriber's labels, counted in a text.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "chronicler/decoding/ngram_model.h"
#include "tasks/transcribe/labels.h"

namespace chronicler::tasks {

class LabelLanguage {
 public:
  // A sentence on each line; orders of 0 are chosen. Throws Error for an empty text.
  LabelLanguage(std::string_view text, const SpeechLabels& labels, int orders);

  // ln p of the label, or decoding::end_of_labels, that follows these.
  double score(std::span<const std::int64_t> before, std::int64_t next) const;

 private:
  decoding::NgramModel ngrams_;
};

}  // namespace chronicler::tasks
