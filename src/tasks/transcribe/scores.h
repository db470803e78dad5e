// How well recordings were recognised, one after the other.
#pragma once

#include "chronicler/data/error_rate.h"
#include "chronicler/tasks/transcriber.h"
#include "tasks/transcribe/recognition.h"

namespace chronicler::tasks {

class TranscriptScores {
 public:
  explicit TranscriptScores(const SpeechRecognition& recognition) : recognition_(recognition) {}

  // `seconds`: that it took to find the transcript.
  void add(const data::Recording& recording, const Transcript& found, double seconds);
  TranscriberScore result() const;

 private:
  // Of the linear map beside the network.
  std::string linear_text(const data::Audio& audio) const;

  const SpeechRecognition& recognition_;
  TranscriberScore score_;
  data::EditCounts usual_;
  data::EditCounts linear_;
};

}  // namespace chronicler::tasks
